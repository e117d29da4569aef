//! A roster of a million people without going through the desk for each: records that were written by it, sealed anew
//! under new ids.

use crate::Fault;
use api::program::Program;
use api::seal::Place;
use api::store::records;
use entity::{enrolment, projection, resident};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter,
};
use uuid::Uuid;

/// The category whose roster is filled.
pub const CATEGORY: &str = "low_income_edge";
const BATCH: usize = 500;

/// Adds people of [`CATEGORY`] until there are `wanted`.
pub async fn fill(program: &Program, wanted: usize) -> Result<(), Fault> {
    let db = program.db.read();
    let enrolled = enrolment::Entity::find()
        .filter(enrolment::Column::Category.eq(CATEGORY))
        .filter(enrolment::Column::Until.is_null())
        .all(db)
        .await?;
    let mut patterns = Vec::new();
    for part in enrolled[..enrolled.len().min(1_000)].chunks(200) {
        let ids: Vec<Uuid> = part.iter().map(|e| e.resident).collect();
        let items = records::items(db, &program.keys, &ids).await?;
        let rows = resident::Entity::find().filter(resident::Column::Id.is_in(ids));
        for row in rows.all(db).await? {
            let line = part.iter().find(|e| e.resident == row.id).cloned();
            let (Some(line), Some(item)) = (line, items.get(&row.id)) else {
                continue;
            };
            patterns.push((row, line, item.clone()));
        }
    }
    let mut there = enrolled.len();
    while there < wanted {
        let count = BATCH.min(wanted - there);
        let (mut people, mut lines, mut shown) = (Vec::new(), Vec::new(), Vec::new());
        for n in 0..count {
            let (row, line, item) = &patterns[(there + n) % patterns.len()];
            let id = Uuid::now_v7();
            let place = |group| Place {
                table: "projection",
                row: id.as_bytes(),
                group,
            };
            let (mut row, mut line) = (row.clone(), line.clone());
            (row.id, line.resident, line.id) = (id, id, Uuid::now_v7());
            people.push(row.into_active_model().reset_all());
            lines.push(line.into_active_model().reset_all());
            let model = projection::Model {
                resident: id,
                n: 1,
                open: program.keys.seal(place("open"), item.as_bytes()),
                rest: program.keys.seal(place("rest"), b"{}"),
            };
            shown.push(model.into_active_model().reset_all());
        }
        let (people, lines, shown) = (&people, &lines, &shown);
        let work = program.db.write(|txn| async move {
            let db = &*txn;
            resident::Entity::insert_many(people.clone())
                .exec_without_returning(db)
                .await?;
            enrolment::Entity::insert_many(lines.clone())
                .exec_without_returning(db)
                .await?;
            projection::Entity::insert_many(shown.clone())
                .exec_without_returning(db)
                .await?;
            Ok::<_, DbErr>(())
        });
        work.await?;
        there += count;
    }
    number(program).await
}

/// Who is on the roster now becomes its first steps, as the schema's history does it.
async fn number(program: &Program) -> Result<(), Fault> {
    let empty = empty(program);
    run(program, "DELETE FROM roster_step").await?;
    run(program, "DELETE FROM roster_feed").await?;
    let steps = format!(
        "INSERT INTO roster_step (village, category, n, resident, kind, whole, seen, was_whole, was_seen, at, latest)
         SELECT r.village, e.category, ROW_NUMBER() OVER (PARTITION BY r.village, e.category ORDER BY r.id), r.id,
            'joined', {empty}, {empty}, {empty}, {empty}, r.changed_at, TRUE
         FROM resident r JOIN enrolment e ON e.resident = r.id WHERE e.until IS NULL AND r.village IS NOT NULL"
    );
    run(program, &steps).await?;
    let feeds = "INSERT INTO roster_feed (village, category, next)
        SELECT village, category, MAX(n) + 1 FROM roster_step GROUP BY village, category";
    run(program, feeds).await
}

/// So many people of the roster change once more.
pub async fn change(program: &Program, people: usize) -> Result<(), Fault> {
    let empty = empty(program);
    let steps = format!(
        "INSERT INTO roster_step (village, category, n, resident, kind, whole, seen, was_whole, was_seen, at, latest)
         SELECT s.village, s.category, f.next - 1 + ROW_NUMBER() OVER (PARTITION BY s.village ORDER BY s.resident),
            s.resident, 'changed', {empty}, {empty}, {empty}, {empty}, s.at, FALSE
         FROM (SELECT * FROM roster_step WHERE category = '{CATEGORY}' AND latest ORDER BY resident LIMIT {people}) s
         JOIN roster_feed f ON f.village = s.village AND f.category = s.category"
    );
    run(program, &steps).await?;
    let feeds = "UPDATE roster_feed SET next = (SELECT MAX(n) + 1 FROM roster_step s
        WHERE s.village = roster_feed.village AND s.category = roster_feed.category)";
    run(program, feeds).await
}

fn empty(program: &Program) -> &'static str {
    match program.db.backend() {
        DbBackend::Postgres => "CAST('' AS BYTEA)",
        _ => "x''",
    }
}

async fn run(program: &Program, sql: &str) -> Result<(), Fault> {
    program.db.schema().execute_unprepared(sql).await?;
    Ok(())
}
