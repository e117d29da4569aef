//! The difference between two months of one source and kind: who joined, who left, and what changed of whom.
//!
//! Rows are compared by their digests first, so that only rows that differ are opened. Who is linked is known by the
//! resident, everybody else by number, or by name and birth date.

use super::{Reach, found};
use crate::app::Error;
use crate::program::Program;
use crate::store::lists::{self, Head, Part, Row};
use entity::list;
use sea_orm::ConnectionTrait;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// One field of somebody, by standard key and the header that the list has for it.
pub struct FieldChange {
    pub key: String,
    pub header: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
}

/// What became of one person from one list to the other.
pub struct Change {
    /// `joined`, `left` or `changed`.
    pub kind: &'static str,
    pub resident: Option<Uuid>,
    /// Sheet and row: of the later list, of who left in the earlier one.
    pub place: (i32, i32),
    pub name: Option<String>,
    pub fields: Vec<FieldChange>,
}

pub struct Difference {
    pub since: Uuid,
    pub since_month: String,
    /// People, over all pages.
    pub joined: usize,
    pub left: usize,
    pub changed: usize,
    pub items: Vec<Change>,
    /// Where the next page goes on.
    pub next: Option<String>,
}

/// The rows of one person in both lists.
#[derive(Default)]
struct Person {
    before: Vec<Row>,
    after: Vec<Row>,
}

impl Person {
    fn kind(&self) -> Option<&'static str> {
        let digests = |rows: &[Row]| rows.iter().map(|r| r.digest.clone()).collect::<BTreeSet<_>>();
        match (self.before.is_empty(), self.after.is_empty()) {
            (true, _) => Some("joined"),
            (_, true) => Some("left"),
            _ if digests(&self.before) == digests(&self.after) => None,
            _ => Some("changed"),
        }
    }
}

/// What changed from the list `since` (from the committed one before, where none is named) to a list in reach.
///
/// # Errors
/// [`Error::NotFound`]; `Refused` `kind_without_people`, `not_comparable` for a list of another source or kind, or of
/// another place; `Conflict` `no_earlier_list`.
pub async fn difference(
    program: &Program,
    reach: &Reach,
    id: Uuid,
    since: Option<Uuid>,
    after: Option<&str>,
    limit: usize,
) -> Result<Difference, Error> {
    let list = found(program, reach, id).await?;
    if matches!(list.kind.as_str(), "population" | "grids") {
        let message = "人口底册和网格划分不按人比较";
        return Err(Error::refused("kind_without_people", message));
    }
    let db = program.db.read();
    let earlier = match since {
        Some(since) => found(program, reach, since).await?,
        None => before(db, &list).await?,
    };
    let comparable = earlier.source == list.source
        && earlier.kind == list.kind
        && earlier.id != list.id
        && super::figures::overlap(db, &list, &earlier).await?;
    if !comparable {
        let message = "只能比较同一部门、同一种类、区划有重叠的两份名单";
        return Err(Error::field("not_comparable", message, "since"));
    }
    let mut people: BTreeMap<String, Person> = BTreeMap::new();
    for row in light(db, program, earlier.id).await? {
        people.entry(key(program, &row)).or_default().before.push(row);
    }
    for row in light(db, program, list.id).await? {
        people.entry(key(program, &row)).or_default().after.push(row);
    }
    people.retain(|_, person| person.kind().is_some());
    let count = |kind: &str| people.values().filter(|p| p.kind() == Some(kind)).count();
    let mut out = Difference {
        since: earlier.id,
        since_month: earlier.month.clone(),
        joined: count("joined"),
        left: count("left"),
        changed: count("changed"),
        items: Vec::new(),
        next: None,
    };
    let heads = (
        lists::head(&program.keys, &earlier)?,
        lists::head(&program.keys, &list)?,
    );
    let mut page = people
        .into_iter()
        .filter(|(key, _)| after.is_none_or(|after| key.as_str() > after));
    let mut last = None;
    for (key, person) in page.by_ref().take(limit) {
        let before = opened(db, program, person.before).await?;
        let after = opened(db, program, person.after).await?;
        out.items.extend(changes(&list.kind, &heads, &before, &after));
        last = Some(key);
    }
    out.next = last.filter(|_| page.next().is_some());
    Ok(out)
}

/// The committed list of the latest month before a list's own, of the same division where there is one.
async fn before<C: ConnectionTrait>(db: &C, list: &list::Model) -> Result<list::Model, Error> {
    let mut all = lists::committed(db, &list.source, &list.kind).await?;
    all.retain(|l| l.id != list.id && l.month < list.month);
    if let Some(own) = all.iter().position(|l| l.division == list.division) {
        return Ok(all.swap_remove(own));
    }
    for other in all {
        if super::figures::overlap(db, list, &other).await? {
            return Ok(other);
        }
    }
    Err(Error::conflict("no_earlier_list", "此前没有可比较的已提交名单"))
}

/// All rows without what they say; those of nobody who is known are opened, to know them by their words.
async fn light<C: ConnectionTrait>(db: &C, program: &Program, list: Uuid) -> Result<Vec<Row>, Error> {
    let part = Part {
        of_file: true,
        ..Part::default()
    };
    let mut rows = lists::places(db, list, part).await?;
    rows.retain(|row| row.resident.is_some());
    rows.extend(lists::unlinked(db, &program.keys, list).await?);
    Ok(rows)
}

/// Who a row is about, in words that name nobody.
fn key(program: &Program, row: &Row) -> String {
    if let Some(id) = row.resident {
        return id.to_string();
    }
    let get = |key: &str| row.content.get(key).unwrap_or_default().as_bytes();
    let parts: [&[u8]; 3] = match row.content.get("id_number") {
        Some(_) => [b"number", get("id_number"), b""],
        None if row.content.get("name").is_some() => [b"name", get("name"), get("birth_date")],
        None => [b"row", &row.digest, b""],
    };
    format!("u{}", Uuid::from_bytes(program.keys.derive(&parts)).simple())
}

async fn opened<C: ConnectionTrait>(db: &C, program: &Program, rows: Vec<Row>) -> Result<Vec<Row>, Error> {
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        out.extend(lists::row_at(db, &program.keys, row.list, row.sheet, row.row).await?);
    }
    Ok(out)
}

/// Rows of one person laid beside each other: by category first, what is left over in the order of the files.
fn changes(kind: &str, heads: &(Head, Head), before: &[Row], after: &[Row]) -> Vec<Change> {
    let category = |row: &Row| super::row::category(kind, &row.content);
    let mut old: Vec<&Row> = before.iter().collect();
    let mut pairs: Vec<(Option<&Row>, Option<&Row>)> = Vec::new();
    let mut alone = Vec::new();
    for row in after {
        match old.iter().position(|o| category(o) == category(row)) {
            Some(at) => pairs.push((Some(old.remove(at)), Some(row))),
            None => alone.push(row),
        }
    }
    for row in alone {
        pairs.push(((!old.is_empty()).then(|| old.remove(0)), Some(row)));
    }
    pairs.extend(old.into_iter().map(|row| (Some(row), None)));
    pairs
        .into_iter()
        .filter_map(|(a, b)| change(heads, a, b))
        .collect()
}

fn change(heads: &(Head, Head), before: Option<&Row>, after: Option<&Row>) -> Option<Change> {
    let kind = match (before, after) {
        (None, _) => "joined",
        (_, None) => "left",
        (Some(a), Some(b)) if a.digest == b.digest => return None,
        _ => "changed",
    };
    let row = after.or(before)?;
    let mut fields = Vec::new();
    if let (Some(a), Some(b)) = (before, after) {
        let keys: BTreeSet<&String> = a.content.values.keys().chain(b.content.values.keys()).collect();
        for key in keys {
            let (from, to) = (a.content.values.get(key), b.content.values.get(key));
            if from != to {
                fields.push(FieldChange {
                    key: key.clone(),
                    header: header(&heads.1, key).or_else(|| header(&heads.0, key)),
                    from: from.cloned(),
                    to: to.cloned(),
                });
            }
        }
    }
    Some(Change {
        kind,
        resident: row.resident,
        place: (row.sheet, row.row),
        name: row.content.get("name").map(str::to_owned),
        fields,
    })
}

fn header(head: &Head, key: &str) -> Option<String> {
    head.columns
        .iter()
        .find(|c| c.key == key)
        .map(|c| c.header.clone())
}
