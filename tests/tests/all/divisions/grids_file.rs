//! Grids from a list by address ranges.

use super::*;
use api::app::divisions::{DivisionPatch, FormerName};
use api::app::grids::{GridPatch, Verdict};
use domain::place::{Falls, Hint};

tests::on_both!(
    addresses_are_read_over_the_rows,
    the_grids_list_draws_the_county_once,
    rows_of_a_grids_list
);

async fn the_grids_list_draws_the_county_once(database: Database) {
    let db = &county(&database).await;
    let rows = rows(GRIDS);
    let dry = grids::check_rows(db, &rows, now()).await.unwrap();
    assert_eq!((dry.new, dry.refused, dry.villages_made), (35, 0, 8));
    assert!(grids::list(db, &bureau(), &all()).await.unwrap().is_empty());
    let done = grids::import_rows(db, &rows, now()).await.unwrap();
    assert_eq!((done.new, done.refused, done.villages_made), (35, 0, 8));
    let again = grids::import_rows(db, &rows, now()).await.unwrap();
    assert_eq!(
        (again.same, again.new, again.changed, again.villages_made),
        (35, 0, 0, 0)
    );
    let page = grids::list(db, &bureau(), &all()).await.unwrap();
    assert_eq!(page.len(), 35);
    assert_eq!(page[0].grid.name, "后尾1-60号");
    let village = id(db, "良围村").await;
    assert_eq!(show(db, village).await, "- 良围村");
    // The division file that comes later gives the village its code.
    let text = "code,name\n440784001299,良围村委会\n";
    let done = divisions::import::csv(db, text, now()).await.unwrap();
    assert_eq!((done.changed, done.created), (1, 0));
}

async fn rows_of_a_grids_list(database: Database) {
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
        (
            "G3,沙坪街道,良围村,旧围自然村,60,60",
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
    let db = &county(&database).await;
    grids::import_rows(db, &rows(base), now()).await.unwrap();
    for (text, expected) in cases {
        let rows = rows(&format!("c,t,v,n,f,t\n{text}\n"));
        let done = grids::check_rows(db, &rows, now()).await.unwrap();
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

async fn addresses_are_read_over_the_rows(database: Database) {
    let db = &county(&database).await;
    grids::import_rows(db, &rows(GRIDS), now()).await.unwrap();
    let village = id(db, "良围村").await;
    let old = DivisionPatch {
        former: Some(vec![FormerName {
            name: "云乡镇".into(),
            since: None,
            until: Some("2011-06-01".parse().unwrap()),
        }]),
        variants: Some(vec!["凉围村".into()]),
        ..Default::default()
    };
    divisions::patch(db, &bureau(), village, &old, now())
        .await
        .unwrap();
    let places = store::divisions::gazetteer(db.read()).await.unwrap();
    let cases = [
        ("鹤山市沙坪街道良围村委会旧围村86号", "旧围"),
        ("沙坪良围旧围86", "旧围"),
        ("广东省江门市鹤山市沙坪街道良围村后尾60号", "后尾1-60号"),
        ("沙坪街道凉围村后尾61号", "后尾61号起"),
        ("雅瑶镇仙溪村马塘5号", "马塘"),
        ("沙坪街道良围村", "良围村"),
        ("沙坪街道", "沙坪街道"),
        ("某某路1号", "鹤山市"),
    ];
    for (address, expected) in cases {
        let found = match places.place(address, Hint::default()).falls() {
            Falls::Grid(grid) => grids::get(db, &bureau(), grid.uuid()).await.unwrap().grid.name,
            Falls::Village(id) | Falls::Town(id) => {
                divisions::get(db, &bureau(), id.uuid()).await.unwrap().name
            }
            Falls::County => "鹤山市".into(),
        };
        assert_eq!(found, expected, "{address}");
    }
    // What has ended is no place any more.
    let grid = grids::list(db, &bureau(), &all()).await.unwrap()[0].grid.id;
    let ended = GridPatch {
        until: Some(Some(now().date())),
        ..Default::default()
    };
    grids::patch(db, &bureau(), grid, &ended, now()).await.unwrap();
    let places = store::divisions::gazetteer(db.read()).await.unwrap();
    let read = places.place("沙坪街道良围村后尾60号", Hint::default());
    assert_eq!(read.falls(), Falls::Village(village.into()));
}
