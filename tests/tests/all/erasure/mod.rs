//! Erasing a person: gone at once, told to phones, asked about when it comes back; and a person's own report.

mod again;
mod unlinked;

use entity::list_row;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use std::fmt::Write;
use tests::clerk::{Clerk, Handed, worker};
use tests::client::Client;
use tests::county::County;
use tests::database::Database;
use tests::{process, verify};
use uuid::Uuid;

tests::on_both!(
    everything_goes_and_phones_hear,
    a_later_list_asks_somebody,
    what_still_arrives_is_asked_about,
    what_other_rows_were_compared_with_goes_too,
    a_persons_own_report,
    only_administrators_erase
);

const NUMBER: &str = "440784195604092381";
const BORN: &str = "1956-04-09";

fn handed(county: &County, month: &'static str, phone: &str) -> Handed<'static> {
    let mut text = "姓名,身份证号,出生日期,联系电话,残疾类别,残疾等级,现住址\n".to_owned();
    writeln!(
        text,
        "温好彩,{NUMBER},{BORN},{phone},肢体,二级,沙坪街道良围村旧围村3号"
    )
    .unwrap();
    Handed::disabled(county, month, text)
}

async fn admin(county: &County) -> Client {
    (*county.console("区划管理员").await).clone()
}

/// The person, entered by a department's list.
async fn listed(county: &County) -> Uuid {
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let id = clerk
        .hand_in(&handed(county, "2026-10", "13900078411"), true)
        .await;
    let rows = clerk.rows(&id, None).await;
    runner.stop().await;
    rows[0]["resident"].as_str().unwrap().parse().unwrap()
}

/// Both requests: what there is, and that it shall go.
async fn erase(admin: &Client, resident: Uuid) -> Value {
    let path = format!("/api/v1/residents/{resident}/erasure");
    let asked = admin.post(&path, &json!({ "reason": "requested" })).await;
    assert_eq!(
        (asked.status, asked.code()),
        (409, "409 needs_confirmation".into())
    );
    let present = asked.json()["present"].clone();
    let confirm = json!({ "reason": "requested", "confirm": present["version"] });
    admin.post(&path, &confirm).await.ok();
    present
}

/// What the search says, with its exit code.
fn searched(county: &County, resident: Uuid) -> (Option<i32>, String) {
    let output = process::run(county.database(), &["person", "erased", &resident.to_string()]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (
        output.status.code(),
        said + &String::from_utf8_lossy(&output.stderr),
    )
}

async fn everything_goes_and_phones_hear(database: Database) {
    let county = County::start(database).await;
    let resident = listed(&county).await;
    let stays = county.a_resident("黎阿妹").made().await;
    let (mut first, mut second) = (county.phone("梁少芳").await, county.phone("吕小燕").await);
    first.sync().await;
    second.sync().await;
    assert!(first.holds(resident) && second.holds(resident));
    first
        .edit(resident)
        .set("remarks", "独居，眼疾")
        .visit("home", "met", "一切如常")
        .done();
    first.edit(resident).set("name", "温好采").done();
    first.edit(stays).set("phone", "13900078499").done();
    first.sync().await;
    assert_eq!(
        county.console("陆桂英").await.waiting(resident).await,
        ["proposal name"]
    );

    let admin = admin(&county).await;
    let present = erase(&admin, resident).await;
    assert_eq!(
        (&present["visits"], &present["files"], &present["phones"]),
        (&json!(1), &json!(1), &json!(2))
    );
    let again = admin
        .post(
            &format!("/api/v1/residents/{resident}/erasure"),
            &json!({ "reason": "requested" }),
        )
        .await
        .ok();
    assert_eq!(again["repeat"], true);
    let all = admin.get("/api/v1/erasures").await.ok();
    assert_eq!(all[0]["resident"], json!(resident));
    assert_eq!(
        admin.get(&format!("/api/v1/residents/{resident}")).await.status,
        404
    );
    verify::agrees(&county.program).await;

    // Nothing is left; two phones have not confirmed yet.
    let (exit, said) = searched(&county, resident);
    assert!(
        exit == Some(3) && said.contains("遗留 0 处") && said.contains("手机 2 部"),
        "{said}"
    );
    first.sync().await;
    let drops = first.heard("drop");
    assert_eq!(
        (&drops[0]["resident"], &drops[0]["reason"]),
        (&json!(resident), &json!("erased"))
    );
    assert!(!first.holds(resident) && first.holds(stays));
    let (exit, said) = searched(&county, resident);
    assert!(exit == Some(3) && said.contains("手机 1 部"), "{said}");
    second.sync().await;
    let (exit, said) = searched(&county, resident);
    assert!(exit == Some(0) && said.contains("手机 0 部"), "{said}");

    // The search finds what there is: somebody enters the number again.
    county.a_resident("温好彩").number(NUMBER).made().await;
    let (exit, said) = searched(&county, resident);
    assert!(exit == Some(3) && said.contains("facts.sealed 身份"), "{said}");
}

async fn a_later_list_asks_somebody(database: Database) {
    let county = County::start(database).await;
    let resident = listed(&county).await;
    erase(&admin(&county).await, resident).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let id = clerk
        .hand_in(&handed(&county, "2026-11", "13900078412"), true)
        .await;
    let rows = clerk.rows(&id, None).await;
    assert_eq!(
        (&rows[0]["verdict"], &rows[0]["resident"]),
        (&json!("ambiguous"), &Value::Null)
    );
    let cadre = county.console("陆桂英").await;
    let page = cadre.get("/api/v1/inbox?reason=list_row_ambiguous").await.ok();
    let item = page["items"][0].clone();
    assert_eq!(item["content"]["code"], "erased_person");
    // Somebody decides that the person is to be looked after again: as somebody new.
    cadre.decide(&item, "new", json!({})).await.ok();
    let rows = clerk.rows(&id, None).await;
    runner.stop().await;
    let anew: Uuid = rows[0]["resident"].as_str().unwrap().parse().unwrap();
    assert_ne!(anew, resident);
    verify::agrees(&county.program).await;
}

/// A row that waits keeps by what it was compared with a person, until the person is erased.
async fn what_other_rows_were_compared_with_goes_too(database: Database) {
    let county = County::start(database).await;
    let resident = listed(&county).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("民政").await).clone());
    let list = Handed {
        source: "民政",
        kind: "low_income",
        division: county.place("鹤山市"),
        month: "2026-10",
        name: "list.csv",
        content: format!("姓名,身份证号,出生日期,救助类别,保障金额,现住址\n温好彩,,{BORN},低保,845,\n")
            .into_bytes(),
    };
    clerk.hand_in(&list, true).await;
    runner.stop().await;
    let kept = list_row::Entity::find().filter(list_row::Column::Evidence.is_not_null());
    let kept = async || kept.clone().count(county.program.db.read()).await.unwrap();
    assert_eq!(kept().await, 1);
    erase(&admin(&county).await, resident).await;
    assert_eq!(kept().await, 0);
    verify::agrees(&county.program).await;
}

async fn what_still_arrives_is_asked_about(database: Database) {
    let county = County::start(database).await;
    let resident = listed(&county).await;
    let mut phone = county.phone("梁少芳").await;
    phone.sync().await;
    let own = phone
        .create(county.place("良围一格"))
        .set("name", "谭国强")
        .done();
    let made = phone.made(own).resident;
    phone.sync().await;
    let late = phone.edit(resident).set("remarks", "昨日已去世").done();
    let admin = admin(&county).await;
    erase(&admin, resident).await;
    erase(&admin, made).await;
    // A phone that sends everything again makes nobody anew.
    phone.send(&[own, late]).await;
    for edit in [own, late] {
        let receipt = phone.receipt(edit).unwrap();
        assert_eq!(
            (&receipt["outcome"], &receipt["problem"]["code"]),
            (&json!("held"), &json!("resident_erased"))
        );
    }
    assert_eq!(admin.get(&format!("/api/v1/residents/{made}")).await.status, 404);
    let cadre = county.console("陆桂英").await;
    let page = cadre.get("/api/v1/inbox?reason=held_edit").await.ok();
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert!(
        items
            .iter()
            .any(|item| item["content"]["raw"].as_str().unwrap().contains("昨日已去世"))
    );
    for item in items {
        cadre
            .decide(item, "discard", json!({ "reason": "此人已抹除" }))
            .await
            .ok();
    }
    // Who decided that and why stays; what was said is gone.
    phone.sync().await;
    for id in [resident, made] {
        let (_, said) = searched(&county, id);
        assert!(said.contains("手机 0 部"), "{said}");
        assert!(!said.contains("inbox_item"), "{said}");
    }
    // A phone that never carried the person learns nothing.
    let mut stranger = county.phone("任国华").await;
    stranger.sync().await;
    let edit = json!({
        "id": Uuid::now_v7(), "seq": 1, "made_at": "2026-11-06T01:00:00Z", "resident": resident, "catalogue": 1,
        "fields": { "phone": { "was": null, "now": "13900078411" } },
    });
    let answer = stranger
        .send_raw(&json!({ "catalogue": 1, "edits": [edit] }))
        .await
        .ok();
    assert_eq!(answer["receipts"][0]["problem"]["code"], "not_in_scope");
}

async fn a_persons_own_report(database: Database) {
    let county = County::start(database).await;
    let resident = listed(&county).await;
    let mut phone = county.phone("梁少芳").await;
    phone.sync().await;
    phone
        .edit(resident)
        .set("remarks", "独居，眼疾")
        .visit("home", "met", "送去药物")
        .done();
    phone.sync().await;
    let cadre = county.console("陆桂英").await;
    cadre.get(&format!("/api/v1/residents/{resident}")).await.ok();
    let output = process::run_told(county.database(), &["person", "report"], &format!("{NUMBER}\n"));
    let said = String::from_utf8(output.stdout).unwrap();
    let report: Value = serde_json::from_str(&said)
        .unwrap_or_else(|_| panic!("{said}{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(report["resident"], json!(resident));
    assert_eq!(report["held"]["facts"]["id_number"], NUMBER);
    assert_eq!(report["held"]["record"]["fields"]["remarks"], "独居，眼疾");
    assert_eq!(report["held"]["visits"][0]["text"], "送去药物");
    assert_eq!(report["from"]["lists"][0]["source"], "残联");
    assert_eq!(report["from"]["lists"][0]["month"], "2026-10");
    assert_eq!(report["phones"][0]["by"]["name"], "梁少芳");
    let seen = report["seen_by"].as_array().unwrap();
    assert!(
        seen.iter()
            .any(|s| s["what"] == "read_resident" && s["by"]["name"] == "陆桂英"),
        "{seen:?}"
    );
    let history = report["held"]["history"].as_array().unwrap();
    assert!(
        history
            .iter()
            .any(|s| s["changes"].to_string().contains("独居，眼疾")),
        "{history:?}"
    );
    // That it was asked for stands in the trail.
    let auditor = county.console("审计员").await;
    let trail = auditor.get("/api/v1/audit?action=person_report").await.ok();
    assert_eq!(trail["items"][0]["subject"], json!(resident), "{trail}");
    let nobody = process::run_told(county.database(), &["person", "report"], "440784195001010000\n");
    assert_ne!(nobody.status.code(), Some(0));
}

async fn only_administrators_erase(database: Database) {
    let county = County::start(database).await;
    let resident = county.a_resident("黎阿妹").made().await;
    let path = format!("/api/v1/residents/{resident}/erasure");
    let body = json!({ "reason": "mistaken", "confirm": "AAEAAAABAAAAAAAAAAA" });
    for name in ["陆桂英", "谭志成", "残联", "审计员"] {
        assert_eq!(
            county.console(name).await.post(&path, &body).await.status,
            403,
            "{name}"
        );
    }
    let admin = admin(&county).await;
    // A version that is not the present one confirms nothing.
    assert_eq!(admin.post(&path, &body).await.code(), "409 needs_confirmation");
    let nobody = format!("/api/v1/residents/{}/erasure", Uuid::now_v7());
    assert_eq!(admin.post(&nobody, &body).await.status, 404);
    assert_eq!(
        admin.post(&path, &json!({ "reason": "because" })).await.status,
        400
    );
}
