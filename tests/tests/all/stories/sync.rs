//! Lost answers, late edits, and edits written out again.

use serde_json::{Value, json};
use tests::console::Console;
use tests::county::County;
use tests::database::Database;
use tests::phone::Loss;
use uuid::Uuid;

/// What the history of a person says of one edit: once, where it is there.
async fn steps(cadre: &Console, resident: Uuid, edit: Uuid) -> Vec<Value> {
    let history = cadre
        .get(&format!("/api/v1/residents/{resident}/history"))
        .await
        .ok();
    let steps = history["steps"].as_array().unwrap().iter();
    steps
        .filter(|step| step["edit"] == json!(edit))
        .cloned()
        .collect()
}

async fn held(cadre: &Console) -> Vec<Value> {
    let page = cadre.get("/api/v1/inbox?reason=held_edit").await.ok();
    page["items"].as_array().unwrap().clone()
}

/// A receipt without the id of its edit.
fn nameless(receipt: &Value) -> Value {
    let mut receipt = receipt.clone();
    receipt["edit"] = Value::Null;
    receipt
}

/// sync-1: the second edit of a new person arrives before the first.
async fn the_second_edit_of_a_new_person_arrives_before_the_first(database: Database) {
    let county = County::start(database).await;
    let foreign = county.a_resident("宋惠贞").in_grid("仙溪一格").made().await;
    let mut a = county.phone("梁少芳").await;
    a.sync().await;
    let amei = a
        .create(county.place("良围一格"))
        .set("name", "黎阿妹")
        .set("id_number", "440784195106184849")
        .person();
    let second = a.edit(amei).set("phone", "13900078411").done();
    let [first, late] = a.unsent()[..] else {
        panic!("two edits wait")
    };
    assert_eq!(late, second);

    let answer = a.send(&[second]).await.unwrap();
    assert_eq!(a.outcome(second), "held");
    assert_eq!(
        (&answer["standing"]["received"], &answer["standing"]["through"]),
        (&json!(1), &json!(0))
    );

    // What is said of it is what is said of anybody who is not to be known here.
    let said = nameless(a.receipt(second).unwrap());
    for other in [foreign, Uuid::now_v7()] {
        let mut b = county.phone("梁少芳").await;
        let edit = b.edit(other).set("phone", "13900078411").done();
        b.exchange().await;
        assert_eq!(nameless(b.receipt(edit).unwrap()), said);
    }

    let answer = a.send(&[first]).await.unwrap();
    assert_eq!(
        (&answer["standing"]["received"], &answer["standing"]["through"]),
        (&json!(2), &json!(2))
    );
    a.sync().await;
    assert_eq!(a.outcome(second), "merged", "by the device feed");
    assert_eq!(a.shows(amei, "phone"), "13900078411");
    assert_eq!(a.record(amei)["state"], "reported");
    let cadre = county.console("陆桂英").await;
    assert_eq!(cadre.waiting(amei).await, ["new_resident"]);
    let changes = &steps(&cadre, amei, second).await[0]["changes"];
    assert_eq!(
        (&changes[0]["key"], &changes[0]["to"]),
        (&json!("phone"), &json!("13900078411"))
    );
    let waits = held(&cadre).await;
    let waits = waits
        .iter()
        .filter(|item| item.to_string().contains(&second.to_string()));
    assert_eq!(waits.count(), 0, "its item is closed");

    // The same in one request, and in the right order.
    for (apart, name) in [(false, "温月好"), (true, "任水仙")] {
        let mut b = county.phone("梁少芳").await;
        b.sync().await;
        let other = b.create(county.place("良围一格")).set("name", name).person();
        b.edit(other).set("phone", "13900078411").done();
        if apart {
            let first = b.unsent()[0];
            b.send(&[first]).await;
        }
        b.sync().await;
        for member in ["state", "conflicts", "pending", "open"] {
            assert_eq!(b.record(other)[member], a.record(amei)[member], "{member}");
        }
        assert_eq!(b.shows(other, "phone"), a.shows(amei, "phone"));
        assert_eq!(cadre.waiting(other).await, ["new_resident"]);
    }
    tests::verify(&county).await;
}

/// sync-2: the same edit, written out again a little differently.
async fn the_same_edit_written_out_again_a_little_differently(database: Database) {
    let county = County::start(database).await;
    let runsheng = county.a_resident("陆润生").phone("13900078412").made().await;
    let mut a = county.phone("梁少芳").await;
    a.sync().await;
    a.at("2026-11-06T01:00:00.000Z");
    let edit = a
        .edit(runsheng)
        .set("phone", "13900078413")
        .set("remarks", "梁")
        .done();
    a.lose_next(Loss::Answer);
    a.exchange().await;
    let body = a.made(edit).body.clone();

    // Members in another order, blanks, the instant and the text's escapes written differently.
    let mut members: Vec<String> = body
        .as_object()
        .unwrap()
        .iter()
        .map(|(k, v)| format!("{k:?} :  {v}"))
        .collect();
    members.reverse();
    let written = format!("{{ {} }}", members.join(" ,\n"));
    let written = written
        .replace("2026-11-06T01:00:00.000Z", "2026-11-06T09:00:00+08:00")
        .replace('梁', "\\u6881");
    let request = format!("{{\"catalogue\":1,\"edits\":[{written}]}}");
    let answer = a.send_text(&request).await.ok();
    assert_eq!(answer["receipts"][0]["outcome"], "merged", "{answer}");
    assert_eq!(answer["receipts"][0]["repeat"], true);

    let variants = [
        ("made_at", json!("2026-11-06T03:12:00.000Z")),
        ("seq", json!(7)),
        ("base", json!("AAEAAAABAAAAAAAAAAA")),
    ];
    for (member, value) in variants {
        let mut other = body.clone();
        other[member] = value;
        let answer = a
            .send_raw(&json!({ "catalogue": 1, "edits": [other] }))
            .await
            .ok();
        let receipt = &answer["receipts"][0];
        assert_eq!(receipt["outcome"], "held", "{member}: {receipt}");
        assert_eq!(receipt["problem"]["code"], "id_reused", "{member}");
    }
    a.sync().await;
    assert_eq!(a.shows(runsheng, "phone"), "13900078413");
    // Each of the other contents is before a person, whole; the first stands once.
    let cadre = county.console("陆桂英").await;
    let kept = held(&cadre).await;
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert!(
        kept.iter().all(|item| item["content"]["reason"] == "id_reused"),
        "{kept:?}"
    );
    let raw: Vec<Value> = kept
        .iter()
        .map(|item| serde_json::from_str(item["content"]["raw"].as_str().unwrap()).unwrap())
        .collect();
    for (member, before) in body.as_object().unwrap() {
        let same = raw.iter().filter(|other| other[member] == *before).count();
        let differs = ["made_at", "seq", "base"].contains(&member.as_str());
        assert_eq!(same, if differs { 2 } else { 3 }, "{member}");
    }
    assert_eq!(steps(&cadre, runsheng, edit).await.len(), 1);
    tests::verify(&county).await;
}

/// The answer to a lost answer is the same outcome, however often; nothing is written twice.
async fn lost_requests_and_answers_change_nothing(database: Database) {
    let county = County::start(database).await;
    let resident = county.a_resident("温好彩").made().await;
    let mut a = county.phone("梁少芳").await;
    let mut other = county.phone("吕小燕").await;
    a.sync().await;
    for turn in 0..6 {
        let edit = a.edit(resident).set("phone", format!("1390007840{turn}")).done();
        let visit = a
            .edit(resident)
            .visit("home", "met", "一切如常")
            .confirm(&["phone"])
            .done();
        for loss in [Loss::Answer, Loss::Request, Loss::Answer] {
            a.lose_next(loss);
        }
        a.sync().await;
        assert_eq!((a.outcome(edit), a.outcome(visit)), ("merged", "merged"));
    }
    other.sync().await;
    assert_eq!(other.record(resident), a.record(resident));
    assert_eq!(a.shows(resident, "phone"), "13900078405");
    assert_eq!(
        a.record(resident)["visits"].as_array().unwrap().len(),
        3,
        "the last three"
    );
    assert!(
        a.record(resident)
            .get("conflicts")
            .is_none_or(|c| c.as_object().unwrap().is_empty())
    );
    tests::verify(&county).await;
}

tests::on_both!(
    the_second_edit_of_a_new_person_arrives_before_the_first,
    the_same_edit_written_out_again_a_little_differently,
    lost_requests_and_answers_change_nothing,
);
