//! Rows' sealed columns: JSON in, one blob out, bound to table, row and column group.

use crate::seal::{Keyring, Place, Unsealable};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// Seals a value as JSON for one row.
pub fn seal<T: Serialize>(keys: &Keyring, table: &'static str, row: Uuid, value: &T) -> Vec<u8> {
    let plain = serde_json::to_vec(value).expect("rows' values have string keys only");
    keys.seal(
        Place {
            table,
            row: row.as_bytes(),
            group: "all",
        },
        &plain,
    )
}

/// Opens what [`seal`] made. Content that does not parse counts as damaged.
pub fn open<T: DeserializeOwned>(
    keys: &Keyring,
    table: &'static str,
    row: Uuid,
    sealed: &[u8],
) -> Result<T, Unsealable> {
    let plain = keys.open(
        Place {
            table,
            row: row.as_bytes(),
            group: "all",
        },
        sealed,
    )?;
    serde_json::from_slice(&plain).map_err(|_| Unsealable)
}
