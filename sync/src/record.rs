//! A record: everything about one resident that an edit may meet.

use crate::skeleton;
use crate::version::Version;
use automerge::{Automerge, ChangeHash};
use domain::catalogue::Catalogue;
use domain::{DeviceId, EditId, ResidentId, Value};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Made by a worker, in no roster and no export until a cadre approves.
    Reported,
    Present,
    /// Dead, moved out, rejected, or merged into another.
    Departed,
}

impl State {
    pub const fn name(self) -> &'static str {
        match self {
            State::Reported => "reported",
            State::Present => "present",
            State::Departed => "departed",
        }
    }

    pub fn parse(name: &str) -> Option<State> {
        [State::Reported, State::Present, State::Departed]
            .into_iter()
            .find(|s| s.name() == name)
    }
}

/// A guarded value, the edit that made it, and the facts' version at which it did.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    pub value: Value,
    pub edit: EditId,
    pub version: u32,
}

/// Where a value comes from, as an answer shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Source {
    List {
        list: String,
        month: String,
    },
    Edit {
        edit: EditId,
        by: String,
        at: domain::Instant,
    },
}

/// That somebody saw a value and found it right. It counts as long as the value is still that one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// Keyed digest of the value shown.
    pub digest: [u8; 16],
    /// `YYYY-MM-DD`.
    pub on: String,
    pub by: String,
    pub edit: EditId,
}

/// One of the last visits, as a record item shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitLine {
    pub visit: EditId,
    pub at: domain::Instant,
    pub by: String,
    pub means: String,
    pub outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// One enrolment as a record item shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentLine {
    pub category: String,
    pub source: String,
    /// `YYYY-MM`.
    pub since: String,
    pub until: Option<String>,
    pub status: String,
    pub village: String,
}

/// What is kept beside the document in one sealed row: facts, and what the projection needs of other rows.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub facts: BTreeMap<String, Fact>,
    /// Of every edit that a shown value comes from.
    pub sources: BTreeMap<EditId, Source>,
    /// By key, the newest of each value that was confirmed: a late confirmation of an older value stays a hint.
    pub confirmed: BTreeMap<String, Vec<Confirmed>>,
    /// Newest last, at most three.
    pub visits: Vec<VisitLine>,
    pub enrolments: Vec<EnrolmentLine>,
    /// Merged notes that somebody read and found right: by key, the last edits that were merged.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub accepted_notes: BTreeMap<String, BTreeSet<EditId>>,
    /// Addresses, without blanks, that read as another grid although the person stays in this one.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub stays_at: BTreeSet<String>,
    /// Where the present epoch begins; none in the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seam: Option<Seam>,
}

/// The last version of the epoch before, and what of the present one shows the same.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seam {
    pub version: String,
    /// Heads of the present document at its beginning, as hex.
    pub heads: Vec<String>,
    pub facts_version: u32,
}

impl Seam {
    pub fn heads(&self) -> Vec<ChangeHash> {
        self.heads.iter().filter_map(|h| h.parse().ok()).collect()
    }
}

/// A place in the record's history that a base may name.
#[derive(Clone)]
pub struct Stamp {
    pub edit: EditId,
    pub device: Option<DeviceId>,
    pub seq: Option<i64>,
    pub n: u32,
    /// Sorted heads after the edit.
    pub heads: Vec<ChangeHash>,
    /// The edit's own changes: none when it wrote nothing, two when it wrote on two bases.
    pub changes: Vec<ChangeHash>,
    pub facts_version: u32,
}

pub struct Record {
    pub resident: ResidentId,
    pub epoch: u16,
    pub n: u32,
    pub state: State,
    pub facts_version: u32,
    pub doc: Automerge,
    pub kept: Kept,
    /// Those that bases of the edits at hand may name, oldest first.
    pub stamps: Vec<Stamp>,
    /// Documents of earlier epochs that the changes at hand may stand on; rarely any.
    pub past: Vec<Past>,
}

/// The document of an epoch that is over.
pub struct Past {
    pub epoch: u16,
    pub doc: Automerge,
}

/// Values of one field whose confirmations are kept.
const CONFIRMED: usize = 8;

/// Visits that a record item carries.
const VISITS: usize = 3;

/// The fact that says whether the person is still there.
pub const LIFE_STATUS: &str = "life_status";

impl Record {
    /// A record that nobody has written to: the skeleton alone.
    pub fn new(resident: ResidentId, catalogue: &Catalogue, state: State) -> Record {
        Record {
            resident,
            epoch: 1,
            n: 0,
            state,
            facts_version: 0,
            doc: skeleton::document(catalogue, resident, 1),
            kept: Kept::default(),
            stamps: Vec::new(),
            past: Vec::new(),
        }
    }

    pub fn version(&self) -> Version {
        Version::of(
            self.resident,
            self.epoch,
            self.n,
            &self.doc.get_heads(),
            self.facts_version,
        )
    }

    pub fn fact(&self, key: &str) -> Value {
        self.kept
            .facts
            .get(key)
            .map_or(Value::Null, |fact| fact.value.clone())
    }

    /// Writes a fact, whoever may: what may be written is decided before.
    pub fn set_fact(&mut self, key: &str, value: Value, edit: EditId) {
        self.facts_version += 1;
        let fact = Fact {
            value,
            edit,
            version: self.facts_version,
        };
        self.kept.facts.insert(key.to_owned(), fact);
        if key == LIFE_STATUS {
            self.follow_life_status();
        }
    }

    /// Who died or moved out is departed, until that is reversed; a person whom nobody approved yet stays reported.
    pub fn follow_life_status(&mut self) {
        let gone = matches!(self.fact(LIFE_STATUS).as_text(), Some("died" | "moved_out"));
        self.state = match self.state {
            State::Reported => State::Reported,
            _ if gone => State::Departed,
            _ => State::Present,
        };
    }

    /// A visit enters the last three, by when it was.
    pub fn add_visit(&mut self, visit: VisitLine) {
        if self.kept.visits.iter().any(|v| v.visit == visit.visit) {
            return;
        }
        self.kept.visits.push(visit);
        self.kept.visits.sort_by_key(|v| (v.at, v.visit));
        let surplus = self.kept.visits.len().saturating_sub(VISITS);
        self.kept.visits.drain(..surplus);
    }

    /// One confirmation enters; order of arrival does not matter.
    pub fn confirm(&mut self, key: &str, new: Confirmed) {
        let all = self.kept.confirmed.entry(key.to_owned()).or_default();
        match all.iter_mut().find(|c| c.digest == new.digest) {
            Some(old) if (&old.on, old.edit) < (&new.on, new.edit) => *old = new,
            Some(_) => {}
            None => all.push(new),
        }
        all.sort_by(|a, b| (&a.on, a.edit).cmp(&(&b.on, b.edit)));
        let surplus = all.len().saturating_sub(CONFIRMED);
        all.drain(..surplus);
    }

    /// The next number, for an edit that changes what the record shows.
    pub fn stamp(
        &mut self,
        edit: EditId,
        device: Option<DeviceId>,
        seq: Option<i64>,
        changes: Vec<ChangeHash>,
    ) -> &Stamp {
        self.n += 1;
        self.stamps.push(Stamp {
            edit,
            device,
            seq,
            n: self.n,
            heads: self.doc.get_heads(),
            changes,
            facts_version: self.facts_version,
        });
        self.stamps.last().expect("it was just pushed")
    }

    /// Forgets the sources of edits that no shown value comes from any more.
    pub fn prune_sources(&mut self, shown: &BTreeSet<EditId>) {
        let facts: BTreeSet<EditId> = self.kept.facts.values().map(|f| f.edit).collect();
        self.kept
            .sources
            .retain(|edit, _| shown.contains(edit) || facts.contains(edit));
    }
}
