//! Who looks after whom, grants with their days, and the scopes that follow from them.

use super::*;
use api::actor::Scope;
use api::app::accounts::Filter;
use api::app::budget::Budget;

tests::on_both!(
    town_officers_look_after_their_town,
    grants_begin_and_end_by_their_days,
    scopes_follow_from_the_role,
);

const OFFICER: &str = "13900078498";

async fn with_divisions(database: &Database) -> County {
    let county = county(database).await;
    let file = divisions::import::HESHAN;
    divisions::import::csv(&county.db, file, at(0)).await.unwrap();
    county
}

async fn town_officers_look_after_their_town(database: Database) {
    let county = with_divisions(&database).await;
    let (db, keys) = (&county.db, &county.keys);
    let town = county.division("沙坪街道").await;
    let village = county.village_of(town).await;
    let foreign = county.village_of(county.division("雅瑶镇").await).await;
    county.plant(ADMIN, vec![role(Role::BureauAdmin)]).await;
    let grants = vec![in_division(Role::TownOfficer, town)];
    county.plant(OFFICER, grants).await;
    let admin = county.actor(ADMIN).await;
    let officer = county.actor(OFFICER).await;
    assert!(officer.villages.contains(&village) && !officer.villages.contains(&foreign));
    for (home, expected) in [
        (None, "home_unknown"),
        (Some(foreign), "home_unknown"),
        (Some(village), "fine"),
    ] {
        let new = NewAccount {
            name: "陆桂英",
            phone: WORKER,
            home,
        };
        let made = accounts::create(db, keys, &officer, &new, at(0)).await;
        assert_eq!(told(made), expected);
    }
    let mine = accounts::list(db, keys, &officer, &Filter::default(), None, 50, at(0)).await;
    let mine = mine.unwrap();
    assert_eq!(mine.len(), 1);
    let (cadre, name) = (mine[0].id, mine[0].name.as_str());
    assert_eq!(name, "陆桂英");
    let cases = [
        (in_division(Role::Cadre, foreign), "not_found"),
        (in_division(Role::TownOfficer, town), "above_own_rank"),
        (role(Role::BureauAdmin), "above_own_rank"),
        (in_division(Role::Cadre, town), "place_unknown"),
        (role(Role::Cadre), "place_needed"),
        (in_division(Role::Cadre, village), "fine"),
        (in_division(Role::Cadre, village), "fine"),
    ];
    for (grant, expected) in cases {
        let given = accounts::give(
            db,
            keys,
            &Budget::default(),
            &officer,
            cadre,
            &open(grant.clone()),
            at(0),
        )
        .await;
        assert_eq!(told(given), expected, "{grant:?}");
    }
    let shown = accounts::get(db, keys, &officer, cadre, at(0)).await.unwrap();
    assert_eq!(shown.grants.len(), 1, "given twice is given once");
    let mixed = accounts::give(
        db,
        keys,
        &Budget::default(),
        &admin,
        cadre,
        &open(role(Role::Auditor)),
        at(0),
    )
    .await;
    assert_eq!(told(mixed), "role_mixed");
    // Who is not of the town does not exist for its officer.
    for account in [admin.account, Uuid::nil()] {
        let disabled = accounts::disable(db, &officer, account, at(0)).await;
        assert_eq!(told(disabled), "not_found");
    }
    // A higher rank at home in the town is seen and not touched.
    let new = NewAccount {
        name: "任国华",
        phone: "13900078497",
        home: Some(town),
    };
    let auditor = accounts::create(db, keys, &admin, &new, at(0))
        .await
        .unwrap()
        .account;
    accounts::give(
        db,
        keys,
        &Budget::default(),
        &admin,
        auditor,
        &open(role(Role::Auditor)),
        at(0),
    )
    .await
    .unwrap();
    let reset = accounts::reset(db, keys, &officer, auditor, at(0)).await;
    assert_eq!(told(reset), "above_own_rank");
    assert_eq!(county.audited("give_grant", "done").await, 2);
}

async fn grants_begin_and_end_by_their_days(database: Database) {
    let county = with_divisions(&database).await;
    let (db, keys) = (&county.db, &county.keys);
    let village = county.village_of(county.division("沙坪街道").await).await;
    let here = in_division(Role::Cadre, village);
    county.plant(ADMIN, vec![role(Role::BureauAdmin)]).await;
    let cadre = county.plant(WORKER, vec![here.clone()]).await;
    let admin = county.actor(ADMIN).await;
    let signed = county.sign_in(WORKER, None, 0).await;
    let before = county.who(&signed.access, 0).await.unwrap();
    assert_eq!(before.scope(), Scope::Villages(vec![village]));
    let shown = accounts::get(db, keys, &admin, cadre, at(0)).await.unwrap();
    for _ in 0..2 {
        let ended = accounts::end_grant(db, keys, &admin, shown.grants[0].id, at(MINUTE)).await;
        assert_eq!(told(ended), "fine");
    }
    assert_eq!(county.audited("end_grant", "done").await, 1);
    let after = county.who(&signed.access, MINUTE).await.unwrap();
    assert_eq!(after.scope(), Scope::Nothing);
    assert!(after.epoch > before.epoch);
    for (since, until, expected) in [
        (Some("2026-11-06"), Some("2026-11-06"), "dates_reversed"),
        (Some("2026-11-01"), Some("2026-11-03"), "dates_reversed"),
        (Some("6.11.2026"), None, "date_malformed"),
        (Some("2026-11-06"), Some("2026-11-07"), "fine"),
    ] {
        let grant = here.clone();
        let new = NewGrant {
            grant,
            since,
            until,
            records: None,
        };
        let given = accounts::give(db, keys, &Budget::default(), &admin, cadre, &new, at(MINUTE)).await;
        assert_eq!(told(given), expected, "{since:?} {until:?}");
    }
    // The days change what is seen, and the epoch with it, without anybody doing anything.
    let mut last = after.epoch;
    for (day, expected) in [
        (0, Scope::Nothing),
        (1, Scope::Villages(vec![village])),
        (2, Scope::Nothing),
    ] {
        let now = at(day * DAY + MINUTE);
        let actor = sign_in::actor(db, keys, signed.session, now).await.unwrap();
        assert_eq!(actor.scope(), expected, "day {day}");
        assert!(actor.epoch > last, "day {day}");
        last = actor.epoch;
    }
}

async fn scopes_follow_from_the_role(database: Database) {
    let county = county(&database).await;
    let department = |category: &str| Grant {
        category: Some(category.into()),
        department: Some("残联".into()),
        ..role(Role::Department)
    };
    let categories = Scope::Categories {
        categories: vec!["disabled".into(), "low_income".into()],
        department: "残联".into(),
        villages: None,
    };
    let cases = [
        (vec![role(Role::BureauAdmin)], Scope::County),
        (vec![role(Role::Auditor)], Scope::Nothing),
        (vec![], Scope::Nothing),
        (vec![department("low_income"), department("disabled")], categories),
    ];
    for (place, (grants, expected)) in cases.into_iter().enumerate() {
        let phone = format!("1390007850{place}");
        county.plant(&phone, grants).await;
        assert_eq!(county.actor(&phone).await.scope(), expected);
    }
    let (db, keys) = (&county.db, &county.keys);
    let nobody = county.actor("13900078502").await;
    let listed = accounts::list(db, keys, &nobody, &Filter::default(), None, 50, at(0)).await;
    assert_eq!(told(listed), "role_required");
}
