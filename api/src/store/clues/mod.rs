//! Clues 疑点: what comparison rules found, sealed, with the states that each went through.

mod field;
mod rules;
pub mod tasks;
mod told;

pub use field::{contradict, grids_for, village_of, villages_of};
pub use rules::{Stored, all as all_rules, end as end_rule, insert as insert_rules};
pub use told::told_by_phones;

use super::paging::behind;
use super::{Fault, erasing, sealed};
use crate::seal::Keyring;
use entity::{clue, inbox_item, list};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What is sealed of a clue.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Body {
    pub says: String,
    pub number: u8,
    pub severity: String,
    pub basis: String,
    /// Whom it is about: name, birth date, number, address, as far as they are known.
    pub person: BTreeMap<String, String>,
    pub rows: Vec<Seen>,
    /// The register's list and month, where the person stands in it.
    pub register: Option<(Uuid, String)>,
    /// Months, and fen in all of them.
    pub stake: Option<(u32, i64)>,
    /// The day whose data were compared, `YYYY-MM-DD`.
    pub at: String,
    pub history: Vec<Step>,
}

/// A row of a list that a clue rests on: where it stands, and what the rule read of it.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    pub list: Uuid,
    /// As rules call the list.
    pub of: String,
    pub kind: String,
    pub source: String,
    pub month: String,
    pub sheet: i32,
    pub row: i32,
    /// By header.
    pub cells: Vec<(String, String)>,
}

/// One state of a clue, and who brought it there.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub state: String,
    /// RFC 3339.
    pub at: String,
    /// By name; none for the rules' own doing.
    pub by: Option<String>,
    pub reason: Option<String>,
}

/// States that are kept of one clue.
const STEPS: usize = 50;

impl Body {
    pub fn went(&mut self, step: Step) {
        self.history.push(step);
        let surplus = self.history.len().saturating_sub(STEPS);
        self.history.drain(..surplus);
    }
}

/// The identity of a clue: its rule, and a person by one of the ways in which somebody is known.
pub fn id(keys: &Keyring, rule: &str, person: Known<'_>) -> Uuid {
    let (kind, value): (&[u8], &[u8]) = match &person {
        Known::Resident(id) => (b"resident", id.as_bytes()),
        Known::Number(hash) => (b"id_number", hash),
        Known::Person(hash) => (b"person", hash),
    };
    Uuid::from_bytes(keys.derive(&[b"clue", rule.as_bytes(), kind, value]))
}

/// How somebody is known: by the record, by the keyed hash of the number, or of name and birth date.
#[derive(Clone, Copy)]
pub enum Known<'a> {
    Resident(&'a Uuid),
    Number(&'a [u8]),
    Person(&'a [u8]),
}

pub fn body(keys: &Keyring, row: &clue::Model) -> Result<Body, Fault> {
    Ok(sealed::open(keys, "clue", row.id, &row.sealed)?)
}

/// Puts a body into its row.
pub fn seal(keys: &Keyring, row: &mut clue::Model, body: &Body) {
    row.sealed = sealed::seal(keys, "clue", row.id, body);
}

pub async fn find<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<clue::Model>, DbErr> {
    clue::Entity::find_by_id(id).one(db).await
}

/// One clue, locked until commit.
pub async fn lock<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<clue::Model>, DbErr> {
    clue::Entity::find_by_id(id).lock_exclusive().one(db).await
}

/// Those of these clues that are there.
pub async fn some<C: ConnectionTrait>(db: &C, ids: &[Uuid]) -> Result<Vec<clue::Model>, DbErr> {
    let mut out = Vec::new();
    for part in ids.chunks(500) {
        let found = clue::Entity::find().filter(clue::Column::Id.is_in(part.iter().copied()));
        out.extend(found.all(db).await?);
    }
    Ok(out)
}

/// Those of these clues that are there, locked until commit in the order of their ids.
pub async fn lock_some<C: ConnectionTrait>(db: &C, ids: &[Uuid]) -> Result<Vec<clue::Model>, DbErr> {
    let mut out = Vec::new();
    for part in ids.chunks(500) {
        let found = clue::Entity::find().filter(clue::Column::Id.is_in(part.iter().copied()));
        out.extend(
            found
                .order_by_asc(clue::Column::Id)
                .lock_exclusive()
                .all(db)
                .await?,
        );
    }
    Ok(out)
}

pub async fn insert<C: ConnectionTrait>(db: &C, rows: Vec<clue::Model>) -> Result<(), DbErr> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows = rows.into_iter().map(|row| row.into_active_model().reset_all());
    clue::Entity::insert_many(rows).exec_without_returning(db).await?;
    Ok(())
}

/// Writes a row that was changed.
pub async fn update<C: ConnectionTrait>(db: &C, row: &clue::Model) -> Result<(), DbErr> {
    clue::Entity::update(row.clone().into_active_model().reset_all())
        .exec(db)
        .await?;
    Ok(())
}

/// Says of clues that a run found them as they are.
pub async fn seen<C: ConnectionTrait>(db: &C, ids: &[Uuid], at: i64) -> Result<(), DbErr> {
    for part in ids.chunks(500) {
        clue::Entity::update_many()
            .set(clue::ActiveModel {
                seen_at: Set(at),
                ..Default::default()
            })
            .filter(clue::Column::Id.is_in(part.iter().copied()))
            .exec(db)
            .await?;
    }
    Ok(())
}

/// Ids of a rule's clues that no run has seen since a moment, in the order of their ids, behind one.
pub async fn unseen<C: ConnectionTrait>(
    db: &C,
    rule: &str,
    before: i64,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Uuid>, DbErr> {
    use clue::Column as C_;
    let mut query = clue::Entity::find()
        .select_only()
        .column(C_::Id)
        .filter(C_::Rule.eq(rule))
        .filter(C_::SeenAt.lt(before));
    if let Some(after) = after {
        query = query.filter(C_::Id.gt(after));
    }
    query.order_by_asc(C_::Id).limit(limit).into_tuple().all(db).await
}

/// Which clues somebody may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    All,
    Villages(Vec<Uuid>),
    /// Of a department: what lists of its categories are about, as long as nothing of another category is told.
    Department {
        categories: Vec<String>,
        /// Categories that do not exist for it.
        others: Vec<String>,
        /// Of a client: kinds of list, and villages.
        kinds: Option<Vec<String>>,
        villages: Option<Vec<Uuid>>,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub state: Option<String>,
    pub rule: Option<String>,
    pub kind: Option<String>,
    pub category: Option<String>,
    pub village: Option<Uuid>,
    pub resident: Option<Uuid>,
    pub changed_since: Option<i64>,
}

/// The condition of a reach.
fn within(reach: &Reach) -> Condition {
    use clue::Column as C_;
    match reach {
        Reach::All => Condition::all(),
        Reach::Villages(villages) => Condition::all().add(C_::Village.is_in(villages.iter().copied())),
        Reach::Department {
            categories,
            others,
            kinds,
            villages,
        } => {
            let mut all = Condition::all().add(C_::Category.is_in(categories.iter().map(String::as_str)));
            for other in others {
                all = all.add(C_::Reads.not_like(format!("%,{other},%")));
            }
            if let Some(kinds) = kinds {
                all = all.add(C_::Kind.is_in(kinds.iter().map(String::as_str)));
            }
            if let Some(villages) = villages {
                all = all.add(C_::Village.is_in(villages.iter().copied()));
            }
            all
        }
    }
}

/// One page in the order in which clues were first opened, behind one.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    reach: &Reach,
    filter: &Filter,
    after: Option<(i64, Uuid)>,
    limit: u64,
) -> Result<Vec<clue::Model>, DbErr> {
    use clue::Column as C_;
    let mut all = within(reach);
    for (column, wanted) in [
        (C_::State, &filter.state),
        (C_::Rule, &filter.rule),
        (C_::Kind, &filter.kind),
        (C_::Category, &filter.category),
    ] {
        if let Some(wanted) = wanted {
            all = all.add(column.eq(wanted));
        }
    }
    for (column, wanted) in [(C_::Village, filter.village), (C_::Resident, filter.resident)] {
        if let Some(wanted) = wanted {
            all = all.add(column.eq(wanted));
        }
    }
    if let Some(since) = filter.changed_since {
        all = all.add(C_::ChangedAt.gte(since));
    }
    if let Some(place) = after {
        all = all.add(behind((C_::OpenedAt, C_::Id), place));
    }
    clue::Entity::find()
        .filter(all)
        .order_by_asc(C_::OpenedAt)
        .order_by_asc(C_::Id)
        .limit(limit)
        .all(db)
        .await
}

/// One clue in reach.
pub async fn visible<C: ConnectionTrait>(
    db: &C,
    reach: &Reach,
    id: Uuid,
) -> Result<Option<clue::Model>, DbErr> {
    let row = clue::Entity::find_by_id(id).filter(within(reach));
    row.one(db).await
}

/// Removes what rules found of somebody who is erased, with items and visit tasks: of the record, and of whoever was
/// known by these hashes only. Other rows of the same person are found by their ids.
pub async fn remove_of_person<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    resident: Uuid,
    hashes: &[(String, Vec<u8>)],
) -> Result<(), Fault> {
    let mut ids = Vec::new();
    for rule in rules::codes(db).await? {
        for (kind, hash) in hashes {
            let known = match kind.as_str() {
                "id_number" => Known::Number(hash),
                _ => Known::Person(hash),
            };
            ids.push(id(keys, &rule, known));
        }
    }
    let mut rows = clue::Entity::find()
        .filter(clue::Column::Resident.eq(resident))
        .all(db)
        .await?;
    for part in ids.chunks(500) {
        let own = clue::Entity::find()
            .filter(clue::Column::Id.is_in(part.iter().copied()))
            // Of equal names and birth dates another person may be meant, who is a resident.
            .filter(clue::Column::Resident.is_null());
        rows.extend(own.all(db).await?);
    }
    for row in rows {
        remove(db, row.id).await?;
    }
    Ok(())
}

/// A clue with its items and visit tasks.
async fn remove<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<(), DbErr> {
    for item in items(db, id).await? {
        erasing::remove_item(db, item).await?;
    }
    tasks::remove_of_clue(db, id).await?;
    clue::Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}

/// Removes clues that came before an instant into one of these states and that no rule has found since: one that is still
/// found keeps what was answered, and is asked about no second time.
pub async fn forget<C: ConnectionTrait>(
    db: &C,
    settled: &[&str],
    before: i64,
    most: u64,
) -> Result<u64, DbErr> {
    use clue::Column as C_;
    let old: Vec<Uuid> = clue::Entity::find()
        .select_only()
        .column(C_::Id)
        .filter(C_::State.is_in(settled.iter().copied()))
        .filter(C_::ChangedAt.lt(before))
        .filter(C_::SeenAt.lt(before))
        .order_by_asc(C_::OpenedAt)
        .order_by_asc(C_::Id)
        .limit(most)
        .into_tuple()
        .all(db)
        .await?;
    for id in &old {
        remove(db, *id).await?;
    }
    Ok(old.len() as u64)
}

/// The reason of inbox items about clues; their key is the clue's id.
pub const REASON: &str = "clue";

/// Ids of all items about a clue, whatever their state.
async fn items<C: ConnectionTrait>(db: &C, clue: Uuid) -> Result<Vec<Uuid>, DbErr> {
    inbox_item::Entity::find()
        .select_only()
        .column(inbox_item::Column::Id)
        .filter(inbox_item::Column::Reason.eq(REASON))
        .filter(inbox_item::Column::Key.eq(clue.to_string()))
        .into_tuple()
        .all(db)
        .await
}

/// Committed lists of a kind, the latest month first.
pub async fn committed_of_kind<C: ConnectionTrait>(db: &C, kind: &str) -> Result<Vec<list::Model>, DbErr> {
    use list::Column as C_;
    list::Entity::find()
        .filter(C_::Kind.eq(kind))
        .filter(C_::State.eq(crate::store::lists::state::COMMITTED))
        .order_by_desc(C_::Month)
        .order_by_desc(C_::CommittedAt)
        .order_by_desc(C_::Id)
        .all(db)
        .await
}
