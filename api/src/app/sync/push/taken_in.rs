//! What became of a request's edits.

use serde_json::Value as Json;
use uuid::Uuid;

pub struct TakenIn {
    pub receipts: Vec<Json>,
    pub received: i64,
    pub through: i64,
    /// The newest number, without a gap before it, that is in a backup.
    pub safe: i64,
    /// Records that the receipts speak of: the same answer carries their state.
    pub touched: Vec<Uuid>,
    /// People who came with it.
    pub came: Vec<Uuid>,
}

impl TakenIn {
    /// Of a request that brought nothing.
    pub fn nothing(received: i64, through: i64, safe: i64) -> TakenIn {
        TakenIn {
            receipts: Vec::new(),
            received,
            through,
            safe,
            touched: Vec::new(),
            came: Vec::new(),
        }
    }
}
