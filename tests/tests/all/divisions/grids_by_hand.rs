//! Grids drawn by hand, one at a time and many at once.

use super::*;
use api::app::divisions::NewDivision;
use api::app::grids::GridPatch;

tests::on_both!(grids_by_hand, of_many_at_once_one_gets_the_name_and_the_numbers);

async fn grids_by_hand(database: Database) {
    let db = &county(&database).await;
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

async fn of_many_at_once_one_gets_the_name_and_the_numbers(database: Database) {
    let db = &county(&database).await;
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
