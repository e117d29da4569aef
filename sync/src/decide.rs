//! What a person's decision on a proposal does to the record. A decision on a conflict is an ordinary edit at the
//! version that the decider saw, and needs nothing of its own.

use crate::arrived::Edit;
use crate::base::Base;
use crate::document;
use crate::outcome::FieldChange;
use crate::policy::{Read, Writer, decides, read};
use crate::record::{LIFE_STATUS, Record, Source, State};
use crate::skeleton;
use crate::take::Context;
use crate::translate::translate;
use crate::write::{Put, free_part, write_at};
use automerge::ChangeHash;
use domain::catalogue::{Catalogue, Field, Merge};
use domain::{AccountId, EditId, Instant, Value};
use std::collections::{BTreeMap, BTreeSet};

/// One field of an edit that waits.
pub struct Proposal<'a> {
    pub edit: &'a Edit,
    /// Where its author stood.
    pub base: &'a Base,
    pub key: &'a str,
    /// The author, as provenance shows it.
    pub source: Source,
}

/// The decision: an edit of its own.
pub struct Decision {
    pub id: EditId,
    pub made_at: Instant,
    /// The decider, as provenance shows it.
    pub source: Source,
    /// What the item showed as the present value.
    pub shown: Value,
}

/// What a decision could not do.
#[derive(Clone, PartialEq, Eq)]
pub enum Undecided {
    /// The value is no longer what the decider was shown.
    ChangedMeanwhile(Value),
    /// The edit says nothing of the field, or nothing that the catalogue of today takes; the code says what.
    Unreadable(&'static str),
}

impl std::fmt::Debug for Undecided {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Undecided::ChangedMeanwhile(_) => f.write_str("ChangedMeanwhile(…)"),
            Undecided::Unreadable(code) => write!(f, "Unreadable({code})"),
        }
    }
}

/// What an approval wrote: for the history under the proposed edit, and for the decision's own row.
pub struct Approved {
    pub change: FieldChange,
    /// The decision's changes: the proposed edit's, and one of its own where that stood beside other values.
    pub changes: Vec<ChangeHash>,
}

/// Whether somebody may decide what an author proposed: by role and department, and never the own proposal.
pub fn may_decide(field: &Field, decider: &Writer, author: AccountId) -> bool {
    decider.account != author && decides(field, decider)
}

/// Writes one proposed field as its author's edit, at its author's base; where others wrote beside it, the decider,
/// who was shown both, ends the conflict. The decision gets the record's next number.
///
/// # Errors
/// The value is not what the decider was shown, or the proposal cannot be read any more: nothing is written.
pub fn approve(
    record: &mut Record,
    proposal: &Proposal<'_>,
    decision: Decision,
    cx: &Context<'_>,
) -> Result<Approved, Undecided> {
    let (field, read) = find(cx.catalogue, proposal)?;
    let present = present(record, field);
    if !field.same(&present, &decision.shown) {
        return Err(Undecided::ChangedMeanwhile(present));
    }
    let changes = if field.in_document() {
        write(record, proposal, &decision, field, read, cx)?
    } else {
        let Read::Value { now, .. } = read else {
            return Err(Undecided::Unreadable("wrong_type"));
        };
        record.set_fact(field.key, now, proposal.edit.id);
        Vec::new()
    };
    let change = FieldChange {
        key: field.key.to_owned(),
        from: present,
        to: self::present(record, field),
    };
    record
        .kept
        .sources
        .insert(proposal.edit.id, proposal.source.clone());
    record.kept.sources.insert(decision.id, decision.source);
    record.stamp(decision.id, None, None, changes.clone());
    Ok(Approved { change, changes })
}

/// A decision that leaves every value as it is, such as a rejection or a move; what waited is shown no more.
pub fn settle(record: &mut Record, decision: EditId) {
    record.stamp(decision, None, None, Vec::new());
}

/// A report that the person died, moved out or was not found is true: the fact is the reporter's.
pub fn depart(record: &mut Record, status: &str, reported: EditId, decision: EditId) -> FieldChange {
    let from = record.fact(LIFE_STATUS);
    let to = Value::from(status);
    record.set_fact(LIFE_STATUS, to.clone(), reported);
    record.stamp(decision, None, None, Vec::new());
    FieldChange {
        key: LIFE_STATUS.to_owned(),
        from,
        to,
    }
}

/// A person whom somebody reported does not belong here.
pub fn turn_away(record: &mut Record, decision: EditId) {
    record.state = State::Departed;
    record.stamp(decision, None, None, Vec::new());
}

/// Somebody read a merged note and found it right: it asks nobody again until it is merged anew.
pub fn accept_note(record: &mut Record, key: &str, merged: BTreeSet<EditId>, decision: EditId) {
    record.kept.accepted_notes.insert(key.to_owned(), merged);
    record.stamp(decision, None, None, Vec::new());
}

/// The person stays in this grid although `address` (without blanks) reads as another one.
pub fn stays(record: &mut Record, address: String, decision: EditId) {
    record.kept.stays_at.insert(address);
    record.stamp(decision, None, None, Vec::new());
}

/// A cadre approves a person whom somebody reported.
pub fn admit(record: &mut Record, decision: EditId) {
    record.state = State::Present;
    record.follow_life_status();
    record.stamp(decision, None, None, Vec::new());
}

fn find<'a>(catalogue: &'a Catalogue, proposal: &Proposal<'_>) -> Result<(&'a Field, Read), Undecided> {
    let edit = translate(catalogue, proposal.edit);
    let write = edit
        .fields
        .get(proposal.key)
        .ok_or(Undecided::Unreadable("unknown_field"))?;
    let (field, version) = edit.field(catalogue, proposal.key);
    let field = field.ok_or(Undecided::Unreadable("unknown_field"))?;
    let read = read(catalogue, field, version, write).map_err(Undecided::Unreadable)?;
    Ok((field, read))
}

fn present(record: &Record, field: &Field) -> Value {
    if field.in_document() {
        document::now(&record.doc, field)
    } else {
        record.fact(field.key)
    }
}

fn write(
    record: &mut Record,
    proposal: &Proposal<'_>,
    decision: &Decision,
    field: &Field,
    read: Read,
    cx: &Context<'_>,
) -> Result<Vec<ChangeHash>, Undecided> {
    let put = match read {
        Read::Set { add, remove } => Put::Set {
            said: add,
            removed: remove,
        },
        Read::Value { now, .. } if field.merge == Merge::Note => {
            Put::Note(now.as_text().unwrap_or("").to_owned())
        }
        Read::Value { now, .. } => Put::Register(now),
    };
    let (resident, epoch) = (record.resident, record.epoch);
    let extension = skeleton::extend(
        &mut record.doc,
        cx.catalogue,
        resident,
        epoch,
        field.key,
        cx.derive,
    );
    // Without a known version the text and the elements are what the decider saw them become.
    let mut base = match proposal.base {
        Base::Known { heads, .. } => heads.clone(),
        Base::Unknown => record.doc.get_heads(),
    };
    base.extend(extension);
    let refused = |_| Undecided::Unreadable("document_refused");
    let puts = BTreeMap::from([(field.key.to_owned(), put.clone())]);
    let part = free_part(&mut record.doc, proposal.edit.id);
    let seconds = proposal.edit.made_at.seconds();
    let written = write_at(&mut record.doc, proposal.edit.id, part, seconds, &base, &puts);
    let mut changes: Vec<ChangeHash> = written.map_err(refused)?.into_iter().collect();
    if let Some(put) = ends(record, field, put, cx.catalogue) {
        let puts = BTreeMap::from([(field.key.to_owned(), put)]);
        let (heads, seconds) = (record.doc.get_heads(), decision.made_at.seconds());
        let written = write_at(&mut record.doc, decision.id, 0, seconds, &heads, &puts);
        changes.extend(written.map_err(refused)?);
    }
    Ok(changes)
}

/// What the decider writes on top, where the proposed write stands beside others.
fn ends(record: &Record, field: &Field, put: Put, catalogue: &Catalogue) -> Option<Put> {
    match put {
        Put::Register(_) => (!document::conflict(&record.doc, field).is_empty()).then_some(put),
        // Letters are merged; that both texts are in there is for the one who reads it.
        Put::Note(_) => None,
        Put::Set { said, removed } => {
            let shown = document::shown(&record.doc, catalogue);
            let doubt = &shown.get(field.key)?.doubt;
            let doubtful: BTreeSet<String> = doubt.iter().map(|d| d.element.clone()).collect();
            let of = |elements: BTreeSet<String>| elements.intersection(&doubtful).cloned().collect();
            let (said, removed): (BTreeSet<_>, BTreeSet<_>) = (of(said), of(removed));
            (!said.is_empty() || !removed.is_empty()).then_some(Put::Set { said, removed })
        }
    }
}
