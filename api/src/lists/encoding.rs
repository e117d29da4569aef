//! Bytes of a text file as text: UTF-8, UTF-16 with or without a byte order mark, GB18030, and files that mix.

use encoding_rs::{Encoding, GB18030, UTF_16BE, UTF_16LE};

/// A decoded file.
pub struct Decoded {
    pub text: String,
    /// How it was read, in words for a clerk.
    pub encoding: &'static str,
    /// Characters that could not be read.
    pub unreadable: usize,
}

/// Reads a whole text file. Never fails: what cannot be read is counted.
pub fn decode(bytes: &[u8]) -> Decoded {
    if let Some(encoding) = utf16(bytes) {
        let (text, _, _) = encoding.decode(bytes);
        return decoded(text.into_owned(), "UTF-16");
    }
    let plain = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(plain) {
        return decoded(text.to_owned(), "UTF-8");
    }
    let lines = || plain.split_inclusive(|b| *b == b'\n');
    if plain.len() == bytes.len() && !lines().any(surely_utf8) {
        let (text, _) = GB18030.decode_without_bom_handling(plain);
        return decoded(text.into_owned(), "GB18030");
    }
    let mut text = String::with_capacity(plain.len());
    lines().for_each(|l| line(l, &mut text));
    decoded(text, "UTF-8 与 GB18030 混合")
}

/// A line that is UTF-8 and by no chance something else: Chinese characters have three bytes there, which pairs of
/// GB18030 hardly ever look like.
pub fn surely_utf8(line: &[u8]) -> bool {
    !line.is_ascii() && std::str::from_utf8(line).is_ok_and(|line| line.chars().any(|c| c > '\u{7FF}'))
}

/// Decodes a line of a file that pieces of two files were pasted into: each line is what it can be.
pub fn line(line: &[u8], out: &mut String) {
    match std::str::from_utf8(line) {
        Ok(text) if line.is_ascii() || surely_utf8(line) => out.push_str(text),
        _ => out.push_str(&GB18030.decode_without_bom_handling(line).0),
    }
}

/// As `decode`, for markup that names its encoding at its start; the bytes have the last word.
pub fn decode_marked(bytes: &[u8]) -> Decoded {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(2048)]).to_ascii_lowercase();
    let named = ["charset=", "encoding="].iter().find_map(|word| {
        let rest = head.split(word).nth(1)?.trim_start_matches(['"', '\'', ' ']);
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'))?;
        Encoding::for_label(&rest.as_bytes()[..end])
    });
    match named {
        Some(encoding) if std::str::from_utf8(bytes).is_err() && encoding != encoding_rs::UTF_8 => {
            decoded(encoding.decode(bytes).0.into_owned(), encoding.name())
        }
        _ => decode(bytes),
    }
}

fn decoded(text: String, encoding: &'static str) -> Decoded {
    let text = match text.strip_prefix('\u{FEFF}') {
        Some(rest) => rest.to_owned(),
        None => text,
    };
    let unreadable = text.matches('\u{FFFD}').count();
    Decoded {
        text,
        encoding,
        unreadable,
    }
}

pub fn is_utf16(bytes: &[u8]) -> bool {
    utf16(bytes).is_some()
}

/// Bytes at the start of a file by which its encoding is told.
pub const HEAD: usize = 65_536;

/// By its mark, or by the pattern of zero bytes: ASCII signs and line ends have one each.
pub fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [0xFF, 0xFE, ..] => return Some(UTF_16LE),
        [0xFE, 0xFF, ..] => return Some(UTF_16BE),
        _ => {}
    }
    let head = &bytes[..bytes.len().min(HEAD)];
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    // Chinese text has few zeros, a table has at least its separators, digits and line ends.
    let many = head.len() / 50 + 1;
    if odd > many && odd > even * 3 {
        Some(UTF_16LE)
    } else if even > many && even > odd * 3 {
        Some(UTF_16BE)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        let text = "姓名,电话\n𠮷金棠,13900078026\n";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
        let gb = GB18030.encode(text).0.into_owned();
        let mixed = marked(text.as_bytes(), &[text.as_bytes(), &gb].concat());
        let cases = [
            (text.as_bytes().to_vec(), "UTF-8"),
            (marked(b"\xEF\xBB\xBF", text.as_bytes()), "UTF-8"),
            (marked(b"\xFF\xFE", &le), "UTF-16"),
            (marked(b"\xFE\xFF", &be), "UTF-16"),
            (le, "UTF-16"),
            (be, "UTF-16"),
            (gb, "GB18030"),
        ];
        for (bytes, encoding) in cases {
            let read = decode(&bytes);
            assert_eq!(
                (read.text.as_str(), read.encoding, read.unreadable),
                (text, encoding, 0)
            );
        }
        let read = decode(&mixed);
        assert_eq!(read.text, text.repeat(3));
    }

    #[test]
    fn bytes_that_are_no_character_are_counted() {
        let mut bytes = GB18030.encode("姓名,住址\n李妹,沙坪\n").0.into_owned();
        bytes.extend(b"\xFF\xFF\n");
        assert!(decode(&bytes).unreadable > 0);
    }
}
