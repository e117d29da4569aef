//! The secrets that access tokens are signed with, by key id.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// How long a new key only verifies before it signs, so that every node has read it by then. In milliseconds.
pub const RIPENING: i64 = 60 * 1000;

struct Key {
    secret: [u8; 32],
    since: i64,
}

/// All signing keys that may still have signed a living token. Read anew while the program runs.
pub struct SigningKeys {
    keys: RwLock<Arc<BTreeMap<i32, Key>>>,
    /// When they were last read because of a key id that nobody knew; whoever reads holds it.
    asked: tokio::sync::Mutex<Option<i64>>,
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKeys({})", self.all().len())
    }
}

impl SigningKeys {
    /// `keys`: id, secret, instant of making. At least one.
    pub fn new(keys: impl IntoIterator<Item = (i32, [u8; 32], i64)>) -> SigningKeys {
        SigningKeys {
            keys: RwLock::new(Arc::new(by_id(keys))),
            asked: tokio::sync::Mutex::default(),
        }
    }

    /// Takes what was read anew instead of what was known.
    pub fn replace(&self, keys: impl IntoIterator<Item = (i32, [u8; 32], i64)>) {
        let keys = Arc::new(by_id(keys));
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    /// The newest key that every node knows, with its id; before there is one, the oldest.
    pub fn current(&self, now: i64) -> Option<(i32, [u8; 32])> {
        let all = self.all();
        let ripe = all.iter().rev().find(|(_, key)| key.since + RIPENING <= now);
        ripe.or(all.iter().next()).map(|(id, key)| (*id, key.secret))
    }

    pub fn get(&self, id: i32) -> Option<[u8; 32]> {
        self.all().get(&id).map(|key| key.secret)
    }

    /// When the keys were last read because of an unknown id. One asks at a time.
    pub async fn asked(&self) -> tokio::sync::MutexGuard<'_, Option<i64>> {
        self.asked.lock().await
    }

    fn all(&self) -> Arc<BTreeMap<i32, Key>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn by_id(keys: impl IntoIterator<Item = (i32, [u8; 32], i64)>) -> BTreeMap<i32, Key> {
    let keys = keys.into_iter();
    keys.map(|(id, secret, since)| (id, Key { secret, since }))
        .collect()
}
