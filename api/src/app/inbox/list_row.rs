//! Rows of lists that wait: whom each may be about, as far as the decider may see, and the answer.

use super::apply::Case;
use super::{Decider, ItemView};
use crate::app::Error;
use crate::app::desk::Desk;
use crate::app::lists::answering::{self, By, Earlier, Place};
use crate::app::lists::steps::Answer;
use crate::app::lists::waiting::{Candidate, SHOWN, candidates};
use crate::program::Program;
use crate::store::enrolments;
use crate::store::inbox::{self, Reach};
use crate::store::lists::{self, Line, place_of_item, state};
use domain::EditId;
use entity::inbox_item;
use sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use sync::decide;
use uuid::Uuid;

/// Whether an item asks whom a row is about.
pub fn asks_whom(row: &inbox_item::Model) -> bool {
    row.reason == "list_row_ambiguous" && row.list.is_some() && row.list_row.is_some()
}

fn place(row: &inbox_item::Model) -> Option<Place> {
    let (sheet, number) = place_of_item(row.list_row?);
    Some(Place {
        list: row.list?,
        sheet,
        row: number,
    })
}

fn sees(reach: &Reach, candidate: &Candidate) -> bool {
    match (reach, candidate.village) {
        (Reach::County, _) => true,
        (Reach::Nothing, _) => false,
        // Who is no resident yet lives nowhere that somebody else looks after.
        (Reach::Places { .. }, None) => candidate.resident.is_none(),
        (Reach::Places { villages, .. }, Some(village)) => villages.contains(&village),
    }
}

/// Shows whom the row of an open item may be about.
pub async fn show(
    program: &Program,
    who: &Decider,
    row: &inbox_item::Model,
    item: &mut ItemView,
) -> Result<(), Error> {
    if !asks_whom(row) || row.state != "open" {
        return Ok(());
    }
    let Some(place) = place(row) else { return Ok(()) };
    let all = match candidates(program.db.read(), program, place).await {
        Ok((listed, all)) => {
            // Whoever is found with certainty is linked the next time that somebody looks.
            if let Some(said) = listed.evidence.as_ref().filter(|said| !said.linked) {
                item.body["evidence"] = json!({ "code": said.why, "message": said.says });
            }
            all
        }
        // The row is kept no longer.
        Err(Error::NotFound) => return Ok(()),
        Err(error) => return Err(error),
    };
    let shown = all.iter().take(SHOWN).map(|candidate| {
        if !sees(&who.reach, candidate) {
            return json!({ "elsewhere": true });
        }
        let mut shown = candidate.shown.clone();
        shown["id"] = json!(candidate.id);
        shown["resident"] = json!(candidate.resident);
        shown["why"] = json!(candidate.why);
        if let Some(seen) = &candidate.seen {
            shown["evidence"] = seen.lines.iter().map(explained).collect();
        }
        shown
    });
    item.body["candidates"] = shown.collect();
    // Residents are named by the candidates, and those only whom the decider may see.
    let visible = |id: &Json| {
        let of = |c: &&Candidate| c.resident.is_some_and(|r| *id == r.to_string().as_str());
        all.iter().find(of).is_none_or(|c| sees(&who.reach, c))
    };
    if let Some(residents) = item.body["residents"].as_array_mut() {
        residents.retain(visible);
    }
    Ok(())
}

/// One line of evidence: what was compared, how it came out, and what that says.
fn explained(line: &Line) -> Json {
    json!({
        "field": line.field, "says": line.says,
        "strength": matching::explain::strength(line.weight), "weight": line.weight,
    })
}

/// Answers the row of an item: the same person as a candidate, or another.
pub async fn answer(desk: &mut Desk<'_>, case: &Case<'_>) -> Result<(), Error> {
    let (what, row) = (case.what, case.row);
    let unfit = || Error::field("unfit_choice", "该事项不能这样处理", "choice");
    let place = place(row).filter(|_| asks_whom(row)).ok_or_else(unfit)?;
    let txn = desk.txn.clone();
    let (listed, all) = candidates(&*txn, desk.program, place).await?;
    let list = lists::find(&*txn, place.list).await?.ok_or(Error::NotFound)?;
    if matches!(list.kind.as_str(), "population" | "grids") {
        return Err(unfit());
    }
    if !matches!(list.state.as_str(), state::COMMITTED | state::COMMITTING) {
        return Err(Error::conflict("undone", "该名单已撤回，无需再处理"));
    }
    let said = match what.choice.as_str() {
        "same" => same(case, &all)?,
        _ => {
            new(case, &all, &listed)?;
            Answer::New
        }
    };
    let by = By {
        account: case.who.account,
        decision: what.id,
        now: desk.now.millis(),
    };
    let done = answering::answer(&txn, desk.program, listed, said, by).await?;
    if let Some(earlier) = &done.earlier {
        begin_earlier(desk, case, earlier).await?;
    }
    let result = case.result();
    for id in done.items {
        if let Some(other) = inbox::find(&*txn, id).await? {
            desk.close_row(&other, what.id, result.clone()).await?;
        }
    }
    desk.close_row(row, what.id, result).await
}

fn same(case: &Case<'_>, all: &[Candidate]) -> Result<Answer, Error> {
    let value = case.what.value.as_ref();
    let named = value.and_then(Json::as_str).and_then(|v| Uuid::try_parse(v).ok());
    let named = named.ok_or_else(|| Error::field("candidate_required", "请指明是哪一位", "value"))?;
    let found = all.iter().find(|c| c.id == named && sees(&case.who.reach, c));
    let found = found.ok_or_else(|| Error::field("unknown_candidate", "候选人中没有这一位", "value"))?;
    if found.shown["state"] == "departed" {
        return Err(Error::conflict(
            "resident_departed",
            "该人员已离册；如属误报，请先更正生存状态，再处理此行",
        ));
    }
    Ok(match found.resident {
        Some(id) => Answer::Resident(id),
        None => Answer::Listed(found.id),
    })
}

/// Nobody of those who were shown: whoever says so names them, so that nobody is made twice who came in meanwhile.
fn new(case: &Case<'_>, all: &[Candidate], row: &lists::Row) -> Result<(), Error> {
    let named: BTreeSet<Uuid> = match &case.what.value {
        None | Some(Json::Null) => BTreeSet::new(),
        Some(value) => value
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|v| Uuid::try_parse(v.as_str()?).ok())
            .collect(),
    };
    if all.iter().any(|c| !sees(&case.who.reach, c)) {
        return Err(Error::Forbidden {
            code: "candidate_elsewhere",
            message: "有候选人不在您的辖区，请由镇街或数据局处理",
        });
    }
    let number = row.content.get("id_number");
    let taken =
        |c: &Candidate| c.resident.is_some() && number.is_some() && c.shown["id_number"].as_str() == number;
    if all.iter().any(taken) {
        return Err(Error::field(
            "number_taken",
            "该身份证号已属于一位居民，不能再新建；请选择同一人，或弃置此行",
            "choice",
        ));
    }
    let unseen: Vec<Uuid> = all
        .iter()
        .take(SHOWN)
        .map(|c| c.id)
        .filter(|id| !named.contains(id))
        .collect();
    if unseen.is_empty() {
        return Ok(());
    }
    Err(Error::Conflict {
        code: "changed_meanwhile",
        message: "有可能是同一人的候选人，请查看后在 value 中列出，确认都不是".into(),
        present: Some(json!({ "candidates": unseen })),
    })
}

/// An older month says since when somebody is on the roster who was entered by a later one.
async fn begin_earlier(desk: &mut Desk<'_>, case: &Case<'_>, earlier: &Earlier) -> Result<(), Error> {
    let (txn, program, now) = (desk.txn.clone(), desk.program, desk.now);
    let id = earlier.resident;
    let open = enrolments::open_of(&*txn, id, earlier.category).await?;
    let Some(mut open) = open.filter(|o| o.source == earlier.source && o.since > earlier.since) else {
        return Ok(());
    };
    let mut desk = Desk::open(&txn, program, &BTreeSet::from([id]), &[], now).await?;
    if let Some(later) = open.begun_by {
        answering::began_here(&txn, program, earlier, later).await?;
    }
    open.since = earlier.since.clone();
    enrolments::begin_at(&*txn, &open).await?;
    let edit = EditId::from(case.what.id);
    let source = case.source(now);
    let loaded = desk.records.get_mut(&id).ok_or(Error::NotFound)?;
    let lines = &mut loaded.record.kept.enrolments;
    let line = lines
        .iter_mut()
        .find(|l| l.category == earlier.category && l.until.is_none());
    if let Some(line) = line {
        line.since = earlier.since.clone();
    }
    loaded.record.kept.sources.insert(edit, source);
    decide::settle(&mut loaded.record, edit);
    super::apply::record_decision(&mut desk, case, id, &[])?;
    desk.save().await
}

/// Keeps on the row that a person decided to leave it as it is.
pub async fn left_alone<C: ConnectionTrait>(
    db: &C,
    row: &inbox_item::Model,
    decision: Uuid,
) -> Result<(), Error> {
    if let Some(place) = place(row) {
        lists::set_decision(db, place.list, (place.sheet, place.row), decision).await?;
    }
    Ok(())
}
