//! Who sees which divisions and grids, page by page.

use super::*;

tests::on_both!(
    everyone_sees_their_part_of_the_tree,
    pages_of_grids_follow_each_other
);

async fn everyone_sees_their_part_of_the_tree(database: Database) {
    let db = &county(&database).await;
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

async fn pages_of_grids_follow_each_other(database: Database) {
    let db = &county(&database).await;
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
