//! One step of a list of people: each row linked, compared with what its source said before, written.

use super::episode::Episodes;
use super::items::{AMBIGUOUS, INVALID, Question};
use super::people::{self, listed};
use super::person::{person, why_message};
use super::row::{category, identity};
use super::steps::Commit;
use crate::app::Error;
use crate::app::desk::{Desk, Origin};
use crate::store::db::Txn;
use crate::store::lists::{self, Content, Outcome, Row};
use crate::store::register::Entry;
use domain::catalogue::Role;
use domain::date::parse_wire;
use domain::place::Falls;
use domain::{EditId, ResidentId, Value};
use matching::link::{Link, Person, link};
use matching::three_way::{Step, verdict};
use serde_json::json;
use std::collections::BTreeMap;
use sync::record::Source;
use sync::{Door, State, Writer};
use uuid::Uuid;

/// Takes some rows into the records, in one transaction.
pub async fn step(txn: &Txn, cx: &Commit<'_>, rows: &[Row]) -> Result<(), Error> {
    let all: Vec<&Row> = rows.iter().collect();
    let found = people::find(&**txn, cx.program, &all).await?;
    let ids: Vec<Uuid> = found.residents.iter().copied().collect();
    let before: Vec<Uuid> = cx.earlier.iter().map(|l| l.id).collect();
    let mut previous = lists::rows_of(&**txn, &cx.program.keys, &before, &ids).await?;
    previous.sort_by_key(|row| before.iter().position(|id| *id == row.list));
    let mut desk = Desk::open(txn, cx.program, &found.residents, &[], cx.now).await?;
    desk.placed_by = Some(cx.account);
    let mut run = Run {
        cx,
        txn,
        residents: desk.records.values().filter_map(people::resident).collect(),
        listed: listed(&found.register),
        register: found.register,
        previous,
        desk,
        episodes: Episodes::find(txn, &ids).await?,
        questions: Vec::new(),
        to_town: Vec::new(),
        done: BTreeMap::new(),
    };
    for row in rows {
        let outcome = run.one(row).await?;
        run.done.insert((row.sheet, row.row), outcome);
    }
    let Run {
        desk,
        episodes,
        questions,
        to_town,
        done,
        ..
    } = run;
    cx.ask(&**txn, &questions).await?;
    episodes.save(txn).await?;
    desk.save().await?;
    lists::to_town(&**txn, &to_town).await?;
    let judged: Vec<_> = rows
        .iter()
        .map(|row| (row, &done[&(row.sheet, row.row)]))
        .collect();
    Ok(lists::judge(&**txn, &judged).await?)
}

pub(super) struct Run<'a> {
    pub(super) cx: &'a Commit<'a>,
    pub(super) txn: &'a Txn,
    pub(super) desk: Desk<'a>,
    pub(super) episodes: Episodes,
    residents: Vec<Person<ResidentId>>,
    register: BTreeMap<i64, Entry>,
    listed: Vec<Person<i64>>,
    /// What this source said of these residents in committed lists, the latest month first.
    previous: Vec<Row>,
    questions: Vec<Question<'a>>,
    /// Residents whose town is known and whose village is not.
    to_town: Vec<(Uuid, Uuid)>,
    done: BTreeMap<(i32, i32), Outcome>,
}

impl<'a> Run<'a> {
    async fn one(&mut self, row: &'a Row) -> Result<Outcome, Error> {
        let faults = &row.content.faults;
        if faults.iter().any(|(_, why)| why == "twice_in_file") {
            let message = "同一个人在本文件中出现多次且内容不同";
            return Ok(self.ask(row, AMBIGUOUS, "twice_in_file", message, Vec::new(), Vec::new()));
        }
        if let Some(place) = row.content.same_as
            && let Some(outcome) = self.earlier(row.list, place).await?
        {
            return Ok(outcome);
        }
        let who = identity(&row.content);
        let timed = tracing::debug_span!(target: "timing", "link");
        let linked = timed.in_scope(|| link(&who, &self.residents, &self.listed));
        match &linked {
            Link::Invalid => {
                let message = "没有姓名也没有有效的身份证号，无法确定是哪一位";
                return Ok(self.ask(row, INVALID, "nobody", message, Vec::new(), Vec::new()));
            }
            Link::Ambiguous {
                doubt,
                residents,
                register,
            } => {
                let residents = residents.iter().map(|r| r.uuid()).collect();
                return Ok(self.ask(
                    row,
                    AMBIGUOUS,
                    doubt.code(),
                    doubt.message(),
                    residents,
                    register.clone(),
                ));
            }
            Link::Resident(_) | Link::Register(_) | Link::New => {}
        }
        if let Some((_, why)) = faults.first() {
            return Ok(self.ask(row, INVALID, why, why_message(why), Vec::new(), Vec::new()));
        }
        if self.cx.list.kind == "deaths" {
            return self.died(row, &linked);
        }
        let Some(category) = category(&self.cx.list.kind, &row.content) else {
            let message = "类别无法识别，不知道应归入低保、低保边缘还是特困";
            return Ok(self.ask(row, INVALID, "category_unknown", message, Vec::new(), Vec::new()));
        };
        let entry = match linked {
            Link::Resident(id) => {
                let id = id.uuid();
                if self.desk.records[&id].record.state == State::Departed {
                    let message = "该人员已离册，名单中仍有其人";
                    return Ok(self.ask(row, AMBIGUOUS, "resident_departed", message, vec![id], Vec::new()));
                }
                return self.enrol(row, id, category, None).await;
            }
            Link::Register(key) => self.register.get(&key).map(|e| e.values.clone()),
            Link::New | Link::Ambiguous { .. } | Link::Invalid => None,
        };
        self.enter(row, category, entry.unwrap_or_default()).await
    }

    /// What became of the row that this one repeats.
    async fn earlier(&self, list: Uuid, place: (i32, i32)) -> Result<Option<Outcome>, Error> {
        if let Some(outcome) = self.done.get(&place) {
            return Ok(Some(outcome.clone()));
        }
        let found = lists::row(&**self.txn, list, place).await?;
        Ok(found.and_then(|row| {
            let verdict = VERDICTS
                .into_iter()
                .find(|v| Some(*v) == row.verdict.as_deref())?;
            Some(Outcome {
                verdict,
                reason: row.reason,
                resident: row.resident,
            })
        }))
    }

    fn ask(
        &mut self,
        row: &'a Row,
        reason: &'static str,
        code: &str,
        message: &str,
        residents: Vec<Uuid>,
        register: Vec<i64>,
    ) -> Outcome {
        self.questions.push(Question {
            row,
            reason,
            code: code.to_owned(),
            message: message.to_owned(),
            residents,
            register,
        });
        Outcome {
            verdict: if reason == INVALID { "invalid" } else { "ambiguous" },
            reason: Some(message.to_owned()),
            resident: None,
        }
    }

    fn previous(&self, id: Uuid, category: Option<&str>) -> Option<&Content> {
        let kind = &self.cx.list.kind;
        let fits = |row: &&Row| {
            row.resident == Some(id)
                && category.is_none_or(|c| super::row::category(kind, &row.content) == Some(c))
        };
        self.previous.iter().find(fits).map(|row| &row.content)
    }

    /// Whether the source's latest list before has this very row: then nothing is written, whatever the field says
    /// now. One person may have several rows in a list, which are not compared with each other.
    fn says_again(&self, row: &Row, id: Uuid) -> bool {
        let mut own = self.previous.iter().filter(|p| p.resident == Some(id)).peekable();
        let latest = own.peek().map(|p| p.list);
        own.any(|p| Some(p.list) == latest && p.digest == row.digest)
    }

    /// Somebody who is no resident yet.
    async fn enter(
        &mut self,
        row: &'a Row,
        category: &'static str,
        register: BTreeMap<String, String>,
    ) -> Result<Outcome, Error> {
        let cx = self.cx;
        let id = cx.derive("resident", (row.sheet, row.row), Uuid::nil());
        let get = |key: &str| {
            let own = row.content.get(key);
            own.or_else(|| register.get(key).map(String::as_str))
                .map(str::to_owned)
        };
        let placed = cx.place(
            get("town").as_deref(),
            get("village").as_deref(),
            get("address").as_deref(),
        );
        let grid = placed.grid.map(|g| g.uuid());
        let village = placed.village.map(|v| v.uuid());
        self.desk.create(id, State::Present, village, grid);
        let outcome = self.enrol(row, id, category, Some(&register)).await?;
        if grid.is_none() {
            let edit = self.edit_id(row, id);
            let candidates: Vec<String> = placed.candidates.iter().map(ToString::to_string).collect();
            let side = json!({ "edit": edit.to_string(), "by": self.name(), "at": cx.begun.to_string(),
                "value": get("address") });
            self.desk
                .add_side(id, "unplaced", "", side, json!({ "candidates": candidates }));
            if let Falls::Town(town) = placed.falls() {
                self.to_town.push((id, town.uuid()));
            }
        }
        self.residents.extend(people::resident(&self.desk.records[&id]));
        let told = outcome.reason.unwrap_or_default();
        Ok(Outcome {
            reason: Some(if grid.is_some() {
                told
            } else {
                format!("{told}，住址未能对应到网格")
            }),
            ..outcome
        })
    }

    /// Writes what the row says, and keeps the episode. `register` is given for who is new.
    async fn enrol(
        &mut self,
        row: &'a Row,
        id: Uuid,
        category: &'static str,
        register: Option<&BTreeMap<String, String>>,
    ) -> Result<Outcome, Error> {
        let cx = self.cx;
        if self.says_again(row, id) && !self.episode(row, id, category).await? {
            return Ok(Outcome {
                verdict: "same",
                reason: Some("与上次名单一致".to_owned()),
                resident: Some(id),
            });
        }
        let (mut steps, unfit) = {
            let before = self.previous(id, Some(category));
            cx.steps(&self.desk.records[&id], category, &row.content, before)
        };
        let said = verdict(steps.iter().map(|d| &d.step));
        let labels = |wanted: &dyn Fn(&Step) -> bool| {
            let all: Vec<&str> = steps
                .iter()
                .filter(|d| wanted(&d.step))
                .map(|d| d.field.label)
                .collect();
            all.join("、")
        };
        let against = labels(&|s| {
            matches!(
                s,
                Step::Contradicted { .. }
                    | Step::Edit {
                        contradicted: true,
                        ..
                    }
            )
        });
        let changed = labels(&|s| !matches!(s, Step::Nothing(_) | Step::Contradicted { .. }));
        let mut facts = Vec::new();
        if let Some(register) = register {
            cx.fill(&mut steps, register);
            facts = person(cx, &row.content, register);
            let edit = EditId::from(self.edit_id(row, id));
            // Before the edit is taken, so that its version counts them.
            for (key, value) in &facts {
                self.desk.set_fact(id, key, value.clone(), edit);
            }
        }
        self.write(row, id, &steps, &facts, None)?;
        let begun = self.episode(row, id, category).await?;
        let label = cx.program.catalogue.categories.iter().find(|c| c.key == category);
        let label = label.map_or(category, |c| c.label);
        let (verdict, mut reason) = match (begun, said.name()) {
            (true, _) if against.is_empty() => ("new", format!("新增{label}在册")),
            (true, _) => ("new", format!("新增{label}在册；与现有信息不一致：{against}")),
            (false, "same") => ("same", "与上次名单及现有信息一致".to_owned()),
            (false, "changed") => ("changed", format!("有变化：{changed}")),
            (false, _) => ("contradicted", format!("与现有信息不一致：{against}")),
        };
        if !unfit.is_empty() {
            reason.push_str(&format!("；未能识别：{}", unfit.join("、")));
        }
        Ok(Outcome {
            verdict,
            reason: Some(reason),
            resident: Some(id),
        })
    }

    /// The same item as a phone's report of a death makes.
    fn died(&mut self, row: &'a Row, linked: &Link<i64>) -> Result<Outcome, Error> {
        let outcome = |verdict, reason: &str, resident| Outcome {
            verdict,
            reason: Some(reason.to_owned()),
            resident,
        };
        let Link::Resident(id) = linked else {
            return Ok(outcome("same", "不是在册人员，无需处理", None));
        };
        let id = id.uuid();
        if self.desk.records[&id].record.state == State::Departed {
            return Ok(outcome("same", "该人员已离册", Some(id)));
        }
        let date = row.content.get("death_date");
        if self
            .previous(id, None)
            .is_some_and(|p| p.get("death_date") == date)
        {
            return Ok(outcome("same", "此前的名单已报告", Some(id)));
        }
        let date = date.filter(|d| parse_wire(d).is_some());
        let report = json!({ "kind": "died", "date": date, "place": null, "text": null });
        self.write(row, id, &[], &[], Some(report))?;
        Ok(outcome("changed", "已生成离册待办，待村居核实", Some(id)))
    }

    fn write(
        &mut self,
        row: &Row,
        id: Uuid,
        steps: &[super::steps::Done<'_>],
        identity: &[(&'static str, Value)],
        report: Option<serde_json::Value>,
    ) -> Result<(), Error> {
        let cx = self.cx;
        let loaded = &self.desk.records[&id];
        let Some(edit) = cx.edit(loaded, self.edit_id(row, id), steps, identity, report)? else {
            return Ok(());
        };
        let writer = Writer {
            account: cx.account.into(),
            device: None,
            role: Role::Department,
            door: Door::List {
                source: cx.list.source.clone(),
            },
            name: self.name(),
        };
        let origin = Origin {
            writer: &writer,
            source: Source::List {
                list: self.name(),
                month: cx.list.month.clone(),
            },
            kind: "list",
            skew: 0,
        };
        self.desk.take(&edit, &origin)?;
        Ok(())
    }

    fn edit_id(&self, row: &Row, resident: Uuid) -> Uuid {
        self.cx.derive("list_edit", (row.sheet, row.row), resident)
    }

    /// As provenance shows it: who handed the list in, and of what.
    fn name(&self) -> String {
        let kind = crate::lists::ListKind::parse(&self.cx.list.kind);
        format!("{}{}", self.cx.list.source, kind.map_or("名单", |k| k.label()))
    }
}

const VERDICTS: [&str; 6] = ["new", "same", "changed", "contradicted", "ambiguous", "invalid"];
