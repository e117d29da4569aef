//! The canonical form of an edit, over which its digest is taken: docs/sync.md names it for other clients.
//!
//! Members sorted, no blanks, instants as milliseconds, strings in NFC. Two writings of one edit are equal.

use domain::Instant;
use serde_json::Value;
use sha2::{Digest, Sha256};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Members of an edit that hold an instant.
const INSTANTS: [&str; 2] = ["made_at", "at"];

/// The edit in canonical form.
pub fn form(edit: &Value) -> String {
    let mut out = String::new();
    write(edit, false, &mut out);
    out
}

/// An edit in canonical form as it could have come over the wire: instants as text again.
pub fn wire(canonical: &Value) -> Value {
    match canonical {
        Value::Object(members) => members
            .iter()
            .map(
                |(key, value)| match value.as_i64().filter(|_| INSTANTS.contains(&key.as_str())) {
                    Some(at) => (key.clone(), Instant::from_millis(at).to_string().into()),
                    None => (key.clone(), wire(value)),
                },
            )
            .collect(),
        Value::Array(items) => items.iter().map(wire).collect(),
        other => other.clone(),
    }
}

/// SHA-256 of the canonical form.
pub fn digest(canonical: &str) -> [u8; 32] {
    digest_bytes(canonical.as_bytes())
}

/// SHA-256 of bytes that could not be read.
pub fn digest_bytes(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn write(value: &Value, instant: bool, out: &mut String) {
    match value {
        Value::String(text) => match Instant::parse(text).filter(|_| instant) {
            Some(at) => out.push_str(&at.millis().to_string()),
            None => out.push_str(&quoted(text)),
        },
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write(item, false, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (n, (key, item)) in members.into_iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                out.push_str(&quoted(key));
                out.push(':');
                write(item, INSTANTS.contains(&key.as_str()), out);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

fn quoted(text: &str) -> String {
    let quoted = |text: &str| serde_json::to_string(text).expect("text is JSON");
    // Nearly always it is in that form already.
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => quoted(text),
        _ => quoted(&text.nfc().collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_writings_of_one_edit_are_equal() {
        let forms = [
            r#"{"id":"x","made_at":"2026-11-06T01:00:00Z","fields":{"name":{"was":null,"now":"梁"}}}"#,
            r#"{ "fields": {"name": {"now": "\u6881", "was": null}}, "made_at": "2026-11-06T09:00:00.000+08:00", "id": "x" }"#,
        ];
        let forms: Vec<String> = forms
            .iter()
            .map(|f| form(&serde_json::from_str(f).unwrap()))
            .collect();
        assert_eq!(forms[0], forms[1]);
        assert_eq!(
            forms[0],
            r#"{"fields":{"name":{"now":"梁","was":null}},"id":"x","made_at":1793926800000}"#
        );
        // A text that looks like an instant stays a text.
        let text = form(&serde_json::json!({"now": "2026-11-06T01:00:00Z"}));
        assert_eq!(text, r#"{"now":"2026-11-06T01:00:00Z"}"#);
    }
}
