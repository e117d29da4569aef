//! Giving back somebody who was merged: two people again, each with the edits that named it.

use super::carry::{OF, carry};
use super::given::{Given, adopted, lift, names, take_again};
use super::join::move_category;
use super::told::{Since, since};
use super::values_back::{forget_category, go_back};
use super::{Line, derived, everybody, in_reach, note, repeats, source, write_line};
use crate::app::Error;
use crate::app::clues::tasks;
use crate::app::desk::Desk;
use crate::app::inbox::{Decider, placing};
use crate::program::Program;
use crate::store::db::Txn;
use crate::store::merges::{self, hanging};
use crate::store::sealed;
use domain::{EditId, Instant};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use sync::record::VisitLine;
use sync::{Edit, State};
use uuid::Uuid;

/// What somebody decides. `id` is the client's: the same may be sent again.
#[derive(Clone)]
pub struct Part {
    pub id: Uuid,
    pub absorbed: Uuid,
    /// The survivor's version that was seen.
    pub base: String,
    pub reason: String,
}

/// Both as they are now, and what was written while they were one.
pub struct Parted {
    pub survivor: (Uuid, String),
    pub absorbed: (Uuid, String),
    pub since: Vec<Since>,
    /// It had been done already.
    pub repeat: bool,
}

/// Undoes a merge: both are there again, phones get them again, every edit is with whom it named, and the two are not
/// asked about any more.
///
/// # Errors
/// `NotFound` unless both are in reach; `Conflict` `not_merged`, `merged_further` where the survivor was itself merged
/// since, `changed_meanwhile` with the survivor's version, `id_reused`.
pub async fn part(program: &Program, who: &Decider, what: &Part) -> Result<Parted, Error> {
    let now = program.clock.now();
    program
        .db
        .write(|txn| async move { in_transaction(&txn, program, who, what, now).await })
        .await
}

async fn in_transaction(
    txn: &Txn,
    program: &Program,
    who: &Decider,
    what: &Part,
    now: Instant,
) -> Result<Parted, Error> {
    let db = &**txn;
    let absorbed = what.absorbed;
    let said = json!({ "unmerge": absorbed, "base": what.base, "reason": what.reason });
    if repeats(txn, program, who, what.id, &said).await? {
        return again(txn, program, who, what, now).await;
    }
    let Some(merge) = merges::standing(db, absorbed).await? else {
        // Whoever may not know that there is such a person does not hear that it was not merged.
        let desk = Desk::open(txn, program, &BTreeSet::from([absorbed]), &[], now).await?;
        in_reach(&desk, who, &[absorbed])?;
        return Err(Error::conflict("not_merged", "该记录没有并入别的记录"));
    };
    let survivor = merge.survivor;
    let whole = merges::whole(db, absorbed).await?;
    let mut ids = everybody(txn, &[survivor, absorbed]).await?;
    ids.extend(&whole);
    // Under their locks it is read what was written since.
    let desk = Desk::open(txn, program, &ids, &[], now).await?;
    may(&desk, who, what, survivor)?;
    let given = Given::read(txn, program, survivor, &whole).await?;
    drop(desk);
    let based: Vec<&Edit> = given.iter().map(|given| &given.edit).collect();
    let mut desk = Desk::open(txn, program, &ids, &based, now).await?;
    desk.placed_by = Some(who.account);
    let body = merges::body(&program.keys, &merge)?;
    let told = since(txn, program, &merge).await?;

    // Before the lines that say so, whose version counts them.
    for category in &body.categories {
        move_category(&mut desk, survivor, absorbed, category)?;
        forget_category(&mut desk, survivor, category, &body)?;
    }
    let adopted = adopted(txn, program, &merge, &whole, &given).await?;
    go_back(&mut desk, who, what, &merge, &body, (&given, &adopted), said).await?;
    hanging::move_episodes(db, &body.hanging.enrolments, survivor, absorbed).await?;
    lift(&mut desk, txn, &given, survivor, absorbed).await?;
    come_back(&mut desk, who, what, &body, &whole, survivor).await?;
    items(&mut desk, what, &body, &given, &whole, survivor);
    for side in adopted.into_iter().filter(|side| side.asked) {
        desk.add_side(
            absorbed,
            &side.reason,
            &side.key,
            without_of(side.shown, absorbed),
            json!({}),
        );
    }
    hanging::give_visits_back(db, &whole, survivor, absorbed).await?;
    hanging::give_links_back(db, &body.hanging, survivor, absorbed).await?;
    desk.news
        .extend(tasks::tell_again(txn, &program.keys, &body.hanging.tasks).await?);
    // Who was visited before; what is taken again below brings its visits along.
    for id in [survivor, absorbed] {
        let visits = visits(txn, program, id).await?;
        let loaded = desk.records.get_mut(&id).ok_or(Error::NotFound)?;
        loaded.record.kept.visits = visits;
    }
    for one in &given {
        take_again(&mut desk, one)?;
    }
    // What was adopted is not in the history of its document any more. Where a merged note waits for a person the next epoch
    // ends it, or an erasure of the other.
    let _waits = desk.begin_epoch(survivor);
    merges::end(db, merge.id, what.id, now.millis()).await?;
    merges::keep_apart(db, (survivor, absorbed), what.id, now.millis()).await?;
    let version = |id: Uuid| (id, desk.records[&id].record.version().to_string());
    let parted = Parted {
        survivor: version(survivor),
        absorbed: version(absorbed),
        since: told,
        repeat: false,
    };
    desk.save().await?;
    for id in [survivor, absorbed] {
        note(txn, "unmerge_residents", who, id, what.id, now).await?;
    }
    Ok(parted)
}

/// The answer to the same thing sent again.
async fn again(
    txn: &Txn,
    program: &Program,
    who: &Decider,
    what: &Part,
    now: Instant,
) -> Result<Parted, Error> {
    let merges = merges::of_resident(&**txn, what.absorbed).await?;
    let merge = merges.into_iter().find(|m| m.undone_by == Some(what.id));
    let merge = merge.ok_or(Error::NotFound)?;
    let ids = [merge.survivor, merge.absorbed];
    let desk = Desk::open(txn, program, &ids.into_iter().collect(), &[], now).await?;
    in_reach(&desk, who, &ids)?;
    let version = |id: Uuid| (id, desk.records[&id].record.version().to_string());
    Ok(Parted {
        survivor: version(merge.survivor),
        absorbed: version(merge.absorbed),
        since: since(txn, program, &merge).await?,
        repeat: true,
    })
}

fn may(desk: &Desk<'_>, who: &Decider, what: &Part, survivor: Uuid) -> Result<(), Error> {
    in_reach(desk, who, &[survivor, what.absorbed])?;
    let loaded = &desk.records[&survivor];
    if let Some(into) = loaded.merged_into {
        return Err(Error::Conflict {
            code: "merged_further",
            message: "合并后的记录又并入了另一条，请先撤销后一次合并".into(),
            present: Some(json!({ "into": into })),
        });
    }
    let version = loaded.record.version().to_string();
    if version != what.base {
        return Err(Error::Conflict {
            code: "changed_meanwhile",
            message: "该人员的信息已有变化，请查看后再决定".into(),
            present: Some(json!({ survivor.to_string(): version })),
        });
    }
    Ok(())
}

/// The absorbed is there again, where and as it was.
async fn come_back(
    desk: &mut Desk<'_>,
    who: &Decider,
    what: &Part,
    body: &merges::Body,
    whole: &BTreeSet<Uuid>,
    survivor: Uuid,
) -> Result<(), Error> {
    let absorbed = what.absorbed;
    for id in whole.iter().filter(|id| **id != absorbed) {
        if let Some(loaded) = desk.records.get_mut(id) {
            loaded.merged_into = Some(absorbed);
            desk.touch(*id);
        }
    }
    let txn = desk.txn.clone();
    let current = match body.grid {
        Some(grid) => placing::current(&txn, grid).await.ok(),
        None => None,
    };
    let edit = derived(desk, b"given back", &[what.id.as_bytes()]);
    let loaded = desk.records.get_mut(&absorbed).ok_or(Error::NotFound)?;
    loaded.merged_into = None;
    loaded.record.state = body.state;
    let lost = current.is_none() && body.grid.is_some();
    loaded.grid = current.map(|grid| grid.id);
    let line = Line {
        edit,
        account: who.account,
        kind: "unmerge",
        outcome: "merged",
        said: json!({ "given_back_by": survivor, "unmerge": what.id }),
        changes: Vec::new(),
        source: source(who, edit, desk.now),
    };
    write_line(desk, absorbed, line)?;
    desk.identity_changed(absorbed);
    for (reason, key, shown) in &body.waited {
        desk.ask_again(absorbed, reason, key, shown.clone());
    }
    if lost && body.state != State::Departed {
        let side =
            json!({ "edit": edit.to_string(), "by": who.name, "at": desk.now.to_string(), "value": null });
        desk.add_side(absorbed, "unplaced", "", side, json!({ "candidates": [] }));
    }
    Ok(())
}

/// What was said of the other waits on the other; what was only offered is withdrawn.
fn items(
    desk: &mut Desk<'_>,
    what: &Part,
    body: &merges::Body,
    given: &[Given],
    whole: &BTreeSet<Uuid>,
    survivor: Uuid,
) {
    let result = json!({ "given_back": what.absorbed, "unmerge": what.id });
    let of = |side: &Json| {
        let id = side[OF].as_str().and_then(|id| Uuid::try_parse(id).ok());
        id.is_some_and(|id| whole.contains(&id))
    };
    let told = |side: Json| without_of(side, what.absorbed);
    carry(
        desk,
        survivor,
        what.absorbed,
        |_, _, side| of(side),
        told,
        &result,
    );
    let mut gone: BTreeSet<String> = given.iter().map(|one| one.row.id.to_string()).collect();
    gone.extend(body.offers.iter().map(Uuid::to_string));
    let theirs = |side: &Json| side["edit"].as_str().is_some_and(|edit| gone.contains(edit));
    for reason in ["proposal", "departure", "note_beside", "held_fields"] {
        desk.take_back(survivor, reason, theirs, &result);
    }
}

/// A side as it stood with the absorbed; one that came from further away goes on saying so.
fn without_of(mut side: Json, absorbed: Uuid) -> Json {
    if side[OF] == absorbed.to_string().as_str() {
        side.as_object_mut().map(|side| side.remove(OF));
    }
    side
}

/// The last visits as their rows tell them.
async fn visits(txn: &Txn, program: &Program, id: Uuid) -> Result<Vec<VisitLine>, Error> {
    let rows = hanging::latest_visits(&**txn, id, 3).await?;
    let authors: Vec<Uuid> = rows.iter().map(|row| row.account).collect();
    let names = names(txn, program, &authors).await?;
    let mut out = Vec::with_capacity(rows.len());
    for row in rows.into_iter().rev() {
        let said: Json = sealed::open(&program.keys, "visit", row.id, &row.sealed)?;
        let text = said["text"].as_str().map(domain::text::note);
        out.push(VisitLine {
            visit: EditId::from(row.id),
            at: Instant::from_millis(row.at),
            by: names.get(&row.account).cloned().unwrap_or_default(),
            means: row.means,
            outcome: row.outcome,
            text: text.filter(|text| !text.is_empty()),
        });
    }
    Ok(out)
}
