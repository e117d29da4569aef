//! Divisions made, renamed and ended by hand.

use super::*;
use api::app::divisions::{DivisionPatch, NewDivision};
use api::app::grids::GridPatch;

tests::on_both!(divisions_by_hand, divisions_end_only_when_nothing_is_in_them);

async fn divisions_by_hand(database: Database) {
    let db = &county(&database).await;
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

async fn divisions_end_only_when_nothing_is_in_them(database: Database) {
    let db = &county(&database).await;
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
