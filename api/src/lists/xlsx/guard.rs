//! A limit on what a part of a container may become: in all, and in one piece of markup or text.

use std::io::{Error, Read, Result};

/// Longest text or tag in a part. A cell holds at most 32,767 characters.
const LONGEST_PIECE: usize = 4 << 20;

/// Reads on until a limit is passed, then fails.
pub struct Guarded<R> {
    inner: R,
    left: u64,
    piece: usize,
    /// Inside a comment, CDATA or DOCTYPE, where `<` opens nothing.
    special: bool,
    last: [u8; 2],
}

impl<R> Guarded<R> {
    pub fn new(inner: R, most: u64) -> Guarded<R> {
        Guarded {
            inner,
            left: most,
            piece: 0,
            special: false,
            last: [0; 2],
        }
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        let n = self.inner.read(buf)?;
        self.left = self
            .left
            .checked_sub(n as u64)
            .ok_or_else(|| Error::other(TOO_LARGE))?;
        self.count(&buf[..n])?;
        Ok(n)
    }
}

/// How the limit shows itself to whoever reads through it.
pub const TOO_LARGE: &str = "part too large";

impl<R> Guarded<R> {
    fn count(&mut self, bytes: &[u8]) -> Result<()> {
        let mut from = 0;
        for at in memchr::memchr3_iter(b'<', b'>', b'!', bytes) {
            let before = match at {
                0 => self.last,
                1 => [self.last[1], bytes[0]],
                _ => [bytes[at - 2], bytes[at - 1]],
            };
            match bytes[at] {
                b'!' if before[1] == b'<' => self.special = true,
                b'>' if self.special && matches!(&before, b"--" | b"]]") => self.special = false,
                _ => {}
            }
            if !self.special {
                self.check(at - from)?;
                self.piece = 0;
                from = at;
            }
        }
        self.check(bytes.len() - from)?;
        self.piece += bytes.len() - from;
        match bytes {
            [.., a, b] => self.last = [*a, *b],
            [b] => self.last = [self.last[1], *b],
            [] => {}
        }
        Ok(())
    }

    fn check(&self, more: usize) -> Result<()> {
        match self.piece + more > LONGEST_PIECE {
            true => Err(Error::other(TOO_LARGE)),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(bytes: &[u8], most: u64) -> bool {
        let mut out = Vec::new();
        Guarded::new(bytes, most).read_to_end(&mut out).is_ok()
    }

    #[test]
    fn limits() {
        let long = vec![b'a'; LONGEST_PIECE + 1];
        let cells = b"<c><v>1</v></c>".repeat(400_000);
        let comment = [&b"<!-- "[..], &b"<a>".repeat(LONGEST_PIECE / 2), b"-->"].concat();
        let cases = [
            (&cells, u64::MAX, true),
            (&cells, 1000, false),
            (&long, u64::MAX, false),
            (&comment, u64::MAX, false),
        ];
        for (bytes, most, expected) in cases {
            assert_eq!(passes(bytes, most), expected);
        }
        assert!(passes(b"<!-- short --><a/>", u64::MAX));
    }
}
