//! Files sealed in chunks: each bound to the file, its number and whether it is the last one. Missing, swapped, doubled
//! or cut-off chunks do not open.

use super::keyring::{Keyring, Place, Unsealable};

/// Bytes of plain content in every chunk but the last, which has 0 to as many.
pub const CHUNK: usize = 256 * 1024;

/// How many chunks a file of `size` bytes has: an empty file has one empty chunk.
pub fn count(size: u64) -> u32 {
    u32::try_from(size.div_ceil(CHUNK as u64).max(1)).unwrap_or(u32::MAX)
}

/// Seals the chunk `number` (from 0) of a file.
pub fn seal(keys: &Keyring, file: &[u8; 16], number: u32, last: bool, plain: &[u8]) -> Vec<u8> {
    keys.seal(place(&row(file, number), last), plain)
}

/// Opens the chunk `number` of a file of `size` bytes.
///
/// # Errors
/// [`Unsealable`] for another file's chunk, another number, another end of the file, and for a wrong length.
pub fn open(
    keys: &Keyring,
    file: &[u8; 16],
    number: u32,
    size: u64,
    sealed: &[u8],
) -> Result<Vec<u8>, Unsealable> {
    let last = number + 1 == count(size);
    let plain = keys.open(place(&row(file, number), last), sealed)?;
    let right = match last {
        true => size - u64::from(number) * CHUNK as u64,
        false => CHUNK as u64,
    };
    match plain.len() as u64 == right {
        true => Ok(plain),
        false => Err(Unsealable),
    }
}

/// The row that a chunk is bound to: the file's id and the number, big-endian.
pub fn row(file: &[u8; 16], number: u32) -> [u8; 20] {
    let mut row = [0; 20];
    row[..16].copy_from_slice(file);
    row[16..].copy_from_slice(&number.to_be_bytes());
    row
}

/// Where a chunk stands.
pub fn place(row: &[u8], last: bool) -> Place<'_> {
    Place {
        table: "file_chunk",
        row,
        group: if last { "last" } else { "part" },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::Algorithm;
    use std::collections::BTreeMap;

    #[test]
    fn a_chunk_opens_in_its_place_only() {
        let keys = Keyring::new(BTreeMap::from([(1, [7; 32])]), 1, Algorithm::Sm4Gcm, [3; 32]);
        let whole = vec![1; CHUNK];
        let (file, size) = (&[1; 16], CHUNK as u64 * 2 + 5);
        let first = seal(&keys, file, 0, false, &whole);
        let second = seal(&keys, file, 1, false, &whole);
        let last = seal(&keys, file, 2, true, &[2; 5]);
        assert_eq!(count(size), 3);
        assert!(open(&keys, file, 0, size, &first).unwrap() == whole);
        assert_eq!(open(&keys, file, 2, size, &last).unwrap(), [2; 5]);
        // Another file, swapped, cut off before the end, longer than it was.
        assert!(open(&keys, &[2; 16], 0, size, &first).is_err());
        assert!(open(&keys, file, 1, size, &first).is_err());
        assert!(open(&keys, file, 1, CHUNK as u64 * 2, &second).is_err());
        assert!(open(&keys, file, 2, size + 1, &last).is_err());
        assert!(open(&keys, file, 2, size + CHUNK as u64, &last).is_err());
        let empty = seal(&keys, file, 0, true, &[]);
        assert_eq!(open(&keys, file, 0, 0, &empty).unwrap(), b"");
        assert_eq!(
            [count(0), count(1), count(CHUNK as u64), count(CHUNK as u64 + 1)],
            [1, 1, 1, 2]
        );
    }
}
