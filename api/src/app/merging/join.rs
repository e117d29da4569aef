//! Merging on the desk: what goes over, what is offered, what is kept so that it can go back.

use super::carry::{OF, carry};
use super::offers::{offer, values};
use super::{Line, Merge, derived, in_reach, said, source, write_line};
use crate::app::Error;
use crate::app::clues::tasks;
use crate::app::desk::Desk;
use crate::app::inbox::{Decider, placing, reaches};
use crate::store::merges::{self, Body, hanging};
use crate::store::{duplicates, enrolments};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use sync::State;
use uuid::Uuid;

/// Merges `what.absorbed` into `what.survivor`, both on the desk with everybody of [`super::everybody`]. Answers how many
/// values are offered.
///
/// # Errors
/// As [`super::merge`].
pub async fn join(desk: &mut Desk<'_>, who: &Decider, what: &Merge) -> Result<usize, Error> {
    let (survivor, absorbed) = (what.survivor, what.absorbed);
    may(desk, who, what)?;
    desk.placed_by = Some(who.account);
    let txn = desk.txn.clone();
    let keys = desk.program.keys.clone();
    let mut body = as_they_were(desk, who, what);
    let mut changes = place(desk, who, what, &mut body).await?;
    let on = take_categories(desk, survivor, absorbed, &mut body, &mut changes).await?;
    let now = desk.now;
    let line = |edit: Uuid, said: Json, changes| Line {
        edit,
        account: who.account,
        kind: "merge",
        outcome: "merged",
        said,
        changes,
        source: source(who, edit, now),
    };
    let own = line(what.id, said(what), changes);
    let leaving = derived(desk, b"merged", &[what.id.as_bytes()]);
    let gone = line(
        leaving,
        json!({ "merged_into": survivor, "merge": what.id }),
        Vec::new(),
    );
    let n = write_line(desk, survivor, own)?;
    let moved = body.categories.clone();
    let (offers, count) = offer(desk, (what.id, absorbed, survivor), &moved, &on)?;
    body.offers = offers;
    items(desk, what, &mut body);
    // Visits are of the person, whoever the person is.
    let theirs = desk.records[&absorbed].record.kept.visits.clone();
    let loaded = desk.records.get_mut(&survivor).ok_or(Error::NotFound)?;
    theirs
        .into_iter()
        .for_each(|visit| loaded.record.add_visit(visit));
    hanging::take_visits(&*txn, absorbed, survivor).await?;
    let links = hanging::take_links(&*txn, absorbed, survivor).await?;
    desk.news
        .extend(tasks::tell_again(&txn, &keys, &links.tasks).await?);
    body.hanging = hanging::Taken {
        enrolments: std::mem::take(&mut body.hanging.enrolments),
        ..links
    };
    leave(desk, absorbed, survivor, gone)?;
    pairs(desk, &txn, what).await?;
    merges::forget_apart(&*txn, (survivor, absorbed)).await?;
    let row = merges::Merge {
        id: what.id,
        survivor,
        absorbed,
        account: who.account,
        n,
        at: now.millis(),
        undone_at: None,
        undone_by: None,
        sealed: Vec::new(),
    };
    merges::insert(&*txn, &keys, &row, &body).await?;
    Ok(count)
}

/// Whether this may be done, as both are now.
fn may(desk: &Desk<'_>, who: &Decider, what: &Merge) -> Result<(), Error> {
    in_reach(desk, who, &[what.survivor, what.absorbed])?;
    if what.survivor == what.absorbed {
        return Err(Error::field("same_resident", "不能与自己合并", "absorbed"));
    }
    let (to, from) = (&desk.records[&what.survivor], &desk.records[&what.absorbed]);
    for (id, loaded) in [(what.survivor, to), (what.absorbed, from)] {
        if let Some(into) = loaded.merged_into {
            return Err(Error::Conflict {
                code: "resident_merged",
                message: "其中一人已并入另一条记录".into(),
                present: Some(json!({ "resident": id, "into": into })),
            });
        }
    }
    let versions = [to, from].map(|l| l.record.version().to_string());
    if versions != [what.survivor_version.clone(), what.absorbed_version.clone()] {
        return Err(Error::Conflict {
            code: "changed_meanwhile",
            message: "其中一人的信息已有变化，请查看后再决定".into(),
            present: Some(
                json!({ what.survivor.to_string(): versions[0], what.absorbed.to_string(): versions[1] }),
            ),
        });
    }
    if to.record.state == State::Departed {
        return Err(Error::conflict(
            "resident_departed",
            "保留的一方已离册，请选另一方",
        ));
    }
    if to.record.state == State::Reported && from.record.state == State::Present {
        return Err(Error::conflict(
            "survivor_reported",
            "保留的一方尚未核准，请保留已在册的一方",
        ));
    }
    let number = |l: &crate::store::records::Loaded| l.record.fact("id_number");
    let differ = !number(to).is_null() && !number(from).is_null() && number(to) != number(from);
    let told = what.reason.as_deref().is_some_and(|text| !text.trim().is_empty());
    match differ && !told {
        true => Err(Error::field(
            "reason_required",
            "两人的身份证号不同，请写明合并的理由",
            "reason",
        )),
        false => Ok(()),
    }
}

/// How both are before anything is done.
fn as_they_were(desk: &Desk<'_>, who: &Decider, what: &Merge) -> Body {
    let (to, from) = (&desk.records[&what.survivor], &desk.records[&what.absorbed]);
    let shown = values(&to.record, &desk.program.catalogue);
    let facts = to.record.kept.facts.iter();
    Body {
        before: shown
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.to_json()))
            .collect(),
        facts: facts.map(|(key, fact)| (key.clone(), fact.edit.uuid())).collect(),
        offers: Vec::new(),
        state: from.record.state,
        grid: from.grid,
        survivor_grid: to.grid,
        placed: to.grid,
        categories: Vec::new(),
        hanging: hanging::Taken::default(),
        waited: Vec::new(),
        by: who.name.clone(),
        reason: what.reason.clone(),
    }
}

/// Puts the survivor where the decider says.
async fn place(
    desk: &mut Desk<'_>,
    who: &Decider,
    what: &Merge,
    body: &mut Body,
) -> Result<Vec<(String, Json, Json)>, Error> {
    let here = desk.records[&what.survivor].grid;
    let Some(grid) = what.grid.filter(|grid| Some(*grid) != here) else {
        return Ok(Vec::new());
    };
    let found = placing::current(&desk.txn.clone(), grid).await?;
    if !reaches(&who.reach, Some(found.village)) {
        return Err(Error::field("grid_unknown", "网格不存在或已撤销", "grid"));
    }
    body.placed = Some(grid);
    let change = placing::moved(desk, what.survivor, found.village, grid)?;
    Ok(vec![(change.key, change.from.to_json(), change.to.to_json())])
}

/// Open episodes go over in categories in which the survivor has none, with what the department says of them. Answers the
/// categories in which the absorbed was.
async fn take_categories(
    desk: &mut Desk<'_>,
    survivor: Uuid,
    absorbed: Uuid,
    body: &mut Body,
    changes: &mut Vec<(String, Json, Json)>,
) -> Result<BTreeSet<String>, Error> {
    let txn = desk.txn.clone();
    let open = enrolments::open_of_all(&*txn, &[survivor, absorbed]).await?;
    let there: BTreeSet<&str> = open
        .iter()
        .filter(|row| row.resident == survivor)
        .map(|row| row.category.as_str())
        .collect();
    let theirs = open.iter().filter(|row| row.resident == absorbed);
    let on: BTreeSet<String> = theirs.clone().map(|row| row.category.clone()).collect();
    for row in theirs.filter(|row| !there.contains(row.category.as_str())) {
        body.hanging.enrolments.push(row.id);
        body.categories.push(row.category.clone());
    }
    hanging::move_episodes(&*txn, &body.hanging.enrolments, absorbed, survivor).await?;
    for category in &body.categories {
        changes.extend(move_category(desk, absorbed, survivor, category)?);
    }
    Ok(on)
}

/// The lines and the facts of one category go from one record to another; the first keeps its facts, as history.
pub(super) fn move_category(
    desk: &mut Desk<'_>,
    from: Uuid,
    to: Uuid,
    category: &str,
) -> Result<Vec<(String, Json, Json)>, Error> {
    let mut changes = Vec::new();
    let loaded = desk.records.get_mut(&from).ok_or(Error::NotFound)?;
    let kept = &mut loaded.record.kept;
    let of = |key: &str| key.split_once('.').is_some_and(|(own, _)| own == category);
    let (lines, stay): (Vec<_>, Vec<_>) = std::mem::take(&mut kept.enrolments)
        .into_iter()
        .partition(|line| line.category == category && line.until.is_none());
    kept.enrolments = stay;
    let facts: BTreeMap<_, _> = kept.facts.iter().filter(|(key, _)| of(key)).collect();
    let facts: Vec<_> = facts
        .into_iter()
        .map(|(key, fact)| (key.clone(), fact.clone(), kept.sources.get(&fact.edit).cloned()))
        .collect();
    desk.touch(from);
    let loaded = desk.records.get_mut(&to).ok_or(Error::NotFound)?;
    loaded.record.kept.enrolments.extend(lines);
    for (key, fact, source) in facts {
        let was = loaded.record.fact(&key);
        if was != fact.value {
            changes.push((key.clone(), was.to_json(), fact.value.to_json()));
        }
        loaded.record.set_fact(&key, fact.value, fact.edit);
        if let Some(source) = source {
            loaded.record.kept.sources.insert(fact.edit, source);
        }
    }
    desk.touch(to);
    Ok(changes)
}

/// What waits on the absorbed: what somebody said goes along, what was asked about the whole person is kept.
fn items(desk: &mut Desk<'_>, what: &Merge, body: &mut Body) {
    let (survivor, absorbed) = (what.survivor, what.absorbed);
    let result = json!({ "merged_into": survivor, "merge": what.id });
    let moved = body.categories.clone();
    let goes = |reason: &str, key: &str, _: &Json| {
        let category = key.split_once('.').map_or("", |(category, _)| category);
        reason != "list_row_missing" || moved.iter().any(|m| m == category)
    };
    let told = |mut side: Json| {
        if side[OF].is_null() {
            side[OF] = absorbed.to_string().into();
        }
        side
    };
    carry(desk, absorbed, survivor, goes, told, &result);
    let whole = desk.items.iter().filter(|((id, reason, _), _)| {
        *id == absorbed && matches!(reason.as_str(), "new_resident" | "unplaced" | "list_row_missing")
    });
    body.waited = whole
        .map(|((_, reason, key), item)| (reason.clone(), key.clone(), item.body.clone()))
        .collect();
}

/// The absorbed leaves everything; whoever had become it becomes the survivor.
fn leave(desk: &mut Desk<'_>, absorbed: Uuid, survivor: Uuid, line: Line) -> Result<(), Error> {
    let edit = line.edit;
    let result = json!({ "merged_into": survivor });
    for loaded in desk.records.values_mut() {
        if loaded.merged_into == Some(absorbed) {
            loaded.merged_into = Some(survivor);
        }
    }
    let before: Vec<Uuid> = desk
        .records
        .iter()
        .filter(|(id, l)| l.merged_into == Some(survivor) && **id != absorbed)
        .map(|(id, _)| *id)
        .collect();
    before.into_iter().for_each(|id| desk.touch(id));
    let loaded = desk.records.get_mut(&absorbed).ok_or(Error::NotFound)?;
    loaded.record.state = State::Departed;
    loaded.merged_into = Some(survivor);
    write_line(desk, absorbed, line)?;
    desk.leaves(absorbed, "merged");
    desk.merged.insert(absorbed, survivor);
    let others: Vec<_> = desk
        .items
        .keys()
        .filter(|(id, reason, _)| *id == absorbed && reason != duplicates::REASON)
        .cloned()
        .collect();
    for (id, reason, key) in others {
        desk.close(id, &reason, &key, "withdrawn", Some(edit), result.clone());
    }
    Ok(())
}

/// Questions whether somebody is the absorbed are now whether it is the survivor.
async fn pairs(desk: &mut Desk<'_>, txn: &crate::store::db::Txn, what: &Merge) -> Result<(), Error> {
    let (survivor, absorbed) = (what.survivor, what.absorbed);
    let apart = merges::apart_from(&**txn, survivor).await?;
    let open: Vec<_> = desk
        .items
        .iter()
        .filter(|((id, reason, key), _)| {
            reason == duplicates::REASON && (*id == absorbed || *key == absorbed.to_string())
        })
        .map(|((id, _, key), item)| (*id, key.clone(), item.body.clone()))
        .collect();
    let result = json!({ "merged_into": survivor, "merge": what.id });
    for (id, key, body) in open {
        desk.close(
            id,
            duplicates::REASON,
            &key,
            "superseded",
            Some(what.id),
            result.clone(),
        );
        desk.touch(id);
        let other = Uuid::try_parse(&key).unwrap_or_default();
        let third = if id == absorbed { other } else { id };
        if third != survivor && !apart.contains(&third) {
            let there = desk.records.get(&third).and_then(|l| l.village);
            desk.ask_whether_one(survivor, (third, there), body);
        }
    }
    Ok(())
}
