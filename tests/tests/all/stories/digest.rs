//! Digests are equal, and yet something waits to be told.

use entity::holding;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tests::county::County;
use tests::database::Database;
use tests::phone::Loss;
use uuid::Uuid;

tests::on_both!(equal_digest_but_the_phone_has_one_person_too_many);

/// sync-4, with both variants of what the phone comes back with.
async fn equal_digest_but_the_phone_has_one_person_too_many(database: Database) {
    let mut county = Some(County::start(database).await);
    for equal in [false, true] {
        let here = county.take().unwrap();
        let grid = here.place("良围一格").to_string();
        for name in ["黄秋菊", "温好彩", "郭金娣"] {
            here.a_resident(name).made().await;
        }
        let mut a = here.phone("梁少芳").await;
        a.sync().await;
        let before = digest(&a.send_raw(&json!({})).await.ok(), &grid);
        let cursor = a.send_raw(&json!({})).await.ok()["cursor"].clone();
        let yizhi = a
            .create(here.place("良围一格"))
            .set("name", "任仪志")
            .set("id_number", "440784194609011881")
            .person();
        let [create] = a.unsent()[..] else {
            panic!("one edit waits")
        };
        a.lose_next(Loss::Answer);
        a.exchange().await;
        let cadre = here.console("何伟民").await;
        let item = cadre.item(yizhi, "new_resident").await;
        let rejected = cadre.decide(&item, "reject", json!({ "reason": "不属本村" }));
        rejected.await.ok();

        // Back with the old cursor, and with its digest over what it has: one more than the server, or the same.
        let records: Vec<(Uuid, String)> = a
            .records()
            .map(|(id, record)| (id, record["version"].as_str().unwrap().to_owned()))
            .collect();
        let mut have: Vec<Value> = records.iter().map(|(id, version)| json!([id, version])).collect();
        let mut said = before.clone();
        if !equal {
            have.push(json!([yizhi, "AAEAAAABAAAAAAAAAAA"]));
            said = json!({ "count": have.len(), "digest": "00" });
        }
        let body = a.made(create).body.clone();
        let request = json!({
            "catalogue": 1, "cursor": cursor, "edits": [body],
            "digests": { &grid: said }, "have": { &grid: have },
        });
        let answer = a.send_raw(&request).await.ok();
        assert_eq!(digest(&answer, &grid), before, "the same records as before");
        assert_eq!(answer["receipts"][0]["edit"], json!(create));
        assert_eq!(answer["receipts"][0]["repeat"], true);
        let items = answer["items"].as_array().unwrap();
        let of = |kind: &str| {
            let found = items
                .iter()
                .filter(|item| item["kind"] == kind && item["resident"] == json!(yizhi));
            found.collect::<Vec<_>>()
        };
        let (drops, decisions) = (of("drop"), of("decision"));
        assert_eq!(drops.len(), 1, "{items:?}");
        assert_eq!(drops[0]["reason"], "rejected");
        assert_eq!(decisions.len(), 1, "{items:?}");
        assert_eq!(
            (
                &decisions[0]["decision"],
                &decisions[0]["reason"],
                &decisions[0]["by"]
            ),
            (&json!("reject"), &json!("不属本村"), &json!("何伟民"))
        );
        assert!(of("record").is_empty(), "{items:?}");
        let remove = if equal { json!([]) } else { json!([yizhi]) };
        assert_eq!(answer["grids"][&grid]["remove"], remove);
        assert_eq!(answer["grids"][&grid]["fetch"], json!([]));

        // The drop, once confirmed, closes the holding.
        let open = || async {
            let rows = holding::Entity::find()
                .filter(holding::Column::Resident.eq(yizhi))
                .filter(holding::Column::DroppedAt.is_null());
            rows.all(here.program.db.read()).await.unwrap().len()
        };
        assert_eq!(open().await, 1);
        a.sync().await;
        assert!(!a.holds(yizhi));
        assert_eq!(open().await, 0, "the phone confirmed its drop");
        county = Some(here);
    }
}

fn digest(answer: &Value, grid: &str) -> Value {
    let of = &answer["grids"][grid];
    json!({ "count": of["count"], "digest": of["digest"] })
}
