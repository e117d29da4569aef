//! What is done at a desk meanwhile: a cadre writes, decides what waits, moves people and notes who has died; a
//! department hands a list in.

use super::run::Ground;
use super::said::PHONES;
use serde_json::{Value, json};
use std::fmt::Write;
use tests::clerk::{Clerk, Handed, worker};
use tests::client::Answer;
use tests::console::Console;
use tests::county::County;
use tests::dice::Dice;
use uuid::Uuid;

/// Somebody may have been there first, or what was shown has changed.
async fn done_or_late(console: &Console, done: &Answer, people: &[Uuid]) {
    // A grid may have ended at the same moment.
    let ended = done.status == 422 && done.code() == "422 grid_unknown";
    if done.status == 404 {
        // Or somebody was erased.
        for who in people {
            if read(console, *who).await.is_none() {
                return;
            }
        }
    }
    assert!(
        ended || matches!(done.status, 200 | 409),
        "{}: {}",
        done.status,
        done.text()
    );
}

/// A cadre decides one of the things that wait, as it is shown; where nothing waits, writes.
pub async fn decides(dice: &mut Dice, cadre: &Console, ground: &Ground<'_>) {
    let who = ground.people[dice.roll(ground.people.len())];
    let mut items = cadre.items(who).await;
    if dice.roll(3) == 0 {
        items.extend(held(cadre, ground.people).await);
    }
    let item = match items.len() {
        0 => return writes(dice, cadre, who).await,
        more => &items[dice.roll(more)],
    };
    let sides = item["content"]["sides"].as_array().cloned().unwrap_or_default();
    let side = match sides.len() {
        0 => Value::Null,
        more => sides[dice.roll(more)].clone(),
    };
    let yes = ["approve", "reject"][dice.roll(2)];
    let (choice, mut more) = match item["reason"].as_str().unwrap_or_default() {
        "proposal" if dice.roll(4) == 0 => ("choose", json!({ "edit": side["edit"] })),
        "proposal" | "departure" => (yes, json!({ "edit": side["edit"] })),
        "new_resident" | "list_row_missing" => (yes, json!({})),
        "possible_duplicate" => ("keep_apart", json!({})),
        "conflict" => match side.get("element") {
            Some(element) => {
                let way = ["add", "remove"][dice.roll(2)];
                ("choose", json!({ "value": { way: [element] } }))
            }
            None => ("choose", json!({ "edit": side["edit"] })),
        },
        "merged_note" => ("accept", json!({})),
        "note_beside" | "list_row_contradicted" | "address" => ("reject", json!({})),
        "held_fields" | "unplaced" => ("discard", json!({})),
        "held_edit" => (["apply", "discard"][dice.roll(2)], json!({})),
        _ => return,
    };
    more["reason"] = "核实".into();
    let done = cadre.decide(item, choice, more.clone()).await;
    // A person whom a restored database lacks, or a change that nobody can read.
    let unfit = item["reason"] == "held_edit" && matches!(done.status, 404 | 422);
    if unfit || (done.status == 404 && read(cadre, who).await.is_none()) {
        return;
    }
    assert!(
        matches!(done.status, 200 | 409),
        "{choice} {more} {}: {item}",
        done.text()
    );
}

/// Edits about these people that could not be applied.
async fn held(cadre: &Console, people: &[Uuid]) -> Vec<Value> {
    let page = cadre.get("/api/v1/inbox?reason=held_edit&limit=200").await.ok();
    let mut items = page["items"].as_array().unwrap().clone();
    items.retain(|item| {
        let raw = item["content"]["raw"].as_str().unwrap_or_default();
        people.iter().any(|id| raw.contains(&id.to_string()))
    });
    items
}

async fn read(cadre: &Console, who: Uuid) -> Option<Value> {
    let answer = cadre.get(&format!("/api/v1/residents/{who}")).await;
    // Erased, or not known to a restored database.
    (answer.status != 404).then(|| answer.ok())
}

/// A cadre writes what nobody has written.
pub async fn writes_something(cadre: &Console, who: Uuid) {
    let seen = read(cadre, who).await.unwrap();
    edits(cadre, who, &seen, "phone_other", "13900078499").await;
}

async fn writes(dice: &mut Dice, cadre: &Console, who: Uuid) {
    let Some(seen) = read(cadre, who).await else {
        return;
    };
    let now = PHONES[dice.roll(PHONES.len())];
    edits(cadre, who, &seen, "phone", now).await;
}

async fn edits(cadre: &Console, who: Uuid, seen: &Value, key: &str, now: &str) {
    let body = json!({
        "id": Uuid::now_v7(), "base": seen["version"], "fields": { key: { "was": seen["fields"][key], "now": now } },
    });
    let done = cadre.post(&format!("/api/v1/residents/{who}/edits"), &body).await;
    done_or_late(cadre, &done, &[who]).await;
}

/// Somebody is known to have died, or was not dead at all.
pub async fn dies_or_lives(dice: &mut Dice, cadre: &Console, ground: &Ground<'_>) {
    let who = ground.people[dice.roll(ground.people.len())];
    let Some(seen) = read(cadre, who).await else {
        return;
    };
    let now = match seen["state"] == "departed" {
        true => "living",
        false => "died",
    };
    edits(cadre, who, &seen, "life_status", now).await;
}

/// Somebody goes to the other grid.
pub async fn moves(dice: &mut Dice, cadre: &Console, ground: &Ground<'_>) {
    let who = ground.people[dice.roll(ground.people.len())];
    let Some(seen) = read(cadre, who).await else {
        return;
    };
    let others: Vec<Uuid> = ground
        .grids
        .iter()
        .copied()
        .filter(|grid| seen["grid"] != json!(grid))
        .collect();
    let to = others[dice.roll(others.len())];
    let body = json!({ "id": Uuid::now_v7(), "from": seen["grid"], "to": to, "reason": "搬家" });
    let done = cadre.post(&format!("/api/v1/residents/{who}/moves"), &body).await;
    done_or_late(cadre, &done, &[who]).await;
}

/// Two people are taken for one; somebody who was is given back.
pub async fn merges_or_parts(dice: &mut Dice, cadre: &Console, ground: &Ground<'_>) {
    let one = ground.people[dice.roll(ground.people.len())];
    let other = ground.people[dice.roll(ground.people.len())];
    let (Some(seen), Some(beside)) = (read(cadre, one).await, read(cadre, other).await) else {
        return;
    };
    if let Some(into) = beside["merged_into"].as_str() {
        let Some(survivor) = read(cadre, into.parse().unwrap()).await else {
            return;
        };
        let body = json!({ "id": Uuid::now_v7(), "base": survivor["version"], "reason": "两个人" });
        let path = format!("/api/v1/residents/{other}/unmerge");
        let done = cadre.post(&path, &body).await;
        return done_or_late(cadre, &done, &[other]).await;
    }
    if one != other {
        merges(cadre, (one, &seen), (other, &beside)).await;
    }
}

/// Merges one person, as somebody saw both, into another.
pub async fn merges(cadre: &Console, survivor: (Uuid, &Value), absorbed: (Uuid, &Value)) {
    let body = json!({
        "id": Uuid::now_v7(), "absorbed": absorbed.0, "version": survivor.1["version"],
        "absorbed_version": absorbed.1["version"], "grid": absorbed.1["grid"], "reason": "同一人",
    });
    let path = format!("/api/v1/residents/{}/merge", survivor.0);
    let done = cadre.post(&path, &body).await;
    done_or_late(cadre, &done, &[survivor.0, absorbed.0]).await;
}

/// An administrator erases somebody. Answers whom, and who had become that one, where nobody was at work on the record
/// meanwhile.
pub async fn erases(dice: &mut Dice, admin: &Console, people: &[Uuid]) -> Vec<Uuid> {
    let who = people[dice.roll(people.len())];
    let mut all = vec![who];
    for id in people {
        let seen = read(admin, *id).await.unwrap_or_default();
        if seen["merged_into"] == who.to_string() {
            all.push(*id);
        }
    }
    let path = format!("/api/v1/residents/{who}/erasure");
    let asked = admin.post(&path, &json!({ "reason": "requested" })).await;
    if asked.code() != "409 needs_confirmation" {
        let merged = asked.code() == "409 resident_merged";
        assert!(
            merged || matches!(asked.status, 200 | 404),
            "erased already: {}",
            asked.text()
        );
        return Vec::new();
    }
    let confirm = asked.json()["present"]["version"].clone();
    let body = json!({ "reason": "requested", "confirm": confirm });
    let done = admin.post(&path, &body).await;
    done_or_late(admin, &done, &[who]).await;
    all.retain(|_| done.status == 200);
    all
}

/// Somebody of whom a list can speak.
#[derive(Clone)]
pub struct Listed {
    pub number: String,
    pub address: &'static str,
}

/// A department hands in a month's list with these people; every row of it must get its verdict. Answers the list, and
/// how many rows it has: those of people who are erased go with them.
pub async fn hands_in(dice: &mut Dice, county: &County, month: &str, people: &[Listed]) -> (String, usize) {
    let mut text = "姓名,身份证号,出生日期,联系电话,残疾类别,残疾等级,现住址\n".to_owned();
    for person in people {
        let (number, phone) = (&person.number, PHONES[dice.roll(PHONES.len())]);
        let born = format!("{}-{}-{}", &number[6..10], &number[10..12], &number[12..14]);
        let level = ["一级", "二级"][dice.roll(2)];
        writeln!(
            text,
            "黎阿妹,{number},{born},{phone},肢体,{level},{}",
            person.address
        )
        .unwrap();
    }
    let list = Handed::disabled(county, month, text);
    let runner = worker(&county.program).await;
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let id = clerk.hand_in(&list, true).await;
    let rows = clerk.rows(&id, None).await;
    runner.stop().await;
    assert!(rows.iter().all(|row| row["verdict"].is_string()), "{rows:?}");
    let named = rows.iter().filter(|row| row["verdict"] != "missing").count();
    (id, named)
}

/// The department takes its list back, or is told why not: something may have been built upon it, or a restored
/// database does not have it.
pub async fn undoes(county: &County, list: &str) -> Result<(), Value> {
    let clerk = Clerk::new((*county.console("残联").await).clone());
    let started = clerk
        .post(&format!("/api/v1/lists/{list}/undo"), &Value::Null)
        .await;
    if matches!(started.status, 404 | 409) {
        return Err(started.json());
    }
    let runner = worker(&county.program).await;
    clerk.done(&started.ok()).await;
    runner.stop().await;
    Ok(())
}

/// A valid number, another for each `n`.
pub fn number(n: usize) -> String {
    let (day, month, year) = (1 + n % 28, 1 + n / 28 % 12, 1940 + n / 336 % 60);
    let body = format!("440784{year}{month:02}{day:02}{:03}", 1 + n / 20_160);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = body.bytes().map(|b| usize::from(b - b'0'));
    let sum: usize = digits.zip(weights).map(|(digit, weight)| digit * weight).sum();
    format!("{body}{}", char::from(b"10X98765432"[sum % 11]))
}
