//! What was built upon a committed list: then it cannot be undone any more.

use super::ground::Ground;
use super::items::{AMBIGUOUS, CONTRADICTED, MISSING};
use super::own::own_edits;
use super::steps::Commit;
use crate::app::Error;
use crate::program::Program;
use crate::store::lists::{self, Part, Row, Stage, state};
use crate::store::{edits, inbox};
use entity::list;
use sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Rows that are looked at together.
const PAGE: u64 = 500;
/// Stands for whatever a list wrote.
const ANY: &str = "*";
/// Examples that an answer names.
const EXAMPLES: usize = 5;

/// How many records something was built upon, by what it was.
#[derive(Default)]
pub struct Built {
    records: BTreeSet<Uuid>,
    reasons: BTreeMap<&'static str, usize>,
    examples: Vec<Json>,
}

impl Built {
    fn on(&mut self, row: &Row, id: Uuid, reason: &'static str) {
        if !self.records.insert(id) {
            return;
        }
        *self.reasons.entry(reason).or_default() += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(match row.sheet {
                lists::MISSING_SHEET => json!({ "reason": reason, "says": said(reason) }),
                sheet => json!({ "sheet": sheet, "row": row.row, "reason": reason, "says": said(reason) }),
            });
        }
    }

    /// # Errors
    /// `Conflict` `built_upon` with how many records there are, why, and some of the rows.
    pub fn or_none(self) -> Result<(), Error> {
        if self.records.is_empty() {
            return Ok(());
        }
        Err(Error::Conflict {
            code: "built_upon",
            message: format!(
                "该名单提交后已有 {} 人的信息在其基础上变动，不能撤回",
                self.records.len()
            ),
            present: Some(json!({
                "records": self.records.len(), "reasons": self.reasons, "examples": self.examples,
            })),
        })
    }
}

fn said(reason: &str) -> &'static str {
    match reason {
        "answered" => "已由人工确认是哪一位",
        "decided" => "该名单提出的事项已有处理结果",
        "used" => "名单新增的人员已有走访、修改或其他名单",
        _ => "名单写入的字段此后又有修改",
    }
}

/// Refuses where a later list of the source and kind was begun.
pub async fn no_later_list<C: ConnectionTrait>(db: &C, list: &list::Model) -> Result<(), Error> {
    let all = lists::begun_since(db, list).await?;
    let Some(other) = all.first() else { return Ok(()) };
    let (code, message) = match other.state.as_str() {
        state::COMMITTED => (
            "built_upon",
            format!("此后已提交 {} 的同类名单，请先撤回该名单", other.month),
        ),
        _ => ("commit_running", "同类名单正在提交或撤回，请稍后再试".to_owned()),
    };
    Err(Error::Conflict {
        code,
        message,
        present: Some(
            json!({ "records": 0, "reasons": { "later_list": all.len() }, "examples": [
            { "reason": "later_list", "list": other.id, "month": other.month }
        ] }),
        ),
    })
}

/// Looks through all that a committed list wrote.
pub async fn built_upon<C: ConnectionTrait>(db: &C, ground: &Ground<'_>) -> Result<Built, Error> {
    let cx = &ground.commit(Uuid::nil(), Stage::Final);
    let program = cx.program;
    let mut built = Built::default();
    let decided = lists::decisions(db, &program.keys, cx.list.id).await?;
    let mut after = None;
    loop {
        let part = Part {
            after,
            limit: Some(PAGE),
            ..Part::default()
        };
        let rows = lists::places(db, cx.list.id, part).await?;
        let Some(last) = rows.last() else { return Ok(built) };
        after = Some((last.sheet, last.row));
        for row in &rows {
            let answer = decided.get(&(row.sheet, row.row));
            if let (Some(id), Some(said)) = (row.resident, answer)
                && said["choice"] != "discard"
            {
                built.on(row, id, "answered");
            }
        }
        edited(db, program, cx, &rows, &mut built).await?;
        asked(db, program, cx, &rows, &mut built).await?;
    }
}

/// Edits after the list's own, of what it wrote or of people whom it entered.
async fn edited<C: ConnectionTrait>(
    db: &C,
    program: &Program,
    cx: &Commit<'_>,
    rows: &[Row],
    built: &mut Built,
) -> Result<(), Error> {
    let of: BTreeMap<Uuid, &Row> = rows.iter().filter_map(|r| Some((r.resident?, r))).collect();
    let ids: Vec<Uuid> = of.keys().copied().collect();
    let since = cx.begun.millis();
    let later = edits::since(db, &ids, since).await?;
    let own: BTreeSet<Uuid> = rows.iter().flat_map(|row| own_edits(cx, row)).collect();
    let others: Vec<_> = later.iter().filter(|(_, id, _)| !own.contains(id)).collect();
    if others.is_empty() {
        return Ok(());
    }
    let first: BTreeMap<Uuid, i32> = later
        .iter()
        .filter(|(_, id, _)| own.contains(id))
        .map(|(resident, _, n)| (*resident, *n))
        .rev()
        .collect();
    let touched: BTreeSet<Uuid> = others.iter().map(|(resident, _, _)| *resident).collect();
    for resident in touched {
        let (Some(n), Some(row)) = (first.get(&resident), of.get(&resident)) else {
            continue;
        };
        let of_list: Vec<Uuid> = own_edits(cx, row).collect();
        let after: Vec<Uuid> = others
            .iter()
            .filter(|(r, _, at)| *r == resident && at > n)
            .map(|(_, id, _)| *id)
            .collect();
        if after.is_empty() {
            continue;
        }
        if super::own::entered(cx, row) {
            built.on(row, resident, "used");
            continue;
        }
        let keys_of = async |ids: &[Uuid]| -> Result<BTreeSet<String>, Error> {
            let mut keys = BTreeSet::new();
            for row in edits::by_ids(db, ids).await? {
                let body = edits::body(&program.keys, &row)?;
                keys.extend(
                    body.edit["fields"]
                        .as_object()
                        .into_iter()
                        .flatten()
                        .map(|(k, _)| k.clone()),
                );
                keys.extend(body.changes.iter().map(|(key, _, _)| key.clone()));
                // The answer about a row that waited may say since when somebody is on the roster.
                if body.edit["reason"] == AMBIGUOUS {
                    keys.insert(ANY.to_owned());
                }
                keys.extend(body.edit["key"].as_str().map(str::to_owned));
            }
            Ok(keys)
        };
        let (wrote, changed) = (keys_of(&of_list).await?, keys_of(&after).await?);
        if changed.contains(ANY) || wrote.intersection(&changed).next().is_some() {
            built.on(row, resident, "edited");
        }
    }
    Ok(())
}

/// Questions of the list that were decided.
async fn asked<C: ConnectionTrait>(
    db: &C,
    program: &Program,
    cx: &Commit<'_>,
    rows: &[Row],
    built: &mut Built,
) -> Result<(), Error> {
    let of: BTreeMap<Uuid, &Row> = rows.iter().filter_map(|r| Some((r.resident?, r))).collect();
    let ids: Vec<Uuid> = of.keys().copied().collect();
    let own: BTreeSet<String> = rows
        .iter()
        .flat_map(|row| own_edits(cx, row))
        .map(|id| id.to_string())
        .collect();
    for item in inbox::decided_before(db, &ids).await? {
        let ours = |side: &Json| {
            side["list"] == cx.list.id.to_string().as_str()
                || side["edit"].as_str().is_some_and(|edit| own.contains(edit))
        };
        let asks = matches!(
            item.reason.as_str(),
            MISSING | CONTRADICTED | "proposal" | "departure"
        );
        if !asks || item.closed_at.is_some_and(|at| at < cx.begun.millis()) {
            continue;
        }
        let body = inbox::body(&program.keys, &item)?;
        let sides = body["sides"].as_array().into_iter().flatten();
        if let Some(row) = item.resident.and_then(|id| of.get(&id))
            && sides.into_iter().any(ours)
        {
            built.on(row, item.resident.unwrap_or_default(), "decided");
        }
    }
    Ok(())
}
