//! Looking at a change's bytes before the library does: what it claims, without unpacking the claim.
//!
//! The library verifies no checksum, unpacks without bound, and believes whatever number of rows a column names: 69
//! bytes can claim ten million operations. All of that is seen here in microseconds.

use super::refusal::Refusal;
use automerge::ChangeHash;
use domain::catalogue::LIMITS;
use sha2::{Digest, Sha256};
use std::io::Read;

/// Bytes of a change once unpacked.
pub const INFLATED: usize = 256 * 1024;
/// Other authors that a change may name.
const ACTORS: u64 = 64;
const COLUMNS: u64 = 16;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// Chunk types: a change, and a change packed with DEFLATE.
const CHANGE: u8 = 1;
const PACKED_CHANGE: u8 = 2;
/// A column specification's bit that says that the column is packed by itself.
const PACKED_COLUMN: u64 = 8;

/// What a change says of itself.
pub struct Scanned {
    /// As a chunk that the library need not unpack.
    pub bytes: Vec<u8>,
    pub actor: Vec<u8>,
    /// The changes that it stands on.
    pub deps: Vec<ChangeHash>,
    /// Bytes of its message.
    pub message: usize,
    /// Rows that its columns claim, the longest column's.
    pub rows: u64,
}

/// Reads a change's frame and head.
///
/// # Errors
/// Whatever could cost more than its size, or is no whole change.
///
/// ```
/// use sync::gate::{Refusal, scan};
/// assert_eq!(scan(b"not a change").err(), Some(Refusal::Damaged));
/// ```
pub fn scan(bytes: &[u8]) -> Result<Scanned, Refusal> {
    if bytes.len() > LIMITS.change_bytes {
        return Err(Refusal::TooLarge);
    }
    let mut r = Reader(bytes);
    if r.take(4)? != MAGIC {
        return Err(Refusal::Damaged);
    }
    let checksum = r.take(4)?;
    let kind = r.byte()?;
    let length = r.unsigned()?;
    if length != r.0.len() as u64 {
        return Err(Refusal::Damaged);
    }
    let unpacked;
    let body = match kind {
        CHANGE => r.0,
        PACKED_CHANGE => {
            unpacked = inflate(r.0)?;
            unpacked.as_slice()
        }
        _ => return Err(Refusal::WrongKind),
    };
    let mut framed = vec![CHANGE];
    write_unsigned(&mut framed, body.len() as u64);
    framed.extend(body);
    if Sha256::digest(&framed)[..4] != *checksum {
        return Err(Refusal::Damaged);
    }
    let head = head(body)?;
    let bytes = [MAGIC.as_slice(), checksum, &framed].concat();
    Ok(Scanned { bytes, ..head })
}

fn inflate(packed: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut reader = flate2::read::DeflateDecoder::new(packed).take(INFLATED as u64 + 1);
    let mut out = Vec::new();
    reader.read_to_end(&mut out).map_err(|_| Refusal::Damaged)?;
    if out.len() > INFLATED {
        return Err(Refusal::TooLarge);
    }
    Ok(out)
}

fn head(body: &[u8]) -> Result<Scanned, Refusal> {
    let mut r = Reader(body);
    let mut deps = Vec::new();
    for _ in 0..r.count(32)? {
        let hash = r.take(32)?.try_into().map_err(|_| Refusal::Damaged)?;
        deps.push(ChangeHash(hash));
    }
    let actor = r.lengthy()?.to_vec();
    let (_seq, _start, _time) = (r.unsigned()?, r.unsigned()?, r.signed()?);
    let message = r.lengthy()?.len();
    let others = r.unsigned()?;
    if others > ACTORS {
        return Err(Refusal::TooManyActors);
    }
    for _ in 0..others {
        r.lengthy()?;
    }
    let columns = r.unsigned()?;
    if columns > COLUMNS {
        return Err(Refusal::Damaged);
    }
    let mut named = Vec::new();
    for _ in 0..columns {
        let (spec, length) = (r.unsigned()?, r.unsigned()?);
        if spec & PACKED_COLUMN != 0 {
            return Err(Refusal::Damaged);
        }
        named.push((spec, length));
    }
    let mut most = 0_u64;
    for (spec, length) in named {
        let length = usize::try_from(length).map_err(|_| Refusal::Damaged)?;
        let rows = rows(spec, r.take(length)?).ok_or(Refusal::Damaged)?;
        most = most.max(rows);
    }
    if most > LIMITS.change_operations {
        return Err(Refusal::TooManyOperations);
    }
    // What stands behind the columns is for versions to come; it would be kept for ever.
    if !r.0.is_empty() {
        return Err(Refusal::Damaged);
    }
    Ok(Scanned {
        bytes: Vec::new(),
        actor,
        deps,
        message,
        rows: most,
    })
}

/// Rows that a column claims, without unpacking its runs. The kind of a column is in the lowest three bits of its
/// specification: 7 raw values (measured by another column), 4 booleans, 5 strings, 3 differences, else unsigned.
fn rows(spec: u64, data: &[u8]) -> Option<u64> {
    let (mut r, mut n) = (Reader(data), 0_u64);
    let kind = spec & 7;
    if kind == 7 {
        return Some(0);
    }
    while !r.0.is_empty() {
        if kind == 4 {
            n = n.checked_add(r.unsigned().ok()?)?;
            continue;
        }
        let (rows, values) = match r.signed().ok()? {
            0 => (r.unsigned().ok()?, 0),
            run if run > 0 => (run.unsigned_abs(), 1),
            literal => (literal.unsigned_abs(), literal.unsigned_abs()),
        };
        if values > data.len() as u64 {
            return None;
        }
        n = n.checked_add(rows)?;
        for _ in 0..values {
            match kind {
                5 => {
                    r.lengthy().ok()?;
                }
                3 => {
                    r.signed().ok()?;
                }
                _ => {
                    r.unsigned().ok()?;
                }
            }
        }
    }
    Some(n)
}

fn write_unsigned(out: &mut Vec<u8>, mut n: u64) {
    loop {
        let low = (n & 0x7f) as u8;
        n >>= 7;
        if n == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

/// The rest of some bytes; every read may find that there is too little.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], Refusal> {
        let (front, rest) = self.0.split_at_checked(n).ok_or(Refusal::Damaged)?;
        self.0 = rest;
        Ok(front)
    }

    fn byte(&mut self) -> Result<u8, Refusal> {
        Ok(self.take(1)?[0])
    }

    /// A count of things of `size` bytes, of which there can be no more than there are bytes.
    fn count(&mut self, size: u64) -> Result<u64, Refusal> {
        let n = self.unsigned()?;
        if n > self.0.len() as u64 / size {
            return Err(Refusal::Damaged);
        }
        Ok(n)
    }

    fn lengthy(&mut self) -> Result<&'a [u8], Refusal> {
        let n = usize::try_from(self.unsigned()?).map_err(|_| Refusal::Damaged)?;
        self.take(n)
    }

    fn unsigned(&mut self) -> Result<u64, Refusal> {
        let (mut n, mut shift) = (0_u64, 0);
        loop {
            let byte = self.byte()?;
            if shift > 63 || (shift == 63 && byte > 1) {
                return Err(Refusal::Damaged);
            }
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(n);
            }
            shift += 7;
        }
    }

    fn signed(&mut self) -> Result<i64, Refusal> {
        let (mut n, mut shift) = (0_i64, 0);
        loop {
            let byte = self.byte()?;
            if shift > 63 {
                return Err(Refusal::Damaged);
            }
            n |= i64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return Ok(if shift < 64 && byte & 0x40 != 0 {
                    n | -1 << shift
                } else {
                    n
                });
            }
        }
    }
}
