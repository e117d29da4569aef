//! Rosters as files, streamed and made in the background, and what has changed in them since.

mod changes;
mod fetched;
mod streamed;

use api::app::Error;
use api::app::demo::people::Dice;
use api::app::demo::residents::{Place, fill};
use api::app::desk::Desk;
use api::store::enrolments::{self, NewEnrolment};
use domain::{EditId, Value};
use entity::audit;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;
use std::collections::BTreeSet;
use sync::record::EnrolmentLine;
use tests::county::County;
use uuid::Uuid;

const CATEGORY: &str = "low_income";

/// What happens to somebody; each is one commit.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Join,
    Leave,
    /// Of the category's own field.
    Amount(i64),
    /// Of a field that no department knows.
    Birth(u8),
    /// To a grid of another village, or of the same.
    Move(&'static str, &'static str),
}

pub async fn act(county: &County, id: Uuid, act: Act) {
    let (program, now) = (&county.program, county.program.clock.now());
    let place = match act {
        Act::Move(village, grid) => Some((county.place(village), county.place(grid))),
        _ => None,
    };
    let done = program.db.write(|txn| async move {
        let mut desk = Desk::open(&txn, program, &BTreeSet::from([id]), &[], now).await?;
        let by = EditId::from(Uuid::now_v7());
        let open = enrolments::open_of(&*txn, id, CATEGORY).await?.is_some();
        match act {
            Act::Join if !open => {
                let new = NewEnrolment {
                    resident: id,
                    category: CATEGORY,
                    source: "民政",
                    since: "2026-11",
                    source_status: "active",
                    village_status: "confirmed",
                    list: None,
                    handed_in: &json!({}),
                };
                enrolments::begin(&*txn, &program.keys, &new).await?;
                let line = EnrolmentLine {
                    category: CATEGORY.into(),
                    source: "民政".into(),
                    since: "2026-11".into(),
                    until: None,
                    status: "active".into(),
                    village: "confirmed".into(),
                };
                let record = &mut desk.records.get_mut(&id).unwrap().record;
                record.kept.enrolments.push(line);
                desk.touch(id);
            }
            Act::Leave => {
                enrolments::end(&*txn, id, CATEGORY, "2026-11").await?;
                let record = &mut desk.records.get_mut(&id).unwrap().record;
                for line in record
                    .kept
                    .enrolments
                    .iter_mut()
                    .filter(|l| l.category == CATEGORY)
                {
                    line.until.get_or_insert("2026-11".into());
                }
                desk.touch(id);
            }
            Act::Amount(fen) => desk.set_fact(id, "low_income.amount", Value::Integer(fen), by),
            Act::Birth(day) => {
                let born = format!("1950-01-{day:02}");
                desk.set_fact(id, "birth_date", Value::from(born.as_str()), by);
            }
            Act::Move(..) => {
                let (village, grid) = place.unwrap();
                desk.move_to(id, village, Some(grid))?;
            }
            Act::Join => {}
        }
        desk.save().await
    });
    let done: Result<(), Error> = done.await;
    done.unwrap();
}

/// As many people of the demo's kinds, in the county's grids.
pub async fn filled(county: &County, people: usize) {
    let places = [
        ("良围村", "良围一格"),
        ("仙溪村", "仙溪一格"),
        ("陈山村", "陈山一格"),
    ];
    let places = places.map(|(village, grid)| Place {
        grid: county.place(grid),
        village: county.place(village),
        text: format!("鹤山市沙坪街道{village}"),
    });
    fill(&county.program, &mut Dice::new(7), &places, people)
        .await
        .unwrap();
}

/// Rows of the trail for one action, oldest first.
pub async fn trail(county: &County, action: &str) -> Vec<audit::Model> {
    audit::Entity::find()
        .filter(audit::Column::Action.eq(action))
        .order_by_asc(audit::Column::Id)
        .all(county.program.db.read())
        .await
        .unwrap()
}
