//! One record as it is stored, and everything that ever came to it.

use crate::desk::derive;
use automerge::Automerge;
use domain::catalogue::Catalogue;
use domain::{EditId, GridId, ResidentId, Value};
use serde_json::Value as Json;
use sync::base::Base;
use sync::project::{Around, Projection, project};
use sync::record::{Kept, Past, Stamp};
use sync::{Ask, Edit, Record, State, Writer, document};

/// Something that came to a record, for playing it again in another order.
#[derive(Clone)]
pub struct Arrival {
    pub what: What,
    /// How many arrivals the author had seen, in the order of the first run.
    pub seen: usize,
    /// Nothing may be moved across it.
    pub barrier: bool,
    /// Keeps its order among its like: it writes facts.
    pub ordered: bool,
    /// Names no known version: it keeps its place.
    pub lost: bool,
}

#[derive(Clone)]
pub enum What {
    Edit(Box<Edit>, Writer, Stood),
    /// A cadre approves a person whom somebody reported.
    Admit(EditId),
    /// The record gets its next epoch, under this number's name.
    Epoch(EditId),
    /// A cadre approves what an edit proposes for a key, having been shown a value.
    Approve {
        edit: Box<Edit>,
        base: Stood,
        key: String,
        decision: EditId,
        shown: Value,
    },
}

impl Arrival {
    /// Whether it is this edit.
    pub fn is(&self, id: EditId) -> bool {
        matches!(&self.what, What::Edit(edit, ..) if edit.id == id)
    }
}

/// A base that can be kept.
#[derive(Clone)]
pub struct Stood(pub Option<(Vec<sync::ChangeHash>, u32)>);

impl Stood {
    pub fn of(base: &Base) -> Stood {
        Stood(match base {
            Base::Known { heads, facts_version } => Some((heads.clone(), *facts_version)),
            Base::Unknown => None,
        })
    }

    pub fn base(&self) -> Base {
        self.0
            .clone()
            .map_or(Base::Unknown, |(heads, facts_version)| Base::Known {
                heads,
                facts_version,
            })
    }
}

#[derive(Clone)]
pub struct Person {
    pub resident: ResidentId,
    pub grid: Option<GridId>,
    epoch: u16,
    /// Documents of the epochs that are over.
    past: Vec<(u16, Vec<u8>)>,
    doc: Vec<u8>,
    n: u32,
    state: State,
    facts_version: u32,
    kept: Kept,
    stamps: Vec<Stamp>,
    pub item: Json,
    pub asked: Vec<(EditId, Ask)>,
    /// Edits by which a proposal on a key was decided.
    pub decided: Vec<(EditId, String)>,
    pub arrivals: Vec<Arrival>,
    /// How many arrivals there were at each of the record's numbers.
    pub counts: Vec<usize>,
    /// As it was when nobody had come yet.
    pub began: State,
}

impl Person {
    pub fn new(resident: ResidentId, catalogue: &Catalogue, state: State, grid: GridId) -> Person {
        let mut person = Person {
            resident,
            grid: Some(grid),
            epoch: 1,
            past: Vec::new(),
            doc: Vec::new(),
            n: 0,
            state,
            facts_version: 0,
            kept: Kept::default(),
            stamps: Vec::new(),
            item: Json::Null,
            asked: Vec::new(),
            decided: Vec::new(),
            arrivals: Vec::new(),
            counts: Vec::new(),
            began: state,
        };
        person.put(Record::new(resident, catalogue, state));
        person
    }

    /// The record, loaded as from its rows.
    pub fn record(&self) -> Record {
        Record {
            resident: self.resident,
            epoch: self.epoch,
            n: self.n,
            state: self.state,
            facts_version: self.facts_version,
            doc: self.document(),
            kept: self.kept.clone(),
            stamps: self.stamps.clone(),
            past: self.past.iter().map(past).collect(),
        }
    }

    /// The documents that there were, the present one first.
    pub fn documents(&self) -> Vec<Automerge> {
        let old = self.past.iter().map(|(_, bytes)| document::load(bytes).unwrap());
        std::iter::once(self.document()).chain(old).collect()
    }

    pub fn document(&self) -> Automerge {
        document::load(&self.doc).unwrap()
    }

    pub fn bytes(&self) -> &[u8] {
        &self.doc
    }

    pub fn put(&mut self, record: Record) {
        self.doc = record.doc.save_nocompress();
        self.epoch = record.epoch;
        self.past = record
            .past
            .iter()
            .map(|p| (p.epoch, p.doc.save_nocompress()))
            .collect();
        self.n = record.n;
        self.counts.resize(record.n as usize, self.arrivals.len());
        self.state = record.state;
        self.facts_version = record.facts_version;
        self.kept = record.kept;
        self.stamps = record.stamps;
    }

    pub fn stamps(&self) -> &[Stamp] {
        &self.stamps
    }

    pub fn state(&self) -> State {
        self.state
    }

    pub fn projection(&self, catalogue: &Catalogue) -> Projection {
        let around = Around {
            grid: self.grid,
            pending: &[],
            open: 0,
        };
        project(&self.record(), &around, catalogue, &derive)
    }

    pub fn show(&mut self, catalogue: &Catalogue) {
        self.item = self.projection(catalogue).open;
    }

    /// Grid and version as they stand in the grid's feed; none for who has departed.
    pub fn in_feed(&self) -> Option<(GridId, String)> {
        let version = self.item["version"].as_str()?.to_owned();
        self.grid
            .filter(|_| self.state != State::Departed)
            .map(|grid| (grid, version))
    }
}

fn past((epoch, bytes): &(u16, Vec<u8>)) -> Past {
    Past {
        epoch: *epoch,
        doc: document::load(bytes).unwrap(),
    }
}
