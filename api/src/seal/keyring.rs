//! The keys in use, and what sealing binds a blob to.

use super::cipher::{Algorithm, Key, NONCE, hmac_sm3};
use rand::RngExt;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

const FORMAT: u8 = 1;
/// Format, algorithm, key id.
const HEAD: usize = 6;

/// Where a blob stands: it opens there and nowhere else.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub table: &'static str,
    pub row: &'a [u8],
    pub group: &'static str,
}

/// A blob that does not open: other key, other place, or damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value does not open")]
pub struct Unsealable;

/// Data keys by id, the id that seals, and the separate key of look-up hashes. The data keys are read anew while the
/// program runs.
pub struct Keyring {
    ring: RwLock<Arc<Ring>>,
    algorithm: Algorithm,
    lookup: [u8; 32],
}

struct Ring {
    keys: BTreeMap<u32, Key>,
    current: u32,
}

impl Ring {
    /// `keys` holds at least `current`.
    fn new(keys: &BTreeMap<u32, [u8; 32]>, current: u32) -> Arc<Ring> {
        debug_assert!(keys.contains_key(&current));
        let keys = keys.iter().map(|(id, secret)| (*id, Key::new(secret))).collect();
        Arc::new(Ring { keys, current })
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({} keys)", self.ring().keys.len())
    }
}

impl Keyring {
    /// `keys` holds at least `current`.
    pub fn new(
        keys: BTreeMap<u32, [u8; 32]>,
        current: u32,
        algorithm: Algorithm,
        lookup: [u8; 32],
    ) -> Keyring {
        Keyring {
            ring: RwLock::new(Ring::new(&keys, current)),
            algorithm,
            lookup,
        }
    }

    /// Takes what was read anew instead of what was known; `keys` holds at least `current`.
    pub fn replace(&self, keys: &BTreeMap<u32, [u8; 32]>, current: u32) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Ring::new(keys, current);
    }

    /// The id of the key that seals.
    pub fn current(&self) -> u32 {
        self.ring().current
    }

    fn ring(&self) -> Arc<Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Vec<u8> {
        let _timed = tracing::debug_span!(target: "timing", "seal").entered();
        let nonce: [u8; NONCE] = rand::rng().random();
        let mut out = Vec::with_capacity(HEAD + NONCE + plain.len() + 16);
        out.push(FORMAT);
        out.push(self.algorithm.tag());
        let ring = self.ring();
        out.extend_from_slice(&ring.current.to_be_bytes());
        out.extend_from_slice(&nonce);
        let key = &ring.keys[&ring.current];
        out.extend(key.seal(self.algorithm, &nonce, &aad(place, ring.current), plain));
        out
    }

    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, Unsealable> {
        let _timed = tracing::debug_span!(target: "timing", "seal").entered();
        let (head, rest) = sealed.split_at_checked(HEAD).ok_or(Unsealable)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or(Unsealable)?;
        let id = u32::from_be_bytes([head[2], head[3], head[4], head[5]]);
        let algorithm = Algorithm::from_tag(head[1])
            .filter(|_| head[0] == FORMAT)
            .ok_or(Unsealable)?;
        let ring = self.ring();
        let key = ring.keys.get(&id).ok_or(Unsealable)?;
        key.open(algorithm, nonce, &aad(place, id), body)
            .ok_or(Unsealable)
    }

    /// Seals with the present key what another sealed.
    pub fn reseal(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, Unsealable> {
        Ok(self.seal(place, &self.open(place, sealed)?))
    }

    /// The keyed hash that finds a row without opening any: HMAC-SM3 over kind and text.
    pub fn lookup(&self, kind: &str, text: &str) -> Vec<u8> {
        hmac_sm3(&self.lookup, &[kind.as_bytes(), text.as_bytes()]).to_vec()
    }

    /// An id that nobody without the look-up key could have registered beforehand.
    pub fn derive(&self, parts: &[&[u8]]) -> [u8; 16] {
        let full = hmac_sm3(&self.lookup, parts);
        *full.first_chunk().expect("an SM3 digest has 32 bytes")
    }

    /// A full keyed digest, for values that are compared and never looked up.
    pub fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        hmac_sm3(&self.lookup, parts)
    }
}

fn aad(place: Place<'_>, key: u32) -> Vec<u8> {
    let mut aad = Vec::with_capacity(64);
    for part in [
        place.table.as_bytes(),
        place.row,
        place.group.as_bytes(),
        &key.to_be_bytes(),
    ] {
        aad.extend_from_slice(&(part.len() as u32).to_be_bytes());
        aad.extend_from_slice(part);
    }
    aad
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(algorithm: Algorithm) -> Keyring {
        Keyring::new(
            BTreeMap::from([(1, [7; 32]), (2, [9; 32])]),
            2,
            algorithm,
            [3; 32],
        )
    }

    #[test]
    fn a_blob_opens_at_its_place_only() {
        for algorithm in [Algorithm::Sm4Gcm, Algorithm::Aes256Gcm] {
            let ring = ring(algorithm);
            let place = Place {
                table: "facts",
                row: &[1; 16],
                group: "all",
            };
            let sealed = ring.seal(place, "黎阿妹".as_bytes());
            assert_eq!(ring.open(place, &sealed).unwrap(), "黎阿妹".as_bytes());
            for other in [
                Place {
                    table: "document",
                    ..place
                },
                Place {
                    row: &[2; 16],
                    ..place
                },
                Place {
                    group: "rest",
                    ..place
                },
            ] {
                assert_eq!(ring.open(other, &sealed), Err(Unsealable));
            }
            for byte in 0..sealed.len() {
                let mut bad = sealed.clone();
                bad[byte] ^= 1;
                assert!(
                    ring.open(place, &bad).is_err(),
                    "byte {byte} was changed and nothing noticed"
                );
            }
            for length in 0..sealed.len() {
                assert!(ring.open(place, &sealed[..length]).is_err());
            }
        }
    }

    #[test]
    fn either_cipher_opens_what_the_other_setting_sealed() {
        let place = Place {
            table: "facts",
            row: &[1; 16],
            group: "all",
        };
        let sealed = ring(Algorithm::Sm4Gcm).seal(place, b"x");
        assert_eq!(ring(Algorithm::Aes256Gcm).open(place, &sealed).unwrap(), b"x");
    }

    #[test]
    fn another_key_seals_and_the_former_opens_what_it_sealed() {
        let ring = ring(Algorithm::Sm4Gcm);
        let place = Place {
            table: "facts",
            row: &[1; 16],
            group: "all",
        };
        let before = ring.seal(place, b"x");
        ring.replace(&BTreeMap::from([(1, [7; 32]), (2, [9; 32]), (5, [4; 32])]), 5);
        assert_eq!(ring.open(place, &before).unwrap(), b"x");
        let after = ring.reseal(place, &before).unwrap();
        assert_eq!(
            (before[2..6].to_vec(), after[2..6].to_vec()),
            (vec![0, 0, 0, 2], vec![0, 0, 0, 5])
        );
        ring.replace(&BTreeMap::from([(5, [4; 32])]), 5);
        assert_eq!(ring.open(place, &after).unwrap(), b"x");
        assert_eq!(ring.open(place, &before), Err(Unsealable));
        assert_eq!(ring.reseal(place, &before), Err(Unsealable));
    }

    #[test]
    fn parts_are_not_glued_together() {
        let ring = ring(Algorithm::Sm4Gcm);
        assert_ne!(ring.derive(&[b"ab", b"c"]), ring.derive(&[b"a", b"bc"]));
        assert_ne!(ring.lookup("phone", "1"), ring.lookup("id_number", "1"));
    }
}
