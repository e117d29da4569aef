//! The episode 在册 that a row begins, continues or ends; the record's own line mirrors it.

use super::enrol::Run;
use super::row::status;
use crate::app::Error;
use crate::store::enrolments::{self, NewEnrolment};
use crate::store::lists::Row;
use serde_json::json;
use sync::record::EnrolmentLine;
use uuid::Uuid;

impl Run<'_> {
    /// Begins, continues or ends the episode as the row says. Says whether it began now.
    pub(super) async fn episode(&mut self, row: &Row, id: Uuid, category: &str) -> Result<bool, Error> {
        let (cx, txn) = (self.cx, &**self.txn);
        let (status, keys) = (status(&row.content), &cx.program.keys);
        let handed_in = json!({ "values": row.content.values, "cells": row.content.handed_in });
        let open = enrolments::open_of(txn, id, category).await?;
        let lines = &mut self
            .desk
            .records
            .get_mut(&id)
            .ok_or(Error::NotFound)?
            .record
            .kept
            .enrolments;
        let line = lines
            .iter_mut()
            .find(|l| l.category == category && l.until.is_none());
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
                enrolments::begin(txn, keys, &new).await?;
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
            Some(open) if open.source == cx.list.source => {
                if open.source_status != status {
                    enrolments::hand_in(txn, keys, &open, cx.list.id, status, &handed_in).await?;
                    if let Some(line) = line {
                        line.status = status.to_owned();
                        line.until = (status == "ended").then(|| cx.list.month.clone());
                    }
                    if status == "ended" {
                        enrolments::end(txn, id, category, &cx.list.month).await?;
                    }
                    self.desk.touch(id);
                } else if open.list != Some(cx.list.id) {
                    enrolments::hand_in(txn, keys, &open, cx.list.id, status, &handed_in).await?;
                }
            }
            Some(_) | None => {}
        }
        Ok(false)
    }
}
