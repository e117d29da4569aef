//! Divisions from a file.

use super::*;

tests::on_both!(the_published_file_makes_the_county_once, rows_of_a_division_file);

async fn the_published_file_makes_the_county_once(database: Database) {
    let db = &county(&database).await;
    let again = divisions::import::csv(db, divisions::import::HESHAN, now())
        .await
        .unwrap();
    assert_eq!((again.created, again.changed, again.same), (0, 0, 153));
    let all = divisions::list(db, &Reach::County, false).await.unwrap();
    assert_eq!(all[0].name, "鹤山市");
    assert_eq!(all[1].name, "沙坪街道");
    assert_eq!(all[2].name, "沙坪街道006号村(测试)");
    assert!(all.iter().any(|d| d.name == "双桥都村"));
}

async fn rows_of_a_division_file(database: Database) {
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
    let db = &county(&database).await;
    for (row, expected) in cases {
        let text = format!("code,name,level,parent_code\n{row}\n");
        let done = divisions::import::csv(db, &text, now()).await.unwrap();
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
    let renamed = id(db, "良围村").await;
    assert_eq!(show(db, renamed).await, "440784001006 良围村");
    let renamed = id(db, "南坑社区").await;
    let shown = "440784106201 南坑社区 [Former 南坑村 ..2026-11-25]";
    assert_eq!(show(db, renamed).await, shown);
    divisions::import::csv(db, divisions::import::HESHAN, now())
        .await
        .unwrap();
    assert_eq!(show(db, renamed).await, shown);
    for text in ["", "a,b\n1,2\n", "code,name\n", "\u{FF}\u{D8}\u{FF}\u{E0}"] {
        let result = divisions::import::csv(db, text, now()).await;
        assert_eq!(told(result, |_| "read".into()), "no_table file", "{text:?}");
    }
}
