//! Rows of which a person said whom they are about, and rows that say nothing of today.

use super::enrol::Run;
use super::people;
use super::person::person;
use super::steps::Answer;
use crate::app::Error;
use crate::store::lists::{Outcome, Row};
use crate::store::register::Entry;
use domain::{EditId, Value};
use matching::link::Link;
use std::collections::BTreeMap;
use uuid::Uuid;

impl Run<'_> {
    /// What a person said of the row, as linking would say it.
    pub(super) fn answered(&self, answer: Answer) -> Result<Link<i64>, Error> {
        match answer {
            Answer::Resident(id) => Ok(Link::Resident(id.into())),
            Answer::New => Ok(Link::New),
            Answer::Listed(id) => {
                let named = |e: &&Entry| people::listed_id(self.cx.program, e) == id;
                let entry = self.register.values().find(named);
                entry.map(|e| Link::Register(e.id)).ok_or(Error::NotFound)
            }
        }
    }

    /// Somebody of whom a person said who they are, and whose number nobody knew: the row tells it, with what stands
    /// in it.
    pub(super) fn learn(
        &mut self,
        row: &Row,
        id: Uuid,
        edit: EditId,
    ) -> Result<Vec<(&'static str, Value)>, Error> {
        let record = &self.record(id)?.record;
        if !record.fact("id_number").is_null() || row.content.get("id_number").is_none() {
            return Ok(Vec::new());
        }
        let mut told = person(self.cx, &row.content, &BTreeMap::new());
        told.retain(|(key, _)| *key != "name" && record.fact(key).is_null());
        for (key, value) in &told {
            self.desk.set_fact(id, key, value.clone(), edit);
        }
        Ok(told)
    }
}

/// A row of a month before one that is committed: kept with whom it is about, and nothing else.
pub(super) fn history(linked: &Link<i64>) -> Outcome {
    let outcome = |verdict, reason: &str, resident| Outcome {
        verdict,
        reason: Some(reason.to_owned()),
        resident,
    };
    match linked {
        Link::Resident(id) => {
            let reason = "补交的较早月份名单，只存为历史，不改动现有信息";
            outcome("same", reason, Some(id.uuid()))
        }
        Link::Register(_) | Link::New => {
            outcome("same", "补交的较早月份名单，此人现不在册，只存为历史", None)
        }
        Link::Ambiguous { doubt, .. } => outcome("ambiguous", doubt.message(), None),
        Link::Invalid => outcome("invalid", "没有姓名也没有有效的身份证号，无法确定是哪一位", None),
    }
}

/// A row of a list that only comparison rules read: it is linked, and writes nothing.
pub(super) fn compared(linked: &Link<i64>) -> Outcome {
    let (reason, resident) = match linked {
        Link::Resident(id) => ("已对应到居民，只用于比对，不写入档案", Some(id.uuid())),
        Link::Register(_) | Link::New | Link::Ambiguous { .. } | Link::Invalid => {
            ("不是在册人员，只用于比对", None)
        }
    };
    Outcome {
        verdict: "same",
        reason: Some(reason.to_owned()),
        resident,
    }
}
