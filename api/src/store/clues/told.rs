//! What phones told of people that a list may contradict: that nobody found them, that they died or moved out.

use crate::seal::Keyring;
use crate::store::{Fault, inbox};
use entity::{edit, inbox_item, resident};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Residents whose last visit found nobody.
const NOT_FOUND: &str = "SELECT v.resident AS resident FROM visit v WHERE v.outcome = 'not_found' \
    AND NOT EXISTS (SELECT 1 FROM visit w WHERE w.resident = v.resident AND w.at > v.at)";

/// Items that are opened at once.
const PAGE: u64 = 500;

/// By resident, in the words of rules. A report counts while it waits, and once it was approved for as long as the person
/// is away; what lists report is theirs.
pub async fn told_by_phones<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
) -> Result<BTreeMap<Uuid, String>, Fault> {
    let mut out = BTreeMap::new();
    let found = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), NOT_FOUND))
        .await?;
    for row in found {
        out.insert(row.try_get::<Uuid>("", "resident")?, "查无此人".to_owned());
    }
    let mut after = Uuid::nil();
    loop {
        let page = inbox_item::Entity::find()
            .filter(inbox_item::Column::Reason.eq("departure"))
            .filter(inbox_item::Column::State.is_in(["open", "decided"]))
            .filter(inbox_item::Column::Id.gt(after))
            .order_by_asc(inbox_item::Column::Id)
            .limit(PAGE)
            .all(db)
            .await?;
        let Some(last) = page.last() else { return Ok(out) };
        after = last.id;
        let mut said: BTreeMap<Uuid, (Uuid, String)> = BTreeMap::new();
        let mut away = Vec::new();
        for row in &page {
            let Some(resident) = row.resident else { continue };
            let body = inbox::body(keys, row)?;
            if row.state == "decided" {
                if body["result"]["choice"] != "approve" {
                    continue;
                }
                away.push(resident);
            }
            for side in body["sides"].as_array().into_iter().flatten() {
                let word = match side["value"].as_str() {
                    Some("died") => "死亡",
                    Some("moved_out") => "迁出",
                    Some("not_found") => "查无此人",
                    _ => continue,
                };
                let edit = side["edit"].as_str().and_then(|id| Uuid::try_parse(id).ok());
                said.extend(edit.map(|edit| (edit, (resident, word.to_owned()))));
            }
        }
        let by_phones: Vec<Uuid> = edit::Entity::find()
            .select_only()
            .column(edit::Column::Id)
            .filter(edit::Column::Id.is_in(said.keys().copied()))
            .filter(edit::Column::Device.is_not_null())
            .into_tuple()
            .all(db)
            .await?;
        let back: Vec<Uuid> = resident::Entity::find()
            .select_only()
            .column(resident::Column::Id)
            .filter(resident::Column::Id.is_in(away))
            .filter(resident::Column::State.ne("departed"))
            .into_tuple()
            .all(db)
            .await?;
        for (resident, word) in by_phones.iter().filter_map(|edit| said.remove(edit)) {
            if !back.contains(&resident) {
                out.insert(resident, word);
            }
        }
    }
}
