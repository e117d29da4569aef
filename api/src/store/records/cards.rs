//! Search cards: what free-text search opens of a record.

use crate::seal::Keyring;
use crate::store::fault::Fault;
use crate::store::sealed;
use domain::name;
use entity::{resident, search_card};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select};
use serde::{Deserialize, Serialize};
use sync::project::Projection;
use uuid::Uuid;

/// What free-text search looks into: about 100 bytes a resident.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    pub name: String,
    pub initials: String,
    pub address: String,
}

/// The search cards of these residents; none of them when there are more than `most`.
pub async fn cards<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    residents: Select<resident::Entity>,
    most: usize,
) -> Result<Option<Vec<(Uuid, Card)>>, Fault> {
    let ids = residents.select_only().column(resident::Column::Id).into_query();
    let rows = search_card::Entity::find()
        .filter(search_card::Column::Resident.in_subquery(ids))
        .limit(most as u64 + 1)
        .all(db)
        .await?;
    if rows.len() > most {
        return Ok(None);
    }
    let open = |row: search_card::Model| {
        let card = sealed::open(keys, "search_card", row.resident, &row.sealed)?;
        Ok((row.resident, card))
    };
    rows.into_iter()
        .map(open)
        .collect::<Result<Vec<_>, Fault>>()
        .map(Some)
}

/// What is searched of a record.
pub fn card(projection: &Projection) -> Card {
    let field = |key: &str| {
        projection.open["fields"][key]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    Card {
        initials: name::initials(&field("name")),
        name: field("name"),
        address: field("address"),
    }
}
