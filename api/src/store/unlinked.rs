//! Rows of lists that are about nobody who is known, and yet name somebody who is being erased: rows that wait for a
//! person, that cannot be, that were never committed, and those of registers.

use super::fault::Fault;
use super::paging::behind;
use super::register::{number_hash, person_hash};
use super::{PER_THREAD, erasing, files};
use crate::seal::Keyring;
use crate::store::lists::{self, Content};
use entity::{inbox_item, list, list_row};
use rayon::prelude::*;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Rows that are opened at once.
const PAGE: u64 = 2_000;

/// A row's place: list, sheet, row.
pub type At = (Uuid, i32, i32);

/// The unlinked rows that name a person by one of these keyed hashes. It opens every such row there is, page by page,
/// and takes as long as that takes: nobody else waits, since it only reads.
pub async fn naming<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    hashes: &[(String, Vec<u8>)],
) -> Result<Vec<At>, Fault> {
    let wanted: BTreeSet<&(String, Vec<u8>)> = hashes.iter().collect();
    let all: Vec<Uuid> = list::Entity::find()
        .select_only()
        .column(list::Column::Id)
        .order_by_asc(list::Column::Id)
        .into_tuple()
        .all(db)
        .await?;
    let mut out = Vec::new();
    for list in all {
        let mut after = None;
        loop {
            let rows = page(db, list, after).await?;
            let Some(last) = rows.last() else { break };
            after = Some((last.sheet, last.row));
            let found = rows.into_par_iter().with_min_len(PER_THREAD).map(|row| {
                let row = lists::open(keys, row)?;
                let named = names(keys, &row.content, &wanted);
                Ok(named.then_some((row.list, row.sheet, row.row)))
            });
            let found: Result<Vec<Option<At>>, Fault> = found.collect();
            out.extend(found?.into_iter().flatten());
        }
    }
    Ok(out)
}

async fn page<C: ConnectionTrait>(
    db: &C,
    list: Uuid,
    after: Option<(i32, i32)>,
) -> Result<Vec<list_row::Model>, DbErr> {
    use list_row::Column as C_;
    let mut query = list_row::Entity::find()
        .filter(C_::List.eq(list))
        .filter(C_::Resident.is_null());
    if let Some(place) = after {
        query = query.filter(behind((C_::Sheet, C_::Row), place));
    }
    query
        .order_by_asc(C_::Sheet)
        .order_by_asc(C_::Row)
        .limit(PAGE)
        .all(db)
        .await
}

/// By the number, wherever it stands in the row; without any number by name and birth date: others of that name and
/// birth date are other people.
fn names(keys: &Keyring, row: &Content, wanted: &BTreeSet<&(String, Vec<u8>)>) -> bool {
    let cells = row.handed_in.iter().map(|(_, cell)| cell);
    let members = row.members.iter().flat_map(|member| member.values());
    let texts = row.values.values().chain(cells).chain(members);
    let numbers: Vec<String> = texts.flat_map(|text| numbers_in(text.as_bytes())).collect();
    let known = |kind: &str, hash: Vec<u8>| wanted.contains(&(kind.to_owned(), hash));
    if !numbers.is_empty() {
        return numbers
            .iter()
            .any(|number| known("id_number", number_hash(keys, number)));
    }
    match (row.get("name"), row.get("birth_date")) {
        (Some(name), Some(born)) => known("person", person_hash(keys, name, born)),
        _ => false,
    }
}

/// Every run of text that reads as an ID number of 18 digits, with a capital X.
pub fn numbers_in(text: &[u8]) -> Vec<String> {
    let last = |b: u8| b.is_ascii_digit() || matches!(b, b'x' | b'X');
    let runs = text.windows(18).enumerate().filter(|(at, run)| {
        let begins = *at == 0 || !text[at - 1].is_ascii_digit();
        let ends = !text.get(at + 18).is_some_and(u8::is_ascii_digit);
        begins && ends && run[..17].iter().all(u8::is_ascii_digit) && last(run[17])
    });
    runs.map(|(_, run)| String::from_utf8_lossy(run).to_uppercase())
        .collect()
}

/// Removes these rows with what asks about them, the files that they came in, and samples of their lists' columns.
pub async fn remove<C: ConnectionTrait>(db: &C, keys: &Keyring, rows: &[At]) -> Result<(), Fault> {
    use list_row::Column as C_;
    for (list, sheet, row) in rows {
        let of_row = Condition::all()
            .add(inbox_item::Column::List.eq(*list))
            .add(inbox_item::Column::ListRow.eq(lists::item_row(*sheet, *row)));
        let items = inbox_item::Entity::find().filter(of_row).all(db).await?;
        for item in items {
            erasing::remove_item(db, item.id).await?;
        }
        list_row::Entity::delete_many()
            .filter(C_::List.eq(*list))
            .filter(C_::Sheet.eq(*sheet))
            .filter(C_::Row.eq(*row))
            .exec(db)
            .await?;
    }
    let lists: BTreeSet<Uuid> = rows.iter().map(|(list, ..)| *list).collect();
    let lists = list::Entity::find()
        .filter(list::Column::Id.is_in(lists))
        .all(db)
        .await?;
    for list in &lists {
        files::delete(db, list.file).await?;
    }
    erasing::forget_samples(db, keys, lists).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_anywhere_in_a_text() {
        let found = |text: &str| numbers_in(text.as_bytes());
        assert_eq!(found("440784195604092381"), ["440784195604092381"]);
        assert_eq!(found("身份证44078419560409238x（旧）"), ["44078419560409238X"]);
        assert_eq!(found("卡号6222024407841956040923811234"), [""; 0]);
        assert_eq!(found("1390007844"), [""; 0]);
    }
}
