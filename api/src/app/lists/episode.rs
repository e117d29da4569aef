//! The episode 在册 that a row begins, continues or ends; the record's own line mirrors it.

use super::enrol::Run;
use super::row::status;
use super::steps::Commit;
use crate::app::Error;
use crate::store::enrolments::{self, NewEnrolment};
use crate::store::lists::Row;
use entity::enrolment;
use sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};
use sync::record::EnrolmentLine;
use uuid::Uuid;

/// An open episode, as far as the next row of the same person must know it.
#[derive(Clone)]
pub struct Open {
    source: String,
    status: String,
    list: Option<Uuid>,
    /// As it stands in the database; none for one that begins in this step.
    row: Option<Box<enrolment::Model>>,
}

impl From<enrolment::Model> for Open {
    fn from(row: enrolment::Model) -> Open {
        Open {
            source: row.source.clone(),
            status: row.source_status.clone(),
            list: row.list,
            row: Some(Box::new(row)),
        }
    }
}

/// What a commit writes about an episode.
pub enum Episode {
    Begin {
        resident: Uuid,
        category: &'static str,
        since: String,
        status: &'static str,
        handed_in: Json,
    },
    /// The source says something new of an open one; `until` ends it.
    HandIn {
        resident: Uuid,
        category: &'static str,
        row: Option<Box<enrolment::Model>>,
        status: &'static str,
        handed_in: Json,
        until: Option<String>,
    },
}

/// Writes what became of episodes, in the order of the rows; those that begin are entered together.
pub async fn write<C: ConnectionTrait>(db: &C, cx: &Commit<'_>, episodes: Vec<Episode>) -> Result<(), Error> {
    let (keys, list) = (&cx.program.keys, cx.list);
    let mut begun = Vec::new();
    for episode in episodes {
        match episode {
            Episode::Begin {
                resident,
                category,
                since,
                status,
                handed_in,
            } => begun.push(enrolments::fresh(
                keys,
                &NewEnrolment {
                    resident,
                    category,
                    source: &list.source,
                    since: &since,
                    source_status: status,
                    village_status: "",
                    list: Some(list.id),
                    handed_in: &handed_in,
                },
            )),
            Episode::HandIn {
                resident,
                category,
                row,
                status,
                handed_in,
                until,
            } => {
                let mut row = match row {
                    Some(row) => row,
                    None => {
                        // It began a few rows before.
                        enrolments::insert(db, std::mem::take(&mut begun)).await?;
                        let open = enrolments::open_of(db, resident, category).await?;
                        Box::new(open.ok_or(Error::Damaged("open enrolment"))?)
                    }
                };
                enrolments::hand_in(keys, &mut row, list.id, status, &handed_in);
                row.until = until;
                enrolments::keep(db, &row).await?;
            }
        }
    }
    Ok(enrolments::insert(db, begun).await?)
}

impl Run<'_> {
    /// Begins, continues or ends the episode as the row says; one that is not open begins only where it may. Says
    /// whether it began now.
    pub(super) fn episode(
        &mut self,
        row: &Row,
        id: Uuid,
        category: &'static str,
        may_begin: bool,
    ) -> Result<bool, Error> {
        let list = &self.cx.list;
        let status = status(&row.content);
        let handed_in = json!({ "values": row.content.values, "cells": row.content.handed_in });
        let loaded = self.desk.records.get_mut(&id).ok_or(Error::NotFound)?;
        let lines = &mut loaded.record.kept.enrolments;
        let of_person = self.open.entry(id).or_default();
        let Some(open) = of_person.get_mut(category) else {
            if status == "ended" || !may_begin {
                return Ok(false);
            }
            let since = row.content.get("since").and_then(|s| s.get(..7));
            let since = since.unwrap_or(&list.month).to_owned();
            lines.push(EnrolmentLine {
                category: category.to_owned(),
                source: list.source.clone(),
                since: since.clone(),
                until: None,
                status: status.to_owned(),
                village: String::new(),
            });
            let begun = Open {
                source: list.source.clone(),
                status: status.to_owned(),
                list: Some(list.id),
                row: None,
            };
            of_person.insert(category.to_owned(), begun);
            self.episodes.push(Episode::Begin {
                resident: id,
                category,
                since,
                status,
                handed_in,
            });
            self.desk.touch(id);
            return Ok(true);
        };
        if open.source != list.source || (open.status == status && open.list == Some(list.id)) {
            return Ok(false);
        }
        let until = (status == "ended").then(|| list.month.clone());
        if open.status != status {
            let line = lines
                .iter_mut()
                .find(|l| l.category == category && l.until.is_none());
            if let Some(line) = line {
                line.status = status.to_owned();
                line.until = until.clone();
            }
            self.desk.touch(id);
        }
        let stored = open.row.clone();
        open.status = status.to_owned();
        open.list = Some(list.id);
        if until.is_some() {
            of_person.remove(category);
        }
        self.episodes.push(Episode::HandIn {
            resident: id,
            category,
            row: stored,
            status,
            handed_in,
            until,
        });
        Ok(false)
    }
}
