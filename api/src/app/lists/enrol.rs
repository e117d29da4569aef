//! What one row of a list of people comes to: whom it is about, what it changes, its verdict.

use super::episode::{Episode, Open};
use super::evidence::{ByEvidence, telling};
use super::household::NOT_ALL;
use super::items::{AMBIGUOUS, INVALID, MISSING, Question};
use super::known_again::Remembered;
use super::people;
use super::person::{person, unidentified, why_message};
use super::row::{DEPARTED, TWICE, category, contradicts_its_file, identity};
use super::steps::Commit;
use super::whom::history;
use crate::app::Error;
use crate::app::desk::Desk;
use crate::store::lists::{Content, Outcome, Row};
use crate::store::records::Loaded;
use crate::store::register::Entry;
use domain::place::Falls;
use domain::{EditId, ResidentId};
use matching::link::{Link, Person, link};
use matching::three_way::{Step, verdict};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use sync::State;
use uuid::Uuid;

pub(super) struct Run<'a> {
    pub(super) cx: &'a Commit<'a>,
    pub(super) desk: Desk<'a>,
    /// Open episodes by resident and category.
    pub(super) open: BTreeMap<Uuid, BTreeMap<String, Open>>,
    pub(super) episodes: Vec<Episode>,
    pub(super) residents: Vec<Person<ResidentId>>,
    pub(super) register: Arc<BTreeMap<i64, Entry>>,
    pub(super) listed: Arc<[Person<i64>]>,
    /// What this source said of these residents in committed lists, the latest month first.
    pub(super) previous: Vec<Row>,
    pub(super) questions: Vec<Question<'a>>,
    pub(super) to_town: Vec<(Uuid, Uuid)>,
    pub(super) entered: BTreeSet<Uuid>,
    /// What people answered about rows like these before.
    pub(super) remembered: Arc<Remembered>,
    /// What became of rows so far, as far as another row repeats them.
    pub(super) told: BTreeMap<(i32, i32), Outcome>,
    /// Hashes of rows that are an erased person's.
    pub(super) erased: Arc<BTreeSet<Vec<u8>>>,
}

impl<'a> Run<'a> {
    pub(super) fn one(&mut self, row: &'a Row) -> Result<Outcome, Error> {
        if let Some(answer) = self.cx.answer {
            let linked = self.answered(answer)?;
            return self.linked(row, &linked);
        }
        let who = identity(&row.content);
        let timed = tracing::debug_span!(target: "timing", "link");
        let mut linked = timed.in_scope(|| link(&who, &self.residents, &self.listed));
        if !matches!(linked, Link::Resident(_))
            && let Some(id) = self.remembered.resident(row, &self.residents)
        {
            linked = Link::Resident(id.into());
        }
        let ByEvidence { link: linked, told } = self.by_evidence(row, linked);
        if matches!(linked, Link::Register(_) | Link::New)
            && people::is_erased(self.cx.program, &self.erased, row)
        {
            let message = "此人的信息已按规定抹除，名单中又出现：是否重新建立，须由人工决定";
            return Ok(self.ask(row, AMBIGUOUS, "erased_person", message, Vec::new(), Vec::new()));
        }
        if self.cx.history {
            return Ok(history(&linked));
        }
        if contradicts_its_file(&row.content) {
            let message = "同一个人在本文件中出现多次且内容不同";
            return Ok(self.ask(row, AMBIGUOUS, TWICE, message, meant(&linked), Vec::new()));
        }
        if let Some(place) = row.content.same_as
            && let Some(outcome) = self.told.get(&place)
        {
            let reason = outcome.reason.as_deref().unwrap_or_default();
            return Ok(Outcome {
                reason: Some(format!("{reason}；与第 {} 行相同", place.1)),
                ..outcome.clone()
            });
        }
        Ok(telling(self.linked(row, &linked)?, told))
    }

    /// Goes on with a row of which is known, or not, whom it is about.
    fn linked(&mut self, row: &'a Row, linked: &Link<i64>) -> Result<Outcome, Error> {
        if let Some(why) = unidentified(&row.content) {
            return Ok(self.ask(row, INVALID, why, why_message(why), meant(linked), Vec::new()));
        }
        match linked {
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
        // Whoever is known in spite of the number is known.
        let faults = row.content.faults.iter();
        let mut faults = faults.filter(|(key, why)| key != "id_number" && why != NOT_ALL);
        if let Some((_, why)) = faults.next() {
            return Ok(self.ask(row, INVALID, why, why_message(why), meant(linked), Vec::new()));
        }
        if let Some(done) = self.enrols_nobody(row, linked)? {
            return Ok(done);
        }
        let Some(category) = category(&self.cx.list.kind, &row.content) else {
            let message = "类别无法识别，不知道应归入低保、低保边缘还是特困";
            return Ok(self.ask(row, INVALID, "category_unknown", message, Vec::new(), Vec::new()));
        };
        if self.not_covered(row, linked, category) {
            let message = why_message(NOT_ALL);
            return Ok(self.ask(row, AMBIGUOUS, NOT_ALL, message, meant(linked), Vec::new()));
        }
        let entry = match linked {
            Link::Resident(id) => {
                let id = id.uuid();
                // That a department ends what somebody had who is gone is no question.
                let ends = super::row::status(&row.content) == "ended";
                if self.record(id)?.record.state == State::Departed && !ends {
                    let (code, who) = ("resident_departed", vec![id]);
                    return Ok(self.ask(row, AMBIGUOUS, code, DEPARTED, who, Vec::new()));
                }
                return self.enrol(row, id, category, None);
            }
            Link::Register(key) => self.register.get(key).map(|e| e.values.clone()),
            Link::New | Link::Ambiguous { .. } | Link::Invalid => None,
        };
        self.enter(row, category, entry.unwrap_or_default())
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
        let records = &self.desk.records;
        let homes = residents.iter().filter_map(|id| records.get(id)?.village);
        self.questions.push(Question {
            row,
            reason,
            code: code.to_owned(),
            message: message.to_owned(),
            homes: homes.collect(),
            residents,
            register,
        });
        Outcome {
            verdict: if reason == INVALID { "invalid" } else { "ambiguous" },
            reason: Some(message.to_owned()),
            resident: None,
        }
    }

    pub(super) fn previous(&self, id: Uuid, category: Option<&str>) -> Option<&Content> {
        let kind = &self.cx.list.kind;
        let fits = |row: &&Row| {
            row.resident == Some(id)
                && category.is_none_or(|c| super::row::category(kind, &row.content) == Some(c))
        };
        self.previous.iter().find(fits).map(|row| &row.content)
    }

    /// Whether the source said before that this person is in the category, as it says now: then it begins nothing,
    /// even where the village has ended it since. A complete list in between that does not name the person unsays it.
    fn told_before(&self, row: &Row, id: Uuid, category: &str) -> bool {
        let (kind, earlier) = (&self.cx.list.kind, self.cx.earlier);
        let before = self
            .previous
            .iter()
            .find(|p| p.resident == Some(id) && super::row::category(kind, &p.content) == Some(category));
        let Some(before) = before else { return false };
        let Some(list) = earlier.iter().find(|l| l.id == before.list) else {
            return false;
        };
        let unsaid = earlier
            .iter()
            .any(|l| l.complete && l.division == list.division && l.month > list.month);
        !unsaid && super::row::status(&before.content) == super::row::status(&row.content)
    }

    /// Whether the source's latest list before has this very row: then nothing is written, whatever the field says
    /// now. One person may have several rows in a list, which are not compared with each other.
    fn says_again(&self, row: &Row, id: Uuid) -> bool {
        let mut own = self.previous.iter().filter(|p| p.resident == Some(id)).peekable();
        let latest = own.peek().map(|p| p.list);
        own.any(|p| Some(p.list) == latest && p.digest == row.digest)
    }

    /// Somebody who is no resident yet.
    fn enter(
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
        let outcome = self.enrol(row, id, category, Some(&register))?;
        if grid.is_none() {
            let edit = self.edit_id(row, id);
            let candidates: Vec<String> = placed.candidates.iter().map(ToString::to_string).collect();
            let side = json!({ "edit": edit.to_string(), "by": self.cx.name(), "at": cx.begun.to_string(),
                "value": get("address") });
            self.desk
                .add_side(id, "unplaced", "", side, json!({ "candidates": candidates }));
            if let Falls::Town(town) = placed.falls() {
                self.to_town.push((id, town.uuid()));
            }
        }
        self.residents.push(people::resident(self.record(id)?));
        self.entered.insert(id);
        let mut told = outcome.reason.unwrap_or_default();
        if placed.former_name {
            told.push_str("；村居或镇街是曾用名，按现名归入");
        }
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
    fn enrol(
        &mut self,
        row: &'a Row,
        id: Uuid,
        category: &'static str,
        register: Option<&BTreeMap<String, String>>,
    ) -> Result<Outcome, Error> {
        let cx = self.cx;
        self.named_again(id, category);
        let told = self.told_before(row, id, category);
        let mut begun = false;
        if self.says_again(row, id) {
            begun = self.episode(row, id, category, !told)?;
            if !begun {
                let on = self.open.get(&id).is_some_and(|open| open.contains_key(category));
                let gone = !on && super::row::status(&row.content) != "ended";
                return Ok(Outcome {
                    verdict: "same",
                    reason: Some(if gone {
                        "与上次名单一致；村居已终止在册，未重新列入".to_owned()
                    } else {
                        "与上次名单一致".to_owned()
                    }),
                    resident: Some(id),
                });
            }
        }
        let (mut steps, unfit) = {
            let before = self.previous(id, Some(category));
            cx.steps(self.record(id)?, category, &row.content, before, told)
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
        let edit = EditId::from(self.edit_id(row, id));
        if register.is_none() {
            facts = self.learn(row, id, edit)?;
        }
        let learnt = !facts.is_empty() && register.is_none();
        for done in &steps {
            // What nobody ever wrote is filled, also where the village decides what it becomes later.
            if let Step::Fill { now } = &done.step
                && !done.field.in_document()
            {
                self.desk.set_fact(id, done.field.key, now.clone(), edit);
            }
        }
        self.write(row, id, &steps, &facts, None)?;
        for done in &steps {
            if let Step::Contradicted { present, now } = &done.step {
                self.contradict(row, id, done.field.key, present, now);
            }
        }
        let begun = begun || self.episode(row, id, category, !told)?;
        let label = cx.program.catalogue.categories.iter().find(|c| c.key == category);
        let label = label.map_or(category, |c| c.label);
        let (verdict, mut reason) = match (begun, said.name()) {
            (true, _) if against.is_empty() => ("new", format!("新增{label}在册")),
            (true, _) => ("new", format!("新增{label}在册；与现有信息不一致：{against}")),
            (false, "same") => ("same", "与上次名单及现有信息一致".to_owned()),
            (false, "changed") => ("changed", format!("有变化：{changed}")),
            (false, _) => ("contradicted", format!("与现有信息不一致：{against}")),
        };
        if learnt {
            reason.push_str("；已补登身份证号");
        }
        if !unfit.is_empty() {
            reason.push_str(&format!("；未能识别：{}", unfit.join("、")));
        }
        Ok(Outcome {
            verdict,
            reason: Some(reason),
            resident: Some(id),
        })
    }

    /// Whoever is named again is no longer missing.
    fn named_again(&mut self, id: Uuid, category: &str) {
        let key = format!("{category}.status");
        if self
            .desk
            .items
            .contains_key(&(id, MISSING.to_owned(), key.clone()))
        {
            let result = json!({ "list": self.cx.list.id, "month": self.cx.list.month });
            self.desk.close(id, MISSING, &key, "superseded", None, result);
            self.desk.touch(id);
        }
    }

    pub(super) fn record(&self, id: Uuid) -> Result<&Loaded, Error> {
        self.desk.records.get(&id).ok_or(Error::NotFound)
    }

    pub(super) fn edit_id(&self, row: &Row, resident: Uuid) -> Uuid {
        self.cx.derive("list_edit", (row.sheet, row.row), resident)
    }
}

/// Residents whom a row may be about.
pub(super) fn meant(linked: &Link<i64>) -> Vec<Uuid> {
    match linked {
        Link::Resident(id) => vec![id.uuid()],
        Link::Ambiguous { residents, .. } => residents.iter().map(|r| r.uuid()).collect(),
        Link::Register(_) | Link::New | Link::Invalid => Vec::new(),
    }
}
