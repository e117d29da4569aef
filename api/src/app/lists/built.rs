//! What was built upon a committed list: then it cannot be undone any more.

use super::ground::Ground;
use super::items::{AMBIGUOUS, CONTRADICTED, MISSING};
use super::own::{entered, own_edits};
use super::steps::Commit;
use crate::app::Error;
use crate::program::Program;
use crate::store::lists::{self, Part, Row, Stage, state};
use crate::store::{edits, inbox, merges};
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
                sheet => json!({
                    "sheet": lists::in_file(sheet).0, "row": row.row, "member": lists::in_file(sheet).1,
                    "reason": reason, "says": said(reason),
                }),
            });
        }
    }

    /// Something in another list, of which no row is named: it may be another department's.
    fn elsewhere(&mut self, id: Uuid, reason: &'static str) {
        if self.records.insert(id) {
            *self.reasons.entry(reason).or_default() += 1;
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
        "linked" => "其他名单中待确认的行已据此关联",
        "decided" => "该名单提出的事项已有处理结果",
        "merged" => "此后与另一条记录合并，或又分开",
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
    for id in lists::linked_after(db, cx.list.id).await? {
        built.elsewhere(id, "linked");
    }
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
        // With rows of other pages about the same people: what one of them wrote is not built upon another.
        let named: BTreeSet<Uuid> = rows.iter().filter_map(|row| row.resident).collect();
        let named: Vec<Uuid> = named.into_iter().collect();
        let about = lists::places_about(db, cx.list.id, &named).await?;
        let page = Page::of(cx, &about);
        edited(db, cx, &page, &mut built).await?;
        asked(db, cx, &page, &mut built).await?;
        for id in merges::since(db, &page.ids, cx.begun.millis()).await? {
            if let Some(row) = page.of.get(&id) {
                built.on(row, id, "merged");
            }
        }
    }
}

/// Some rows by their residents, with the edits that they may have made.
struct Page<'r> {
    of: BTreeMap<Uuid, &'r Row>,
    ids: Vec<Uuid>,
    own: BTreeSet<Uuid>,
    /// Whom the list entered.
    entered: BTreeSet<Uuid>,
}

impl<'r> Page<'r> {
    fn of(cx: &Commit<'_>, rows: &'r [Row]) -> Page<'r> {
        let of: BTreeMap<Uuid, &Row> = rows.iter().filter_map(|r| Some((r.resident?, r))).collect();
        let entered = rows.iter().filter(|row| entered(&cx.program.keys, row));
        Page {
            ids: of.keys().copied().collect(),
            of,
            own: rows.iter().flat_map(|row| own_edits(cx, row)).collect(),
            entered: entered.filter_map(|row| row.resident).collect(),
        }
    }
}

/// Edits after the list's own, of what it wrote or of people whom it entered.
async fn edited<C: ConnectionTrait>(
    db: &C,
    cx: &Commit<'_>,
    page: &Page<'_>,
    built: &mut Built,
) -> Result<(), Error> {
    // By resident: the number of the list's first edit, its edits, and those that came behind.
    let mut of_person: BTreeMap<Uuid, (i32, Vec<Uuid>, Vec<Uuid>)> = BTreeMap::new();
    for (resident, id, n) in edits::since(db, &page.ids, cx.begun.millis()).await? {
        match page.own.contains(&id) {
            true => of_person
                .entry(resident)
                .or_insert((n, Vec::new(), Vec::new()))
                .1
                .push(id),
            // They come in the order of their numbers.
            false => {
                if let Some((first, _, after)) = of_person.get_mut(&resident)
                    && n > *first
                {
                    after.push(id);
                }
            }
        }
    }
    of_person.retain(|_, (_, _, after)| !after.is_empty());
    let mut compared = BTreeMap::new();
    for (resident, (_, of_list, after)) in of_person {
        let Some(row) = page.of.get(&resident) else {
            continue;
        };
        match page.entered.contains(&resident) {
            true => built.on(row, resident, "used"),
            false => drop(compared.insert(resident, (of_list, after))),
        }
    }
    let ids = compared.values().flat_map(|(own, after)| own.iter().chain(after));
    let keys = keys_of(db, cx.program, &ids.copied().collect::<Vec<_>>()).await?;
    let all = |ids: &[Uuid]| -> BTreeSet<&str> {
        let of = ids.iter().filter_map(|id| keys.get(id));
        of.flatten().map(String::as_str).collect()
    };
    for (resident, (of_list, after)) in &compared {
        let (wrote, changed) = (all(of_list), all(after));
        if changed.contains(ANY) || wrote.intersection(&changed).next().is_some() {
            built.on(page.of[resident], *resident, "edited");
        }
    }
    Ok(())
}

/// What edits wrote: keys of fields, and [`ANY`].
async fn keys_of<C: ConnectionTrait>(
    db: &C,
    program: &Program,
    ids: &[Uuid],
) -> Result<BTreeMap<Uuid, BTreeSet<String>>, Error> {
    let mut out = BTreeMap::new();
    for part in ids.chunks(PAGE as usize) {
        for row in edits::by_ids(db, part).await? {
            let body = edits::body(&program.keys, &row)?;
            let fields = body.edit["fields"].as_object().into_iter().flatten();
            let mut keys: BTreeSet<String> = fields.map(|(key, _)| key.clone()).collect();
            keys.extend(body.changes.iter().map(|(key, _, _)| key.clone()));
            // The answer about a row that waited may say since when somebody is on the roster.
            if body.edit["reason"] == AMBIGUOUS {
                keys.insert(ANY.to_owned());
            }
            keys.extend(body.edit["key"].as_str().map(str::to_owned));
            out.insert(row.id, keys);
        }
    }
    Ok(out)
}

/// Questions of the list that were decided.
async fn asked<C: ConnectionTrait>(
    db: &C,
    cx: &Commit<'_>,
    page: &Page<'_>,
    built: &mut Built,
) -> Result<(), Error> {
    let own: BTreeSet<String> = page.own.iter().map(Uuid::to_string).collect();
    let list = cx.list.id.to_string();
    for item in inbox::decided_before(db, &page.ids).await? {
        let ours = |side: &Json| {
            side["list"] == list.as_str() || side["edit"].as_str().is_some_and(|edit| own.contains(edit))
        };
        let asks = matches!(
            item.reason.as_str(),
            MISSING | CONTRADICTED | "proposal" | "departure"
        );
        if !asks || item.closed_at.is_some_and(|at| at < cx.begun.millis()) {
            continue;
        }
        let body = inbox::body(&cx.program.keys, &item)?;
        let sides = body["sides"].as_array().into_iter().flatten();
        if let Some(row) = item.resident.and_then(|id| page.of.get(&id))
            && sides.into_iter().any(ours)
        {
            built.on(row, item.resident.unwrap_or_default(), "decided");
        }
    }
    Ok(())
}
