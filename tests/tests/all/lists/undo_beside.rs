//! A list is taken back from beside values that nobody has chosen from yet.

use super::number;
use serde_json::{Value, json};
use tests::clerk::{Clerk, Handed, worker};
use tests::county::County;
use tests::database::Database;

tests::on_both!(what_two_workers_said_is_there_as_before);

async fn what_two_workers_said_is_there_as_before(database: Database) {
    let county = County::start(database).await;
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let cadre = county.console("陆桂英").await;
    let list = |month: &'static str, phone: &str| {
        let number = number(0);
        let text = format!(
            "姓名,身份证号,联系电话,残疾类别,残疾等级,现住址\n\
             何一新,{number},{phone},肢体,二级,沙坪街道良围村旧围村3号\n"
        );
        Handed::disabled(&county, month, text)
    };
    let id = clerk.hand_in(&list("2026-09", "13900071000"), true).await;
    let who = clerk.rows(&id, None).await[0]["resident"].clone();
    let who = who.as_str().unwrap().parse().unwrap();
    let (mut a, mut b) = (county.phone("梁少芳").await, county.phone("吕小燕").await);
    for (phone, says) in [(&mut a, "13900071001"), (&mut b, "13900071002")] {
        phone.sync().await;
        phone.edit(who).set("phone", says).done();
    }
    a.sync().await;
    b.sync().await;
    let both = ["13900071001", "13900071002"];
    a.sync().await;
    assert_eq!(a.conflict(who, "phone"), both);
    let before = cadre.get(&format!("/api/v1/residents/{who}")).await.ok();

    // It says something else, or what one of them said.
    for says in ["13900071003", "13900071001", "13900071002"] {
        let id = clerk.hand_in(&list("2026-10", says), true).await;
        a.sync().await;
        let sides = a.conflict(who, "phone");
        assert!(
            both.iter().all(|said| sides.contains(&(*said).to_owned())),
            "{says}: {sides:?}"
        );
        let path = format!("/api/v1/lists/{id}/undo");
        clerk.done(&clerk.post(&path, &Value::Null).await.ok()).await;
        a.sync().await;
        assert_eq!(a.conflict(who, "phone"), both, "{says}");
        assert_eq!(cadre.waiting(who).await, ["conflict phone"], "{says}");
        let now = cadre.get(&format!("/api/v1/residents/{who}")).await.ok();
        assert_eq!(
            (&now["fields"], &now["enrolments"]),
            (&before["fields"], &before["enrolments"])
        );
    }
    let item = cadre.item(who, "conflict").await;
    let chosen = item["content"]["sides"][0]["edit"].clone();
    cadre
        .decide(&item, "choose", json!({ "edit": chosen }))
        .await
        .ok();
    a.sync().await;
    assert!(a.conflict(who, "phone").is_empty());
    runner.stop().await;
    tests::verify(&county).await;
}
