//! What an edit asks of people, as items.

use super::reread::ADDRESS;
use super::{Desk, Origin};
use serde_json::json;
use std::collections::BTreeMap;
use sync::{Ask, Edit};
use uuid::Uuid;

impl Desk<'_> {
    pub(super) fn ask(&mut self, id: Uuid, edit: &Edit, origin: &Origin<'_>, ask: &Ask) {
        let mut side = json!({
            "edit": edit.id.to_string(), "by": origin.writer.name, "account": origin.writer.account.to_string(),
            "at": edit.made_at.to_string(),
        });
        match ask {
            Ask::Proposal {
                key,
                was,
                now,
                present,
            } => {
                side["was"] = was.to_json();
                side["value"] = now.to_json();
                self.add_side(id, "proposal", key, side, json!({ "present": present.to_json() }));
            }
            Ask::Departure {
                kind,
                date,
                place,
                text,
            } => {
                side["value"] = (*kind).into();
                side["date"] = json!(date);
                side["place"] = json!(place);
                side["text"] = json!(text);
                self.add_side(id, "departure", "life_status", side, json!({}));
            }
            Ask::NewResident => self.add_side(id, "new_resident", "", side, json!({})),
            // Computed from the document when the desk saves: see `items`.
            Ask::MergedNote { .. } => {}
            Ask::NoteBeside {
                key,
                was,
                now,
                present,
            } => {
                side["was"] = was.to_json();
                side["value"] = now.to_json();
                self.add_side(
                    id,
                    "note_beside",
                    key,
                    side,
                    json!({ "present": present.to_json() }),
                );
            }
            Ask::HeldFields { fields } => {
                let typed: BTreeMap<_, _> = fields
                    .iter()
                    .map(|(k, (v, code))| (k, json!({ "value": v, "code": code })))
                    .collect();
                side["typed"] = json!(typed);
                self.add_side(id, "held_fields", &edit.id.to_string(), side, json!({}));
            }
            Ask::Address { key, .. } if key == ADDRESS => {
                self.addresses.insert(id, side);
            }
            Ask::Address { .. } => {}
        }
    }
}
