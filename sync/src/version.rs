//! The version of a record: one opaque string of 19 characters for document, facts, visits and confirmations.

use automerge::ChangeHash;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ResidentId;
use sha2::{Digest, Sha256};
use std::fmt;

/// base64url of epoch (2 bytes), n (4) and the first 8 bytes of SHA-256 over resident, epoch, n, the sorted heads
/// and the facts' version.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version {
    pub epoch: u16,
    /// The record's newest edit; the version names all edits up to it.
    pub n: u32,
    digest: [u8; 8],
}

impl Version {
    /// `heads` are sorted, as automerge gives them.
    pub fn of(resident: ResidentId, epoch: u16, n: u32, heads: &[ChangeHash], facts: u32) -> Version {
        let mut hasher = Sha256::new();
        hasher.update(resident.bytes());
        hasher.update(epoch.to_be_bytes());
        hasher.update(n.to_be_bytes());
        for head in heads {
            hasher.update(head.0);
        }
        hasher.update(facts.to_be_bytes());
        let full = hasher.finalize();
        let mut digest = [0; 8];
        digest.copy_from_slice(&full[..8]);
        Version { epoch, n, digest }
    }

    /// `None` is an unknown base, never an error.
    pub fn parse(text: &str) -> Option<Version> {
        if text.len() != 19 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (epoch, rest) = bytes.split_first_chunk::<2>()?;
        let (n, digest) = rest.split_first_chunk::<4>()?;
        let digest = *digest.first_chunk::<8>()?;
        Some(Version {
            epoch: u16::from_be_bytes(*epoch),
            n: u32::from_be_bytes(*n),
            digest,
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 14];
        bytes[..2].copy_from_slice(&self.epoch.to_be_bytes());
        bytes[2..6].copy_from_slice(&self.n.to_be_bytes());
        bytes[6..].copy_from_slice(&self.digest);
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_reads_back_and_nothing_else_does() {
        let version = Version::of(
            ResidentId::from_bytes([1; 16]),
            1,
            70_000,
            &[ChangeHash([2; 32])],
            3,
        );
        let text = version.to_string();
        assert_eq!((text.len(), Version::parse(&text)), (19, Some(version)));
        for bad in [
            "",
            "x",
            "AAEAAAABAAAAAAAAAAAA",
            "!!!!!!!!!!!!!!!!!!!",
            "AAEAAAABAAAAAAAAAA=",
        ] {
            assert_eq!(Version::parse(bad), None, "{bad}");
        }
        let other = Version::of(
            ResidentId::from_bytes([1; 16]),
            1,
            70_000,
            &[ChangeHash([2; 32])],
            4,
        );
        assert_ne!(other, version);
    }
}
