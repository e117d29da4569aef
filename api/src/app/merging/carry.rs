//! What waits on somebody goes along: every side of an item speaks for itself wherever it stands.

use super::offers::value;
use crate::app::desk::Desk;
use serde_json::{Value as Json, json};
use uuid::Uuid;

/// Reasons whose sides were said by somebody; others are computed from the record, or are about the person as a whole.
const SAID: [&str; 6] = [
    "proposal",
    "departure",
    "note_beside",
    "held_fields",
    "list_row_contradicted",
    "list_row_missing",
];

/// The member of a side that says with whom it stood.
pub const OF: &str = "of";

/// Moves those sides of somebody's open items that are `mine`, as `told` makes of them; an item without any left is
/// withdrawn with `result`.
pub fn carry(
    desk: &mut Desk<'_>,
    from: Uuid,
    to: Uuid,
    mine: impl Fn(&str, &str, &Json) -> bool,
    told: impl Fn(Json) -> Json,
    result: &Json,
) {
    let all: Vec<(String, String, Vec<Json>)> = desk
        .items
        .iter()
        .filter(|((resident, reason, _), _)| *resident == from && SAID.contains(&reason.as_str()))
        .map(|((_, reason, key), item)| {
            let sides = item.body["sides"].as_array().cloned().unwrap_or_default();
            (reason.clone(), key.clone(), sides)
        })
        .collect();
    for (reason, key, sides) in all {
        let going: Vec<Json> = sides
            .into_iter()
            .filter(|side| mine(&reason, &key, side))
            .collect();
        for side in &going {
            let present = desk
                .program
                .catalogue
                .field(&key)
                .map(|field| value(&desk.records[&to].record, field).to_json());
            let around = match reason.as_str() {
                "departure" | "held_fields" | "list_row_missing" => json!({}),
                _ => json!({ "present": present }),
            };
            desk.add_side(to, &reason, &key, told(side.clone()), around);
        }
        if !going.is_empty() {
            desk.take_back(from, &reason, |side| going.contains(side), result);
        }
    }
}
