//! What a record shows, computed from itself and the open items that hang on it: by the desk when it saves, and by
//! whoever checks what was saved.

use crate::program::Program;
use domain::EditId;
use serde_json::Value as Json;
use sync::Record;
use sync::project::{Around, Pending, Projection, project};
use uuid::Uuid;

/// An open item as far as the record shows anything of it.
pub struct OpenItem<'a> {
    pub reason: &'a str,
    pub key: &'a str,
    pub body: &'a Json,
}

/// The projection of a record in its grid. `items` are all its open ones, in the order of reason and key.
pub fn show(program: &Program, record: &Record, grid: Option<Uuid>, items: &[OpenItem<'_>]) -> Projection {
    let pending: Vec<Pending> = items.iter().flat_map(pending).collect();
    let around = Around {
        grid: grid.map(Into::into),
        pending: &pending,
        open: items.len(),
    };
    let derive = |parts: &[&[u8]]| program.keys.derive(parts);
    project(record, &around, &program.catalogue, &derive)
}

/// Values that wait for a decision, as the record item shows them.
fn pending(item: &OpenItem<'_>) -> Vec<Pending> {
    if !matches!(item.reason, "proposal" | "departure") {
        return Vec::new();
    }
    let sides = item.body["sides"].as_array().into_iter().flatten();
    sides
        .filter_map(|side| {
            Some(Pending {
                key: item.key.to_owned(),
                value: side["value"].clone(),
                edit: side["edit"].as_str().and_then(EditId::parse)?,
            })
        })
        .collect()
}
