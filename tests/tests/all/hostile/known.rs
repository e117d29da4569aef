//! Ids and numbers used again: by the same phone, by another, within one request, with the same content and with
//! other content. The first one counts, everything is kept, and each is counted once.

use super::bench::{Bench, another_phone};
use entity::{held, resident};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(
    equal_and_different_edits_in_one_request,
    unreadable_edits_are_known_by_their_bytes,
    an_id_of_another_phone,
    a_number_used_again,
    edits_that_come_in_any_order,
    what_comes_after_an_unreadable_edit,
    records_of_others_and_of_nobody,
);

/// `seq` and `id` of an edit that only says this of `phone_other`.
fn written(bench: &Bench, id: Uuid, seq: i64, phone: &str) -> String {
    let free = format!(r#""seq":{}"#, bench.next_seq());
    let rest = format!(r#""fields":{{"phone_other":{{"was":null,"now":"{phone}"}}}}"#);
    let edit = bench.edit(&rest).replacen(&free, &format!(r#""seq":{seq}"#), 1);
    let own = serde_json::from_str::<Value>(&edit).unwrap()["id"].clone();
    edit.replace(own.as_str().unwrap(), &id.to_string())
}

async fn told_of(bench: &Bench, answer: &Value) -> Vec<String> {
    let mut told = Vec::new();
    for receipt in answer["receipts"].as_array().unwrap() {
        told.push(bench.told(receipt).await);
    }
    told
}

async fn equal_and_different_edits_in_one_request(database: Database) {
    let mut bench = Bench::start(database).await;
    let (x, y, z) = (r#"{"id":"ID7","seq":false}"#, "17", r#"{"seq":"\ud800"}"#);
    // Letters are edits: A and B have one id and other contents, C another id; x, y, z cannot be read.
    let cases: &[(&str, i64, &[&str])] = &[
        ("AA", 1, &["merged", "merged again"]),
        ("AAA", 1, &["merged", "merged again", "merged again"]),
        ("AB", 2, &["merged", "held id_reused"]),
        ("ABA", 2, &["merged", "held id_reused", "merged again"]),
        ("ABB", 2, &["merged", "held id_reused", "held id_reused again"]),
        ("ABCA", 3, &["merged", "held id_reused", "merged", "merged again"]),
        ("xx", 1, &["held malformed", "held malformed again"]),
        (
            "yyy",
            1,
            &["held malformed", "held malformed again", "held malformed again"],
        ),
        ("xyz", 3, &["held malformed", "held malformed", "held not_json"]),
        ("zAz", 2, &["held not_json", "merged", "held not_json again"]),
        (
            "zxzx",
            2,
            &[
                "held not_json",
                "held malformed",
                "held not_json again",
                "held malformed again",
            ],
        ),
    ];
    for (letters, fresh, expected) in cases {
        let (one, other, seq) = (Uuid::now_v7(), Uuid::now_v7(), bench.next_seq());
        let salt = Uuid::now_v7();
        let edits: Vec<String> = letters
            .chars()
            .map(|letter| match letter {
                'A' => written(&bench, one, seq, "13900078491"),
                'B' => written(&bench, one, seq, "13900078492"),
                'C' => written(&bench, other, seq + 1, "13900078491"),
                'x' => x.replace("ID7", &salt.to_string()),
                'y' => format!("[{y},\"{salt}\"]"),
                _ => z.replace("seq", &salt.to_string()),
            })
            .collect();
        let answer = bench.sync(letters, &edits, *fresh).await;
        assert_eq!(told_of(&bench, &answer).await, *expected, "{letters}");
        named_by_place(letters, &answer);
        for (edit, receipt) in edits.iter().zip(answer["receipts"].as_array().unwrap()) {
            bench.kept(letters, edit, receipt).await;
        }
        let again = bench.sync(letters, &edits, 0).await;
        assert!(
            told_of(&bench, &again)
                .await
                .iter()
                .all(|told| told.ends_with("again")),
            "{again}"
        );
        named_by_place(letters, &again);
        bench.goes_on(letters, 0).await;
    }
}

/// An edit without a readable id is named by its place in the request that asked.
#[track_caller]
fn named_by_place(what: &str, answer: &Value) {
    for (place, receipt) in answer["receipts"].as_array().unwrap().iter().enumerate() {
        if receipt.get("edit").is_none() {
            assert_eq!(receipt["index"], place, "{what}: {receipt}");
            assert_eq!(receipt["sha256"].as_str().unwrap().len(), 64, "{what}");
        }
    }
}

async fn unreadable_edits_are_known_by_their_bytes(database: Database) {
    let mut bench = Bench::start(database).await;
    let bad = r#"{"id":"\ud800"}"#.to_owned();
    let answer = bench.sync("alone", std::slice::from_ref(&bad), 1).await;
    named_by_place("alone", &answer);
    let good = bench.edit(r#""confirm":["phone"]"#);
    let answer = bench.sync("behind another", &[good, bad.clone()], 1).await;
    assert_eq!(told_of(&bench, &answer).await, ["merged", "held not_json again"]);
    named_by_place("behind another", &answer);
    // Other bytes are another edit, the same bytes of another phone too.
    let blank = format!("{} ", bad.replace(':', ": "));
    bench.sync("a blank more", &[blank], 1).await;
    let (other, device) = another_phone(&bench.county, "梁少芳").await;
    let body = format!(r#"{{"edits":[{bad}]}}"#).into_bytes();
    let answer = other
        .send_bytes("POST", "/api/v1/sync", Some(("application/json", body)))
        .await
        .ok();
    assert_eq!(answer["receipts"][0].get("repeat"), None);
    let rows = held::Entity::find().filter(held::Column::Device.eq(device));
    assert_eq!(rows.all(bench.county.program.db.read()).await.unwrap().len(), 1);
}

async fn an_id_of_another_phone(database: Database) {
    let mut bench = Bench::start(database).await;
    let (other, _) = another_phone(&bench.county, "吕小燕").await;
    let theirs = |edits: &[String]| format!(r#"{{"edits":[{}]}}"#, edits.join(",")).into_bytes();
    let send = async |edits: &[String]| {
        let body = Some(("application/json", theirs(edits)));
        other.send_bytes("POST", "/api/v1/sync", body).await.ok()["receipts"].clone()
    };
    let id = Uuid::now_v7();
    let first = written(&bench, id, bench.next_seq(), "13900078491");
    bench.sync("the first", std::slice::from_ref(&first), 1).await;
    // To the byte the same: another phone did not make it.
    let copy = send(std::slice::from_ref(&first)).await;
    assert_eq!(copy[0]["problem"]["code"], "id_reused");
    assert_eq!(send(&[first]).await[0]["repeat"], true);

    // One phone's edit waits under an id that another phone uses meanwhile: both are kept, neither breaks the other.
    let (stolen, missing) = (Uuid::now_v7(), Uuid::now_v7());
    let seq = bench.next_seq();
    let waits = written(&bench, stolen, seq + 1, "13900078492").replacen(
        r#""fields""#,
        &format!(r#""after":"{missing}","fields""#),
        1,
    );
    let answer = bench.sync("waits", std::slice::from_ref(&waits), 1).await;
    assert_eq!(told_of(&bench, &answer).await, ["held waits_for_earlier"]);
    let taken = send(&[written(&bench, stolen, 5, "13900078493")]).await;
    assert_eq!(taken[0]["outcome"], "conflict", "{taken}");
    let came = written(&bench, missing, seq, "13900078494");
    let answer = bench.sync("what it waited for", &[came], 1).await;
    assert_eq!(told_of(&bench, &answer).await, ["conflict"]);
    bench.kept("waits", &waits, &json!({ "outcome": "held" })).await;
    let answer = bench.sync("again", &[waits], 0).await;
    assert_eq!(told_of(&bench, &answer).await, ["held waits_for_earlier again"]);
    bench.goes_on("a stolen id", 0).await;
}

async fn a_number_used_again(database: Database) {
    let mut bench = Bench::start(database).await;
    let seq = bench.next_seq();
    let [one, two, three] =
        [1, 2, 3].map(|n| written(&bench, Uuid::now_v7(), seq, &format!("1390007849{n}")));
    let answer = bench.sync("in one request", &[one, two.clone()], 2).await;
    assert_eq!(told_of(&bench, &answer).await, ["merged", "held seq_reused"]);
    let answer = bench.sync("in another", std::slice::from_ref(&three), 1).await;
    assert_eq!(told_of(&bench, &answer).await, ["held seq_reused"]);
    for edit in [two, three] {
        bench.kept("seq", &edit, &json!({ "outcome": "held" })).await;
    }
    one_phone(&bench).await;
    bench.goes_on("a number used again", 0).await;

    // The number of an edit that waits is used as well.
    let missing = Uuid::now_v7();
    let seq = bench.next_seq();
    let waits = written(&bench, Uuid::now_v7(), seq + 1, "13900078491").replacen(
        r#""fields""#,
        &format!(r#""after":"{missing}","fields""#),
        1,
    );
    let answer = bench.sync("waits", &[waits], 1).await;
    assert_eq!(told_of(&bench, &answer).await, ["held waits_for_earlier"]);
    let second = written(&bench, Uuid::now_v7(), seq + 1, "13900078495");
    let answer = bench.sync("its number", &[second], 1).await;
    assert_eq!(told_of(&bench, &answer).await, ["held seq_reused"]);
    one_phone(&bench).await;
    let answer = bench
        .sync(
            "what it waited for",
            &[written(&bench, missing, seq, "13900078491")],
            1,
        )
        .await;
    assert_eq!(told_of(&bench, &answer).await, ["merged"]);
    let news = answer["items"].to_string();
    assert!(
        news.contains(r#""kind":"receipt""#),
        "the waiting one was taken: {news}"
    );
    bench.goes_on("the number of one that waits", 0).await;
}

/// The bureau says that a phone which used a number twice is one phone.
async fn one_phone(bench: &Bench) {
    let admin = bench.county.console("区划管理员").await;
    let path = format!("/api/v1/devices/{}/one-phone", bench.device);
    admin.send("POST", &path, None).await.ok();
}

async fn edits_that_come_in_any_order(database: Database) {
    let mut bench = Bench::start(database).await;
    // Orders in which three edits, each after the one before, come in one request each; then all in one.
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for at_once in [false, true] {
            let what = format!("{order:?} {at_once}");
            let resident = bench.county.a_resident("温好彩").made().await;
            let db = bench.county.program.db.read();
            let row = resident::Entity::find_by_id(resident).one(db).await.unwrap();
            let version = row.unwrap().version;
            let (ids, seq) = ([0; 3].map(|_| Uuid::now_v7()), bench.next_seq());
            let edits: Vec<String> = (0..3)
                .map(|n| {
                    let edit = written(&bench, ids[n], seq + n as i64, &format!("1390007849{n}"));
                    let edit = edit
                        .replace(&bench.mine.to_string(), &resident.to_string())
                        .replacen(r#""fields""#, &format!(r#""base":"{version}","fields""#), 1);
                    match n {
                        0 => edit,
                        n => {
                            edit.replacen(r#""fields""#, &format!(r#""after":"{}","fields""#, ids[n - 1]), 1)
                        }
                    }
                })
                .collect();
            let edits: Vec<String> = order.iter().map(|n| edits[*n].clone()).collect();
            let parts: Vec<&[String]> = if at_once {
                vec![&edits]
            } else {
                edits.chunks(1).collect()
            };
            for part in parts {
                bench.sync(&what, part, part.len() as i64).await;
            }
            let answer = bench.sync(&what, &edits, 0).await;
            assert_eq!(told_of(&bench, &answer).await, ["merged again"; 3], "{what}");
            let shown = answer["items"].to_string();
            assert!(
                shown.contains(r#""phone_other":"13900078492""#),
                "{what}: {shown}"
            );
            let cadre = bench.county.console("陆桂英").await;
            assert_eq!(cadre.waiting(resident).await, [""; 0], "{what}");
            bench.goes_on(&what, 0).await;
        }
    }
}

/// One that cannot be read has arrived all the same: what comes after it need not wait for ever.
async fn what_comes_after_an_unreadable_edit(database: Database) {
    let mut bench = Bench::start(database).await;
    for order in [
        "in one request",
        "before",
        "behind",
        "behind, and nobody says whose it is",
    ] {
        let (bad, seq) = (Uuid::now_v7(), bench.next_seq());
        let after = written(&bench, Uuid::now_v7(), seq + 1, "13900078491").replacen(
            r#""fields""#,
            &format!(r#""after":"{bad}","fields""#),
            1,
        );
        let mut unreadable = written(&bench, bad, seq, "13900078490").replacen("now", "then", 1);
        if order.ends_with("it is") {
            unreadable = unreadable.replacen("resident", "person", 1);
        }
        let edits = [unreadable, after];
        match order {
            "in one request" => drop(bench.sync(order, &edits, 2).await),
            "before" => {
                bench.sync(order, &edits[..1], 1).await;
                bench.sync(order, &edits[1..], 1).await;
            }
            _ => {
                let answer = bench.sync(order, &edits[1..], 1).await;
                assert_eq!(told_of(&bench, &answer).await, ["held waits_for_earlier"]);
                bench.sync(order, &edits[..1], 1).await;
                // The next edit of the person at the latest.
                bench.goes_on(order, 0).await;
            }
        }
        let answer = bench.sync(order, &edits, 0).await;
        assert_eq!(
            told_of(&bench, &answer).await,
            ["held malformed again", "merged again"],
            "{order}"
        );
        bench.goes_on(order, 0).await;
    }
}

/// What is said of a record that others look after is what is said of one that is not there.
async fn records_of_others_and_of_nobody(database: Database) {
    let mut bench = Bench::start(database).await;
    let parts = [
        r#""fields":{"phone":{"was":null,"now":"13900078499"}}"#,
        r#""visit":{"means":"home","outcome":"met","at":"2026-11-25T01:00:00Z"}"#,
        r#""confirm":["phone"]"#,
        r#""report":{"kind":"died"}"#,
        r#""base":"AAEAAAABAAAAAAAAAAA","after":"ID","confirm":["nothing"]"#,
        r#""create":{"grid":"FAR_GRID"},"fields":{"name":{"was":null,"now":"宋惠贞"}}"#,
        r#""create":{"grid":"NOBODY"}"#,
    ];
    for rest in parts {
        let mut told = Vec::new();
        for resident in [bench.others, Uuid::now_v7()] {
            let edit = bench
                .edit(rest)
                .replace(&bench.mine.to_string(), &resident.to_string());
            let id = serde_json::from_str::<Value>(&edit).unwrap()["id"].clone();
            let answer = bench.sync(rest, std::slice::from_ref(&edit), 1).await;
            bench.kept(rest, &edit, &answer["receipts"][0]).await;
            assert_eq!(answer["items"], json!([]), "{rest}");
            let receipt = answer["receipts"][0].to_string();
            told.push(receipt.replace(id.as_str().unwrap(), "ID"));
        }
        assert_eq!(told[0], told[1], "{rest}");
        assert!(told[0].contains("not_in_scope"), "{rest}: {}", told[0]);
        bench.goes_on(rest, 0).await;
    }
    // A new person under an id that is in use elsewhere: nobody learns of it, nothing becomes of it.
    let create = bench
        .edit(r#""create":{"grid":"GRID"},"fields":{"name":{"was":null,"now":"宋惠贞"}}"#)
        .replace(&bench.mine.to_string(), &bench.others.to_string());
    let answer = bench.sync("an id in use", std::slice::from_ref(&create), 1).await;
    assert_eq!(told_of(&bench, &answer).await, ["held not_in_scope"]);
    bench.kept("an id in use", &create, &answer["receipts"][0]).await;
    bench.goes_on("an id in use", 0).await;
}
