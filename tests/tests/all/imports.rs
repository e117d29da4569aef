//! Lists in, end to end: files of the shared county uploaded, committed by the job table, and handed in again.

use api::app::divisions;
use api::app::lists::{self, Named, NewList, Reach};
use api::clock::Clock;
use api::jobs::{Runner, Timing};
use api::lists::ListKind;
use api::program::Program;
use api::seal::master::Secrets;
use api::store::jobs;
use domain::Instant;
use entity::{edit, enrolment, inbox_item, placement, register_row, resident};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use std::time::Duration;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(a_county_of_lists);

fn now() -> Instant {
    Instant::parse("2026-11-25T01:00:00Z").unwrap()
}

struct County {
    program: Program,
    division: Uuid,
    admin: Uuid,
}

impl County {
    async fn new(database: &Database) -> County {
        let secrets = Secrets {
            master: [1; 32],
            lookup: [2; 32],
        };
        let program = Program::over(database.open().await, secrets, Clock::with_offset(0))
            .await
            .unwrap();
        divisions::import::csv(&program.db, divisions::import::HESHAN, now())
            .await
            .unwrap();
        let all = api::store::divisions::tree(program.db.read()).await.unwrap();
        let division = all.iter().find(|d| d.parent.is_none()).unwrap().id;
        County {
            program,
            division,
            admin: Uuid::now_v7(),
        }
    }

    async fn upload(&self, source: &str, kind: ListKind, month: &str, name: &str) -> (Uuid, bool) {
        let path = format!("{}/fixtures/lists/{name}", env!("CARGO_MANIFEST_DIR"));
        let new = NewList {
            source: source.into(),
            kind,
            division: self.division,
            month: month.into(),
            name: name.into(),
            complete: true,
        };
        let content = std::fs::read(path).unwrap();
        let done = lists::upload(
            &self.program,
            &Reach::All,
            self.admin,
            new,
            content.as_slice(),
            now(),
        )
        .await
        .unwrap();
        (done.id, done.repeat)
    }

    /// Uploads and commits; answers the verdicts, which add up to the rows.
    async fn hand_in(&self, source: &str, kind: ListKind, month: &str, name: &str) -> String {
        let (id, _) = self.upload(source, kind, month, name).await;
        let tried = lists::dry_run(&self.program, &Reach::All, self.admin, id)
            .await
            .unwrap();
        self.done(tried.job, name).await;
        let figures = Named::default();
        let begun = lists::commit(&self.program, &Reach::All, self.admin, id, &figures, now())
            .await
            .unwrap();
        self.done(begun.job, name).await;
        let view = lists::get(&self.program, &Reach::All, id).await.unwrap();
        assert_eq!(view.row.state, "committed");
        assert_eq!(
            view.verdicts.values().sum::<i64>(),
            i64::from(view.row.rows),
            "{name}"
        );
        let shown: Vec<String> = view.verdicts.iter().map(|(v, n)| format!("{v} {n}")).collect();
        shown.join(", ")
    }

    async fn done(&self, job: Uuid, name: &str) {
        loop {
            let row = jobs::find(self.program.db.read(), job).await.unwrap().unwrap();
            if row.finished_at.is_some() {
                assert_eq!((row.state.as_str(), row.last_error), ("done", None), "{name}");
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Everything that a second hand-in must leave as it is.
    async fn counts(&self) -> String {
        let db = self.program.db.read();
        let placed = placement::Entity::find().filter(placement::Column::Until.is_null());
        format!(
            "residents {}, placed {}, enrolments {}, edits {}, items {}, register {}",
            resident::Entity::find().count(db).await.unwrap(),
            placed.count(db).await.unwrap(),
            enrolment::Entity::find().count(db).await.unwrap(),
            edit::Entity::find().count(db).await.unwrap(),
            inbox_item::Entity::find().count(db).await.unwrap(),
            register_row::Entity::find().count(db).await.unwrap(),
        )
    }
}

const FILES: [(&str, ListKind, &str, &str); 6] = [
    ("社工部", ListKind::Grids, "网格划分.csv", "new 35"),
    (
        "公安",
        ListKind::Population,
        "公安-人口底册.xlsx",
        "ambiguous 57, new 4961",
    ),
    (
        "残联",
        ListKind::Disabled,
        "残联-持证残疾人名单.xlsx",
        "ambiguous 116, changed 3, contradicted 2, invalid 3, new 618",
    ),
    (
        "民政",
        ListKind::LowIncome,
        "民政-低保低边特困花名册.xls",
        "ambiguous 97, new 503",
    ),
    (
        "民政",
        ListKind::OldAgeAllowance,
        "民政-高龄津贴发放名册.csv",
        "ambiguous 84, new 439",
    ),
    (
        "卫健",
        ListKind::Deaths,
        "卫健-死亡登记.csv",
        "ambiguous 18, changed 16, same 98",
    ),
];

async fn a_county_of_lists(database: Database) {
    let county = County::new(&database).await;
    let handlers = api::jobs::commit_list::handlers(&county.program);
    let timing = Timing {
        poll: Duration::from_millis(20),
        ..Timing::default()
    };
    let runner = Runner::start(county.program.db.clone(), handlers, 1, timing)
        .await
        .unwrap();
    for (source, kind, name, expected) in FILES {
        let shown = county.hand_in(source, kind, "2026-10", name).await;
        assert_eq!(shown, expected, "{name}");
    }
    let before = county.counts().await;
    let expected = "residents 1382, placed 1347, enrolments 1559, edits 1580, items 491, register 5018";
    assert_eq!(before, expected);
    for (source, kind, name, _) in FILES {
        // The same month: the earlier list is answered, and its commit is the one that was.
        let (id, repeat) = county.upload(source, kind, "2026-10", name).await;
        assert!(repeat, "{name}");
        let again = lists::commit(
            &county.program,
            &Reach::All,
            county.admin,
            id,
            &Named::default(),
            now(),
        )
        .await
        .unwrap();
        assert!(again.repeat, "{name}");
        assert_eq!(county.counts().await, before, "{name}");
        // The same file as the next month's list says nothing new either.
        let shown = county.hand_in(source, kind, "2026-11", name).await;
        assert!(
            !shown.contains("new") && !shown.contains("changed"),
            "{name}: {shown}"
        );
        assert_eq!(county.counts().await, before, "{name}");
    }
    runner.stop().await;
    tests::verify::agrees(&county.program).await;
}
