//! The list of grids: its rows go to the import of grids as a whole.

use super::items::{INVALID, Question};
use super::steps::Commit;
use crate::app::Error;
use crate::app::grids::{self, GridRow, Verdict};
use crate::store::lists::{Outcome, Row, Stage};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Draws the grids (a dry run only looks what would come of it), and says what became of each row with what must be
/// asked. The same rows again change nothing, so that a run that breaks off may begin anew.
pub async fn draw<'a>(cx: &Commit<'_>, rows: &'a [Row]) -> Result<(Vec<Outcome>, Vec<Question<'a>>), Error> {
    if cx.history {
        let kept = Outcome {
            verdict: "same",
            reason: Some("补交的较早月份网格划分，只存为历史，不改动现有网格".to_owned()),
            resident: None,
        };
        return Ok((vec![kept; rows.len()], Vec::new()));
    }
    // Rows are told apart by their place in the list: several sheets may each have a row 2.
    let wanted: Vec<GridRow> = rows
        .iter()
        .enumerate()
        .map(|(at, row)| grid_row(at, row))
        .collect();
    let done = match cx.stage {
        Stage::Final => grids::import_rows(&cx.program.db, &wanted, cx.now).await?,
        Stage::Planned => grids::check_rows(&cx.program.db, &wanted, cx.now).await?,
    };
    let verdicts: BTreeMap<u32, Verdict> = done.rows.iter().map(|r| (r.row, r.verdict)).collect();
    let (mut outcomes, mut questions) = (Vec::new(), Vec::new());
    for (at, row) in rows.iter().enumerate() {
        let refused = Verdict::Refused {
            why: "grid_refused",
            fields: &[],
        };
        let verdict = verdicts.get(&(at as u32)).copied().unwrap_or(refused);
        let (verdict, reason) = match verdict {
            Verdict::New => ("new", None),
            Verdict::Same => ("same", None),
            Verdict::Changed => ("changed", None),
            Verdict::Refused { why, .. } => {
                let message = message(why);
                questions.push(Question {
                    row,
                    reason: INVALID,
                    code: why.to_owned(),
                    message: message.to_owned(),
                    residents: Vec::<Uuid>::new(),
                    homes: BTreeSet::new(),
                    register: Vec::new(),
                });
                ("invalid", Some(message.to_owned()))
            }
        };
        outcomes.push(Outcome {
            verdict,
            reason,
            resident: None,
        });
    }
    Ok((outcomes, questions))
}

fn grid_row(at: usize, row: &Row) -> GridRow {
    let get = |key: &str| row.content.get(key).unwrap_or_default().to_owned();
    let (from, range) = (get("house_from"), get("house_range"));
    GridRow {
        row: at as u32,
        code: get("code"),
        name: get("name"),
        town: get("town"),
        village: get("village"),
        natural_village: get("place"),
        from: if from.is_empty() { range } else { from },
        to: get("house_to"),
    }
}

fn message(why: &str) -> &'static str {
    match why {
        "town_unknown" => "没有这个镇街",
        "town_ambiguous" => "镇街名称不止对应一个",
        "grid_in_two_villages" => "同一网格编号出现在两个村居",
        _ => "网格划分有误，该网格未更新",
    }
}
