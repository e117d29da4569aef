//! A phone that sends whatever a test likes, and what must be true after each request of it.

use api::store::{edits, held, inbox};
use entity::{edit, held as held_rows, inbox_item};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::client::{Answer, Client};
use tests::county::County;
use tests::database::Database;
use uuid::Uuid;

/// Where an edit is made when a case says nothing else.
pub const MADE_AT: &str = "2026-11-25T01:00:00.000Z";

pub struct Bench {
    pub county: County,
    /// 梁少芳's phone, worker of 良围一格.
    pub client: Client,
    pub device: Uuid,
    pub cursor: String,
    /// In the phone's grid, and in a grid that is none of its business.
    pub mine: Uuid,
    pub others: Uuid,
    /// Everything that the server must count from this device.
    received: i64,
    seqs: BTreeSet<i64>,
}

impl Bench {
    pub async fn start(database: Database) -> Bench {
        Bench::on(County::start(database).await).await
    }

    pub async fn on(county: County) -> Bench {
        let mine = county.a_resident("黄秋菊").phone("13900078441").made().await;
        let others = county.a_resident("宋惠贞").in_grid("仙溪一格").made().await;
        let (client, device) = another_phone(&county, "梁少芳").await;
        let mut bench = Bench {
            county,
            client,
            device,
            cursor: String::new(),
            mine,
            others,
            received: 0,
            seqs: BTreeSet::new(),
        };
        bench.goes_on("the first load", 0).await;
        bench
    }

    /// The lowest number that this phone has not used.
    pub fn next_seq(&self) -> i64 {
        (1..).find(|seq| !self.seqs.contains(seq)).unwrap()
    }

    /// An edit as text. `rest` are its members after the usual ones; placeholders stand for what a case may name.
    pub fn edit(&self, rest: &str) -> String {
        let edit = format!(
            r#"{{"id":"ID","seq":SEQ,"made_at":"{MADE_AT}","resident":"MINE","catalogue":1,{rest}}}"#
        );
        self.filled(&edit)
    }

    pub fn filled(&self, text: &str) -> String {
        let named = [
            ("FAR_GRID", self.county.place("仙溪一格")),
            ("GRID", self.county.place("良围一格")),
            ("MINE", self.mine),
            ("OTHERS", self.others),
            ("NOBODY", Uuid::now_v7()),
            ("ID", Uuid::now_v7()),
        ];
        let text = named.iter().fold(text.to_owned(), |text, (name, id)| {
            text.replace(name, &id.to_string())
        });
        text.replace("SEQ", &self.next_seq().to_string())
    }

    /// One request with a body of any kind.
    pub async fn send(&self, body: impl Into<Vec<u8>>) -> Answer {
        let body = ("application/json", body.into());
        self.client.send_bytes("POST", "/api/v1/sync", Some(body)).await
    }

    /// One request with these edits; a receipt for each, in their order.
    #[track_caller]
    pub fn request(&self, edits: &[String]) -> String {
        format!(
            r#"{{"catalogue":1,"cursor":"{}","edits":[{}]}}"#,
            self.cursor,
            edits.join(",")
        )
    }

    /// Sends edits, of which `fresh` are new to the server, and holds the answer to what it must say of them.
    pub async fn sync(&mut self, what: &str, edits: &[String], fresh: i64) -> Value {
        let answer = self.send(self.request(edits)).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.text());
        let answer = answer.json();
        let receipts = answer["receipts"].as_array().unwrap();
        assert_eq!(receipts.len(), edits.len(), "{what}: {receipts:?}");
        for edit in edits {
            self.seqs.extend(readable_seq(edit));
        }
        self.received += fresh;
        self.adds_up(what, &answer);
        answer
    }

    #[track_caller]
    pub fn adds_up(&self, what: &str, answer: &Value) {
        let through = (1..).take_while(|n| self.seqs.contains(n)).count() as i64;
        let expected = json!({ "received": self.received, "through": through, "safe": null });
        assert_eq!(answer["standing"], expected, "{what}");
    }

    /// The server answers, and a good edit of the same phone goes through. `fresh` were counted since the last one.
    pub async fn goes_on(&mut self, what: &str, fresh: i64) {
        self.received += fresh;
        let seq = self.next_seq();
        let (text, at) = (format!("一切如常 {seq}"), visited(seq));
        let good = self.edit(&format!(
            r#""visit":{{"means":"home","outcome":"met","at":"{at}","text":"{text}"}}"#
        ));
        let answer = self.sync(what, &[good], 1).await;
        assert_eq!(
            answer["receipts"][0]["outcome"], "merged",
            "{what}: {}",
            answer["receipts"]
        );
        let items = answer["items"].as_array().unwrap();
        let shown = items
            .iter()
            .find(|item| item["resident"] == self.mine.to_string());
        let visits = shown.unwrap_or_else(|| panic!("{what}: no record came back"))["visits"].to_string();
        assert!(visits.contains(&text), "{what}: {visits}");
        self.cursor = answer["cursor"].as_str().unwrap().to_owned();
    }

    /// What became of an edit: its outcome, the receipt's code, and the codes of fields that were held.
    pub async fn told(&self, receipt: &Value) -> String {
        let mut words = vec![text(&receipt["outcome"]), text(&receipt["problem"]["code"])];
        if let Some(item) = self.held_fields(receipt).await {
            let typed = item["sides"][0]["typed"].as_object().unwrap().values();
            let codes: BTreeSet<String> = typed.map(|t| text(&t["code"])).collect();
            words.extend(codes);
        }
        if receipt["repeat"] == true {
            words.push("again".into());
        }
        words.retain(|word| !word.is_empty());
        words.join(" ")
    }

    /// Nothing typed is lost: what was applied is an edit row, what was held is kept byte for byte and waits for a
    /// person, and so does each field that was held.
    pub async fn kept(&self, what: &str, raw: &str, receipt: &Value) {
        let program = &self.county.program;
        let db = program.db.read();
        if receipt["outcome"] == "held" && self.held_fields(receipt).await.is_none() {
            let rows = held_rows::Entity::find()
                .filter(held_rows::Column::Device.eq(self.device))
                .filter(held_rows::Column::State.eq("waiting"));
            let rows = rows.all(db).await.unwrap();
            let row = rows
                .iter()
                .find(|row| held::body(&program.keys, row).unwrap().raw == raw)
                .unwrap_or_else(|| panic!("{what}: nothing is held"));
            let items = inbox::open_for_held(db, &[row.id]).await.unwrap();
            assert_eq!(items.len(), 1, "{what}: one item for a held edit");
            assert_eq!(
                inbox::body(&program.keys, &items[0]).unwrap()["raw"],
                raw,
                "{what}"
            );
            return;
        }
        let id: Uuid = text(&receipt["edit"]).parse().unwrap();
        let row = edit::Entity::find_by_id(id).one(db).await.unwrap();
        let row = row.unwrap_or_else(|| panic!("{what}: no edit row"));
        let sent: Value = serde_json::from_str(raw).unwrap();
        let kept = edits::body(&program.keys, &row).unwrap().edit;
        for member in ["fields", "confirm", "report", "create"] {
            assert_eq!(kept.get(member), sent.get(member), "{what}: {member}");
        }
        if let Some(item) = self.held_fields(receipt).await {
            let side = &item["sides"][0];
            assert_eq!(
                (&side["by"], side["at"].is_string()),
                (&json!("梁少芳"), true),
                "{what}"
            );
            for key in receipt["problem"]["fields"].as_array().unwrap() {
                let key = key.as_str().unwrap();
                let typed = &side["typed"][key];
                assert!(
                    typed["code"].is_string(),
                    "{what}: {key} is not asked about: {side}"
                );
                let write = &sent["fields"][key];
                let now = write.get("now").unwrap_or(write);
                if !write.is_null() {
                    assert_eq!(with_both(&typed["value"]), with_both(now), "{what}: {key}");
                }
            }
        }
    }

    async fn held_fields(&self, receipt: &Value) -> Option<Value> {
        let program = &self.county.program;
        let rows = inbox_item::Entity::find()
            .filter(inbox_item::Column::Reason.eq("held_fields"))
            .filter(inbox_item::Column::Key.eq(receipt["edit"].as_str()?));
        let row = rows.one(program.db.read()).await.unwrap()?;
        Some(inbox::body(&program.keys, &row).unwrap())
    }
}

/// A set's write says both `add` and `remove` once it was read.
fn with_both(write: &Value) -> Value {
    let mut write = write.clone();
    if let Some(members) = write.as_object_mut()
        && (members.contains_key("add") || members.contains_key("remove"))
    {
        members.entry("add").or_insert(json!([]));
        members.entry("remove").or_insert(json!([]));
    }
    write
}

/// A phone of a worker, on storage of its own: its client, and its registration.
pub async fn another_phone(county: &County, worker: &str) -> (Client, Uuid) {
    let installation = Uuid::now_v7().simple().to_string();
    let signed_in = county.sign_in(worker, Some(&installation)).await;
    let client = county
        .client
        .with_token(signed_in["access_token"].as_str().unwrap());
    (client, text(&signed_in["device"]["id"]).parse().unwrap())
}

/// Each visit later than the one before: a record shows the last three.
fn visited(seq: i64) -> String {
    format!("2026-11-25T{:02}:{:02}:00.000Z", 2 + seq / 60, seq % 60)
}

/// The number that a server can read from an edit, whatever else is wrong with it.
fn readable_seq(raw: &str) -> Option<i64> {
    if raw.len() > 256 * 1024 {
        return None;
    }
    let edit: Value = serde_json::from_str(raw).ok()?;
    edit["seq"].as_i64().filter(|seq| *seq > 0)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
