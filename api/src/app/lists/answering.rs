//! A person answers whom a waiting row is about; what a commit would have made of the row is made now.
//!
//! Other rows of the same source that say the same of who it is are answered with it. Where a later month was
//! committed meanwhile, that month's row is the one that is written; the older ones are history, and say since when
//! the person is on the roster.

use super::ground::Ground;
use super::judge;
use super::known_again::{Who, who};
use super::moved::{self, Begun};
use super::row::{category, contradicts_its_file};
use super::steps::{Answer, Commit};
use crate::app::Error;
use crate::program::Program;
use crate::store::db::Txn;
use crate::store::jobs::{self, JobKind, NewJob};
use crate::store::lists::{self, Outcome, Part, Row, Stage};
use crate::store::{answers, inbox};
use std::sync::Arc;
use uuid::Uuid;

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub list: Uuid,
    pub sheet: i32,
    pub row: i32,
}

/// Who answers, by which decision.
#[derive(Clone, Copy)]
pub struct By {
    pub account: Uuid,
    pub decision: Uuid,
    pub now: i64,
}

/// Somebody who is on the roster since an earlier month than it says.
pub struct Earlier {
    pub resident: Uuid,
    pub category: &'static str,
    pub source: String,
    pub since: String,
    /// The row that says so.
    pub place: Place,
}

/// What an answer came to.
pub struct Answered {
    /// Open items of other rows that are answered with it.
    pub items: Vec<Uuid>,
    pub earlier: Option<Earlier>,
}

/// Judges and writes the row with what is said of it, and the rows that are answered with it.
pub async fn answer(txn: &Txn, program: &Program, row: Row, said: Answer, by: By) -> Result<Answered, Error> {
    let db = &**txn;
    let own = place(&row);
    let first = Ground::of(db, program, row.list).await?;
    let alone = contradicts_its_file(&row.content);
    let digests = who(&first.commit(by.account, Stage::Final), &row);
    let first = Arc::new(first);
    let mut all = vec![(first.clone(), row)];
    if !alone {
        all.extend(alike(db, &first, own, &digests, by).await?);
    }
    // The latest month is written; the same list may have the row twice.
    all.sort_by(|a, b| (&b.0.list.month, place(&a.1)).cmp(&(&a.0.list.month, place(&b.1))));
    let (mut said, mut earlier) = (said, None);
    let mut places = Vec::new();
    for (ground, row) in &all {
        let mut cx = ground.commit(by.account, Stage::Final);
        cx.answer = Some(said);
        // What is done now is dated now: the commit may be months ago.
        cx.begun = cx.now;
        let outcome = if cx.history {
            let resident = match said {
                Answer::Resident(id) => Some(id),
                Answer::Listed(_) | Answer::New => None,
            };
            if let (Some(resident), Some(category)) = (resident, category(&cx.list.kind, &row.content)) {
                let since = row.content.get("since").and_then(|s| s.get(..7));
                earlier = Some(Earlier {
                    resident,
                    category,
                    source: cx.list.source.clone(),
                    since: since.unwrap_or(&cx.list.month).to_owned(),
                    place: place(row),
                });
            }
            let outcome = Outcome {
                verdict: "same",
                reason: Some("已由人工确认；较晚月份的名单已提交，只存为历史".to_owned()),
                resident,
            };
            let one = std::slice::from_ref(row);
            lists::judge(db, one, std::slice::from_ref(&outcome), Stage::Final).await?;
            outcome
        } else {
            let one = std::slice::from_ref(row);
            let judged = judge::judge(txn, &cx, one, None).await?;
            let mut outcome = judged.outcomes[0].clone();
            let reason = outcome.reason.unwrap_or_default();
            outcome.reason = Some(format!("已由人工确认；{reason}"));
            let judged = judged.saying(vec![outcome.clone()]);
            judged.write(txn, &cx, one).await?;
            move_on(txn, &cx, row, &mut outcome).await?;
            outcome
        };
        if let Some(id) = outcome.resident {
            said = Answer::Resident(id);
        }
        lists::set_decision(db, place(row).list, (row.sheet, row.row), by.decision).await?;
        places.push(place(row));
    }
    if let (Answer::Resident(id), false) = (said, alone) {
        let digests = digests.kept();
        if !digests.is_empty() {
            answers::keep(db, &digests, id, by.decision, by.now).await?;
        }
    }
    // Whoever is known now may be meant by other rows that wait.
    let again = JobKind::LinkAgain.name();
    let waits = jobs::of_subject(db, again, own.list).await?;
    if waits.is_none_or(|job| job.state != jobs::state::QUEUED) {
        jobs::insert(db, &NewJob::link_again(own.list, by.account)).await?;
    }
    places.retain(|p| *p != own);
    let places: Vec<_> = places
        .iter()
        .map(|p| (p.list, lists::item_row(p.sheet, p.row)))
        .collect();
    Ok(Answered {
        items: inbox::open_of_rows(db, &places).await?,
        earlier,
    })
}

/// Somebody was new in a later month only because this row waited: the earlier one is where it began.
pub async fn began_here(txn: &Txn, program: &Program, earlier: &Earlier, later: Uuid) -> Result<(), Error> {
    let db = &**txn;
    let mut later = lists::rows_of(db, &program.keys, &[later], &[earlier.resident]).await?;
    later.retain(|row| row.verdict.as_deref() == Some("new"));
    let said = |verdict, reason: String| Outcome {
        verdict,
        reason: Some(reason),
        resident: Some(earlier.resident),
    };
    let words = format!("较早月份的待确认行已确认是同一人，自 {} 起在册", earlier.since);
    let outcomes = vec![said("same", words); later.len()];
    lists::judge(db, &later, &outcomes, Stage::Final).await?;
    let Place { list, sheet, row } = earlier.place;
    let own = lists::row_at(db, &program.keys, list, sheet, row).await?;
    let own: Vec<Row> = own.into_iter().collect();
    let words = format!(
        "已由人工确认；自 {} 起在册；较晚月份的名单已提交，其余只存为历史",
        earlier.since
    );
    Ok(lists::judge(db, &own, &[said("new", words)], Stage::Final).await?)
}

/// The row may name the person in another category than before.
pub(super) async fn move_on(
    txn: &Txn,
    cx: &Commit<'_>,
    row: &Row,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let (Some(resident), Some(category), "new") = (
        outcome.resident,
        category(&cx.list.kind, &row.content),
        outcome.verdict,
    ) else {
        return Ok(());
    };
    let begun = Begun {
        resident,
        category,
        place: (row.sheet, row.row),
    };
    let own = lists::rows_of(&**txn, &cx.program.keys, &[cx.list.id], &[resident]).await?;
    let said: Vec<_> = own
        .iter()
        .filter_map(|row| super::row::category(&cx.list.kind, &row.content))
        .collect();
    let moved = moved::find(&**txn, cx, &[begun], |_, category| said.contains(&category)).await?;
    if let Some(one) = moved.first() {
        moved::write(txn, cx, &moved).await?;
        *outcome = moved::outcome(cx, one);
    }
    Ok(())
}

fn place(row: &Row) -> Place {
    Place {
        list: row.list,
        sheet: row.sheet,
        row: row.row,
    }
}

/// Rows that wait in committed lists of the same source and kind, and say the same of who it is.
async fn alike<'a>(
    db: &impl sea_orm::ConnectionTrait,
    first: &Arc<Ground<'a>>,
    own: Place,
    digests: &Who,
    by: By,
) -> Result<Vec<(Arc<Ground<'a>>, Row)>, Error> {
    let program = first.program;
    let mut out = Vec::new();
    for list in lists::committed(db, &first.list.source, &first.list.kind).await? {
        let part = Part {
            verdict: Some("ambiguous"),
            of_file: true,
            ..Part::default()
        };
        let mut rows = lists::rows(db, &program.keys, list.id, part).await?;
        rows.retain(|row| place(row) != own && !contradicts_its_file(&row.content));
        if rows.is_empty() {
            continue;
        }
        let ground = match list.id == first.list.id {
            true => first.clone(),
            false => Arc::new(Ground::of(db, program, list.id).await?),
        };
        let cx = ground.commit(by.account, Stage::Final);
        rows.retain(|row| who(&cx, row).whole == digests.whole);
        out.extend(rows.into_iter().map(|row| (ground.clone(), row)));
    }
    Ok(out)
}
