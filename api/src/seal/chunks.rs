//! Files sealed in chunks: each bound to the file, its number and whether it is the last one.

use super::keyring::{Keyring, Place, Unsealable};

/// Bytes of plain content in a chunk.
pub const CHUNK: usize = 256 * 1024;

/// Cuts `plain` into sealed chunks, numbered from 0. An empty file has one empty chunk.
pub fn seal(keys: &Keyring, file: &[u8; 16], plain: &[u8]) -> Vec<Vec<u8>> {
    let mut parts: Vec<&[u8]> = plain.chunks(CHUNK).collect();
    if parts.is_empty() {
        parts.push(&[]);
    }
    let last = parts.len() - 1;
    parts
        .iter()
        .enumerate()
        .map(|(number, part)| keys.seal(place(&row(file, number as u32), number == last), part))
        .collect()
}

/// Opens all chunks of a file in their order; missing, swapped or cut-off chunks do not open.
pub fn open(keys: &Keyring, file: &[u8; 16], sealed: &[Vec<u8>]) -> Result<Vec<u8>, Unsealable> {
    let last = sealed.len().checked_sub(1).ok_or(Unsealable)?;
    let mut plain = Vec::with_capacity(sealed.iter().map(Vec::len).sum());
    for (number, chunk) in sealed.iter().enumerate() {
        plain.extend(keys.open(place(&row(file, number as u32), number == last), chunk)?);
    }
    Ok(plain)
}

fn row(file: &[u8; 16], number: u32) -> [u8; 20] {
    let mut row = [0; 20];
    row[..16].copy_from_slice(file);
    row[16..].copy_from_slice(&number.to_be_bytes());
    row
}

fn place(row: &[u8], last: bool) -> Place<'_> {
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
    fn chunks_open_whole_and_in_order_only() {
        let keys = Keyring::new(BTreeMap::from([(1, [7; 32])]), 1, Algorithm::Sm4Gcm, [3; 32]);
        let plain: Vec<u8> = (0..CHUNK * 2 + 5).map(|i| i as u8).collect();
        let mut sealed = seal(&keys, &[1; 16], &plain);
        assert_eq!(sealed.len(), 3);
        assert!(open(&keys, &[1; 16], &sealed).unwrap() == plain);
        assert!(open(&keys, &[2; 16], &sealed).is_err());
        assert!(open(&keys, &[1; 16], &sealed[..2]).is_err());
        assert!(open(&keys, &[1; 16], &[]).is_err());
        sealed.swap(0, 1);
        assert!(open(&keys, &[1; 16], &sealed).is_err());
        assert_eq!(open(&keys, &[1; 16], &seal(&keys, &[1; 16], &[])).unwrap(), b"");
    }
}
