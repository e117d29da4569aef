//! Divisions and grids: what the bureau can change, what imports make of files, and who sees what.
#![allow(clippy::unwrap_used)]

mod support;

use api::app::Error;
use api::app::divisions::{self, DivisionPatch, NewDivision, Reach};
use api::app::grids::{self, GridPatch, GridRow, NewGrid, Verdict, Wanted};
use api::store;
use api::store::db::Db;
use api::store::grids::Range;
use domain::Instant;
use std::fmt::Write;
use uuid::Uuid;

const GRIDS: &str = include_str!("data/grids.csv");

fn now() -> Instant {
    Instant::parse("2026-11-25T01:00:00Z").unwrap()
}

async fn county() -> support::Fresh {
    let fresh = support::fresh().await;
    let done = divisions::import::csv(&fresh.db, divisions::import::HESHAN, now())
        .await
        .unwrap();
    assert_eq!((done.rows, done.created, done.issues.len()), (153, 153, 0));
    fresh
}

async fn id(db: &Db, name: &str) -> Uuid {
    let all = divisions::list(db, &Reach::County, true).await.unwrap();
    let found: Vec<_> = all.iter().filter(|d| d.name == name).collect();
    assert_eq!(found.len(), 1, "{name}");
    found[0].id
}

/// `code name since..until [other names]` of a division.
async fn show(db: &Db, id: Uuid) -> String {
    let d = divisions::get(db, &Reach::County, id).await.unwrap();
    let mut out = format!("{} {}", d.code.as_deref().unwrap_or("-"), d.name);
    for n in &d.names {
        let (since, until) = (n.since.as_deref().unwrap_or(""), n.until.as_deref().unwrap_or(""));
        write!(out, " [{:?} {} {since}..{until}]", n.kind, n.name).unwrap();
    }
    if let Some(until) = d.until {
        write!(out, " until {until}").unwrap();
    }
    out
}

/// The answer of a use case in a word: what it made, or the code and fields of its refusal.
fn told<T>(result: Result<T, Error>, fine: impl Fn(T) -> String) -> String {
    match result {
        Ok(done) => fine(done),
        Err(Error::Refused { code, fields, .. }) => format!("{code} {}", fields.join(",")),
        Err(Error::Conflict { code, .. } | Error::Forbidden { code, .. }) => code.to_owned(),
        Err(Error::NotFound) => "not found".to_owned(),
        Err(other) => panic!("{other:?}"),
    }
}

fn rows(text: &str) -> Vec<GridRow> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for (at, record) in reader.records().enumerate() {
        let record = record.unwrap();
        rows.push(GridRow {
            row: at as u32 + 2,
            code: record[0].into(),
            name: String::new(),
            town: record[1].into(),
            village: record[2].into(),
            natural_village: record[3].into(),
            from: record[4].into(),
            to: record[5].into(),
        });
    }
    rows
}

fn range(natural_village: &str, from: i32, to: i32) -> Range {
    Range {
        natural_village: natural_village.into(),
        from,
        to,
    }
}

#[tokio::test]
async fn the_published_file_makes_the_county_once() {
    let fresh = county().await;
    let again = divisions::import::csv(&fresh.db, divisions::import::HESHAN, now())
        .await
        .unwrap();
    assert_eq!((again.created, again.changed, again.same), (0, 0, 153));
    let all = divisions::list(&fresh.db, &Reach::County, false).await.unwrap();
    assert_eq!(all[0].name, "鹤山市");
    assert_eq!(all[1].name, "沙坪街道");
    assert_eq!(all[2].name, "沙坪街道006号村(测试)");
    assert!(all.iter().any(|d| d.name == "双桥都村"));
}

#[tokio::test]
async fn rows_of_a_division_file() {
    let cases = [
        ("440784001300,新村,village,440784001", "created"),
        ("440784001006,良围村,village,440784001", "changed"),
        ("440784106201,南坑村,,", "same"),
        ("440784106201,,village,440784106", "same"),
        ("440784106201,南坑社区,village,440784106", "changed"),
        ("440784900201,某村,village,440784900", "parent_unknown"),
        ("440784106299,平汉村,village,440784106", "name_taken"),
        ("440785,别处,county,4407", "other_county"),
        ("44078410620,南坑村,village,440784106", "code_malformed"),
        ("440784106201,南坑村,town,440784106", "code_level"),
        ("440784106201,南坑村,village,440784107", "code_parent"),
        ("440784199,,town,440784", "name_missing"),
    ];
    let fresh = county().await;
    for (row, expected) in cases {
        let text = format!("code,name,level,parent_code\n{row}\n");
        let done = divisions::import::csv(&fresh.db, &text, now()).await.unwrap();
        let shown = match (done.created, done.changed, done.same, done.issues.as_slice()) {
            (1, 0, 0, []) => "created",
            (0, 1, 0, []) => "changed",
            (0, 0, 1, []) => "same",
            (0, 0, 0, [issue]) => issue.why,
            other => panic!("{other:?}"),
        };
        assert_eq!(shown, expected, "{row}");
    }
    // A label was no name; a name was. What the bureau corrected is not taken back by an older file.
    let renamed = id(&fresh.db, "良围村").await;
    assert_eq!(show(&fresh.db, renamed).await, "440784001006 良围村");
    let renamed = id(&fresh.db, "南坑社区").await;
    let shown = "440784106201 南坑社区 [Former 南坑村 ..2026-11-25]";
    assert_eq!(show(&fresh.db, renamed).await, shown);
    divisions::import::csv(&fresh.db, divisions::import::HESHAN, now())
        .await
        .unwrap();
    assert_eq!(show(&fresh.db, renamed).await, shown);
    for text in ["", "a,b\n1,2\n", "code,name\n", "\u{FF}\u{D8}\u{FF}\u{E0}"] {
        let result = divisions::import::csv(&fresh.db, text, now()).await;
        assert_eq!(told(result, |_| "read".into()), "no_table file", "{text:?}");
    }
}

#[tokio::test]
async fn divisions_by_hand() {
    let fresh = county().await;
    let db = &fresh.db;
    let (county, town, village) = (
        id(db, "鹤山市").await,
        id(db, "共和镇").await,
        id(db, "南坑村").await,
    );
    let cases = [
        (Some(town), Some("440784106301"), "新村", "440784106301 新村"),
        (Some(town), None, " 无码 村 ", "- 无码村"),
        (Some(town), Some("440784106302"), "新村", "name_taken"),
        (Some(town), Some("440784106301"), "另一村", "code_taken"),
        (Some(town), Some("440784107301"), "另一村", "code_parent code"),
        (Some(town), Some("440784106"), "另一村", "code_level code"),
        (Some(town), Some("x"), "另一村", "code_malformed code"),
        (Some(town), None, " ", "name_malformed name"),
        (Some(village), None, "再下一级", "parent_is_village parent"),
        (None, None, "另一县", "parent_missing parent"),
        (Some(Uuid::nil()), None, "无主村", "division_unknown parent"),
        (Some(county), Some("440784109"), "云乡镇", "440784109 云乡镇"),
    ];
    for (parent, code, name, expected) in cases {
        let new = NewDivision {
            id: Uuid::now_v7(),
            code: code.map(Into::into),
            name: name.into(),
            parent,
            variants: Vec::new(),
            since: None,
        };
        let made = divisions::create(db, &new, now()).await;
        let shown = told(made, |d| {
            format!("{} {}", d.code.as_deref().unwrap_or("-"), d.name)
        });
        assert_eq!(shown, expected, "{name}");
    }

    let date = |text: &str| text.parse().unwrap();
    let patches = [
        (
            DivisionPatch {
                name: Some("南坑社区".into()),
                renamed_on: Some(date("2020-03-01")),
                ..Default::default()
            },
            "440784106201 南坑社区 [Former 南坑村 ..2020-03-01]",
        ),
        (
            DivisionPatch {
                code: Some(Some("440784106007".into())),
                renamed_on: Some(date("2020-03-01")),
                variants: Some(vec!["南坑居".into()]),
                ..Default::default()
            },
            "440784106007 南坑社区 [Former 南坑村 ..2020-03-01] [FormerCode 440784106201 ..2020-03-01] [Variant 南坑居 ..]",
        ),
        (
            DivisionPatch {
                name: Some("南坑村".into()),
                ..Default::default()
            },
            "440784106007 南坑村 [FormerCode 440784106201 ..2020-03-01] [Variant 南坑居 ..] [Former 南坑社区 ..2026-11-25]",
        ),
        (
            DivisionPatch {
                name: Some("平汉村".into()),
                ..Default::default()
            },
            "name_taken",
        ),
        (
            DivisionPatch {
                until: Some(Some(date("2026-12-01"))),
                ..Default::default()
            },
            "date_in_future until",
        ),
    ];
    for (patch, expected) in patches {
        let result = divisions::patch(db, village, &patch, now()).await;
        let shown = match result {
            Ok(_) => show(db, village).await,
            refused => told(refused, |_| String::new()),
        };
        assert_eq!(shown, expected);
    }
}

#[tokio::test]
async fn divisions_end_only_when_nothing_is_in_them() {
    let fresh = county().await;
    let db = &fresh.db;
    let (town, village) = (id(db, "共和镇").await, id(db, "南坑村").await);
    let ends = DivisionPatch {
        until: Some(Some("2026-11-01".parse().unwrap())),
        ..Default::default()
    };
    let end = async |id| told(divisions::patch(db, id, &ends, now()).await, |d| d.until.unwrap());
    assert_eq!(end(town).await, "division_in_use");
    let grid = draw(db, village, "G1", vec![range("旧围", 1, 60)]).await.unwrap();
    assert_eq!(end(village).await, "division_in_use");
    let ended = GridPatch {
        until: Some(Some(now().date())),
        ..Default::default()
    };
    grids::patch(db, grid.id, &ended, now()).await.unwrap();
    assert_eq!(end(village).await, "2026-11-01");
    // Its code and name are free again, its row stays; a file from before does not bring it back.
    let text = "code,name\n440784106201,南坑村\n";
    let done = divisions::import::csv(db, text, now()).await.unwrap();
    assert_eq!(done.issues[0].why, "division_ended");
    let current = divisions::list(db, &Reach::County, false).await.unwrap();
    assert!(current.iter().all(|d| d.id != village));
    let back = DivisionPatch {
        until: Some(None),
        ..Default::default()
    };
    divisions::patch(db, village, &back, now()).await.unwrap();
    assert_eq!(show(db, village).await, "440784106201 南坑村");
}

async fn draw(db: &Db, village: Uuid, code: &str, ranges: Vec<Range>) -> Result<store::grids::Grid, Error> {
    let new = NewGrid {
        id: Uuid::now_v7(),
        code: code.into(),
        name: None,
        village,
        since: None,
        ranges,
    };
    grids::create(db, &new, now()).await
}

#[tokio::test]
async fn grids_by_hand() {
    let fresh = county().await;
    let db = &fresh.db;
    let (town, village) = (id(db, "共和镇").await, id(db, "南坑村").await);
    let cases = [
        (village, "g-1", vec![range("旧围", 1, 60)], "G-1 旧围1-60号"),
        (village, "G-2", vec![range("旧围", 61, 9999)], "G-2 旧围61号起"),
        (
            village,
            "G-3",
            vec![range("后尾、冯边", 1, 9999)],
            "G-3 冯边、后尾",
        ),
        (village, "G-4", vec![], "G-4 南坑村G-4"),
        (village, "G-1", vec![range("马塘", 1, 60)], "code_taken"),
        (
            village,
            "G-5",
            vec![range("马塘", 1, 60), range(" 旧围", 60, 61)],
            "range_overlap ranges.1.natural_village,ranges.1.from,ranges.1.to",
        ),
        (
            village,
            "G-5",
            vec![range("马塘", 1, 60), range("马塘", 60, 99)],
            "range_overlap ranges",
        ),
        (
            village,
            "G-5",
            vec![range("马塘", 60, 1)],
            "range_malformed ranges.0.to",
        ),
        (
            village,
            "G-5",
            vec![range("马塘", 0, 1)],
            "range_malformed ranges.0.from",
        ),
        (village, "一格", vec![], "code_malformed code"),
        (town, "G-5", vec![], "not_a_village village"),
        (Uuid::nil(), "G-5", vec![], "division_unknown village"),
    ];
    for (village, code, ranges, expected) in cases {
        let made = draw(db, village, code, ranges).await;
        let shown = told(made, |grid| format!("{} {}", grid.code, grid.name));
        assert_eq!(shown, expected, "{code}");
    }
    let first = grids::list(db, &Reach::County, &all()).await.unwrap()[0].clone();
    // Each new grid has its feed.
    let feeds = store::feeds::rows(db.read(), &[first.grid.id]).await.unwrap();
    assert_eq!(
        (feeds[0].next, feeds[0].count, feeds[0].digest.as_slice()),
        (1, 0, [0; 16].as_slice())
    );
    let patch = |patch: GridPatch| async move {
        let result = grids::patch(db, first.grid.id, &patch, now()).await;
        told(result, |grid| {
            format!("{} {} {:?}", grid.code, grid.name, grid.until)
        })
    };
    let wider = GridPatch {
        ranges: Some(vec![range("旧围", 1, 70)]),
        ..Default::default()
    };
    let narrower = GridPatch {
        ranges: Some(vec![range("旧围", 1, 50)]),
        ..Default::default()
    };
    let named = GridPatch {
        name: Some("旧围一格".into()),
        ..Default::default()
    };
    assert_eq!(
        patch(wider).await,
        "range_overlap ranges.0.natural_village,ranges.0.from,ranges.0.to"
    );
    assert_eq!(patch(narrower).await, "G-1 旧围1-50号 None");
    assert_eq!(patch(named).await, "G-1 旧围一格 None");
    let ended = GridPatch {
        until: Some(Some(now().date())),
        ..Default::default()
    };
    assert_eq!(patch(ended).await, "G-1 旧围一格 Some(\"2026-11-25\")");
    // What an ended grid had is free, and then it cannot come back.
    draw(db, village, "G-1", vec![range("旧围", 1, 60)])
        .await
        .unwrap();
    let back = GridPatch {
        until: Some(None),
        ..Default::default()
    };
    assert_eq!(
        patch(back).await,
        "range_overlap ranges.0.natural_village,ranges.0.from,ranges.0.to"
    );
}

fn all() -> Wanted {
    Wanted {
        limit: 200,
        ..Default::default()
    }
}

#[tokio::test]
async fn the_grids_list_draws_the_county_once() {
    let fresh = county().await;
    let db = &fresh.db;
    let rows = rows(GRIDS);
    let dry = grids::check_rows(db, &rows, now()).await.unwrap();
    assert_eq!((dry.new, dry.refused, dry.villages_made), (35, 0, 8));
    assert!(grids::list(db, &Reach::County, &all()).await.unwrap().is_empty());
    let done = grids::import_rows(db, &rows, now()).await.unwrap();
    assert_eq!((done.new, done.refused, done.villages_made), (35, 0, 8));
    let again = grids::import_rows(db, &rows, now()).await.unwrap();
    assert_eq!(
        (again.same, again.new, again.changed, again.villages_made),
        (35, 0, 0, 0)
    );
    let page = grids::list(db, &Reach::County, &all()).await.unwrap();
    assert_eq!(page.len(), 35);
    assert_eq!(page[0].grid.name, "后尾1-60号");
    let village = id(db, "良围村").await;
    assert_eq!(show(db, village).await, "- 良围村");
    // The division file that comes later gives the village its code.
    let text = "code,name\n440784001299,良围村委会\n";
    let done = divisions::import::csv(db, text, now()).await.unwrap();
    assert_eq!((done.changed, done.created), (1, 0));
}

#[tokio::test]
async fn rows_of_a_grids_list() {
    // What is there: G1 旧围 1-60 and G2 旧围 61-9999 in 良围村, G9 马塘 in 仙溪村.
    let cases = [
        ("G3,沙坪街道,良围村,后尾,1,60", "New"),
        ("G3,鹤山市沙坪街道,沙坪街道良围村委会,后尾,1,60", "New"),
        ("G3,沙坪,良围,后尾,1-60号,", "New"),
        ("G1,沙坪街道,良围村,旧围,1,60", "Same"),
        ("G1,沙坪街道,良围村,旧围,1,50", "Changed"),
        ("G3,某某街道,良围村,后尾,1,60", "town_unknown town"),
        ("G3,沙坪街道,,后尾,1,60", "village_missing village"),
        (",沙坪街道,良围村,后尾,1,60", "code_missing code"),
        ("一格,沙坪街道,良围村,后尾,1,60", "code_malformed code"),
        ("G3,沙坪街道,良围村,后尾,60,1", "range_reversed from,to"),
        ("G3,沙坪街道,良围村,后尾,甲,乙", "range_malformed from,to"),
        (
            "G3,沙坪街道,良围村,旧围,60,60",
            "range_overlap natural_village,from,to",
        ),
        ("G3,沙坪街道,仙溪村,旧围,1,60", "New"),
        ("G9,沙坪街道,良围村,马塘,1,60", "code_taken code,village"),
        // Two rows each.
        (
            "G3,沙坪街道,良围村,后尾,1,60\nG3,沙坪街道,良围村,冯边,1,60",
            "New | New",
        ),
        (
            "G3,沙坪街道,良围村,后尾,1,60\nG3,沙坪街道,良围村,后尾,1,60",
            "New | New",
        ),
        (
            "G3,沙坪街道,良围村,后尾,1,60\nG3,沙坪街道,仙溪村,后尾,1,60",
            "grid_refused code | grid_in_two_villages code,village",
        ),
        (
            "G3,沙坪街道,良围村,后尾,1,60\nG3,共和镇,南坑村,后尾,1,60",
            "grid_in_two_villages code,village | grid_in_two_villages code,village",
        ),
        (
            "G3,沙坪街道,良围村,后尾,1,60\nG3,沙坪街道,良围村,冯边,60,1",
            "grid_refused code | range_reversed from,to",
        ),
        (
            "G3,沙坪街道,良围村,后尾,1,60\nG4,沙坪街道,良围村,后尾,60,99",
            "New | range_overlap natural_village,from,to",
        ),
        // The line between two grids moves, whichever stands first; nobody is refused for what was before.
        (
            "G2,沙坪街道,良围村,旧围,41,9999\nG1,沙坪街道,良围村,旧围,1,40",
            "Changed | Changed",
        ),
        // G1 is refused and keeps 1-60: then G2 cannot have 41 either.
        (
            "G2,沙坪街道,良围村,旧围,41,9999\nG1,沙坪街道,良围村,旧围,40,1",
            "range_overlap natural_village,from,to | range_reversed from,to",
        ),
    ];
    let base = "c,t,v,n,f,t\nG1,沙坪街道,良围村,旧围,1,60\nG2,沙坪街道,良围村,旧围,61,9999\nG9,沙坪街道,仙溪村,马塘,1,9999\n";
    let fresh = county().await;
    grids::import_rows(&fresh.db, &rows(base), now()).await.unwrap();
    for (text, expected) in cases {
        let rows = rows(&format!("c,t,v,n,f,t\n{text}\n"));
        let done = grids::check_rows(&fresh.db, &rows, now()).await.unwrap();
        let shown: Vec<String> = done
            .rows
            .iter()
            .map(|row| match row.verdict {
                Verdict::Refused { why, fields } => format!("{why} {}", fields.join(",")),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(shown.join(" | "), expected, "{text}");
    }
}

#[tokio::test]
async fn everyone_sees_their_part_of_the_tree() {
    let fresh = county().await;
    let db = &fresh.db;
    grids::import_rows(db, &rows(GRIDS), now()).await.unwrap();
    let page = grids::list(db, &Reach::County, &all()).await.unwrap();
    let [first, other] = [&page[0].grid, &page[34].grid];
    let (town, village) = (id(db, "沙坪街道").await, id(db, "良围村").await);
    let worker = Reach::Places {
        divisions: vec![],
        grids: vec![first.id],
    };
    let cadre = Reach::Places {
        divisions: vec![village],
        grids: vec![],
    };
    let officer = Reach::Places {
        divisions: vec![town],
        grids: vec![],
    };
    let nobody = Reach::Places {
        divisions: vec![],
        grids: vec![],
    };
    // Divisions seen, grids seen, the first grid, another town's grid.
    let cases = [
        (&Reach::County, 161, "35", "seen", "seen"),
        (&worker, 3, "1", "seen", "not found"),
        (&cadre, 3, "5", "seen", "not found"),
        (&officer, 30, "5", "seen", "not found"),
        (&Reach::Names, 161, "no_grids", "no_grids", "no_grids"),
        (&nobody, 0, "0", "not found", "not found"),
    ];
    for (reach, tree, seen, own, foreign) in cases {
        let shown = divisions::list(db, reach, false).await.unwrap();
        assert_eq!(shown.len(), tree, "{reach:?}");
        let listed = grids::list(db, reach, &all()).await;
        assert_eq!(told(listed, |page| page.len().to_string()), seen, "{reach:?}");
        let get = async |id| told(grids::get(db, reach, id).await, |_| "seen".into());
        assert_eq!(get(first.id).await, own, "{reach:?}");
        assert_eq!(get(other.id).await, foreign, "{reach:?}");
    }
    let shown = divisions::list(db, &worker, false).await.unwrap();
    let names: Vec<&str> = shown.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(names, ["鹤山市", "沙坪街道", "良围村"]);
    let unseen = id(db, "共和镇").await;
    let get = divisions::get(db, &worker, unseen).await;
    assert_eq!(told(get, |_| "seen".into()), "not found");
}

#[tokio::test]
async fn pages_of_grids_follow_each_other() {
    let fresh = county().await;
    let db = &fresh.db;
    grids::import_rows(db, &rows(GRIDS), now()).await.unwrap();
    let mut after = None;
    let mut codes = Vec::new();
    loop {
        let wanted = Wanted {
            division: Some(id(db, "沙坪街道").await),
            after: after.clone(),
            limit: 2,
            ..Default::default()
        };
        let page = grids::list(db, &Reach::County, &wanted).await.unwrap();
        let Some(last) = page.last() else {
            break;
        };
        after = Some((last.grid.code.clone(), last.grid.id));
        codes.extend(page.into_iter().map(|shown| shown.grid.code));
    }
    assert_eq!(codes, ["G00001", "G00002", "G00003", "G00004", "G00005"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_gets_the_name_and_the_numbers() {
    let fresh = county().await;
    let db = &fresh.db;
    let (town, village) = (id(db, "共和镇").await, id(db, "南坑村").await);
    let mut tasks = Vec::new();
    for at in 0..12 {
        let db = db.clone();
        tasks.push(tokio::spawn(async move {
            let new = NewDivision {
                id: Uuid::now_v7(),
                code: None,
                name: "新村".into(),
                parent: Some(town),
                variants: Vec::new(),
                since: None,
            };
            let made = divisions::create(&db, &new, now()).await;
            let drawn = draw(&db, village, &format!("G{at}"), vec![range("旧围", 1, 60)]).await;
            let imported = grids::import_rows(&db, &rows(GRIDS), now()).await.unwrap();
            (made.is_ok(), drawn.is_ok(), imported.new)
        }));
    }
    let (mut made, mut drawn, mut imported) = (0, 0, 0);
    for task in tasks {
        let (division, grid, new) = task.await.unwrap();
        made += u32::from(division);
        drawn += u32::from(grid);
        imported += new;
    }
    assert_eq!((made, drawn, imported), (1, 1, 35));
}
