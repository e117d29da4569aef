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
use entity::{edit, enrolment, inbox_item, job, placement, register_row, resident};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tests::database::Database;
use tests::generated::Generated;
use uuid::Uuid;

tests::on_both!(a_county_of_lists, a_generated_county_is_linked);

fn now() -> Instant {
    Instant::parse("2026-11-25T01:00:00Z").unwrap()
}

struct County {
    program: Program,
    division: Uuid,
    admin: Uuid,
    folder: PathBuf,
}

impl County {
    /// An empty county whose lists lie in a folder.
    async fn new(database: &Database, folder: PathBuf) -> County {
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
            folder,
        }
    }

    async fn upload(&self, source: &str, kind: ListKind, month: &str, name: &str) -> (Uuid, bool) {
        let path = self.folder.join(name);
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
        self.handed_in(source, kind, month, name).await.1
    }

    async fn handed_in(&self, source: &str, kind: ListKind, month: &str, name: &str) -> (Uuid, String) {
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
        self.quiet().await;
        let shown: Vec<String> = view.verdicts.iter().map(|(v, n)| format!("{v} {n}")).collect();
        (id, shown.join(", "))
    }

    /// Waits until nobody looks at rows that wait any more.
    async fn quiet(&self) {
        let waits = job::Entity::find()
            .filter(job::Column::Kind.eq("link_again"))
            .filter(job::Column::FinishedAt.is_null());
        while waits.clone().count(self.program.db.read()).await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
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
        "ambiguous 17, changed 3, contradicted 2, invalid 3, new 717",
    ),
    (
        "民政",
        ListKind::LowIncome,
        "民政-低保低边特困花名册.xls",
        "ambiguous 21, new 579",
    ),
    (
        "民政",
        ListKind::OldAgeAllowance,
        "民政-高龄津贴发放名册.csv",
        "ambiguous 9, new 514",
    ),
    (
        "卫健",
        ListKind::Deaths,
        "卫健-死亡登记.csv",
        "ambiguous 1, changed 25, same 106",
    ),
];

async fn a_county_of_lists(database: Database) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lists");
    let county = County::new(&database, folder).await;
    let handlers = tests::clerk::handlers(&county.program);
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
    let expected = "residents 1569, placed 1528, enrolments 1809, edits 1839, items 257, register 5018";
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

/// Lists of a generated county, with the errors that lists have: file, kind, source.
const GENERATED: [(&str, ListKind, &str); 6] = [
    ("grids.csv", ListKind::Grids, "社工部"),
    ("roster.csv", ListKind::Population, "公安"),
    ("disabled.csv", ListKind::Disabled, "残联"),
    ("dibao.csv", ListKind::LowIncome, "民政"),
    ("elder.csv", ListKind::OldAgeAllowance, "民政"),
    ("deaths.csv", ListKind::Deaths, "卫健"),
];

/// What is counted of rows that evidence had to say something about.
#[derive(Debug, Default)]
struct Score {
    rows: usize,
    right: usize,
    wrong: usize,
    asks: usize,
    /// Asks about somebody who has a number in the register, and those of them that show the right one.
    of_known: usize,
    shown: usize,
}

/// A county of 2,000 people, generated with the errors that lists have, is imported as any other and held against the
/// truth.
async fn a_generated_county_is_linked(database: Database) {
    let truth = Generated::county(2000, 51);
    let county = County::new(&database, truth.folder().to_owned()).await;
    let handlers = tests::clerk::handlers(&county.program);
    let timing = Timing {
        poll: Duration::from_millis(20),
        ..Timing::default()
    };
    let runner = Runner::start(county.program.db.clone(), handlers, 1, timing)
        .await
        .unwrap();
    let mut score = Score::default();
    for (name, kind, source) in GENERATED {
        let (id, _) = county.handed_in(source, kind, "2026-10", name).await;
        if !matches!(kind, ListKind::Grids | ListKind::Population) {
            county
                .score(&truth, id, name.trim_end_matches(".csv"), &mut score)
                .await;
        }
    }
    runner.stop().await;
    tests::verify::agrees(&county.program).await;
    // What is left: people who moved without number and birth date, rows that want one person, and those of nobody.
    assert!(score.right >= 110, "{score:?}");
    assert_eq!(score.wrong, 0, "{score:?}");
    assert!(score.asks * 1000 <= score.rows * 18, "{score:?}");
    assert!(score.shown * 100 >= score.of_known * 98, "{score:?}");
}

impl County {
    async fn score(&self, truth: &Generated, list: Uuid, source: &str, score: &mut Score) {
        let page = lists::rows(&self.program, &Reach::All, list, Default::default())
            .await
            .unwrap();
        for row in page.rows {
            score.rows += 1;
            let cells = row.content.handed_in.iter();
            let cells = cells.map(|(header, cell)| (header.as_str(), cell.as_str()));
            let person = truth.person(source, cells);
            let Some(said) = &row.evidence else {
                score.asks += usize::from(row.verdict.as_deref() == Some("ambiguous"));
                continue;
            };
            let named = said.seen.iter().filter_map(|seen| seen.number.as_deref());
            let right = named.clone().any(|number| truth.is(number, person));
            if row.resident.is_some() && said.linked {
                match right {
                    true => score.right += 1,
                    false => score.wrong += 1,
                }
            } else if row.verdict.as_deref() == Some("ambiguous") {
                score.asks += 1;
                if truth.numbered(person) {
                    score.of_known += 1;
                    score.shown += usize::from(right);
                }
            }
        }
    }
}
