//! SM4-GCM (GM/T 0002-2012 in the mode of GB/T 36624-2018) and AES-256-GCM behind one type.

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, AesGcm, KeyInit};
use hmac::{Hmac, Mac};
use sm3::Sm3;
use sm4::Sm4;
use std::fmt;

type Sm4Gcm = AesGcm<Sm4, U12>;

/// Bytes of a nonce before each ciphertext.
pub const NONCE: usize = 12;

/// The cipher that new blobs are sealed with; old ones say which was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Sm4Gcm,
    Aes256Gcm,
}

impl Algorithm {
    pub const fn tag(self) -> u8 {
        match self {
            Algorithm::Sm4Gcm => 1,
            Algorithm::Aes256Gcm => 2,
        }
    }

    pub const fn from_tag(tag: u8) -> Option<Algorithm> {
        match tag {
            1 => Some(Algorithm::Sm4Gcm),
            2 => Some(Algorithm::Aes256Gcm),
            _ => None,
        }
    }
}

/// One 32-byte key, ready for both ciphers.
#[derive(Clone)]
pub struct Key {
    sm4: Sm4Gcm,
    aes: Aes256Gcm,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    pub fn new(secret: &[u8; 32]) -> Key {
        // SM4 takes 16 bytes: they are derived, so that the two ciphers never share key material.
        let derived = hmac_sm3(secret, &[b"heshan-grid sm4"]);
        Key {
            sm4: Sm4Gcm::new_from_slice(&derived[..16]).expect("SM4 keys have 16 bytes"),
            aes: Aes256Gcm::new_from_slice(secret).expect("AES-256 keys have 32 bytes"),
        }
    }

    pub fn seal(&self, algorithm: Algorithm, nonce: &[u8; NONCE], aad: &[u8], plain: &[u8]) -> Vec<u8> {
        let payload = Payload { msg: plain, aad };
        let nonce = nonce.into();
        match algorithm {
            Algorithm::Sm4Gcm => self.sm4.encrypt(nonce, payload),
            Algorithm::Aes256Gcm => self.aes.encrypt(nonce, payload),
        }
        .expect("GCM seals anything below 64 GiB")
    }

    /// `None` when the bytes, the associated data or the key are not those of the sealing.
    pub fn open(
        &self,
        algorithm: Algorithm,
        nonce: &[u8; NONCE],
        aad: &[u8],
        sealed: &[u8],
    ) -> Option<Vec<u8>> {
        let payload = Payload { msg: sealed, aad };
        let nonce = nonce.into();
        match algorithm {
            Algorithm::Sm4Gcm => self.sm4.decrypt(nonce, payload),
            Algorithm::Aes256Gcm => self.aes.decrypt(nonce, payload),
        }
        .ok()
    }
}

/// HMAC-SM3 over parts, each preceded by its length, so that no two lists of parts read the same.
pub fn hmac_sm3(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<Sm3> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
