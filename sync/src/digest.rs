//! The digest of a grid: how a phone and the server notice that they do not hold the same records.

use domain::ResidentId;
use sha2::{Digest, Sha256};

/// Takes a record at a version into a grid's digest, or out of it: XOR with the first 16 bytes of
/// SHA-256(resident ‖ version). Doing it twice changes nothing.
///
/// ```
/// let mut digest = [0; 16];
/// let resident = domain::ResidentId::from_bytes([1; 16]);
/// sync::digest::toggle(&mut digest, resident, "AAEAAAABAAAAAAAAAAA");
/// assert_ne!(digest, [0; 16]);
/// sync::digest::toggle(&mut digest, resident, "AAEAAAABAAAAAAAAAAA");
/// assert_eq!(digest, [0; 16]);
/// ```
pub fn toggle(digest: &mut [u8; 16], resident: ResidentId, version: &str) {
    let mut hasher = Sha256::new();
    hasher.update(resident.bytes());
    hasher.update(version.as_bytes());
    for (into, byte) in digest.iter_mut().zip(hasher.finalize()) {
        *into ^= byte;
    }
}

/// Lower-case hexadecimal, 32 characters.
pub fn hex(digest: &[u8]) -> String {
    digest.iter().map(|b| format!("{b:02x}")).collect()
}
