//! The cursor: sealed for its device, so that it cannot be edited or lent.

use crate::seal::{Keyring, Place};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How far a device has read, in which life of the database and under which grants.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cursor {
    pub incarnation: Uuid,
    pub grant_epoch: i32,
    /// The device's own feed.
    pub device: i64,
    pub grids: BTreeMap<Uuid, i64>,
    /// Grids that do not fit on the device, of which it has been told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Uuid>,
}

pub fn write(keys: &Keyring, device: Uuid, cursor: &Cursor) -> String {
    let plain = serde_json::to_vec(cursor).expect("a cursor has string keys only");
    URL_SAFE_NO_PAD.encode(keys.seal(place(&device), &plain))
}

/// `None` for whatever is not this device's cursor: it reloads by digest.
pub fn read(keys: &Keyring, device: Uuid, text: &str) -> Option<Cursor> {
    let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
    serde_json::from_slice(&keys.open(place(&device), &sealed).ok()?).ok()
}

fn place(device: &Uuid) -> Place<'_> {
    Place {
        table: "cursor",
        row: device.as_bytes(),
        group: "all",
    }
}
