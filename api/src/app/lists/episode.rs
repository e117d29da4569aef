//! The episode 在册 that a row begins, continues or ends; the record's own line mirrors it.

use super::enrol::Run;
use super::row::status;
use crate::app::Error;
use crate::seal::Keyring;
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
}

impl From<enrolment::Model> for Open {
    fn from(row: enrolment::Model) -> Open {
        Open {
            source: row.source,
            status: row.source_status,
            list: row.list,
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
        status: &'static str,
        handed_in: Json,
        until: Option<String>,
    },
}

impl Episode {
    pub async fn write<C: ConnectionTrait>(
        &self,
        db: &C,
        keys: &Keyring,
        source: &str,
        list: Uuid,
    ) -> Result<(), Error> {
        match self {
            Episode::Begin {
                resident,
                category,
                since,
                status,
                handed_in,
            } => {
                let new = NewEnrolment {
                    resident: *resident,
                    category,
                    source,
                    since,
                    source_status: status,
                    village_status: "",
                    list: Some(list),
                    handed_in,
                };
                enrolments::begin(db, keys, &new).await?;
            }
            Episode::HandIn {
                resident,
                category,
                status,
                handed_in,
                until,
            } => {
                let open = enrolments::open_of(db, *resident, category).await?;
                let open = open.ok_or(Error::Damaged("open enrolment"))?;
                enrolments::hand_in(db, keys, &open, list, status, handed_in).await?;
                if let Some(until) = until {
                    enrolments::end(db, *resident, category, until).await?;
                }
            }
        }
        Ok(())
    }
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
        open.status = status.to_owned();
        open.list = Some(list.id);
        if until.is_some() {
            of_person.remove(category);
        }
        self.episodes.push(Episode::HandIn {
            resident: id,
            category,
            status,
            handed_in,
            until,
        });
        Ok(false)
    }
}
