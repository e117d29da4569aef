//! The records of a BIFF stream, and the texts in them.

use super::ole::u16_at;
use encoding_rs::Encoding;

/// Records from a place in the stream on.
pub struct Records<'a> {
    stream: &'a [u8],
    at: usize,
}

/// One record; what does not fit into it stands in those that continue it.
pub struct Record<'a> {
    pub kind: u16,
    pub data: &'a [u8],
}

pub const CONTINUE: u16 = 0x003C;

impl<'a> Records<'a> {
    pub fn new(stream: &'a [u8], at: usize) -> Records<'a> {
        Records { stream, at }
    }

    /// Takes the record that follows where it continues this one.
    pub fn continued(&mut self) -> Option<&'a [u8]> {
        let at = self.at;
        let record = self.next()?;
        if record.kind == CONTINUE {
            return Some(record.data);
        }
        self.at = at;
        None
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let kind = u16_at(self.stream, self.at)?;
        let length = usize::from(u16_at(self.stream, self.at + 2)?);
        let from = self.at + 4;
        let data = self.stream.get(from..from + length)?;
        self.at = from + length;
        Some(Record { kind, data })
    }
}

/// A text with a length in front, of one or two bytes, as BIFF8 writes it.
pub fn text8(data: &[u8], short: bool) -> Option<String> {
    let (count, rest) = match short {
        true => (usize::from(*data.first()?), data.get(1..)?),
        false => (usize::from(u16_at(data, 0)?), data.get(2..)?),
    };
    let (flags, chars) = (*rest.first()?, rest.get(1..)?);
    Some(characters(chars, count, flags & 1 != 0))
}

/// The same as older workbooks write it: bytes of a code page.
pub fn text5(data: &[u8], short: bool, code_page: &'static Encoding) -> Option<String> {
    let (count, rest) = match short {
        true => (usize::from(*data.first()?), data.get(1..)?),
        false => (usize::from(u16_at(data, 0)?), data.get(2..)?),
    };
    Some(code_page.decode(&rest[..count.min(rest.len())]).0.into_owned())
}

/// Characters of one byte (Latin 1) or two (UTF-16).
fn characters(bytes: &[u8], count: usize, wide: bool) -> String {
    if wide {
        let units: Vec<u16> = bytes
            .chunks_exact(2)
            .take(count)
            .map(|c| u16::from_le_bytes([c[0], c[1]]))
            .collect();
        String::from_utf16_lossy(&units)
    } else {
        bytes.iter().take(count).map(|b| char::from(*b)).collect()
    }
}

/// Bytes of the shared strings: one record and those that continue it. A text that is cut says anew at the
/// beginning of the next piece how wide its characters are.
pub struct Pieces<'a> {
    pieces: Vec<&'a [u8]>,
    piece: usize,
    at: usize,
}

impl<'a> Pieces<'a> {
    pub fn new(pieces: Vec<&'a [u8]>) -> Pieces<'a> {
        Pieces {
            pieces,
            piece: 0,
            at: 0,
        }
    }

    fn rest(&mut self) -> Option<&'a [u8]> {
        while self.at >= self.pieces.get(self.piece)?.len() {
            self.piece += 1;
            self.at = 0;
        }
        Some(&self.pieces[self.piece][self.at..])
    }

    fn byte(&mut self) -> Option<u8> {
        let b = *self.rest()?.first()?;
        self.at += 1;
        Some(b)
    }

    pub fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    pub fn u32(&mut self) -> Option<u32> {
        Some(u32::from(self.u16()?) | u32::from(self.u16()?) << 16)
    }

    fn skip(&mut self, mut n: usize) -> Option<()> {
        while n > 0 {
            let step = self.rest()?.len().min(n);
            self.at += step;
            n -= step;
        }
        Some(())
    }

    /// The next shared string; runs of formats and readings are passed over.
    pub fn text(&mut self) -> Option<String> {
        let count = usize::from(self.u16()?);
        let mut flags = self.byte()?;
        let runs = if flags & 8 != 0 {
            usize::from(self.u16()?)
        } else {
            0
        };
        let reading = if flags & 4 != 0 { self.u32()? as usize } else { 0 };
        let mut units: Vec<u16> = Vec::with_capacity(count);
        while units.len() < count {
            let piece = self.piece;
            let rest = self.rest()?;
            if self.piece != piece {
                flags = self.byte()?;
                continue;
            }
            let (width, wide) = if flags & 1 != 0 { (2, true) } else { (1, false) };
            let n = (rest.len() / width).min(count - units.len());
            match wide {
                true => units.extend(
                    rest[..n * 2]
                        .chunks_exact(2)
                        .map(|c| u16::from_le_bytes([c[0], c[1]])),
                ),
                false => units.extend(rest[..n].iter().map(|b| u16::from(*b))),
            }
            // A half character at the end of a piece belongs to nothing.
            self.at += if n == 0 { rest.len() } else { n * width };
        }
        self.skip(runs * 4 + reading)?;
        Some(String::from_utf16_lossy(&units))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_cut_between_records() {
        let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        let first = [&[4, 0, 1][..], &wide("李妹")].concat();
        let second = [
            &[1][..],
            &wide("ab"),
            &[2, 0, 0],
            b"xy",
            &[1, 0, 8, 1, 0],
            b"z",
            &[0; 4],
        ]
        .concat();
        let mut pieces = Pieces::new(vec![&first, &second]);
        assert_eq!(pieces.text().as_deref(), Some("李妹ab"));
        assert_eq!(pieces.text().as_deref(), Some("xy"));
        assert_eq!(pieces.text().as_deref(), Some("z"));
        assert_eq!(pieces.text(), None);
        // Narrow in the first piece, wide in the second.
        let (first, second) = (
            [&[3, 0, 0][..], b"a"].concat(),
            [&[1][..], &wide("李妹")].concat(),
        );
        assert_eq!(
            Pieces::new(vec![&first, &second]).text().as_deref(),
            Some("a李妹")
        );
    }

    #[test]
    fn texts() {
        assert_eq!(text8(&[2, 0, 0, b'a', b'b'], false).as_deref(), Some("ab"));
        assert_eq!(text8(&[1, 1, 0x4E, 0x67], true).as_deref(), Some("\u{674E}"));
        assert_eq!(
            text5(&[2, 0xC0, 0xEE], true, encoding_rs::GBK).as_deref(),
            Some("李")
        );
        assert_eq!(text8(&[9], false), None);
    }
}
