//! What becomes of clues when rules have run: new ones open, known ones show what they rest on now, those that are found
//! no more close. The same run again comes to the same.

use super::find::{Found, Told, told};
use super::gather::Gathered;
use crate::app::Error;
use crate::program::Program;
use crate::store::clues::{self, Body, REASON, Step};
use crate::store::db::Txn;
use crate::store::inbox::{self, NewItem};
use domain::Instant;
use domain::date::Date;
use entity::clue;
use matching::clues::state::{self, GONE, State};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;

/// One run of the rules.
pub struct Run<'a> {
    pub program: &'a Program,
    pub all: &'a Gathered,
    /// By the database's clock: what another run saw later is left to it.
    pub began: i64,
    pub today: Date,
    /// Months of the registers, by their lists.
    pub months: BTreeMap<Uuid, String>,
}

/// What is to be written of some clues: opened before the transaction, since it is slow.
pub struct Ready<'a>(Vec<(&'a Found, Option<Told>)>);

impl Run<'_> {
    /// Opens what some clues rest on: of those only that are new or whose lists have changed since they were seen.
    pub async fn prepare<'f>(&self, part: &'f [Found]) -> Result<Ready<'f>, Error> {
        let ids: Vec<Uuid> = part.iter().flat_map(|found| found.ids.iter().copied()).collect();
        let known = clues::some(self.program.db.read(), &ids).await?;
        let known: BTreeMap<Uuid, clue::Model> = known.into_iter().map(|row| (row.id, row)).collect();
        let homes: Vec<Uuid> = known.values().filter_map(|row| row.resident).collect();
        let homes = clues::villages_of(self.program.db.read(), &homes).await?;
        let homes: BTreeMap<Uuid, Option<Uuid>> = homes.into_iter().collect();
        let mut out = Vec::new();
        for found in part {
            let before = found.ids.iter().find_map(|id| known.get(id));
            let as_before = before.is_some_and(|row| {
                let home = row.resident.map(|id| homes.get(&id).copied().flatten());
                row.inputs == found.inputs
                    && row.seen_at >= self.all.changed_at
                    && home.is_none_or(|home| home == row.village)
            });
            let told = match as_before {
                true => None,
                false => Some(told(self.program, self.all, found, &self.months, self.today).await?),
            };
            out.push((found, told));
        }
        Ok(Ready(out))
    }

    /// Enters what was found of some clues.
    pub async fn enter(&self, txn: &Txn, ready: &Ready<'_>, now: Instant) -> Result<(), Error> {
        let ids: Vec<Uuid> = ready.0.iter().flat_map(|(found, _)| found.ids.clone()).collect();
        let locked = clues::lock_some(&**txn, &ids).await?;
        let mut known: BTreeMap<Uuid, clue::Model> = locked.into_iter().map(|row| (row.id, row)).collect();
        let (mut seen, mut new, mut items) = (Vec::new(), Vec::new(), Vec::new());
        for (found, told) in &ready.0 {
            let at = found.ids.iter().find(|id| known.contains_key(id));
            match (at.and_then(|id| known.remove(id)), told) {
                // Another run knows more.
                (Some(row), _) if row.seen_at >= self.began => {}
                (Some(row), None) => seen.push(row.id),
                (Some(row), Some(told)) => items.extend(self.again(txn, row, found, told, now).await?),
                (None, Some(told)) => {
                    let (row, item) = self.first(found, told, now);
                    new.push(row);
                    items.push(item);
                }
                // It was removed since it was read: the next run makes it anew, if it is there.
                (None, None) => {}
            }
        }
        clues::seen(&**txn, &seen, self.began).await?;
        clues::insert(&**txn, new).await?;
        Ok(inbox::insert(&**txn, &self.program.keys, &items, now.millis()).await?)
    }

    fn first(&self, found: &Found, told: &Told, now: Instant) -> (clue::Model, NewItem) {
        let mut body = told.body.clone();
        body.went(step(State::Open, now, None, None));
        let mut row = clue::Model {
            id: found.ids[0],
            rule: self.all.rules[found.clue.rule].code.clone(),
            kind: told.kind.clone(),
            category: told.category.clone(),
            reads: told.reads.clone(),
            resident: told.resident,
            village: told.village,
            town: told.town,
            state: State::Open.name().into(),
            n: 1,
            inputs: found.inputs,
            item: None,
            task: None,
            sealed: Vec::new(),
            opened_at: now.millis(),
            changed_at: now.millis(),
            seen_at: self.began,
        };
        let item = item(&mut row, &body);
        clues::seal(&self.program.keys, &mut row, &body);
        (row, item)
    }

    /// A clue that was there: it opens again where what was answered rests on something else now.
    async fn again(
        &self,
        txn: &Txn,
        mut row: clue::Model,
        found: &Found,
        told: &Told,
        now: Instant,
    ) -> Result<Option<NewItem>, Error> {
        let keys = &self.program.keys;
        let before = clues::body(keys, &row)?;
        let state = State::parse(&row.state).ok_or(Error::Damaged("state of a clue"))?;
        let opens = state::found(Some((state, bits(row.inputs))), bits(found.inputs));
        let shows = |body: &Body| Body {
            history: Vec::new(),
            at: String::new(),
            stake: None,
            ..body.clone()
        };
        let same = shows(&before) == shows(&told.body) && row.inputs == found.inputs;
        row.seen_at = self.began;
        row.resident = told.resident;
        row.village = told.village;
        row.town = told.town;
        row.category.clone_from(&told.category);
        row.reads.clone_from(&told.reads);
        if same && opens.is_none() {
            clues::update(&**txn, &row).await?;
            return Ok(None);
        }
        let mut body = told.body.clone();
        body.history = before.history;
        row.inputs = found.inputs;
        row.changed_at = now.millis();
        let mut opened = None;
        if let Some(state) = opens {
            body.went(step(state, now, None, None));
            row.state = state.name().into();
            row.n += 1;
            row.task = None;
            opened = Some(item(&mut row, &body));
        } else if let Some(id) = row.item.filter(|_| state == State::Open)
            && let Some(open) = inbox::lock(&**txn, id).await?.filter(|open| open.state == "open")
        {
            // Whoever has it open must look again.
            inbox::change(&**txn, keys, id, open.n + 1, None, &shown(&row, &body)).await?;
        }
        clues::seal(keys, &mut row, &body);
        clues::update(&**txn, &row).await?;
        Ok(opened)
    }

    /// Clues of a rule that ran and did not find them: `kept` are those of which it does not know. Answers the last one
    /// that was looked at, for the next part.
    pub async fn gone(
        &self,
        txn: &Txn,
        rule: &str,
        kept: &HashSet<Uuid>,
        after: Option<Uuid>,
        now: Instant,
    ) -> Result<Option<Uuid>, Error> {
        let ids = clues::unseen(&**txn, rule, self.began, after, PART).await?;
        let last = ids.last().copied();
        let ids: Vec<Uuid> = ids.into_iter().filter(|id| !kept.contains(id)).collect();
        for mut row in clues::lock_some(&**txn, &ids).await? {
            if row.seen_at >= self.began {
                continue;
            }
            let state = State::parse(&row.state).ok_or(Error::Damaged("state of a clue"))?;
            row.seen_at = self.began;
            if state != State::Sent {
                row.inputs = GONE as i64;
            }
            if let Some(next) = state::gone(state) {
                let mut body = clues::body(&self.program.keys, &row)?;
                let reason = Some("名单中已无此情况".to_owned());
                body.went(step(next, now, None, reason));
                clues::seal(&self.program.keys, &mut row, &body);
                row.state = next.name().into();
                row.n += 1;
                row.changed_at = now.millis();
                close_item(txn, self.program, &row, now).await?;
            }
            clues::update(&**txn, &row).await?;
        }
        Ok(last)
    }
}

/// Clues of one transaction.
pub const PART: u64 = 100;

/// What is kept as a signed number, as rules count it.
fn bits(inputs: i64) -> u64 {
    u64::from_le_bytes(inputs.to_le_bytes())
}

pub fn step(state: State, now: Instant, by: Option<&str>, reason: Option<String>) -> Step {
    Step {
        state: state.name().into(),
        at: now.to_string(),
        by: by.map(str::to_owned),
        reason,
    }
}

/// Asks the village, the town or the bureau about a clue.
pub fn item(row: &mut clue::Model, body: &Body) -> NewItem {
    let level = match (row.village, row.town) {
        (Some(_), _) => "village",
        (None, Some(_)) => "town",
        (None, None) => "county",
    };
    let id = Uuid::now_v7();
    row.item = Some(id);
    NewItem {
        id,
        reason: REASON,
        resident: None,
        key: row.id.to_string(),
        village: row.village,
        town: row.town,
        beside: None,
        category: row.category.clone(),
        level,
        body: shown(row, body),
        list: None,
        list_row: None,
        held: None,
    }
}

/// A clue as whoever may see all of it is shown it.
pub fn shown(row: &clue::Model, body: &Body) -> Json {
    json!({
        "clue": row.id, "rule": row.rule, "number": body.number, "says": body.says, "severity": body.severity,
        "basis": body.basis, "resident": row.resident, "person": body.person, "rows": body.rows,
        "register": body.register.as_ref().map(|(list, month)| json!({ "list": list, "month": month })),
        "months": body.stake.map(|(months, _)| months), "fen": body.stake.map(|(_, fen)| fen),
        "at": body.at, "history": body.history,
    })
}

/// Withdraws the open item of a clue.
pub async fn close_item(txn: &Txn, program: &Program, row: &clue::Model, now: Instant) -> Result<(), Error> {
    let Some(id) = row.item else { return Ok(()) };
    let Some(open) = inbox::lock(&**txn, id).await?.filter(|item| item.state == "open") else {
        return Ok(());
    };
    let mut body = inbox::body(&program.keys, &open)?;
    body["result"] = json!({ "clue": row.state });
    Ok(inbox::close(&**txn, &program.keys, id, "withdrawn", None, now.millis(), &body).await?)
}
