//! Splitting, merging and reassigning grids.

use super::{loaded, told, undropped};
use serde_json::{Value, json};
use tests::county::County;
use tests::database::Database;
use tests::on_both;
use uuid::Uuid;

on_both!(
    a_grid_is_split,
    two_grids_become_one,
    another_worker_takes_over,
    what_cannot_be_handed_over
);

fn range(from: i32, to: i32) -> Value {
    json!({ "natural_village": "旧围村", "from": from, "to": to })
}

fn split(county: &County, worker: Option<Uuid>, residents: &[Uuid]) -> (String, Value) {
    let path = format!("/api/v1/grids/{}/split", county.place("良围一格"));
    let body = json!({
        "id": Uuid::now_v7(), "code": "LW03", "name": "良围三格", "ranges": [range(50, 99)], "keep": [range(1, 49)],
        "residents": residents, "worker": worker, "reason": "人数过多",
    });
    (path, body)
}

async fn a_grid_is_split(database: Database) {
    let county = County::start(database).await;
    let stays = county
        .a_resident("黄秋菊")
        .with("address", "沙坪良围旧围村3号")
        .made()
        .await;
    let goes = county
        .a_resident("陆润生")
        .with("address", "沙坪良围旧围村60号")
        .made()
        .await;
    let named = county
        .a_resident("温好彩")
        .with("address", "详见家属")
        .made()
        .await;
    let (mut old, _) = loaded(&county, "梁少芳").await;
    let (mut new, _) = loaded(&county, "冯国强").await;
    // Not sent yet when the grid is split.
    let late = old.edit(goes).set("phone", "13900078412").done();
    old.edit(goes).visit("home", "met", "一切如常").done();
    old.edit(stays).set("phone", "13900078413").done();

    let admin = county.console("区划管理员").await;
    let worker = county.account("冯国强").await;
    let (path, body) = split(&county, Some(worker), &[named]);
    let done = admin.post(&path, &body).await.ok();
    let grid = body["id"].as_str().unwrap();
    assert_eq!(done, json!({ "grid": grid, "moved": 2, "repeat": false }));
    let again = admin.post(&path, &body).await.ok();
    assert_eq!(again, json!({ "grid": grid, "moved": 0, "repeat": true }));
    assert_eq!(undropped(&admin).await, [("梁少芳".to_owned(), 2)]);

    // The new worker's phone has them at once, with one notice of the grid.
    new.sync().await;
    assert!(new.holds(goes) && new.holds(named) && !new.holds(stays));
    assert_eq!(
        told(&new, "notice"),
        ["grid_assigned", "resident_arrived", "resident_arrived"]
    );

    // What the old one typed is taken in first, then the people leave it.
    old.sync().await;
    assert!(old.holds(stays) && !old.holds(goes) && !old.holds(named));
    assert_eq!(
        (old.outcome(late), told(&old, "drop")),
        ("proposed", vec!["moved", "moved"])
    );
    assert!(
        undropped(&admin).await.is_empty(),
        "confirmed with the next request"
    );
    let cadre = county.console("陆桂英").await;
    assert_eq!(cadre.waiting(goes).await, ["proposal phone"]);
    new.sync().await;
    assert_eq!(
        new.record(goes)["visits"][0]["by"],
        "梁少芳",
        "a visit counts for who made it"
    );
    let item = cadre.item(goes, "proposal").await;
    cadre.decide(&item, "approve", json!({})).await.ok();
    new.sync().await;
    assert_eq!(new.shows(goes, "phone"), "13900078412");

    // Both grids are as they were drawn.
    let shown = admin.get(&format!("/api/v1/grids/{grid}")).await.ok();
    assert_eq!(
        (&shown["residents"], &shown["ranges"][0]["from"]),
        (&json!(2), &json!(50))
    );
    tests::verify(&county).await;
}

async fn two_grids_become_one(database: Database) {
    let county = County::start(database).await;
    let one = county.a_resident("黄秋菊").made().await;
    let mut others = Vec::new();
    for n in 0..7 {
        others.push(
            county
                .a_resident(&format!("黎阿{n}"))
                .in_grid("良围二格")
                .made()
                .await,
        );
    }
    let (mut a, _) = loaded(&county, "梁少芳").await;
    let (mut b, _) = loaded(&county, "冯国强").await;
    let (mut c, _) = loaded(&county, "温志健").await;
    let admin = county.console("区划管理员").await;
    let into = county.place("良围一格");
    let path = format!("/api/v1/grids/{}/merge", county.place("良围二格"));
    let body = json!({ "id": Uuid::now_v7(), "into": into, "workers_go_along": true });
    let done = admin.post(&path, &body).await.ok();
    assert_eq!(done, json!({ "grid": into, "moved": 7, "repeat": false }));
    assert_eq!(admin.post(&path, &body).await.ok()["repeat"], true);
    let other = json!({ "id": Uuid::now_v7(), "into": into });
    assert_eq!(admin.post(&path, &other).await.code(), "409 grid_ended");

    a.sync().await;
    assert!(others.iter().all(|id| a.holds(*id)) && a.holds(one));
    // Many people are one notice.
    assert_eq!(told(&a, "notice"), ["residents_arrived"]);
    for phone in [&mut b, &mut c] {
        phone.sync().await;
        assert!(phone.holds(one) && others.iter().all(|id| phone.holds(*id)));
        assert!(told(phone, "drop").is_empty(), "who goes along drops nobody");
        assert_eq!(told(phone, "notice"), ["grid_assigned"]);
    }
    assert!(undropped(&admin).await.is_empty());
    let ended = admin
        .get(&format!("/api/v1/grids/{}", county.place("良围二格")))
        .await
        .ok();
    assert!(ended["until"].is_string() && ended["residents"] == 0);
    let whole = admin.get(&format!("/api/v1/grids/{into}")).await.ok();
    assert_eq!(
        whole["ranges"].as_array().unwrap().len(),
        2,
        "house numbers go along"
    );
    tests::verify(&county).await;
}

async fn another_worker_takes_over(database: Database) {
    let county = County::start(database).await;
    let resident = county.a_resident("黄秋菊").phone("13900078441").made().await;
    let (mut old, _) = loaded(&county, "梁少芳").await;
    let (mut new, _) = loaded(&county, "冯国强").await;
    let edit = old.edit(resident).set("phone", "13900078442").done();
    let officer = county.console("谭志成").await;
    let admin = county.console("区划管理员").await;
    let path = format!("/api/v1/grids/{}/worker", county.place("良围一格"));
    let (from, to) = (county.account("梁少芳").await, county.account("冯国强").await);
    let body = json!({ "from": from, "to": to });
    assert_eq!(
        officer.post(&path, &body).await.code(),
        "404 not_found",
        "accounts of the county"
    );
    let done = admin.post(&path, &body).await.ok();
    assert_eq!((&done["moved"], &done["repeat"]), (&json!(0), &json!(false)));
    assert_eq!(admin.post(&path, &body).await.ok()["repeat"], true);

    new.sync().await;
    assert!(new.holds(resident));
    assert_eq!(told(&new, "notice"), ["grid_assigned"]);
    assert_eq!(undropped(&admin).await, [("梁少芳".to_owned(), 1)]);
    // Without any grid the old phone can do nothing but hand in; with another one it goes on.
    let other = json!({ "role": "worker", "grid": county.place("仙溪一格") });
    admin
        .post(&format!("/api/v1/accounts/{from}/grants"), &other)
        .await
        .ok();
    old.sync().await;
    assert_eq!(old.outcome(edit), "proposed");
    assert!(!old.holds(resident));
    assert_eq!(told(&old, "drop"), ["grant_ended"]);
    assert!(undropped(&admin).await.is_empty());
    let cadre = county.console("陆桂英").await;
    assert_eq!(cadre.waiting(resident).await, ["proposal phone"]);
    // And back again: the same person, once more on the first phone.
    let back = json!({ "from": to, "to": from });
    admin.post(&path, &back).await.ok();
    old.sync().await;
    assert!(old.holds(resident));
    new.sync().await;
    assert!(!new.holds(resident));
}

async fn what_cannot_be_handed_over(database: Database) {
    let county = County::start(database).await;
    let elsewhere = county.a_resident("宋惠贞").in_grid("仙溪一格").made().await;
    let admin = county.console("区划管理员").await;
    let cadre = county.console("陆桂英").await;
    let (one, two) = (county.place("良围一格"), county.place("良围二格"));
    let (worker, department) = (county.account("梁少芳").await, county.account("残联").await);
    let path = |grid: Uuid, what: &str| format!("/api/v1/grids/{grid}/{what}");
    let (split_path, body) = split(&county, None, &[]);
    let with = |key: &str, value: Value| {
        let mut other = body.clone();
        other[key] = value;
        other["id"] = Uuid::now_v7().to_string().into();
        other
    };
    let merge = |into: Uuid| json!({ "id": Uuid::now_v7(), "into": into });
    let cases = [
        (&cadre, split_path.clone(), body.clone(), "403 role_required"),
        (
            &admin,
            path(Uuid::now_v7(), "split"),
            body.clone(),
            "404 not_found",
        ),
        (
            &admin,
            split_path.clone(),
            with("ranges", json!([range(40, 60)])),
            "422 range_overlap",
        ),
        (
            &admin,
            split_path.clone(),
            with("keep", json!([range(1, 150)])),
            "422 range_overlap",
        ),
        (
            &admin,
            split_path.clone(),
            with("code", "LW02".into()),
            "409 code_taken",
        ),
        (
            &admin,
            split_path.clone(),
            with("residents", json!([elsewhere])),
            "422 resident_elsewhere",
        ),
        (
            &admin,
            split_path.clone(),
            with("worker", json!(department)),
            "409 role_mixed",
        ),
        (
            &admin,
            split_path.clone(),
            with("worker", json!(Uuid::now_v7())),
            "404 not_found",
        ),
        (&admin, path(one, "merge"), merge(one), "422 same_grid"),
        (
            &admin,
            path(one, "merge"),
            merge(Uuid::now_v7()),
            "422 grid_unknown",
        ),
        (&admin, path(Uuid::now_v7(), "merge"), merge(one), "404 not_found"),
        (
            &admin,
            path(two, "worker"),
            json!({ "from": worker, "to": county.account("冯国强").await }),
            "200",
        ),
        (
            &admin,
            path(two, "worker"),
            json!({ "from": worker, "to": county.account("施玉兰").await }),
            "409 not_the_worker",
        ),
        (
            &admin,
            "/api/v1/moves".into(),
            json!({ "id": Uuid::now_v7(), "residents": [], "to": one }),
            "422 too_many_residents",
        ),
        (
            &admin,
            "/api/v1/moves".into(),
            json!({ "id": Uuid::now_v7(), "residents": [elsewhere, Uuid::now_v7()], "to": one }),
            "404 not_found",
        ),
        (
            &cadre,
            "/api/v1/moves".into(),
            json!({ "id": Uuid::now_v7(), "residents": [elsewhere], "to": one }),
            "404 not_found",
        ),
    ];
    for (who, path, body, expected) in cases {
        assert_eq!(who.post(&path, &body).await.code(), expected, "{path} {body}");
    }
    // Nothing of what failed is there.
    let page = admin.get("/api/v1/grids").await.ok();
    assert_eq!(page["items"].as_array().unwrap().len(), 4);
    let kept = admin.get(&format!("/api/v1/grids/{one}")).await.ok();
    assert_eq!(kept["ranges"][0]["to"], 99);
    let resident = admin.get(&format!("/api/v1/residents/{elsewhere}")).await.ok();
    assert_eq!(resident["grid"], county.place("仙溪一格").to_string());
}
