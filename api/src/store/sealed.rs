//! Rows' sealed columns: JSON in, packed, one blob out, bound to table, row and column group.

use super::packed::{pack, unpack};
use crate::seal::{Keyring, Place, Unsealable};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// Seals a value as JSON for one row.
pub fn seal<T: Serialize>(keys: &Keyring, table: &'static str, row: Uuid, value: &T) -> Vec<u8> {
    let plain = pack(serde_json::to_vec(value).expect("rows' values have string keys only"));
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
    let plain = unpack(plain).ok_or(Unsealable)?;
    serde_json::from_slice(&plain).map_err(|_| Unsealable)
}
