//! storage-2: a worker gets a whole town of grids by mistake.

use entity::{device_entry, holding};
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::app::TestApp;
use tests::console::Console;
use tests::county::County;
use tests::database::Database;
use tests::phone::Phone;
use uuid::Uuid;

tests::on_both!(a_worker_gets_all_grids_by_mistake);

/// Grids with as many people each. A phone carries five.
const GRIDS: [(&str, usize); 4] = [("良围一格", 3), ("仙溪一格", 4), ("陈山一格", 1), ("良围二格", 2)];
const OTHERS: [&str; 5] = ["吕小燕", "冯国强", "温志健", "任国华", "施玉兰"];

struct World {
    county: County,
    admin: Console,
    people: Vec<Uuid>,
    phone: Phone,
    device: Uuid,
    others: Vec<Phone>,
}

impl World {
    async fn start(database: Database) -> World {
        let settings = [("HESHAN_PHONE_RECORDS", "5"), ("HESHAN_PHONE_RECORDS_SOFT", "3")];
        let county = County::on(TestApp::start_with(database, &settings).await).await;
        let mut people = Vec::new();
        for (grid, count) in GRIDS {
            for n in 0..count {
                people.push(county.a_resident(&format!("黎阿{n}")).in_grid(grid).made().await);
            }
        }
        let signed_in = county.sign_in("梁少芳", Some("phone-of-the-worker")).await;
        let token = signed_in["access_token"].as_str().unwrap();
        let mut phone = Phone::new(county.client.with_token(token), 1);
        phone.sync().await;
        let mut others = Vec::new();
        for worker in OTHERS.iter().chain(&OTHERS) {
            let mut other = county.phone(worker).await;
            other.sync().await;
            others.push(other);
        }
        World {
            admin: county.console("区划管理员").await,
            device: signed_in["device"]["id"].as_str().unwrap().parse().unwrap(),
            county,
            people,
            phone,
            others,
        }
    }

    async fn give(&self, grid: &str, records: Option<i64>) -> tests::client::Answer {
        let account = self.county.account("梁少芳").await;
        let grant = json!({ "role": "worker", "grid": self.county.place(grid), "records": records });
        self.admin
            .post(&format!("/api/v1/accounts/{account}/grants"), &grant)
            .await
    }

    /// What she is answered who has nothing to say, without what is of the moment.
    async fn idle(&self) -> Value {
        let request = json!({ "catalogue": 1, "cursor": self.phone.cursor(), "edits": [] });
        let mut answer = self.phone.send_raw(&request).await.ok();
        answer["now"] = Value::Null;
        answer
    }

    /// Whom the server thinks that her phone carries, and what waits in its own feed.
    async fn kept_of_her(&self) -> (u64, u64) {
        let db = self.county.program.db.read();
        let holdings = holding::Entity::find().filter(holding::Column::Device.eq(self.device));
        let news = device_entry::Entity::find().filter(device_entry::Column::Device.eq(self.device));
        (holdings.count(db).await.unwrap(), news.count(db).await.unwrap())
    }

    fn left_out(&self) -> Vec<&Value> {
        let notices = self.phone.heard("notice").into_iter();
        let left = notices.filter(|notice| notice["code"] == "grids_left_out");
        left.map(|notice| &notice["grids"]).collect()
    }
}

async fn a_worker_gets_all_grids_by_mistake(database: Database) {
    let mut world = World::start(database).await;
    let mine: BTreeSet<Uuid> = world.people[..3].iter().copied().collect();
    let carried = |phone: &Phone| phone.records().map(|(id, _)| id).collect::<BTreeSet<_>>();
    assert_eq!(carried(&world.phone), mine);

    // Refused unless the figure is named; refused, it changes nothing for the phone.
    for named in [None, Some(6), Some(3000)] {
        let refused = world.give("仙溪一格", named).await;
        assert_eq!(refused.code(), "409 over_budget");
        let present = &refused.json()["present"];
        assert_eq!(
            (&present["records"], &present["hard_records"]),
            (&json!(7), &json!(5))
        );
    }
    assert_eq!(world.idle().await["items"], json!([]));

    let edits: Vec<Uuid> = mine
        .iter()
        .map(|id| world.phone.edit(*id).set("phone", "13900078411").done())
        .collect();
    let mut given = Vec::new();
    for (grid, figure) in [("仙溪一格", 7), ("陈山一格", 8), ("良围二格", 10)] {
        given.push(world.give(grid, Some(figure)).await.ok());
    }

    // She and ten others at the same time.
    let hers = world.phone.exchange();
    let theirs = join_all(world.others.iter_mut().map(Phone::exchange));
    let (hers, theirs) = tokio::join!(hers, theirs);
    let hers = hers.unwrap();
    let outcomes: Vec<&Value> = hers["receipts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["outcome"])
        .collect();
    assert_eq!(outcomes, ["merged"; 3], "what she typed is taken first");
    for (other, answer) in OTHERS.iter().chain(&OTHERS).zip(theirs) {
        let answer = answer.unwrap();
        let items = answer["items"].as_array().unwrap();
        let own = |item: &&Value| item["kind"] == "record" && *other == "吕小燕";
        assert_eq!(
            items.iter().filter(own).count(),
            items.len(),
            "{other}: {items:?}"
        );
        assert_eq!(answer["more"], false);
    }
    // She keeps what she has, gets whole grids in the order in which they were given until one does not fit, and hears
    // of the rest once. No more is done for her than what she gets.
    world.phone.sync().await;
    assert!(edits.iter().all(|edit| world.phone.outcome(*edit) == "merged"));
    assert_eq!(carried(&world.phone), mine);
    let places = ["仙溪一格", "陈山一格", "良围二格"].map(|grid| world.county.place(grid));
    assert_eq!(world.left_out(), [&json!(places)]);
    world.phone.sync().await;
    assert_eq!(world.left_out().len(), 1);
    assert_eq!(
        world.kept_of_her().await,
        (3, 3),
        "her three people; three grids were given"
    );
    let counted = world.idle().await["grids"].clone();
    assert_eq!(counted.as_object().unwrap().len(), 1, "{counted}");

    // Taken back: nobody is dropped whom she never had, and everything is as it was.
    let shown = |phone: &Phone| {
        phone
            .records()
            .map(|(_, record)| record.clone())
            .collect::<Vec<_>>()
    };
    let as_before = shown(&world.phone);
    for grant in given {
        let path = format!("/api/v1/grants/{}", grant["id"].as_str().unwrap());
        world.admin.send("DELETE", &path, None).await.ok();
    }
    world.phone.sync().await;
    assert!(world.phone.heard("drop").is_empty());
    assert_eq!(shown(&world.phone), as_before);
    assert_eq!(world.left_out().last(), Some(&&json!([])));
    assert_eq!(world.kept_of_her().await.0, 3);
    assert_eq!(world.idle().await["grids"], counted);
    for other in &mut world.others {
        other.sync().await;
        assert!(other.heard("drop").is_empty());
    }
    tests::verify(&world.county).await;
}
