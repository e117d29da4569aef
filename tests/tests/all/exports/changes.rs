//! The roster of a cursor with the changes since is the roster of now, whatever happened in between and whoever asks.

use super::{Act, CATEGORY, act, filled, trail};
use crate::clients::{bureau, made};
use serde_json::{Value, json};
use tests::client::Client;
use tests::county::County;
use tests::database::Database;
use tests::dice::Dice;
use tests::pulled::{self, Roster, apply, rows};
use uuid::Uuid;

tests::on_both!(
    what_two_pulls_say,
    histories_add_up,
    an_export_with_its_changes_is_exact
);

/// The whole roster, and the cursor of its state.
async fn whole(who: &Client) -> (Roster, String) {
    pulled::whole(who, CATEGORY).await
}

async fn page(who: &Client, cursor: &str, more: &str) -> Value {
    pulled::page(who, CATEGORY, cursor, more).await
}

fn told(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|i| {
            format!(
                "{} {}",
                i["change"].as_str().unwrap(),
                i["resident"].as_str().unwrap()
            )
        })
        .collect()
}

async fn what_two_pulls_say(database: Database) {
    let county = &County::start(database).await;
    let mut ids = Vec::new();
    for name in ["吴彩凤", "宋惠贞", "任仪志"] {
        ids.push(county.a_resident(name).made().await);
    }
    let [wu, song, ren] = ids[..] else { panic!() };
    for id in [song, ren] {
        act(county, id, Act::Join).await;
        act(county, id, Act::Amount(72_000)).await;
    }
    let department = county.console("民政").await;
    let (mut roster, cursor) = whole(&department).await;
    assert_eq!(roster.len(), 2);
    assert_eq!(told(&page(&department, &cursor, "").await), Vec::<String>::new());
    for (id, what) in [
        (wu, Act::Join),
        (wu, Act::Leave),
        (song, Act::Leave),
        (song, Act::Join),
        (song, Act::Amount(78_000)),
        (ren, Act::Amount(84_500)),
        (ren, Act::Amount(72_000)),
        // No department knows of birth dates, nor that they change.
        (ren, Act::Birth(3)),
    ] {
        act(county, id, what).await;
    }
    let said = page(&department, &cursor, "").await;
    assert_eq!(told(&said), [format!("changed {song}")]);
    assert_eq!(said["items"][0]["row"]["fields"]["low_income.amount"], 78_000);
    assert_eq!(
        told(&page(&department, &cursor, "").await),
        told(&said),
        "the same again"
    );
    apply(&mut roster, &said);
    assert_eq!(roster, whole(&department).await.0);
    // Every step is kept; the bureau, which sees birth dates, hears of them.
    let every = told(&page(&department, &cursor, "&detail=all").await);
    let of = |id: Uuid| every.iter().filter(|t| t.ends_with(&id.to_string())).count();
    assert_eq!((of(wu), of(song), of(ren)), (2, 3, 2), "{every:?}");
    let admin = bureau(county).await;
    let foreign = format!("/api/v1/rosters/changes?category={CATEGORY}&purpose=check&cursor=");
    assert_eq!(
        admin.get(&format!("{foreign}{cursor}")).await.code(),
        "409 scope_changed"
    );
    assert_eq!(
        admin.get(&format!("{foreign}xyz")).await.code(),
        "422 cursor_invalid"
    );
    let other = foreign.replace(CATEGORY, "destitute");
    assert_eq!(
        department.get(&format!("{other}{cursor}")).await.code(),
        "409 cursor_of_another"
    );
    let nothing = foreign.replace("purpose=check", "purpose=%20");
    assert_eq!(
        department.get(&format!("{nothing}{cursor}")).await.code(),
        "422 purpose_required"
    );
    // Each pull that sent something left its row, with what for and how much; the idle one left none.
    let pulls = trail(county, "pull_changes").await;
    assert_eq!(pulls.len(), 3);
    assert!(
        pulls
            .iter()
            .all(|p| p.detail.as_deref().unwrap().contains("purpose=check"))
    );
    assert_eq!(
        (pulls[0].count, pulls[2].count),
        (Some(1), Some(every.len() as i64))
    );
    // What a client takes counts against its rows of the day.
    let own = made(county, json!({ "rows_per_day": 2 })).await;
    let client = own.signed_in().await;
    let start = client
        .get(&format!(
            "/api/v1/rosters/changes?category={CATEGORY}&purpose=check"
        ))
        .await
        .ok();
    assert_eq!(told(&start), Vec::<String>::new());
    for id in [wu, song, ren] {
        act(county, id, Act::Amount(90_000)).await;
    }
    act(county, wu, Act::Join).await;
    let path = format!("{foreign}{}", start["cursor"].as_str().unwrap());
    assert_eq!(client.get(&path).await.code(), "429 row_quota");
}

const PLACES: [(&str, &str); 4] = [
    ("良围村", "良围一格"),
    ("良围村", "良围二格"),
    ("仙溪村", "仙溪一格"),
    ("陈山村", "陈山一格"),
];

fn any(dice: &mut Dice) -> Act {
    match dice.roll(8) {
        0 | 1 => Act::Join,
        2 | 3 => Act::Leave,
        4 => Act::Amount(72_000 + 100 * dice.roll(3) as i64),
        5 => Act::Birth(1 + dice.roll(3) as u8),
        _ => {
            let (village, grid) = PLACES[dice.roll(4)];
            Act::Move(village, grid)
        }
    }
}

async fn histories_add_up(database: Database) {
    let county = &County::start(database).await;
    let mut ids = Vec::new();
    for n in 0..12 {
        let (_, grid) = PLACES[n % 4];
        ids.push(county.a_resident("黎阿妹").in_grid(grid).made().await);
    }
    let narrow = made(county, json!({ "divisions": [county.place("沙坪街道")] })).await;
    let who: Vec<Client> = vec![
        (*bureau(county).await).clone(),
        (*county.console("民政").await).clone(),
        narrow.signed_in().await,
        (*county.console("何伟民").await).clone(),
    ];
    let mut known = Vec::new();
    for one in &who {
        known.push(whole(one).await);
    }
    let mut dice = Dice::seeded(20_261_130);
    for round in 0..6 {
        for _ in 0..12 {
            act(county, ids[dice.roll(ids.len())], any(&mut dice)).await;
        }
        for (one, (roster, cursor)) in who.iter().zip(&mut known) {
            // Small pages, between which things go on.
            let limit = 1 + dice.roll(5);
            loop {
                let said = page(one, cursor, &format!("&limit={limit}")).await;
                apply(roster, &said);
                *cursor = said["cursor"].as_str().unwrap().to_owned();
                if said["more"] == false {
                    break;
                }
                act(county, ids[dice.roll(ids.len())], any(&mut dice)).await;
            }
        }
        for (n, (one, (roster, cursor))) in who.iter().zip(&mut known).enumerate() {
            let said = page(one, cursor, "").await;
            apply(roster, &said);
            *cursor = said["cursor"].as_str().unwrap().to_owned();
            assert_eq!(*roster, whole(one).await.0, "round {round}, reader {n}");
        }
    }
}

/// People come, go and move while the file is on its way: the file with the changes since its cursor is exact, nobody is
/// in it twice, and whoever was there before and after is in it.
async fn an_export_with_its_changes_is_exact(database: Database) {
    use api::app::rosters::{self, Format, Started, Wanted};
    use futures_util::StreamExt;
    let county = &County::start(database).await;
    filled(county, 3_000).await;
    let program = &county.program;
    let admin = bureau(county).await;
    let actor = api::app::sign_in::recognise(program, admin.token())
        .await
        .unwrap();
    let (before, _) = whole(&admin).await;
    assert!(before.len() > 500, "{}", before.len());
    let wanted = Wanted::all(CATEGORY, Format::Ndjson, "核对");
    let Started::Streamed(mut export) = rosters::export(program, &actor, &wanted).await.unwrap() else {
        panic!("it is small")
    };
    let mut text = Vec::new();
    text.extend(export.bytes.next().await.unwrap().unwrap());
    let mut dice = Dice::seeded(5);
    let ids: Vec<Uuid> = before.keys().map(|id| id.parse().unwrap()).collect();
    for _ in 0..60 {
        act(county, ids[dice.roll(ids.len())], any(&mut dice)).await;
    }
    let cursor = export.cursor.clone().unwrap();
    while let Some(part) = export.bytes.next().await {
        text.extend(part.unwrap());
    }
    let mut roster = rows(&String::from_utf8(text).unwrap());
    let (after, _) = whole(&admin).await;
    for id in before.keys().filter(|id| after.contains_key(*id)) {
        assert!(roster.contains_key(id), "{id} was there all the time");
    }
    apply(&mut roster, &page(&admin, &cursor, "&limit=5000").await);
    assert_eq!(roster, after);
}
