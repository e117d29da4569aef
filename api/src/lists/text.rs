//! A text file decoded piece by piece. Its encoding is told from the whole file first, as for a file in memory.

use super::encoding::{self, utf16};
use super::refusal::{Code, Refusal};
use super::source::Source;
use encoding_rs::{Decoder, Encoding, GB18030, UTF_8};
use std::io::{BufRead, BufReader, Read};

/// Bytes that are read at once.
const BLOCK: usize = 256 << 10;
/// A line that is longer is decoded in pieces; no row of a list is.
const LONGEST_LINE: u64 = 1 << 20;

/// How the bytes of a text file are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Whole(&'static Encoding, &'static str),
    /// Pieces of two files pasted together: each line by itself.
    Lines,
}

/// A text file while it is decoded.
pub struct Text<'s> {
    bytes: Box<dyn BufRead + 's>,
    decoder: Option<Decoder>,
    /// How it is read, in words for a clerk.
    pub encoding: &'static str,
    /// Characters that could not be read so far.
    pub unreadable: usize,
    ended: bool,
}

impl<'s> Text<'s> {
    /// # Errors
    /// `EmptyFile` where it holds nothing but blanks.
    pub fn open(source: &'s dyn Source) -> Result<Text<'s>, Refusal> {
        let (how, mark) = survey(source)?;
        let mut bytes = source.open().map_err(|_| Refusal::damaged())?;
        if mark > 0 {
            let mut skipped = [0; 3];
            bytes
                .read_exact(&mut skipped[..mark])
                .map_err(|_| Refusal::damaged())?;
        }
        let (decoder, encoding) = match how {
            How::Whole(encoding, name) => (Some(encoding.new_decoder_without_bom_handling()), name),
            How::Lines => (None, "UTF-8 与 GB18030 混合"),
        };
        Ok(Text {
            bytes: Box::new(BufReader::with_capacity(BLOCK, bytes)),
            decoder,
            encoding,
            unreadable: 0,
            ended: false,
        })
    }

    /// Appends the next piece; `false` at the end.
    pub fn next(&mut self, out: &mut String) -> Result<bool, Refusal> {
        if self.ended {
            return Ok(false);
        }
        let from = out.len();
        match &mut self.decoder {
            Some(decoder) => {
                let block = self.bytes.fill_buf().map_err(|_| Refusal::damaged())?;
                let (length, last) = (block.len(), block.is_empty());
                let most = decoder.max_utf8_buffer_length(length);
                out.reserve(most.ok_or_else(Refusal::damaged)?);
                let _ = decoder.decode_to_string(block, out, last);
                self.bytes.consume(length);
                self.ended = last;
            }
            None => {
                let mut line = Vec::new();
                let read = (&mut self.bytes).take(LONGEST_LINE).read_until(b'\n', &mut line);
                self.ended = read.map_err(|_| Refusal::damaged())? == 0;
                encoding::line(&line, out);
            }
        }
        self.unreadable += out[from..].matches('\u{FFFD}').count();
        Ok(true)
    }
}

/// How the file is to be read, and how many bytes its mark takes.
fn survey(source: &dyn Source) -> Result<(How, usize), Refusal> {
    let open = || source.open().map_err(|_| Refusal::damaged());
    let mut head = Vec::new();
    open()?
        .take(encoding::HEAD as u64)
        .read_to_end(&mut head)
        .map_err(|_| Refusal::damaged())?;
    if let Some(encoding) = utf16(&head) {
        let mark = if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") {
            2
        } else {
            0
        };
        return Ok((How::Whole(encoding, "UTF-16"), mark));
    }
    let marked = head.starts_with(b"\xEF\xBB\xBF");
    let mark = if marked { 3 } else { 0 };
    let (utf8, blank) = scan(open()?)?;
    if blank {
        return Err(Refusal::new(Code::EmptyFile, "文件是空的，里面没有内容。"));
    }
    if utf8 {
        return Ok((How::Whole(UTF_8, "UTF-8"), mark));
    }
    match marked || any_utf8(open()?)? {
        true => Ok((How::Lines, mark)),
        false => Ok((How::Whole(GB18030, "GB18030"), mark)),
    }
}

/// Whether all bytes are UTF-8, and whether none says anything.
fn scan(mut bytes: Box<dyn Read + '_>) -> Result<(bool, bool), Refusal> {
    let mut block = vec![0; BLOCK];
    let (mut kept, mut blank) = (0, true);
    loop {
        let n = bytes.read(&mut block[kept..]).map_err(|_| Refusal::damaged())?;
        let all = &block[..kept + n];
        blank &= all.iter().all(|b| b.is_ascii_whitespace() || *b == 0);
        if n == 0 {
            return Ok((all.is_empty(), blank));
        }
        kept = match std::str::from_utf8(all) {
            Ok(_) => 0,
            // A character may be cut in two between blocks.
            Err(error) if error.error_len().is_none() => {
                let cut = error.valid_up_to();
                let rest = all.len() - cut;
                block.copy_within(cut..cut + rest, 0);
                rest
            }
            Err(_) if blank => 0,
            Err(_) => return Ok((false, false)),
        };
    }
}

/// Whether any line is surely UTF-8 in a file that is not as a whole.
fn any_utf8(bytes: Box<dyn Read + '_>) -> Result<bool, Refusal> {
    let mut bytes = BufReader::with_capacity(BLOCK, bytes);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut bytes).take(LONGEST_LINE).read_until(b'\n', &mut line);
        if read.map_err(|_| Refusal::damaged())? == 0 {
            return Ok(false);
        }
        if encoding::surely_utf8(&line) {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    /// Hands its bytes over a few at a time, so that characters are cut in two.
    struct Dripping(Vec<u8>);

    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let n = self.0.len().min(buf.len()).min(5);
            buf[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    impl Source for Dripping {
        fn size(&self) -> u64 {
            self.0.len() as u64
        }

        fn open(&self) -> io::Result<Box<dyn Read + '_>> {
            Ok(Box::new(Drip(&self.0)))
        }
    }

    #[test]
    fn piece_by_piece_as_at_once() {
        let text = "姓名,电话\n𠮷金棠,13900078026\n".repeat(9);
        let gb = GB18030.encode(&text).0.into_owned();
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let cases = [
            text.clone().into_bytes(),
            [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat(),
            [b"\xFF\xFE".as_slice(), &le].concat(),
            le,
            gb.clone(),
            [gb.as_slice(), b"\xFF\xFF\n"].concat(),
            [b"\xEF\xBB\xBF".as_slice(), text.as_bytes(), &gb].concat(),
            [text.as_bytes(), text.as_bytes(), &gb].concat(),
            [gb.as_slice(), &gb, text.as_bytes()].concat(),
        ];
        for bytes in cases {
            let whole = encoding::decode(&bytes);
            let source = Dripping(bytes);
            let mut read = Text::open(&source).unwrap();
            let mut out = String::new();
            while read.next(&mut out).unwrap() {}
            assert_eq!(
                (out, read.encoding, read.unreadable),
                (whole.text, whole.encoding, whole.unreadable)
            );
        }
    }

    #[test]
    fn blanks_are_nothing() {
        let blanks = Dripping(b" \r\n\0\t".repeat(70_000));
        assert!(Text::open(&blanks).is_err_and(|r| r.code == Code::EmptyFile));
    }
}
