//! The edit that says in the record what a row says, and the report of a death.

use super::enrol::Run;
use super::items::CONTRADICTED;
use super::steps::Done;
use super::whom::compared;
use crate::app::Error;
use crate::app::desk::Origin;
use crate::store::lists::{Outcome, Row};
use domain::Value;
use domain::date::parse_wire;
use matching::link::Link;
use serde_json::json;
use sync::State;
use uuid::Uuid;

impl<'a> Run<'a> {
    /// Rows of lists that put nobody on a roster: deaths, and what only comparison rules read.
    pub(super) fn enrols_nobody(
        &mut self,
        row: &'a Row,
        linked: &Link<i64>,
    ) -> Result<Option<Outcome>, Error> {
        if self.cx.only_compared() {
            return Ok(Some(compared(linked)));
        }
        match self.cx.list.kind.as_str() {
            "deaths" => self.died(row, linked).map(Some),
            _ => Ok(None),
        }
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
        if self.record(id)?.record.state == State::Departed {
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

    /// The list says something else than the field and may not write it: the village is asked.
    pub(super) fn contradict(&mut self, row: &Row, id: Uuid, key: &str, present: &Value, now: &Value) {
        let list = &self.cx.list;
        let side = json!({
            "edit": self.edit_id(row, id).to_string(), "by": self.cx.name(), "at": self.cx.begun.to_string(),
            "month": list.month, "list": list.id, "value": now.to_json(),
        });
        let around = json!({ "present": present.to_json() });
        self.desk.add_side(id, CONTRADICTED, key, side, around);
        self.desk.touch(id);
    }

    pub(super) fn write(
        &mut self,
        row: &Row,
        id: Uuid,
        steps: &[Done<'_>],
        identity: &[(&'static str, Value)],
        report: Option<serde_json::Value>,
    ) -> Result<(), Error> {
        let cx = self.cx;
        let loaded = self.record(id)?;
        let Some(edit) = cx.edit(loaded, self.edit_id(row, id), steps, identity, report)? else {
            return Ok(());
        };
        let (writer, source) = cx.author(cx.name());
        let origin = Origin {
            writer: &writer,
            source,
            kind: "list",
            skew: 0,
        };
        self.desk.take(&edit, &origin)?;
        Ok(())
    }
}
