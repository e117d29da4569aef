//! Lost answers, late edits, and edits written out again.

use serde_json::json;
use tests::county::County;
use tests::database::Database;
use tests::phone::Loss;

/// sync-1: the second edit of a new person arrives before the first.
async fn the_second_edit_of_a_new_person_arrives_before_the_first(database: Database) {
    let county = County::start(database).await;
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

    a.send(&[first]).await;
    a.sync().await;
    assert_eq!(a.outcome(second), "merged", "by the device feed");
    assert_eq!(a.shows(amei, "phone"), "13900078411");
    assert_eq!(a.record(amei)["state"], "reported");
    let cadre = county.console("陆桂英").await;
    assert_eq!(cadre.waiting(amei).await, ["new_resident"]);
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
