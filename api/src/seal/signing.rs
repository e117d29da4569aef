//! The secrets that access tokens are signed with, by key id.

use std::collections::BTreeMap;
use std::fmt;

/// How long a new key only verifies before it signs, so that every node knows it by then. In milliseconds.
pub const RIPENING: i64 = 10 * 60 * 1000;

#[derive(Clone)]
struct Key {
    secret: [u8; 32],
    since: i64,
}

/// All signing keys that may still have signed a living token.
#[derive(Clone)]
pub struct SigningKeys(BTreeMap<i32, Key>);

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKeys({})", self.0.len())
    }
}

impl SigningKeys {
    /// `keys`: id, secret, instant of making. At least one.
    pub fn new(keys: impl IntoIterator<Item = (i32, [u8; 32], i64)>) -> SigningKeys {
        let keys = keys.into_iter();
        SigningKeys(
            keys.map(|(id, secret, since)| (id, Key { secret, since }))
                .collect(),
        )
    }

    /// The newest key that every node knows; before there is one, the oldest.
    pub fn current(&self, now: i64) -> Option<(i32, &[u8; 32])> {
        let ripe = self.0.iter().rev().find(|(_, key)| key.since + RIPENING <= now);
        ripe.or(self.0.iter().next()).map(|(id, key)| (*id, &key.secret))
    }

    pub fn get(&self, id: i32) -> Option<&[u8; 32]> {
        self.0.get(&id).map(|key| &key.secret)
    }
}
