//! A database that was restored while twenty phones were ahead of it: they bring back what it lost, and what only they
//! know is listed.

use entity::{edit, visit};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tests::app::TestApp;
use tests::county::{County, console_at, phone_at};
use tests::database::Database;
use tests::phone::Phone;
use uuid::Uuid;

const WORKERS: [(&str, &str); 4] = [
    ("梁少芳", "良围一格"),
    ("冯国强", "良围二格"),
    ("任国华", "仙溪一格"),
    ("吕小燕", "良围一格"),
];

/// What each resident's phone number is, wherever it stands.
async fn shown(phones: &[Phone]) -> BTreeMap<Uuid, Value> {
    let all = phones.iter().flat_map(|phone| phone.records());
    all.map(|(id, record)| (id, record["fields"]["phone"].clone()))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_phones_refill_a_restored_database() {
    let county = County::start(Database::sqlite().await).await;
    county.account("区划管理员").await;
    let mut people: BTreeMap<&str, Vec<Uuid>> = BTreeMap::new();
    for grid in ["良围一格", "良围二格", "仙溪一格"] {
        for n in 0..5 {
            let id = county
                .a_resident(&format!("黎阿{n}"))
                .in_grid(grid)
                .phone("13900078400")
                .made()
                .await;
            people.entry(grid).or_default().push(id);
        }
    }
    let mut phones = Vec::new();
    for n in 0..20 {
        let (worker, grid) = WORKERS[n % WORKERS.len()];
        county.account(worker).await;
        let mut phone = phone_at(&county.client, worker).await;
        phone.sync().await;
        phone
            .edit(people[grid][n % 5])
            .visit("home", "met", "备份之前")
            .done();
        phone.sync().await;
        phones.push((phone, grid));
    }
    let cadre = county.console("陆桂英").await;
    let backup = county.backed_up().await;

    // Life goes on: every phone edits and reports somebody, a cadre decides, and then the disk dies.
    let (mut made, mut reported) = (Vec::new(), Vec::new());
    for (n, (phone, grid)) in phones.iter_mut().enumerate() {
        let resident = people[*grid][n % 5];
        made.push(
            phone
                .edit(resident)
                .set("phone_other", format!("139000785{n:02}"))
                .done(),
        );
        made.push(phone.edit(resident).visit("home", "met", "备份之后").done());
        let place = county.place(grid);
        let id = phone.create(place).set("name", format!("新人{n}")).done();
        reported.push(phone.made(id).resident);
        made.push(id);
        phone.sync().await;
    }
    let only_here = people["良围一格"][0];
    let base = cadre.get(&format!("/api/v1/residents/{only_here}")).await.ok()["version"].clone();
    let correction = json!({
        "id": Uuid::now_v7(), "base": base, "fields": { "living_arrangement": { "was": null, "now": "独居" } },
    });
    cadre
        .post(&format!("/api/v1/residents/{only_here}/edits"), &correction)
        .await
        .ok();
    for (phone, _) in &mut phones {
        phone.sync().await;
    }
    // Two of them typed something more, which never arrived anywhere.
    for (phone, grid) in phones.iter_mut().take(2) {
        made.push(phone.edit(people[*grid][4]).visit("home", "met", "未发送").done());
    }

    let app = TestApp::restored(backup).await;

    let all = made.len();
    for (phone, _) in &mut phones {
        phone.moved_to(&app.client);
        // As a phone does whose last number is above what the server has: first it says what it holds.
        let said = json!({
            "catalogue": 1, "edits": [], "made": phone.made_so_far(), "unsent": 3, "cursor": phone.cursor(),
        });
        let answer = phone.send_raw(&said).await.ok();
        assert_eq!(answer["standing"]["through"], 1, "what was lost is said");
        assert_eq!(
            (&answer["have_wanted"], &answer["more"]),
            (&json!(true), &json!(true))
        );
        phone.send(&[]).await;
    }
    // Before they send, the bureau sees what is missing, phone by phone.
    let admin = console_at(&app.client, "区划管理员").await;
    api::app::devices::write_contacts(&app.program.db, &app.program.contacts)
        .await
        .unwrap();
    let gap = admin.get("/api/v1/restored").await.ok();
    assert!(gap["restored_at"].is_string());
    assert_eq!(gap["phones"].as_array().unwrap().len(), 20);
    assert_eq!(gap["phones"][5]["missing"], json!([{ "from": 2, "to": 4 }]));

    for (phone, _) in &mut phones {
        phone.send_again();
        phone.sync().await;
    }
    for (phone, _) in &mut phones {
        phone.sync().await;
    }
    // Nothing lost, nothing doubled: every edit once, every visit once, every new person there.
    let db = app.program.db.read();
    let edits: Vec<Uuid> = edit::Entity::find()
        .all(db)
        .await
        .unwrap()
        .iter()
        .map(|row| row.id)
        .collect();
    let known: BTreeSet<Uuid> = edits.iter().copied().collect();
    assert_eq!(edits.len(), known.len());
    assert_eq!(made.iter().filter(|id| known.contains(id)).count(), all);
    assert_eq!(visit::Entity::find().all(db).await.unwrap().len(), 20 + 20 + 2);
    let phones: Vec<Phone> = phones.into_iter().map(|(phone, _)| phone).collect();
    let shown = shown(&phones).await;
    assert!(reported.iter().all(|id| shown.contains_key(id)));
    tests::verify(&app).await;

    // What a cadre wrote since the backup only phones know: it is listed, and not there.
    let gap = admin.get("/api/v1/restored").await.ok();
    assert!(
        gap["phones"].as_array().unwrap().is_empty(),
        "all has come: {gap}"
    );
    let listed: Vec<&Value> = gap["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["resident"])
        .collect();
    assert!(listed.contains(&&json!(only_here)), "{gap}");
    let record = admin.get(&format!("/api/v1/residents/{only_here}")).await.ok();
    assert_eq!(record["fields"].get("living_arrangement"), None);
}
