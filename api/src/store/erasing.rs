//! Taking a person out of every table that holds anything of them.

use super::fault::Fault;
use super::{clues, duplicates, files, of_person};
use crate::seal::Keyring;
use crate::store::lists;
use crate::store::register::number_hash;
use entity::{edit, held, holding, inbox_item, list, list_row, lookup, resident, stored_file, visit};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
    Statement, Value,
};
use uuid::Uuid;

/// How much of somebody there is: what whoever erases is shown first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    pub edits: u64,
    pub visits: u64,
    pub held: u64,
    pub list_rows: u64,
    pub files: u64,
    pub phones: u64,
}

pub async fn extent<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Extent, DbErr> {
    let open = holding::Entity::find()
        .filter(holding::Column::Resident.eq(id))
        .filter(holding::Column::DroppedAt.is_null());
    Ok(Extent {
        edits: edit::Entity::find()
            .filter(edit::Column::Resident.eq(id))
            .count(db)
            .await?,
        visits: visit::Entity::find()
            .filter(visit::Column::Resident.eq(id))
            .count(db)
            .await?,
        held: held::Entity::find()
            .filter(held::Column::Resident.eq(id))
            .count(db)
            .await?,
        list_rows: list_row::Entity::find()
            .filter(list_row::Column::Resident.eq(id))
            .count(db)
            .await?,
        files: files_of(db, id).await?.len() as u64,
        phones: open.count(db).await?,
    })
}

/// Residents that were merged into this one: the same person.
pub async fn absorbed<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Vec<Uuid>, DbErr> {
    resident::Entity::find()
        .select_only()
        .column(resident::Column::Id)
        .filter(resident::Column::MergedInto.eq(id))
        .into_tuple()
        .all(db)
        .await
}

/// The keyed hashes by which a person is known again: of the number, and of name with birth date.
pub async fn identity<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Vec<(String, Vec<u8>)>, DbErr> {
    let rows = lookup::Entity::find()
        .filter(lookup::Column::Resident.eq(id))
        .filter(lookup::Column::Kind.is_in(["id_number", "person"]))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.kind, row.hash)).collect())
}

/// The files as they were handed in of the lists that name the person.
async fn files_of<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Vec<Uuid>, DbErr> {
    let named = of_person::lists(db, id).await?.into_iter().map(|list| list.file);
    stored_file::Entity::find()
        .select_only()
        .column(stored_file::Column::Id)
        .filter(stored_file::Column::Id.is_in(named))
        .into_tuple()
        .all(db)
        .await
}

/// Items about the person: of the record, of its held edits, of the rows of lists that name it.
async fn items<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Vec<Uuid>, DbErr> {
    let held: Vec<Uuid> = held::Entity::find()
        .select_only()
        .column(held::Column::Id)
        .filter(held::Column::Resident.eq(id))
        .into_tuple()
        .all(db)
        .await?;
    let of_pair = Condition::all()
        .add(inbox_item::Column::Reason.eq(duplicates::REASON))
        .add(inbox_item::Column::Key.eq(id.to_string()));
    let mut any = Condition::any()
        .add(inbox_item::Column::Resident.eq(id))
        .add(of_pair);
    if !held.is_empty() {
        any = any.add(inbox_item::Column::Held.is_in(held));
    }
    let rows = list_row::Entity::find()
        .filter(list_row::Column::Resident.eq(id))
        .all(db)
        .await?;
    for row in rows {
        let place = lists::item_row(row.sheet, row.row);
        let of_row = Condition::all()
            .add(inbox_item::Column::List.eq(row.list))
            .add(inbox_item::Column::ListRow.eq(place));
        any = any.add(of_row);
    }
    inbox_item::Entity::find()
        .select_only()
        .column(inbox_item::Column::Id)
        .filter(any)
        .into_tuple()
        .all(db)
        .await
}

/// Removes everything of a person but who carried it, what the trail says, and that rosters lost somebody. Files of
/// lists that name the person go whole, and so do the files of rosters: nobody can take one row out of them.
pub async fn remove<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    id: Uuid,
    hashes: &[(String, Vec<u8>)],
) -> Result<(), Fault> {
    forget_samples(db, keys, of_person::lists(db, id).await?).await?;
    forget_evidence(db, keys, id, hashes).await?;
    for file in files_of(db, id).await? {
        files::delete(db, file).await?;
    }
    let exports: Vec<Uuid> = stored_file::Entity::find()
        .select_only()
        .column(stored_file::Column::Id)
        .filter(stored_file::Column::Purpose.eq("export"))
        .into_tuple()
        .all(db)
        .await?;
    for file in exports {
        files::delete(db, file).await?;
    }
    let one = || vec![Value::from(id)];
    for item in items(db, id).await? {
        remove_item(db, item).await?;
    }
    clues::remove_of_person(db, keys, id, hashes).await?;
    for sql in BY_RESIDENT {
        run(db, sql, one()).await?;
    }
    let marks = [vec![0_u8; 16].into(), Vec::<u8>::new().into(), Value::from(id)];
    for column in ["whole", "seen", "was_whole", "was_seen"] {
        let sql = format!("UPDATE roster_step SET {column} = $1 WHERE {column} <> $2 AND resident = $3");
        run(db, &sql, marks.to_vec()).await?;
    }
    remove_from_register(db, hashes).await?;
    Ok(())
}

/// An item with what was decided about it and what phones were told.
pub async fn remove_item<C: ConnectionTrait>(db: &C, item: Uuid) -> Result<(), DbErr> {
    let item = || vec![Value::from(item)];
    run(db, "DELETE FROM decision WHERE item = $1", item()).await?;
    run(db, "DELETE FROM device_entry WHERE subject = $1", item()).await?;
    run(db, "DELETE FROM inbox_item WHERE id = $1", item()).await
}

/// Rows of the register, by the hashes of somebody who is erased: of equal names and birth dates only those without a
/// number, since others are other people.
pub async fn remove_from_register<C: ConnectionTrait>(
    db: &C,
    hashes: &[(String, Vec<u8>)],
) -> Result<(), DbErr> {
    for (kind, hash) in hashes {
        let sql = match kind.as_str() {
            "id_number" => "DELETE FROM register_row WHERE id_hash = $1",
            _ => "DELETE FROM register_row WHERE id_hash IS NULL AND person_hash = $1",
        };
        run(db, sql, vec![hash.clone().into()]).await?;
    }
    Ok(())
}

/// Rows of other people that might have been this one keep by what it was compared: that goes too.
async fn forget_evidence<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    id: Uuid,
    hashes: &[(String, Vec<u8>)],
) -> Result<(), Fault> {
    let numbers: Vec<&Vec<u8>> = hashes
        .iter()
        .filter(|(kind, _)| kind == "id_number")
        .map(|(_, h)| h)
        .collect();
    let is = |seen: &lists::Seen| {
        let hash = seen.number.as_ref().map(|number| number_hash(keys, number));
        seen.resident == Some(id) || hash.is_some_and(|hash| numbers.contains(&&hash))
    };
    let mut after = None;
    loop {
        let page = lists::with_evidence(db, keys, after, EVIDENCE).await?;
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        after = Some(*last);
        for ((list, sheet, row), said) in &page {
            if said.seen.iter().any(is) {
                lists::keep_evidence(db, keys, *list, &[((*sheet, *row), None)]).await?;
            }
        }
    }
}

/// Samples of cells that the heads of lists show for their columns: they may be the person's.
pub async fn forget_samples<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    named: Vec<list::Model>,
) -> Result<(), Fault> {
    for row in named {
        let mut head = lists::head(keys, &row)?;
        head.columns.iter_mut().for_each(|column| column.samples.clear());
        head.unread.iter_mut().for_each(|column| column.samples.clear());
        let sealed = lists::seal_head(keys, row.id, &head);
        let values = vec![sealed.into(), Value::from(row.id)];
        run(db, "UPDATE list SET sealed = $1 WHERE id = $2", values).await?;
    }
    Ok(())
}

/// Rows whose evidence is opened at once.
const EVIDENCE: u64 = 1000;

/// What hangs on a resident, in an order in which nothing is looked for that is gone. Drops stay: phones must hear.
const BY_RESIDENT: &[&str] = &[
    "DELETE FROM device_entry WHERE kind <> 'drop' AND subject = $1",
    "DELETE FROM device_entry WHERE kind <> 'drop' AND subject IN (SELECT id FROM edit WHERE resident = $1)",
    "DELETE FROM device_entry WHERE kind <> 'drop' AND subject IN (SELECT edit FROM held WHERE resident = $1)",
    "DELETE FROM held WHERE resident = $1",
    "DELETE FROM confirmation WHERE resident = $1",
    "DELETE FROM visit WHERE resident = $1",
    "DELETE FROM placement WHERE resident = $1",
    "DELETE FROM enrolment WHERE resident = $1",
    "DELETE FROM answer WHERE resident = $1",
    "DELETE FROM device_entry WHERE subject IN (SELECT id FROM visit_task WHERE resident = $1)",
    "DELETE FROM visit_task WHERE resident = $1",
    "DELETE FROM clue WHERE resident = $1",
    "DELETE FROM list_row WHERE resident = $1",
    "DELETE FROM edit WHERE resident = $1",
    "DELETE FROM edit WHERE named = $1",
    "DELETE FROM past_document WHERE resident = $1",
    // Whoever was taken for one with the person may have adopted values: what its documents were meanwhile goes too.
    "DELETE FROM past_document WHERE EXISTS (SELECT 1 FROM resident_merge m WHERE m.absorbed = $1
     AND m.survivor = past_document.resident AND m.at <= past_document.closed_at)",
    "DELETE FROM known_elsewhere WHERE resident = $1",
    "DELETE FROM resident_merge WHERE survivor = $1 OR absorbed = $1",
    "DELETE FROM kept_apart WHERE one = $1 OR other = $1",
    "DELETE FROM lookup WHERE resident = $1",
    "DELETE FROM search_card WHERE resident = $1",
    "DELETE FROM projection WHERE resident = $1",
    "DELETE FROM facts WHERE resident = $1",
    "DELETE FROM document WHERE resident = $1",
    "DELETE FROM feed_entry WHERE subject = $1",
    "DELETE FROM resident WHERE id = $1",
];

async fn run<C: ConnectionTrait>(db: &C, sql: &str, values: Vec<Value>) -> Result<(), DbErr> {
    db.execute_raw(Statement::from_sql_and_values(
        db.get_database_backend(),
        sql,
        values,
    ))
    .await?;
    Ok(())
}

/// Where an id still stands in the clear, with how many rows: (table, column, rows). Whoever erased a person finds
/// nothing here.
pub async fn named<C: ConnectionTrait>(
    db: &C,
    id: Uuid,
) -> Result<Vec<(&'static str, &'static str, i64)>, DbErr> {
    let mut out = Vec::new();
    for (table, column) in COLUMNS {
        let sql = format!("SELECT COUNT(*) AS rows_there FROM {table} WHERE {column} = $1");
        let sql = Statement::from_sql_and_values(db.get_database_backend(), sql, [Value::from(id)]);
        let row = db.query_one_raw(sql).await?;
        let count = row.map_or(Ok(0), |row| row.try_get::<i64>("", "rows_there"))?;
        if count > 0 {
            out.push((*table, *column, count));
        }
    }
    Ok(out)
}

/// Every column that names a resident, but for those that must go on naming them: who carried whom, the trail, the
/// drops on their way, the steps of rosters, and the tombstone itself.
const COLUMNS: &[(&str, &str)] = &[
    ("resident", "id"),
    ("resident", "merged_into"),
    ("document", "resident"),
    ("past_document", "resident"),
    ("known_elsewhere", "resident"),
    ("facts", "resident"),
    ("projection", "resident"),
    ("search_card", "resident"),
    ("enrolment", "resident"),
    ("placement", "resident"),
    ("edit", "resident"),
    ("edit", "named"),
    ("held", "resident"),
    ("confirmation", "resident"),
    ("visit", "resident"),
    ("resident_merge", "survivor"),
    ("resident_merge", "absorbed"),
    ("kept_apart", "one"),
    ("kept_apart", "other"),
    ("lookup", "resident"),
    ("inbox_item", "resident"),
    ("list_row", "resident"),
    ("answer", "resident"),
    ("clue", "resident"),
    ("visit_task", "resident"),
    ("feed_entry", "subject"),
];
