//! One record and those who write to it: the server's side of a test, without a server.

use domain::catalogue::{Catalogue, Role};
use domain::{AccountId, DeviceId, EditId, ResidentId};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use sync::base::Base;
use sync::project::{Around, Projection, project};
use sync::record::Source;
use sync::{Arrived, Ask, Context, Door, Edit, Record, State, Taken, Writer, document};

pub const RESIDENT: ResidentId = ResidentId::from_bytes([0x0a; 16]);

/// Unforgeable enough for a test: what the program does with a keyed hash.
pub fn derive(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    *hasher.finalize().first_chunk().unwrap()
}

pub fn phone(n: u8) -> Writer {
    Writer {
        account: AccountId::from_bytes([n; 16]),
        device: Some(DeviceId::from_bytes([n; 16])),
        role: Role::Worker,
        door: Door::Phone,
        name: format!("网格员{n}"),
    }
}

pub fn cadre() -> Writer {
    Writer {
        account: AccountId::from_bytes([0xca; 16]),
        device: None,
        role: Role::Cadre,
        door: Door::Console,
        name: "陆桂英".into(),
    }
}

pub fn list(source: &str) -> Writer {
    Writer {
        account: AccountId::from_bytes([0xde; 16]),
        device: None,
        role: Role::Department,
        door: Door::List {
            source: source.into(),
        },
        name: source.into(),
    }
}

/// An edit as it would arrive; `parts` are the members that say something.
pub fn edit(id: EditId, seq: i64, catalogue: u32, base: Option<&str>, parts: &Json) -> Edit {
    let mut wire = json!({
        "id": id.to_string(), "seq": seq, "made_at": format!("2026-11-{:02}T01:00:00Z", 1 + seq % 28),
        "resident": RESIDENT.to_string(), "catalogue": catalogue,
    });
    if let Some(base) = base {
        wire["base"] = base.into();
    }
    for (key, value) in parts.as_object().unwrap() {
        wire[key] = value.clone();
    }
    match Arrived::parse(wire.to_string().as_bytes()) {
        Arrived::Edit(edit) => *edit,
        Arrived::Unreadable { why, .. } => panic!("{}: {wire}", why.code()),
    }
}

/// A record, and what its edits asked people for.
pub struct Desk {
    pub catalogue: Catalogue,
    pub record: Record,
    pub asked: Vec<(EditId, Ask)>,
    pub history: BTreeMap<(EditId, String), (Json, Json)>,
    names: u8,
}

impl Desk {
    pub fn new(catalogue: Catalogue, state: State) -> Desk {
        let record = Record::new(RESIDENT, &catalogue, state);
        Desk {
            catalogue,
            record,
            asked: Vec::new(),
            history: BTreeMap::new(),
            names: 0,
        }
    }

    pub fn version(&self) -> String {
        self.record.version().to_string()
    }

    pub fn take(&mut self, edit: &Edit, writer: &Writer) -> Taken {
        let base = self.base(edit, writer);
        self.take_at(edit, &base, writer)
    }

    pub fn base(&self, edit: &Edit, writer: &Writer) -> Base {
        sync::base::effective(&self.record, edit, writer.device, &self.catalogue)
    }

    pub fn take_at(&mut self, edit: &Edit, base: &Base, writer: &Writer) -> Taken {
        let source = match &writer.door {
            Door::List { source } => Source::List {
                list: source.clone(),
                month: "2026-10".into(),
            },
            _ => Source::Edit {
                edit: edit.id,
                by: writer.name.clone(),
                at: edit.made_at,
            },
        };
        let cx = Context {
            catalogue: &self.catalogue,
            derive: &derive,
            source,
        };
        // Changes of a full client say themselves what they stand on.
        let taken = match edit.changes.is_empty() {
            true => sync::take_at(&mut self.record, edit, base, writer, &cx),
            false => sync::take(&mut self.record, edit, writer, &cx),
        };
        self.asked
            .extend(taken.asks.iter().map(|ask| (edit.id, ask.clone())));
        for change in &taken.history {
            let step = (change.from.to_json(), change.to.to_json());
            self.history.insert((edit.id, change.key.clone()), step);
        }
        taken
    }

    /// Takes an edit of `writer` at the version that the record has now, or at `base`.
    pub fn says(&mut self, writer: &Writer, base: Option<&str>, parts: &Json) -> Taken {
        self.names += 1;
        let id = EditId::from_bytes([self.names; 16]);
        let version = self.version();
        let base = base.or_else(|| parts.get("create").is_none().then_some(version.as_str()));
        let edit = edit(id, i64::from(self.names), self.catalogue.version, base, parts);
        self.take(&edit, writer)
    }

    /// Stored and read again, as between two requests.
    pub fn reload(&mut self) {
        self.record.doc = document::load(&self.record.doc.save_nocompress()).unwrap();
    }

    pub fn projection(&self) -> Projection {
        let around = Around {
            grid: None,
            pending: &[],
            open: 0,
        };
        project(&self.record, &around, &self.catalogue, &derive)
    }

    pub fn fields(&self) -> Json {
        self.projection().open["fields"].clone()
    }

    /// What waits for a person, as one line each, without what depends on the order of arrival.
    pub fn open(&self) -> Vec<String> {
        self.open_in(&self.projection())
    }

    pub fn open_in(&self, projection: &Projection) -> Vec<String> {
        let conflicts = projection.conflicts.iter().map(|key| format!("conflict {key}"));
        let asked = self.asked.iter().flat_map(|(edit, ask)| match ask {
            Ask::Proposal { key, now, .. } => vec![format!("proposal {key} {} {edit}", now.to_json())],
            // What is computed from the document counts.
            Ask::MergedNote { .. } => Vec::new(),
            Ask::NoteBeside { key, now, .. } => vec![format!("note beside {key} {} {edit}", now.to_json())],
            Ask::NewResident => vec!["new resident".into()],
            Ask::Departure { kind, .. } => vec![format!("departure {kind} {edit}")],
            Ask::HeldFields { fields } => fields
                .iter()
                .map(|(key, (typed, why))| format!("held {key} {typed} {why} {edit}"))
                .collect(),
            Ask::Address { key, text } => vec![format!("address {key} {text:?} {edit}")],
        });
        let merged = projection.merged_notes.iter().flat_map(|note| {
            let line =
                move |(edit, text): &(EditId, String)| format!("merged note {} {edit} {text}", note.key);
            note.texts.iter().map(line)
        });
        let mut open: Vec<String> = conflicts.chain(asked).chain(merged).collect();
        open.sort();
        open.dedup();
        open
    }
}
