//! The episode 在册 that a row begins, continues or ends; the record's own line mirrors it.

use super::enrol::Run;
use super::row::status;
use crate::app::Error;
use crate::store::db::Txn;
use crate::store::enrolments::{self, NewEnrolment};
use crate::store::lists::Row;
use entity::enrolment;
use serde_json::json;
use sync::record::EnrolmentLine;
use uuid::Uuid;

/// Episodes of the people of one step.
#[derive(Default)]
pub(super) struct Episodes {
    /// In the database.
    stored: Vec<enrolment::Model>,
    /// Entered together at the end of the step.
    new: Vec<enrolment::Model>,
}

impl Episodes {
    pub(super) async fn find(txn: &Txn, residents: &[Uuid]) -> Result<Episodes, Error> {
        Ok(Episodes {
            stored: enrolments::open_of_all(&**txn, residents).await?,
            ..Episodes::default()
        })
    }

    /// The open one of a resident in a category, and whether it is in the database.
    fn open(&mut self, resident: Uuid, category: &str) -> Option<(&mut enrolment::Model, bool)> {
        let is =
            |e: &&mut enrolment::Model| e.resident == resident && e.category == category && e.until.is_none();
        let new = self.new.iter_mut().find(is).map(|e| (e, false));
        new.or_else(|| self.stored.iter_mut().find(is).map(|e| (e, true)))
    }

    pub(super) async fn save(self, txn: &Txn) -> Result<(), Error> {
        Ok(enrolments::insert(&**txn, self.new).await?)
    }
}

impl Run<'_> {
    /// Begins, continues or ends the episode as the row says. Says whether it began now.
    pub(super) async fn episode(&mut self, row: &Row, id: Uuid, category: &str) -> Result<bool, Error> {
        let (cx, txn) = (self.cx, &**self.txn);
        let (status, keys) = (status(&row.content), &cx.program.keys);
        let handed_in = json!({ "values": row.content.values, "cells": row.content.handed_in });
        let record = &mut self.desk.records.get_mut(&id).ok_or(Error::NotFound)?.record;
        let lines = &mut record.kept.enrolments;
        let line = lines
            .iter_mut()
            .find(|l| l.category == category && l.until.is_none());
        let open = self.episodes.open(id, category);
        match open {
            None if status != "ended" => {
                let since = row.content.get("since").and_then(|s| s.get(..7));
                let new = NewEnrolment {
                    resident: id,
                    category,
                    source: &cx.list.source,
                    since: since.unwrap_or(&cx.list.month),
                    source_status: status,
                    village_status: "",
                    list: Some(cx.list.id),
                    handed_in: &handed_in,
                };
                self.episodes.new.push(enrolments::fresh(keys, &new));
                lines.push(EnrolmentLine {
                    category: category.to_owned(),
                    source: cx.list.source.clone(),
                    since: new.since.to_owned(),
                    until: None,
                    status: status.to_owned(),
                    village: String::new(),
                });
                self.desk.touch(id);
                return Ok(true);
            }
            Some((open, stored)) if open.source == cx.list.source => {
                let changed = open.source_status != status;
                if changed || open.list != Some(cx.list.id) {
                    enrolments::hand_in(keys, open, cx.list.id, status, &handed_in);
                    open.until = (changed && status == "ended").then(|| cx.list.month.clone());
                    if stored {
                        enrolments::keep(txn, open).await?;
                    }
                }
                if changed {
                    if let Some(line) = line {
                        line.status = status.to_owned();
                        line.until = (status == "ended").then(|| cx.list.month.clone());
                    }
                    self.desk.touch(id);
                }
            }
            Some(_) | None => {}
        }
        Ok(false)
    }
}
