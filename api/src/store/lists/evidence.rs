//! What the evidence says of a row that its number does not link: sealed beside the row, written before any row of the
//! list is judged, so that every node and every step goes by the same.

use super::rows::row_id;
use crate::seal::{Keyring, Place, Unsealable};
use crate::store::Fault;
use crate::store::paging::{behind, placeholder};
use entity::list_row;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Statement, Value,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is sealed of it, apart from the row's content.
pub const GROUP: &str = "evidence";

/// Who is meant, as far as residents and register know them.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    pub resident: Option<Uuid>,
    /// The row of the register, which a newer register replaces.
    pub entry: Option<i64>,
    pub number: Option<String>,
    /// Bits.
    pub weight: f32,
    /// One line for each field that both state, the weightiest first.
    pub lines: Vec<Line>,
}

/// How one field compares, in the words of a cadre; it repeats no value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub field: String,
    pub says: String,
    /// Bits.
    pub weight: f32,
}

#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The first of those seen is meant, without asking.
    pub linked: bool,
    /// A stable code, and a Chinese sentence.
    pub why: String,
    pub says: String,
    /// Best first; where a person is asked at most three.
    pub seen: Vec<Seen>,
    /// Bits to the next person.
    pub margin: f32,
}

impl Evidence {
    pub fn target(&self) -> Option<&Seen> {
        self.seen.first().filter(|_| self.linked)
    }
}

fn sealed(keys: &Keyring, row: Uuid, evidence: &Evidence) -> Vec<u8> {
    let plain = serde_json::to_vec(evidence).expect("evidence has string keys only");
    keys.seal(
        Place {
            table: "list_row",
            row: row.as_bytes(),
            group: GROUP,
        },
        &plain,
    )
}

pub(super) fn opened(keys: &Keyring, row: &list_row::Model) -> Result<Option<Evidence>, Unsealable> {
    let Some(blob) = &row.evidence else {
        return Ok(None);
    };
    let id = row_id(keys, row.list, row.sheet, row.row);
    let place = Place {
        table: "list_row",
        row: id.as_bytes(),
        group: GROUP,
    };
    let plain = keys.open(place, blob)?;
    serde_json::from_slice(&plain).map(Some).map_err(|_| Unsealable)
}

/// Keeps what the evidence says of rows of a list, by their places; none takes away what was kept.
pub async fn keep_evidence<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    list: Uuid,
    all: &[((i32, i32), Option<Evidence>)],
) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    let kinds = match backend {
        DbBackend::Postgres => ["::INTEGER", "::INTEGER", "::BYTEA"],
        _ => [""; 3],
    };
    for part in all.chunks(200) {
        let (mut values, mut lines): (Vec<Value>, Vec<String>) = (Vec::new(), Vec::new());
        for ((sheet, row), evidence) in part {
            let cells = kinds.iter().zip(values.len() + 1..);
            let cells: Vec<String> = cells
                .map(|(kind, n)| format!("{}{kind}", placeholder(backend, n)))
                .collect();
            lines.push(format!("({})", cells.join(", ")));
            let id = row_id(keys, list, *sheet, *row);
            let blob = evidence.as_ref().map(|evidence| sealed(keys, id, evidence));
            values.extend([(*sheet).into(), (*row).into(), blob.into()]);
        }
        let place = placeholder(backend, values.len() + 1);
        values.push(list.into());
        let sql = format!(
            "WITH said (sheet, row, evidence) AS (VALUES {}) UPDATE list_row SET evidence = said.evidence \
             FROM said WHERE list_row.list = {place} AND list_row.sheet = said.sheet AND list_row.row = said.row",
            lines.join(", ")
        );
        db.execute_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
    }
    Ok(())
}

/// List, sheet and row.
pub type Named = (Uuid, i32, i32);

/// Rows that keep evidence, in the order of their places, behind one.
pub async fn with_evidence<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    after: Option<Named>,
    limit: u64,
) -> Result<Vec<(Named, Evidence)>, Fault> {
    use list_row::Column as C_;
    let mut query = list_row::Entity::find().filter(C_::Evidence.is_not_null());
    if let Some((list, sheet, row)) = after {
        let behind = Condition::all()
            .add(C_::List.eq(list))
            .add(behind((C_::Sheet, C_::Row), (sheet, row)));
        query = query.filter(Condition::any().add(C_::List.gt(list)).add(behind));
    }
    let rows = query
        .order_by_asc(C_::List)
        .order_by_asc(C_::Sheet)
        .order_by_asc(C_::Row)
        .limit(limit)
        .all(db)
        .await?;
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(said) = opened(keys, &row)? {
            out.push(((row.list, row.sheet, row.row), said));
        }
    }
    Ok(out)
}
