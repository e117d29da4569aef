//! Taking in one phone's edits. Each edit succeeds or is held alone; receipts leave after commit.

mod known;
mod one;
pub mod others;
mod taken_in;
mod waiting;

use super::{Phone, Request};
use crate::app::Error;
use crate::app::desk::{Desk, Origin};
use crate::app::erasure;
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::db::Txn;
use crate::store::{duplicates, held};
use crate::store::{edits, holdings, standing, tombstones};
use domain::Instant;
use domain::catalogue::{LIMITS, Role};
use entity::{edit, grid};
use one::One;
use sea_orm::EntityTrait;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use sync::record::Source;
use sync::{Arrived, Door, Edit, State, Taken, Writer};
pub use taken_in::TakenIn;
use uuid::Uuid;
use waiting::Waiting;

pub async fn take_in(
    program: &Program,
    phone: &Phone,
    request: &Request,
    now: Instant,
) -> Result<TakenIn, Error> {
    if request.edits.len() > LIMITS.edits {
        return Err(Error::refused(
            "too_many_edits",
            "一次最多发送 200 条修改，请分批发送",
        ));
    }
    let all = One::all(request);
    if all.is_empty() && request.dropped.is_empty() {
        // Nothing to write: no write transaction, no lock.
        let row = crate::store::standing::read(program.db.read(), phone.device)
            .await?
            .ok_or(Error::NotFound)?;
        return Ok(TakenIn::nothing(row.received, row.through, row.safe));
    }
    let skew = request.sent_at.map_or(0, |sent| sent.millis() - now.millis());
    // Later edits of a device may build on earlier ones, in whatever order they were packed.
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|n| match &all[*n].arrived {
        Arrived::Edit(edit) => edit.seq,
        Arrived::Unreadable { seq, .. } => seq.unwrap_or(i64::MAX),
    });
    let (all, order) = (&all, &order);
    program
        .db
        .write(|txn| async move {
            Batch::open(&txn, program, phone, all, &[], now, skew)
                .await?
                .run(order, request)
                .await
        })
        .await
}

/// [`take_in`] for a phone that may only hand in: nothing is applied, everything is kept.
pub async fn hand_in(
    program: &Program,
    phone: &Phone,
    request: &Request,
    now: Instant,
) -> Result<TakenIn, Error> {
    let all = One::all(request);
    let all = &all;
    program
        .db
        .write(|txn| async move {
            let mut batch = Batch::open(&txn, program, phone, all, &[], now, 0).await?;
            batch.handing_in = true;
            batch.waiting.clear();
            let order: Vec<usize> = (0..all.len()).collect();
            batch.run(&order, request).await
        })
        .await
}

/// Takes what was kept of a device while two phones were thought to use it: it is one phone.
pub async fn go_on(program: &Program, phone: &Phone, txn: &Txn, now: Instant) -> Result<(), Error> {
    let kept = held::waiting_for(&**txn, phone.device, phone.device).await?;
    let about: Vec<Uuid> = kept.iter().filter_map(|row| row.resident).collect();
    let mut batch = Batch::open(txn, program, phone, &[], &about, now, 0).await?;
    batch.replay().await?;
    batch.desk.save().await
}

struct Batch<'a> {
    /// Whatever comes is held.
    handing_in: bool,
    desk: Desk<'a>,
    phone: &'a Phone,
    all: &'a [One],
    device: entity::device::Model,
    /// Edits with these ids are there already, from whatever device.
    known: BTreeMap<Uuid, edit::Model>,
    held: Vec<entity::held::Model>,
    seqs: BTreeMap<i64, Uuid>,
    holds: BTreeSet<Uuid>,
    /// People who were erased, with the village that hears of what still arrives; and those of them whom this device
    /// carried.
    erased: BTreeMap<Uuid, Option<Uuid>>,
    carried: BTreeSet<Uuid>,
    /// Held edits of these residents that wait for what this request may bring.
    waiting: Vec<Waiting>,
    /// Edits of this request that are kept for a person, and wait for nothing that a phone could send.
    settled: BTreeSet<Uuid>,
    /// What this request was answered so far: receipts by digest, and the ids that were used.
    answered: BTreeMap<[u8; 32], Json>,
    ids: BTreeSet<Uuid>,
    /// People whom this request reported.
    came: Vec<Uuid>,
    skew: i64,
    fresh: i64,
    new_seqs: Vec<i64>,
}

impl<'a> Batch<'a> {
    async fn open(
        txn: &Txn,
        program: &'a Program,
        phone: &'a Phone,
        all: &'a [One],
        more: &[Uuid],
        now: Instant,
        skew: i64,
    ) -> Result<Batch<'a>, Error> {
        let device = standing::lock(&**txn, phone.device)
            .await?
            .ok_or(Error::NotFound)?;
        let edits: Vec<&Edit> = all.iter().filter_map(|one| one.edit()).collect();
        let ids: Vec<Uuid> = all.iter().filter_map(One::id).collect();
        let digests: Vec<Vec<u8>> = all.iter().map(|one| one.digest().to_vec()).collect();
        let known = edits::by_ids(&**txn, &ids).await?;
        let residents = all.iter().filter_map(One::resident).chain(more.iter().copied());
        let residents: BTreeSet<Uuid> = residents.collect();
        let about: Vec<Uuid> = residents.iter().copied().collect();
        let waiting = held::waiting(&**txn, phone.device, &about).await?;
        let waiting = waiting::read(&program.keys, waiting)?;
        // Edits that wait are written at their own bases, and know what they come after.
        let based: Vec<&Edit> = edits
            .iter()
            .copied()
            .chain(waiting.iter().map(|w| &*w.edit))
            .collect();
        let mut named = ids.clone();
        named.extend(based.iter().filter_map(|e| e.after).map(|a| a.uuid()));
        let held = held::known(&**txn, phone.device, &digests, &named).await?;
        let asked: Vec<i64> = edits.iter().map(|e| e.seq).collect();
        // The first that took a number has it; one that was applied has it before any that was held.
        let mut seqs = held::by_seqs(&**txn, phone.device, &asked).await?;
        seqs.extend(edits::by_seqs(&**txn, phone.device, &asked).await?);
        if edits.iter().any(|edit| edit.create.is_some()) {
            duplicates::beside_lists(&**txn).await?;
        }
        let desk = Desk::open(txn, program, &residents, &based, now).await?;
        let there: Vec<Uuid> = desk.records.keys().copied().collect();
        let holds = holdings::of_device(&**txn, phone.device, &there).await?;
        let unknown: Vec<Uuid> = about.iter().copied().filter(|r| !there.contains(r)).collect();
        let erased = tombstones::among(&**txn, &unknown).await?;
        let erased: BTreeMap<Uuid, Option<Uuid>> =
            erased.into_iter().map(|s| (s.resident, s.village)).collect();
        let gone: Vec<Uuid> = erased.keys().copied().collect();
        let carried = holdings::ever(&**txn, phone.device, &gone).await?;
        Ok(Batch {
            handing_in: false,
            desk,
            phone,
            all,
            device,
            known: known.into_iter().map(|e| (e.id, e)).collect(),
            held,
            seqs: seqs.into_iter().collect(),
            holds: holds.into_iter().map(|h| h.resident).collect(),
            erased,
            carried: carried.into_iter().collect(),
            waiting,
            settled: BTreeSet::new(),
            answered: BTreeMap::new(),
            ids: BTreeSet::new(),
            came: Vec::new(),
            skew,
            fresh: 0,
            new_seqs: Vec::new(),
        })
    }

    async fn run(mut self, order: &[usize], request: &Request) -> Result<TakenIn, Error> {
        let txn = self.desk.txn.clone();
        let now = self.desk.now;
        let mut receipts: BTreeMap<usize, Json> = BTreeMap::new();
        let mut touched = Vec::new();
        for n in order {
            let one = &self.all[*n];
            let receipt = self.one(one).await?;
            self.answered
                .entry(one.digest())
                .or_insert_with(|| receipt.clone());
            self.ids.extend(one.id());
            // A full client whose changes are held must make its document anew, from what is there.
            if let Some(resident) = one.resident()
                && (receipt["outcome"] != "held" || one.full())
            {
                touched.extend([resident, self.desk.now_is(resident)]);
            }
            touched.extend(self.replay().await?);
            receipts.insert(one.index, receipt);
        }
        holdings::confirm_dropped(&*txn, self.phone.device, &request.dropped, now.millis()).await?;
        if self.handing_in && request.dropped_everything {
            holdings::confirm_everything(&*txn, self.phone.device, now.millis()).await?;
        }
        let (device, fresh, seqs, came) = (self.device, self.fresh, self.new_seqs, self.came);
        self.desk.save().await?;
        let (received, through) = standing::advance(&*txn, &device, fresh, &seqs).await?;
        Ok(TakenIn {
            receipts: receipts.into_values().collect(),
            received,
            through,
            safe: device.safe,
            touched,
            came,
        })
    }

    /// One edit's receipt, as it stands now.
    async fn one(&mut self, one: &One) -> Result<Json, Error> {
        if let Some(receipt) = self.repeated(one)? {
            return Ok(receipt);
        }
        self.fresh += 1;
        let edit = match &one.arrived {
            Arrived::Edit(edit) => edit,
            Arrived::Unreadable { why, seq, .. } => {
                self.new_seqs.extend(*seq);
                return Ok(self.hold(one, why.code(), why.message(), None));
            }
        };
        let used = self.seqs.get(&edit.seq);
        if used.is_some_and(|other| *other != edit.id.uuid()) {
            self.found_a_clone().await?;
            return Ok(self.hold(
                one,
                "seq_reused",
                "该序号已被本机另一条修改使用，可能存在两台相同的手机，已保留",
                None,
            ));
        }
        self.seqs.insert(edit.seq, edit.id.uuid());
        self.new_seqs.push(edit.seq);
        if self.handing_in {
            return Ok(self.hold(
                one,
                "handed_in",
                "登录或授权已终止，修改已交回并保留待人工处理",
                None,
            ));
        }
        if self.device.cloned_at.is_some() {
            let device = self.phone.device;
            return Ok(self.hold(one, "seq_reused", CLONED, Some(device)));
        }
        self.take(one, edit).await
    }

    /// Two phones use this registration: nothing more of it is taken until somebody has said what is so.
    async fn found_a_clone(&mut self) -> Result<(), Error> {
        if self.device.cloned_at.is_none() {
            let now = self.desk.now.millis();
            self.device.cloned_at = Some(now);
            standing::set_cloned(&*self.desk.txn, self.phone.device, Some(now)).await?;
            let entry = Entry::done("device_cloned", self.phone.account).on("device", self.phone.device);
            audit::insert(&*self.desk.txn, entry, now).await?;
        }
        Ok(())
    }

    async fn take(&mut self, one: &One, edit: &Edit) -> Result<Json, Error> {
        let id = edit.resident.uuid();
        // Who was erased is not made again by an edit that was under way. Whoever never carried the person learns nothing.
        if self.erased.contains_key(&id) && (self.carried.contains(&id) || edit.create.is_some()) {
            return Ok(self.hold(one, erasure::ARRIVED, ERASED, None));
        }
        if let Some(to) = edit.create
            && !self.desk.records.contains_key(&id)
        {
            if !self.phone.grids.contains(&to.uuid()) {
                return Ok(self.hold(one, "not_in_scope", UNKNOWN, None));
            }
            let row = grid::Entity::find_by_id(to.uuid()).one(&*self.desk.txn).await?;
            let Some(row) = row else {
                return Ok(self.hold(one, "not_in_scope", UNKNOWN, None));
            };
            self.desk
                .create(id, State::Reported, Some(row.village), Some(row.id));
            self.holds.insert(id);
            self.came.push(id);
        }
        let Some(door) = self.door(id) else {
            // The same bytes for a foreign and for a missing resident: the edit waits, in case its create is late.
            return Ok(self.hold(one, "not_in_scope", UNKNOWN, Some(id)));
        };
        if let Some(after) = edit.after
            && !self.knows(after)
        {
            return Ok(self.hold(
                one,
                "waits_for_earlier",
                "等待本机更早的修改到达",
                Some(after.uuid()),
            ));
        }
        let (taken, receipt) = self.take_at_desk(edit, door)?;
        if whole_held(&taken) {
            return Ok(self.keep(one, taken, None));
        }
        Ok(receipt)
    }

    /// Takes an edit into its record in this phone's name, whether it has just arrived or waited.
    fn take_at_desk(&mut self, edit: &Edit, door: Door) -> Result<(Taken, Json), Error> {
        let writer = self.writer(door);
        let source = Source::Edit {
            edit: edit.id,
            by: self.phone.name.clone(),
            at: edit.made_at,
        };
        let origin = Origin {
            writer: &writer,
            source,
            kind: "phone",
            skew: self.skew,
        };
        self.desk.take(edit, &origin)
    }

    /// How this phone may write to a record; none when it never could.
    fn door(&self, id: Uuid) -> Option<Door> {
        // Whoever was merged is whom they were merged into; what is carried of them is carried still.
        let loaded = self.desk.records.get(&self.desk.now_is(id))?;
        if loaded.grid.is_some_and(|g| self.phone.grids.contains(&g)) {
            return Some(Door::Phone);
        }
        // What a device still carries decides, never a clock.
        self.holds.contains(&id).then_some(Door::LeavingPhone)
    }

    fn writer(&self, door: Door) -> Writer {
        Writer {
            account: self.phone.account.into(),
            device: Some(self.phone.device.into()),
            role: Role::Worker,
            door,
            name: self.phone.name.clone(),
        }
    }
}

/// What is said of somebody who was erased, to a phone that carried the person.
const ERASED: &str = "该人员信息已按规定抹除，修改已保留待人工处理";

/// What is said of edits that come while two phones use one registration.
const CLONED: &str = "本机登记曾被两台手机同时使用，修改已保留，请联系管理员确认";

/// What is said of a record that is not there, not yet, or not for this worker.
const UNKNOWN: &str = "该人员不在您负责的网格内，修改已保留待人工处理";

fn whole_held(taken: &Taken) -> bool {
    taken.outcome == sync::Outcome::Held && taken.fields.is_empty()
}
