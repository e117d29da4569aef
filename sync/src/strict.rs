//! JSON as it was meant: an object that names a member twice says two things, and whoever kept only one of them
//! would lose the other.

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Number, Value};
use std::fmt;

/// Why bytes were not read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    NotJson,
    DuplicateMember,
}

pub(crate) fn read(bytes: &[u8]) -> Result<Value, Fault> {
    match serde_json::from_slice::<Once>(bytes) {
        Ok(Once(value)) => Ok(value),
        // Any JSON is a value: data can only be refused because of a member that comes twice.
        Err(error) if error.classify() == Category::Data => Err(Fault::DuplicateMember),
        Err(_) => Err(Fault::NotJson),
    }
}

struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Once, D::Error> {
        deserializer.deserialize_any(Reader).map(Once)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without a member that comes twice")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Once(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some((name, Once(value))) = members.next_entry::<String, Once>()? {
            if all.insert(name, value).is_some() {
                return Err(A::Error::custom("twice"));
            }
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_twice_is_not_read() {
        for text in [
            "null",
            "-7",
            "18446744073709551615",
            "1.5",
            r#"{"a":[{"b":true},"长\u6881"],"c":{"b":1}}"#,
        ] {
            assert_eq!(
                read(text.as_bytes()),
                Ok(serde_json::from_str(text).unwrap()),
                "{text}"
            );
        }
        for text in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"c":2,"\u0061":3}}]"#] {
            assert_eq!(read(text.as_bytes()), Err(Fault::DuplicateMember), "{text}");
        }
        let deep = "[".repeat(10_000);
        for text in ["", "{", "1e999", "[1,]", r#""\ud800""#, &deep] {
            assert_eq!(read(text.as_bytes()), Err(Fault::NotJson), "{text}");
        }
    }
}
