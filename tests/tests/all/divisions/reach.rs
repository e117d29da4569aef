//! Who sees which divisions and grids, page by page.

use super::*;

tests::on_both!(
    everyone_sees_their_part_of_the_tree,
    pages_of_grids_follow_each_other
);

async fn everyone_sees_their_part_of_the_tree(database: Database) {
    let db = &county(&database).await;
    grids::import_rows(db, &rows(GRIDS), now()).await.unwrap();
    let page = grids::list(db, &bureau(), &all()).await.unwrap();
    let [first, other] = [&page[0].grid, &page[34].grid];
    let (town, village) = (id(db, "沙坪街道").await, id(db, "良围村").await);
    let worker = somebody(Role::Worker, Some(first.id), &[], &[]);
    let cadre = somebody(Role::Cadre, None, &[village], &[]);
    let officer = somebody(Role::TownOfficer, None, &[village], &[town]);
    let department = somebody(Role::Department, None, &[], &[]);
    let auditor = somebody(Role::Auditor, None, &[], &[]);
    let nobody = Actor {
        grants: Vec::new(),
        ..worker.clone()
    };
    let newcomer = Actor {
        must_change: true,
        ..bureau()
    };
    // Divisions seen, grids seen, the first grid, another town's grid.
    let none = "role_required";
    let cases = [
        (&bureau(), "161", "35", "seen", "seen"),
        (&worker, "3", "1", "seen", "not found"),
        (&cadre, "3", "5", "seen", "not found"),
        (&officer, "30", "5", "seen", "not found"),
        (&department, "161", "no_grids", "no_grids", "no_grids"),
        (&auditor, none, none, none, none),
        (&nobody, none, none, none, none),
        (
            &newcomer,
            "must_change_password",
            "must_change_password",
            "must_change_password",
            "must_change_password",
        ),
    ];
    for (actor, tree, seen, own, foreign) in cases {
        let shown = divisions::list(db, actor, false).await;
        assert_eq!(told(shown, |all| all.len().to_string()), tree, "{actor:?}");
        let listed = grids::list(db, actor, &all()).await;
        assert_eq!(told(listed, |page| page.len().to_string()), seen, "{actor:?}");
        let get = async |id| told(grids::get(db, actor, id).await, |_| "seen".into());
        assert_eq!(get(first.id).await, own, "{actor:?}");
        assert_eq!(get(other.id).await, foreign, "{actor:?}");
        let new = NewGrid {
            id: Uuid::now_v7(),
            code: "G99999".into(),
            name: None,
            village: Uuid::nil(),
            since: None,
            ranges: vec![],
        };
        let drawn = told(grids::create(db, actor, &new, now()).await, |_| "drawn".into());
        let may = actor.role() == Some(Role::BureauAdmin) && !actor.must_change;
        assert_eq!(drawn == "division_unknown village", may, "{actor:?}: {drawn}");
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
        let page = grids::list(db, &bureau(), &wanted).await.unwrap();
        let Some(last) = page.last() else {
            break;
        };
        after = Some((last.grid.code.clone(), last.grid.id));
        codes.extend(page.into_iter().map(|shown| shown.grid.code));
    }
    assert_eq!(codes, ["G00001", "G00002", "G00003", "G00004", "G00005"]);
}
