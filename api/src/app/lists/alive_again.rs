//! Somebody was thought to have died or moved out, and was not: rows of lists that ended their enrolments meanwhile hear
//! it as their verdict. What the department ended stays ended until it says otherwise.

use super::row::{category, status};
use crate::app::Error;
use crate::program::Program;
use crate::store::lists::{self, Outcome, Row, Stage};
use crate::store::{edits, enrolments};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

const WORDS: &str = "；村居已更正：此人仍在，请核实是否恢复";

/// Says so on the rows of these people.
pub async fn say<C: ConnectionTrait>(db: &C, program: &Program, ids: &[Uuid]) -> Result<(), Error> {
    for id in ids {
        let Some(gone) = gone_at(db, program, *id).await? else {
            continue;
        };
        for episode in enrolments::of_residents(db, &[*id]).await? {
            let ended = episode.until.is_some() && episode.source_status == "ended";
            let Some(list) = episode.list.filter(|_| ended) else {
                continue;
            };
            let Some(list) = lists::find(db, list).await? else {
                continue;
            };
            if list.begun_at.is_none_or(|begun| begun < gone) {
                continue;
            }
            let mut rows = lists::rows_of(db, &program.keys, &[list.id], &[*id]).await?;
            rows.retain(|row| {
                category(&list.kind, &row.content) == Some(episode.category.as_str())
                    && status(&row.content) == "ended"
                    && row.verdict.as_deref() != Some("contradicted")
            });
            let outcome = |row: &Row| Outcome {
                verdict: "contradicted",
                reason: Some(format!("{}{WORDS}", row.reason.as_deref().unwrap_or_default())),
                resident: Some(*id),
            };
            let outcomes: Vec<Outcome> = rows.iter().map(outcome).collect();
            lists::judge(db, &rows, &outcomes, Stage::Final).await?;
        }
    }
    Ok(())
}

/// Since when somebody has been said to have died or moved out, by a report or by its approval.
async fn gone_at<C: ConnectionTrait>(db: &C, program: &Program, id: Uuid) -> Result<Option<i64>, Error> {
    let mut since = None;
    for row in edits::of_record(db, id).await? {
        let body = edits::body(&program.keys, &row)?;
        let mut said: Vec<&str> = body.edit["report"]["kind"].as_str().into_iter().collect();
        let decided = body
            .changes
            .iter()
            .filter(|(key, ..)| key == sync::record::LIFE_STATUS);
        said.extend(decided.filter_map(|(_, _, to)| to.as_str()));
        for status in said {
            match status {
                "died" | "moved_out" => since = since.or(Some(row.received_at)),
                "living" => since = None,
                _ => {}
            }
        }
    }
    Ok(since)
}
