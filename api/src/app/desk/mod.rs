//! The desk: records under lock, edits taken into them, everything that follows saved together.
//!
//! Phones, cadres, decisions and list rows all work here, so that there is one way to change a record: open, take,
//! save. Feeds are numbered last.

mod asks;
mod duplicates;
mod ended;
mod epoch;
mod hand_over;
mod items;
mod parts;
mod redirect;
mod reread;
mod rows;
mod save;
pub mod show;

pub use hand_over::{dropping, withdrawing};
use redirect::Named;
pub(in crate::app) use redirect::survivors;
pub use reread::ADDRESS;

use crate::app::Error;
use crate::app::clues::visited::Answered;
use crate::program::Program;
use crate::store::edits::EditRow;
use crate::store::epochs::Closed;
use crate::store::feeds::News;
use crate::store::held::{self, HeldRow};
use crate::store::inbox::NewItem;
use crate::store::records::{self, Loaded};
use crate::store::{db::Txn, inbox};
use domain::place::Gazetteer;
use domain::{EditId, Instant, Value};
use entity::{confirmation, inbox_item, visit};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use sync::base::Base;
use sync::record::Source;
use sync::version::Version;
use sync::{ChangeHash, Context, Edit, Outcome, State, Taken, Writer};
use uuid::Uuid;

/// An open inbox item in memory.
pub struct Item {
    pub id: Uuid,
    pub n: i32,
    pub body: Json,
    /// In the database already.
    stored: bool,
    dirty: bool,
    /// A second village that sees it.
    beside: Option<Uuid>,
}

pub struct Desk<'a> {
    pub txn: Txn,
    pub program: &'a Program,
    pub now: Instant,
    pub records: BTreeMap<Uuid, Loaded>,
    /// Open items by (resident, reason, key).
    pub items: BTreeMap<(Uuid, String, String), Item>,
    pub news: Vec<News>,
    /// Who puts people into grids by what is done here.
    pub placed_by: Option<Uuid>,
    /// Why people leave, where it is not that they died or moved out.
    why: BTreeMap<Uuid, &'static str>,
    /// Addresses written here, with who wrote them: they may read as another grid.
    addresses: BTreeMap<Uuid, Json>,
    /// The county's places, where whoever works here has them; else they are read when an address asks for them.
    pub places: Option<&'a Gazetteer>,
    closed: Vec<(Uuid, &'static str, Option<Uuid>, Json)>,
    changed: BTreeSet<Uuid>,
    edits: Vec<EditRow>,
    held: Vec<HeldRow>,
    loose: Vec<NewItem>,
    /// Documents of epochs that ended here.
    ended: Vec<Closed>,
    /// Who was merged here, and into whom: phones that may see the survivor hear it with the drop.
    pub merged: BTreeMap<Uuid, Uuid>,
    /// Whose name, number or birth date changed here, with the phone that said so: somebody else may be the same person.
    identities: BTreeMap<Uuid, Option<Uuid>>,
    confirmations: Vec<confirmation::ActiveModel>,
    visits: Vec<visit::ActiveModel>,
    /// What visits said of the tasks that they answer.
    answered: Vec<Answered>,
    /// The edit that is being taken, for items that close because of it.
    current: Option<Uuid>,
}

/// Who and where an edit comes from, beside what it says.
pub struct Origin<'a> {
    pub writer: &'a Writer,
    pub source: Source,
    pub kind: &'static str,
    /// Milliseconds by which the device's clock was ahead, as measured in its request.
    pub skew: i64,
}

impl<'a> Desk<'a> {
    /// Locks the records of `ids`, and loads what the bases of `edits` may name and which items are open.
    pub async fn open(
        txn: &Txn,
        program: &'a Program,
        ids: &BTreeSet<Uuid>,
        edits: &[&Edit],
        now: Instant,
    ) -> Result<Desk<'a>, Error> {
        let mut loaded = records::lock_all(&**txn, &program.keys, ids).await?;
        survivors(&**txn, program, &mut loaded, true).await?;
        let mut from: BTreeMap<Uuid, i32> = BTreeMap::new();
        for edit in edits {
            let id = edit.resident.uuid();
            let Some(l) = loaded.get(&id) else { continue };
            // What this device wrote before may stand with the survivor.
            from.extend(l.merged_into.map(|into| (into, 1)));
            let base = edit.base.as_deref().and_then(Version::parse);
            // Nearly always the base is what is there now: then no stamp is needed.
            let n = match base {
                Some(v) if v == l.record.version() && edit.after.is_none() => continue,
                Some(v) => v.n as i32,
                None => 1,
            };
            let least = from.entry(id).or_insert(n);
            *least = n.min(*least);
        }
        let from: Vec<_> = from.into_iter().collect();
        if !from.is_empty() {
            records::stamp(&**txn, &mut loaded, &from).await?;
        }
        let mut desk = Desk::over(txn, program, loaded, now).await?;
        desk.look_back(edits).await?;
        Ok(desk)
    }

    /// A desk to see what would become of records, which are not locked: whoever looks must not save.
    pub async fn look(
        txn: &Txn,
        program: &'a Program,
        ids: &BTreeSet<Uuid>,
        now: Instant,
    ) -> Result<Desk<'a>, Error> {
        let mut loaded = records::look_at(&**txn, &program.keys, ids).await?;
        survivors(&**txn, program, &mut loaded, false).await?;
        Desk::over(txn, program, loaded, now).await
    }

    async fn over(
        txn: &Txn,
        program: &'a Program,
        records: BTreeMap<Uuid, Loaded>,
        now: Instant,
    ) -> Result<Desk<'a>, Error> {
        let mut desk = Desk {
            records,
            ..Desk::bare(txn, program, now)
        };
        let there: Vec<Uuid> = desk.records.keys().copied().collect();
        for row in inbox::open_of(&**txn, &there).await? {
            let body = inbox::body(&program.keys, &row)?;
            desk.remember(&row, body);
        }
        Ok(desk)
    }

    /// Nothing lies on it.
    fn bare(txn: &Txn, program: &'a Program, now: Instant) -> Desk<'a> {
        Desk {
            txn: txn.clone(),
            program,
            now,
            records: BTreeMap::new(),
            items: BTreeMap::new(),
            news: Vec::new(),
            placed_by: None,
            why: BTreeMap::new(),
            addresses: BTreeMap::new(),
            places: None,
            closed: Vec::new(),
            changed: BTreeSet::new(),
            edits: Vec::new(),
            held: Vec::new(),
            loose: Vec::new(),
            ended: Vec::new(),
            merged: BTreeMap::new(),
            identities: BTreeMap::new(),
            confirmations: Vec::new(),
            visits: Vec::new(),
            answered: Vec::new(),
            current: None,
        }
    }

    fn remember(&mut self, row: &inbox_item::Model, body: Json) {
        let Some(resident) = row.resident else { return };
        let item = Item {
            id: row.id,
            n: row.n,
            body,
            stored: true,
            dirty: false,
            beside: row.beside,
        };
        self.items
            .insert((resident, row.reason.clone(), row.key.clone()), item);
    }

    /// Enters a record that is new.
    pub fn create(&mut self, id: Uuid, state: State, village: Option<Uuid>, grid: Option<Uuid>) {
        let fresh = records::fresh(
            id,
            &self.program.catalogue,
            state,
            (village, grid),
            self.now.millis(),
        );
        self.records.insert(id, fresh);
    }

    /// Takes an edit into its record and keeps what must be stored; an edit of somebody who was merged goes to the
    /// survivor. A held one leaves the record as it was; the caller stores it with [`Desk::hold`].
    pub fn take(&mut self, edit: &Edit, origin: &Origin<'_>) -> Result<(Taken, Json), Error> {
        let named = edit.resident.uuid();
        match self.records.get(&named).and_then(|loaded| loaded.merged_into) {
            Some(into) => self.take_for(into, edit, origin),
            None => self.take_here(edit, Named::itself(named), origin, None),
        }
    }

    /// Takes an edit of the program's own that stands on changes which no version names.
    pub fn take_on(
        &mut self,
        edit: &Edit,
        origin: &Origin<'_>,
        heads: Vec<ChangeHash>,
    ) -> Result<(Taken, Json), Error> {
        let id = edit.resident.uuid();
        let base = Base::Known {
            heads,
            facts_version: self.records.get(&id).ok_or(Error::NotFound)?.record.facts_version,
        };
        self.take_here(edit, Named::itself(id), origin, Some(&base))
    }

    fn take_here(
        &mut self,
        edit: &Edit,
        named: Named,
        origin: &Origin<'_>,
        base: Option<&Base>,
    ) -> Result<(Taken, Json), Error> {
        let id = edit.resident.uuid();
        let (keys, program) = (self.program.keys.clone(), self.program);
        let derive = move |parts: &[&[u8]]| keys.derive(parts);
        let cx = Context {
            catalogue: &program.catalogue,
            derive: &derive,
            source: origin.source.clone(),
        };
        let timed = tracing::debug_span!(target: "timing", "merge");
        let mut taken = timed.in_scope(|| match base {
            None => self.take_in_bounds(id, edit, origin.writer, &cx),
            Some(base) => {
                let loaded = self.records.get_mut(&id).ok_or(Error::NotFound)?;
                Ok(sync::take_at(&mut loaded.record, edit, base, origin.writer, &cx))
            }
        })?;
        if let Some((key, present)) = &taken.changed_meanwhile {
            return Err(Error::Conflict {
                code: "changed_meanwhile",
                message: "该值已被他人修改，请查看最新内容后再操作".into(),
                present: Some(json!({ "key": key, "value": present.to_json() })),
            });
        }
        if let Some(writes) = named.writes {
            taken.writes = Some(writes);
            taken.rebuild = true;
        }
        let receipt = receipt(edit.id, &taken);
        if taken.outcome == Outcome::Held && taken.fields.is_empty() {
            return Ok((taken, receipt));
        }
        self.current = Some(edit.id.uuid());
        self.write_rows(edit, named.id, origin, &taken, &receipt);
        for ask in &taken.asks {
            self.ask(id, edit, origin, ask);
        }
        if edit.create.is_some() || taken.history.iter().any(|c| duplicates::identifies(&c.key)) {
            let device = origin.writer.device.map(|d| d.uuid());
            self.identities.insert(id, device);
        }
        self.changed.insert(id);
        Ok((taken, receipt))
    }

    /// Keeps an edit that could not be applied, and asks a person about it.
    pub fn hold(&mut self, row: HeldRow, village: Option<Uuid>) {
        let mut item = NewItem {
            id: Uuid::now_v7(),
            reason: "held_edit",
            resident: None,
            key: String::new(),
            village,
            town: None,
            beside: None,
            category: None,
            level: if village.is_some() { "village" } else { "county" },
            body: json!({
                "reason": row.reason, "raw": row.body.raw, "problem": row.body.receipt["problem"],
                "edit": row.edit.map(|e| e.to_string()), "writes": row.body.writes,
            }),
            list: None,
            list_row: None,
            held: Some(row.id),
        };
        if let Some(Loaded { village: Some(v), .. }) = row.resident.and_then(|r| self.records.get(&r)) {
            item.village = Some(*v);
            item.level = "village";
        }
        self.loose.push(item);
        self.held.push(row);
    }

    /// A held edit that could be taken after all.
    pub async fn settle_held(&mut self, id: Uuid, body: &held::Body) -> Result<(), Error> {
        held::settle(&*self.txn, &self.program.keys, id, "applied", body).await?;
        for row in inbox::open_for_held(&*self.txn, &[id]).await? {
            let mut shown = inbox::body(&self.program.keys, &row)?;
            shown["result"] = body.receipt.clone();
            self.closed.push((row.id, "applied", self.current, shown));
        }
        Ok(())
    }

    /// Writes a fact whoever may: for decisions, which are edits of their own.
    pub fn set_fact(&mut self, id: Uuid, key: &str, value: Value, edit: EditId) {
        if let Some(loaded) = self.records.get_mut(&id) {
            loaded.record.set_fact(key, value, edit);
            self.changed.insert(id);
        }
    }

    /// Marks a record as changed by something that is no edit of a field.
    pub fn touch(&mut self, id: Uuid) {
        self.changed.insert(id);
    }

    /// An address was written by something else than an edit taken here; `side` says who wrote it.
    pub fn address_written(&mut self, id: Uuid, side: Json) {
        self.addresses.insert(id, side);
    }

    /// Says why a person leaves: phones are told with the drop.
    pub fn leaves(&mut self, id: Uuid, why: &'static str) {
        self.why.insert(id, why);
    }

    /// What was already taken at this desk, by edit id.
    pub fn receipt_of(&self, edit: Uuid) -> Option<Json> {
        self.edits
            .iter()
            .find(|e| e.id == edit)
            .map(|e| e.body.receipt.clone())
    }

    /// What an edit that was taken here changed beside the fields that it wrote itself, for the history.
    pub fn changed_beside(&mut self, edit: Uuid, changes: Vec<(String, Json, Json)>) {
        if let Some(row) = self.edits.iter_mut().rev().find(|row| row.id == edit) {
            row.body.changes.extend(changes);
        }
    }

    pub fn push_edit_row(&mut self, row: EditRow) {
        self.changed.insert(row.resident);
        self.edits.push(row);
    }
}

/// A receipt (wire, "Answer"): fields only where they differ from the whole.
pub fn receipt(edit: EditId, taken: &Taken) -> Json {
    let mut out = json!({ "edit": edit.to_string(), "outcome": taken.outcome.name() });
    let differ: serde_json::Map<String, Json> = taken
        .fields
        .iter()
        .filter(|(_, o)| **o != taken.outcome)
        .map(|(k, o)| (k.clone(), o.name().into()))
        .collect();
    if !differ.is_empty() {
        out["fields"] = differ.into();
    }
    if let Some(problem) = &taken.problem {
        out["problem"] = json!(problem);
    }
    if taken.rebuild {
        out["rebuild"] = true.into();
    }
    out
}
