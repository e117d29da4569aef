//! Taking edits in, by the rules of the contract: known edits, held ones, what waits and goes on.

use super::person::{Arrival, Person, Stood, What};
use super::server::{Bug, Held, News, Receipt, Row, Server, writer};
use crate::desk::derive;
use automerge::Change;
use domain::{DeviceId, EditId, ResidentId};
use std::collections::BTreeSet;
use sync::base::{self, Base};
use sync::record::Source;
use sync::{Arrived, Context, Door, Edit, Outcome, State, Taken, Writer, take, take_at};

impl Server {
    /// One request's edits, each by itself. Answers receipts and the residents that they speak of.
    pub fn take_in(&mut self, device: DeviceId, edits: &[String]) -> (Vec<Receipt>, BTreeSet<ResidentId>) {
        let mut all: Vec<(Arrived, &String)> = edits
            .iter()
            .map(|raw| (Arrived::parse(raw.as_bytes()), raw))
            .collect();
        all.sort_by_key(|(arrived, _)| match arrived {
            Arrived::Edit(edit) => edit.seq,
            Arrived::Unreadable { .. } => i64::MAX,
        });
        let (mut receipts, mut touched) = (Vec::new(), BTreeSet::new());
        for (arrived, raw) in all {
            let Arrived::Edit(edit) = arrived else {
                panic!("phones here make edits only: {raw}")
            };
            touched.insert(edit.resident);
            receipts.push(self.one(device, &edit, raw));
            touched.extend(self.replay(device));
        }
        (receipts, touched)
    }

    fn one(&mut self, device: DeviceId, edit: &Edit, raw: &str) -> Receipt {
        if !self.has(Bug::ForgetsKnown) {
            if let Some(held) = self
                .held
                .iter()
                .find(|h| h.digest == edit.digest && h.device == device)
            {
                return held.receipt.clone();
            }
            if let Some(row) = self.edits.get(&edit.id) {
                if row.device == device && row.digest == edit.digest {
                    return row.receipt.clone();
                }
                return self.keep(device, edit, raw, "id_reused", false);
            }
        }
        let registration = self.devices.get_mut(&device).unwrap();
        let by = *registration.seqs.entry(edit.seq).or_insert(edit.id);
        if by != edit.id {
            return self.keep(device, edit, raw, "seq_reused", false);
        }
        self.arrive(device, edit, raw)
    }

    fn arrive(&mut self, device: DeviceId, edit: &Edit, raw: &str) -> Receipt {
        let worker = self.devices[&device].worker;
        if let Some(to) = edit.create
            && !self.people.contains_key(&edit.resident)
        {
            if !self.grants[worker].0.contains(&to) {
                return self.keep(device, edit, raw, "not_in_scope", false);
            }
            let fresh = Person::new(edit.resident, &self.catalogue, State::Reported, to);
            self.people.insert(edit.resident, fresh);
            self.hold(device, edit.resident);
        }
        let Some(door) = self.door(device, edit.resident) else {
            return self.keep(device, edit, raw, "not_in_scope", true);
        };
        if edit.after.is_some_and(|after| !self.knows(after)) {
            return self.keep(device, edit, raw, "waits_for_earlier", true);
        }
        match self.apply(edit, &writer(worker, device, door)) {
            Ok(receipt) => receipt,
            Err(why) => self.keep(device, edit, raw, &why, false),
        }
    }

    pub fn door(&self, device: DeviceId, resident: ResidentId) -> Option<Door> {
        let person = self.people.get(&resident)?;
        let registration = &self.devices[&device];
        if self.may(registration.worker, person) || self.has(Bug::TakesForeign) {
            return Some(Door::Phone);
        }
        registration
            .holds
            .contains_key(&resident)
            .then_some(Door::LeavingPhone)
    }

    fn knows(&self, edit: EditId) -> bool {
        let arrived = |h: &Held| h.edit == Some(edit) && (!h.waits || h.applied);
        self.edits.contains_key(&edit) || self.held.iter().any(arrived)
    }

    /// Writes an edit into its record, whoever makes it.
    ///
    /// # Errors
    /// It is held whole: the record is as it was.
    pub fn apply(&mut self, edit: &Edit, writer: &Writer) -> Result<Receipt, String> {
        let mut person = self.people[&edit.resident].clone();
        let mut record = person.record();
        let stood = base::effective(&record, edit, writer.device, &self.catalogue);
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
        let was = record.state;
        let taken = match edit.changes.is_empty() {
            _ if self.has(Bug::MergesBlindly) && !edit.changes.is_empty() => {
                blindly(&mut record, edit, writer)
            }
            false => take(&mut record, edit, writer, &cx),
            true if self.has(Bug::WritesAtPresent) => {
                let present = Base::Known {
                    heads: record.doc.get_heads(),
                    facts_version: record.facts_version,
                };
                take_at(&mut record, edit, &present, writer, &cx)
            }
            true => take_at(&mut record, edit, &stood, writer, &cx),
        };
        if taken.changed_meanwhile.is_some() {
            return Err("changed_meanwhile".into());
        }
        if taken.outcome == Outcome::Held && taken.fields.is_empty() {
            return Err(taken.problem.map_or_else(|| "held".into(), |p| p.code));
        }
        let receipt = Receipt {
            edit: edit.id,
            outcome: taken.outcome,
            rebuild: taken.rebuild,
        };
        person
            .arrivals
            .push(arrival(&person, edit, writer, &stood, was != record.state));
        person
            .asked
            .extend(taken.asks.iter().map(|ask| (edit.id, ask.clone())));
        person.put(record);
        if let Some(device) = writer.device {
            let row = Row {
                device,
                digest: edit.digest,
                resident: edit.resident,
                receipt: receipt.clone(),
                fields: taken.fields,
                changes: taken.changes,
                writes: taken.writes,
            };
            self.edits.insert(edit.id, row);
        }
        self.save(person, edit.visit.is_none());
        Ok(receipt)
    }

    fn keep(&mut self, device: DeviceId, edit: &Edit, raw: &str, why: &str, waits: bool) -> Receipt {
        let receipt = Receipt {
            edit: edit.id,
            outcome: Outcome::Held,
            rebuild: !edit.changes.is_empty(),
        };
        if !self.has(Bug::LosesHeld) {
            self.held.push(Held {
                device,
                edit: Some(edit.id),
                digest: edit.digest,
                raw: raw.to_owned(),
                receipt: receipt.clone(),
                why: why.to_owned(),
                waits,
                applied: false,
            });
        }
        receipt
    }

    /// What waited for something of this device goes on, in the order of its numbers.
    fn replay(&mut self, device: DeviceId) -> Vec<ResidentId> {
        let mut written = Vec::new();
        loop {
            let mut waiting: Vec<(i64, usize, Box<Edit>)> = Vec::new();
            for (n, held) in self.held.iter().enumerate() {
                if held.device == device
                    && held.waits
                    && !held.applied
                    && let Arrived::Edit(edit) = Arrived::parse(held.raw.as_bytes())
                {
                    waiting.push((edit.seq, n, edit));
                }
            }
            waiting.sort_by_key(|(seq, _, _)| *seq);
            let before = written.len();
            for (_, n, edit) in waiting {
                let ready =
                    edit.after.is_none_or(|after| self.knows(after)) && !self.edits.contains_key(&edit.id);
                let Some(door) = self.door(device, edit.resident).filter(|_| ready) else {
                    continue;
                };
                let by = writer(self.devices[&device].worker, device, door);
                if let Ok(receipt) = self.apply(&edit, &by) {
                    self.held[n].applied = true;
                    self.held[n].receipt = receipt.clone();
                    self.devices
                        .get_mut(&device)
                        .unwrap()
                        .news
                        .push(News::Receipt(receipt));
                    written.push(edit.resident);
                }
            }
            if written.len() == before {
                return written;
            }
        }
    }
}

/// How an arrival may be moved when the same edits come in another order.
fn arrival(person: &Person, edit: &Edit, writer: &Writer, stood: &Base, turned: bool) -> Arrival {
    let mut seen = 0;
    let own = |a: &Arrival| matches!(&a.what, What::Edit(_, by, _) if by.device.is_some() && by.device == writer.device);
    if let Base::Known { heads, .. } = stood {
        // Whatever the base holds came before.
        let record = person.record();
        let past = record
            .doc
            .fork_at(heads)
            .map(|d| d.get_changes(&[]))
            .unwrap_or_default();
        let past: BTreeSet<_> = past.iter().map(|c| c.hash()).collect();
        let n = edit
            .base
            .as_deref()
            .and_then(sync::version::Version::parse)
            .map_or(0, |v| v.n as usize);
        seen = n
            .checked_sub(1)
            .and_then(|n| person.counts.get(n))
            .copied()
            .unwrap_or(0);
        for stamp in person.stamps() {
            if !stamp.changes.is_empty() && stamp.changes.iter().all(|c| past.contains(c)) {
                seen = seen.max(person.counts[stamp.n as usize - 1]);
            }
        }
    }
    for (place, before) in person.arrivals.iter().enumerate() {
        if own(before) {
            seen = seen.max(place + 1);
        }
    }
    if matches!(writer.door, Door::Console) {
        seen = person.arrivals.len();
    }
    let guarded =
        |key: &String| ["name", "ethnicity", "life_status"].contains(&key.as_str()) || key.contains('.');
    let facts = edit.fields.keys().chain(&edit.confirm).any(guarded);
    Arrival {
        what: What::Edit(Box::new(edit.clone()), writer.clone(), Stood::of(stood)),
        seen,
        barrier: turned || edit.create.is_some(),
        ordered: facts,
        lost: stood.is_unknown(),
    }
}

/// The mistake of merging what came as it came.
fn blindly(record: &mut sync::Record, edit: &Edit, writer: &Writer) -> Taken {
    let mut taken = Taken::nothing();
    let changes: Vec<Change> = edit
        .changes
        .iter()
        .filter_map(|bytes| Change::from_bytes(bytes.clone()).ok())
        .collect();
    taken.changes = changes.iter().map(Change::hash).collect();
    let _ = record.doc.apply_changes(changes);
    record.stamp(edit.id, writer.device, Some(edit.seq), taken.changes.clone());
    taken
}
