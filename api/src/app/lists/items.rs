//! What a row asks of a person: items that show the row and whom it may be about.

use super::steps::Commit;
use crate::app::Error;
use crate::store::inbox::{self, NewItem};
use crate::store::lists::{self, Row};
use domain::DivisionId;
use domain::place::{Falls, Placed};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

pub const AMBIGUOUS: &str = "list_row_ambiguous";
pub const INVALID: &str = "list_row_invalid";
pub const CONTRADICTED: &str = "list_row_contradicted";
pub const MISSING: &str = "list_row_missing";

/// What is asked, with the people it may be about.
pub struct Question<'a> {
    pub row: &'a Row,
    pub reason: &'static str,
    /// Why: a stable code, and what the cadre reads.
    pub code: String,
    pub message: String,
    pub residents: Vec<Uuid>,
    /// The villages of these residents.
    pub homes: BTreeSet<Uuid>,
    pub register: Vec<i64>,
}

impl Commit<'_> {
    /// Where a row's person lives, as far as its columns tell.
    pub fn place(&self, town: Option<&str>, village: Option<&str>, address: Option<&str>) -> Placed {
        let _timed = tracing::debug_span!(target: "timing", "place").entered();
        let columns = format!("{}{}", town.unwrap_or_default(), village.unwrap_or_default());
        let mut around = self.gazetteer.place(&columns, self.hint);
        if around.falls() == Falls::County && around.candidates.is_empty() {
            // Who is named no place at all lives where the list is from.
            around.town = self.hint.town;
            around.village = self.hint.village;
        }
        let mut read = address.map(|address| self.gazetteer.place(address, around.hint()));
        if let Some(read) = &mut read
            && read.village == around.village
        {
            read.former_name |= around.former_name;
        }
        // An address that names no place of ours says less than the columns beside it.
        read.filter(|read| read.falls() != Falls::County || !read.candidates.is_empty())
            .unwrap_or(around)
    }

    fn level(&self, row: &Row) -> (&'static str, Option<Uuid>, Option<Uuid>) {
        let get = |key| row.content.get(key);
        let placed = self.place(get("town"), get("village"), get("address"));
        let id = |d: Option<DivisionId>| d.map(|d| d.uuid());
        match placed.falls() {
            Falls::Grid(_) | Falls::Village(_) => ("village", id(placed.village), id(placed.town)),
            Falls::Town(_) => ("town", None, id(placed.town)),
            Falls::County => ("county", None, None),
        }
    }

    /// Opens items for questions that were never asked: the same row of a later file asks nothing again.
    pub async fn ask<C: ConnectionTrait>(&self, db: &C, questions: &[Question<'_>]) -> Result<(), Error> {
        let key = |q: &Question<'_>| sync::digest::hex(&q.row.digest);
        let keys: Vec<String> = questions.iter().map(key).collect();
        let mut asked: BTreeSet<String> = lists::asked(db, &keys).await?;
        let mut items = Vec::new();
        for question in questions {
            let (row, key) = (question.row, key(question));
            if !asked.insert(key.clone()) {
                continue;
            }
            let (mut level, village, town) = self.level(row);
            // A village does not decide about a person of another one, whom it may not even see.
            if level == "village" && question.homes.iter().any(|home| Some(*home) != village) {
                level = "town";
            }
            items.push(NewItem {
                id: Uuid::now_v7(),
                reason: question.reason,
                resident: None,
                key,
                village,
                town,
                beside: None,
                category: super::row::category(&self.list.kind, &row.content)
                    .filter(|_| self.enrols())
                    .map(str::to_owned),
                level,
                body: json!({
                    "code": question.code, "message": question.message,
                    "source": self.list.source, "kind": self.list.kind, "month": self.list.month,
                    "sheet": lists::in_file(row.sheet).0, "row": row.row, "member": lists::in_file(row.sheet).1,
                    "values": row.content.values, "handed_in": row.content.handed_in,
                    "residents": question.residents, "register": question.register,
                }),
                list: Some(row.list),
                list_row: Some(lists::item_row(row.sheet, row.row)),
                held: None,
            });
        }
        Ok(inbox::insert(db, &self.program.keys, &items, self.now.millis()).await?)
    }
}
