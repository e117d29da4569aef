//! A worker's phone: keeps records, unsent edits and a cursor, and talks `POST /api/v1/sync`.
//!
//! It does what every client must do and no more, and it holds the server to its word in each answer: receipts
//! come with the record's new state, and once all is quiet both sides count the same records. Offline is simply a
//! phone that does not sync; a bad line is [`Phone::lose_next`].

mod apply;
mod documents;
mod draft;
mod held_records;
mod line;

use crate::client::Client;
use documents::Documents;
use domain::Instant;
pub use draft::Draft;
use held_records::Records;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// Most edits that one request may hold.
const EDITS_A_REQUEST: usize = 200;

/// More rounds than any phone needs until all is quiet.
const ROUNDS: usize = 60;

/// What the line does to one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The request never arrives.
    Request,
    /// The server does its work, and the phone never hears of it.
    Answer,
}

/// Why an exchange came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// There is no program, or it went away before it answered.
    Unreachable,
    /// It answered that it cannot now.
    Unable,
}

/// An edit that was made here, as it is sent.
#[derive(Clone)]
pub struct Made {
    pub id: Uuid,
    pub seq: i64,
    pub resident: Uuid,
    pub body: Value,
}

pub struct Phone {
    client: Client,
    catalogue: u64,
    cursor: Option<String>,
    records: Records,
    /// Of a full client.
    pub documents: Option<Documents>,
    /// Without a receipt yet, in the order in which they were made.
    unsent: Vec<Made>,
    /// With a receipt; kept because the server may lose its database.
    sent: Vec<Made>,
    seq: i64,
    /// `[resident or grid, holding number]` of drops applied here and not yet told.
    dropped: Vec<Value>,
    /// The newest receipt of each edit.
    receipts: BTreeMap<Uuid, Value>,
    /// Drops, decisions and notices, as they came.
    heard: Vec<Value>,
    /// Grids whose digest differs from ours: the next request says what we have there.
    differing: BTreeSet<String>,
    losses: Vec<Loss>,
    /// Grids of the records that came since somebody asked.
    came: BTreeSet<Uuid>,
    /// The clock, where the test sets it.
    at: Option<Instant>,
    /// Others work at the same moment: what a receipt is about may have left between taking an edit in and looking.
    crowded: bool,
}

impl Phone {
    /// An empty phone; `client` is signed in as its worker.
    pub fn new(client: Client, catalogue: u64) -> Phone {
        Phone {
            client,
            catalogue,
            cursor: None,
            records: Records::default(),
            documents: None,
            unsent: Vec::new(),
            sent: Vec::new(),
            seq: 0,
            dropped: Vec::new(),
            receipts: BTreeMap::new(),
            heard: Vec::new(),
            differing: BTreeSet::new(),
            losses: Vec::new(),
            came: BTreeSet::new(),
            at: None,
            crowded: false,
        }
    }

    /// From now on others may move or reject somebody while this phone is being answered.
    pub fn among_others(&mut self) {
        self.crowded = true;
    }

    /// Turns to the program at another address, with the same token.
    pub fn moved_to(&mut self, other: &Client) {
        self.client = self.client.moved_to(other);
    }

    /// What it talks over, for a line that delivers late.
    pub fn line(&self) -> &Client {
        &self.client
    }

    /// Works on with another token: after a refresh, or a new sign-in to the same registration.
    pub fn signed_in(&mut self, client: Client) {
        self.client = client;
    }

    /// Begins an edit of a record that this phone holds or made.
    pub fn edit(&mut self, resident: Uuid) -> Draft<'_> {
        Draft::of(self, resident)
    }

    /// Begins the report of a person whom nobody knows yet, in a grid of this worker.
    pub fn create(&mut self, grid: Uuid) -> Draft<'_> {
        Draft::create(self, grid)
    }

    /// Sets the clock with which the following edits are dated, RFC 3339.
    pub fn at(&mut self, instant: &str) -> &mut Phone {
        self.at = Some(Instant::parse(instant).unwrap_or_else(|| panic!("{instant} is no instant")));
        self
    }

    /// The line loses something of the next exchange; several calls stand in a row.
    pub fn lose_next(&mut self, loss: Loss) {
        self.losses.push(loss);
    }

    /// Sends all that waits and takes in all that there is, until nothing changes any more.
    pub async fn sync(&mut self) {
        for _ in 0..ROUNDS {
            let Some(answer) = self.exchange().await else {
                continue;
            };
            let more = answer["more"]
                .as_bool()
                .expect("an answer says whether there is more");
            if !more && self.unsent.is_empty() && self.dropped.is_empty() && self.differing.is_empty() {
                return;
            }
        }
        let unsent: Vec<&Value> = self.unsent.iter().map(|made| &made.body).collect();
        panic!(
            "never quiet: unsent {unsent:?}, dropped {:?}, differing {:?}",
            self.dropped, self.differing
        );
    }

    /// One request with the oldest unsent edits, and its answer taken in; nothing when the line lost one of them.
    pub async fn exchange(&mut self) -> Option<Value> {
        let edits = self
            .unsent
            .iter()
            .take(EDITS_A_REQUEST)
            .map(|made| made.id)
            .collect::<Vec<_>>();
        self.send(&edits).await
    }

    /// One request with exactly these edits in this order, also such as were sent before.
    pub async fn send(&mut self, edits: &[Uuid]) -> Option<Value> {
        let sent: Vec<Made> = edits.iter().map(|id| self.made(*id).clone()).collect();
        let client = self.client.clone();
        self.send_by(&client, &sent).await
    }

    fn request(&self, edits: &[Made]) -> Value {
        let mut request = Map::new();
        request.insert("catalogue".into(), self.catalogue.into());
        request.insert(
            "edits".into(),
            edits.iter().map(|made| made.body.clone()).collect(),
        );
        request.insert("dropped".into(), self.dropped.clone().into());
        if self.documents.is_some() {
            request.insert("documents".into(), true.into());
        }
        if let Some(cursor) = &self.cursor {
            request.insert("cursor".into(), cursor.clone().into());
        }
        if !self.differing.is_empty() {
            let have = self
                .differing
                .iter()
                .map(|grid| (grid.clone(), self.records.versions_in(grid)));
            request.insert("have".into(), Value::Object(have.collect()));
        }
        Value::Object(request)
    }

    /// What the phone shows of a field: the record with this phone's own unsent edits upon it.
    pub fn shows(&self, resident: Uuid, key: &str) -> Value {
        let own = self.unsent.iter().rev().filter(|made| made.resident == resident);
        let written = own
            .filter_map(|made| made.body["fields"].get(key))
            .find(|write| write.get("now").is_some());
        let base = match written {
            Some(write) => return write["now"].clone(),
            None => self
                .records
                .get(resident)
                .map_or(Value::Null, |record| record["fields"][key].clone()),
        };
        let own = self.unsent.iter().filter(|made| made.resident == resident);
        own.filter_map(|made| made.body["fields"].get(key))
            .fold(base, with_elements)
    }

    /// A record as the server last said it.
    #[track_caller]
    pub fn record(&self, resident: Uuid) -> &Value {
        self.records
            .get(resident)
            .unwrap_or_else(|| panic!("this phone does not hold {resident}"))
    }

    pub fn holds(&self, resident: Uuid) -> bool {
        self.records.get(resident).is_some()
    }

    /// All records held, by resident.
    pub fn records(&self) -> impl Iterator<Item = (Uuid, &Value)> {
        self.records.all()
    }

    /// The values between which a field is in conflict, as text in the order of the record; none where there is no
    /// conflict.
    pub fn conflict(&self, resident: Uuid, key: &str) -> Vec<String> {
        let values = self.record(resident)["conflicts"][key]
            .as_array()
            .cloned()
            .unwrap_or_default();
        values
            .iter()
            .map(|side| plain(side.get("value").or(side.get("element")).unwrap_or(&Value::Null)))
            .collect()
    }

    /// The outcome that the newest receipt of an edit names.
    #[track_caller]
    pub fn outcome(&self, edit: Uuid) -> &str {
        let receipt = self
            .receipts
            .get(&edit)
            .unwrap_or_else(|| panic!("no receipt for {edit}"));
        receipt["outcome"].as_str().expect("a receipt has an outcome")
    }

    /// The newest receipt of an edit, as it came.
    pub fn receipt(&self, edit: Uuid) -> Option<&Value> {
        self.receipts.get(&edit)
    }

    /// Drops, decisions and notices of one kind, in the order in which they came.
    pub fn heard(&self, kind: &str) -> Vec<&Value> {
        self.heard.iter().filter(|item| item["kind"] == kind).collect()
    }

    /// Ids of the edits that wait to be sent, in the order in which they were made.
    pub fn unsent(&self) -> Vec<Uuid> {
        self.unsent.iter().map(|made| made.id).collect()
    }

    /// An edit made here, sent or not.
    #[track_caller]
    pub fn made(&self, edit: Uuid) -> &Made {
        let mut all = self.unsent.iter().chain(&self.sent);
        all.find(|made| made.id == edit)
            .unwrap_or_else(|| panic!("{edit} was not made here"))
    }

    /// Sends everything again that has a receipt already, as a phone does for a server that lost its database.
    pub fn send_again(&mut self) {
        self.unsent.append(&mut self.sent);
        self.unsent.sort_by_key(|made| made.seq);
    }

    /// The grids of all records that came since this was asked before.
    pub fn came(&mut self) -> BTreeSet<Uuid> {
        std::mem::take(&mut self.came)
    }

    /// Up to where it has pulled; none before the first time.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// The last number that it gave to an edit.
    pub fn made_so_far(&self) -> i64 {
        self.seq
    }

    /// Forgets the cursor, as after an update of the app: the next sync reloads.
    pub fn forget_cursor(&mut self) {
        self.cursor = None;
    }

    fn now(&self) -> Instant {
        self.at.unwrap_or_else(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            Instant::from_millis(since.as_millis() as i64)
        })
    }
}

/// A set's elements after one more write.
fn with_elements(base: Value, write: &Value) -> Value {
    let listed = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let removed = listed(&write["remove"]);
    let mut elements = listed(&base);
    elements.retain(|element| !removed.contains(element));
    for added in listed(&write["add"]) {
        if !elements.contains(&added) {
            elements.push(added);
        }
    }
    json!(elements)
}

/// A value as tests write it: text without quotes, cleared as `null`.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
