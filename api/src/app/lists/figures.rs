//! What a commit must be told twice: a month before one that is committed, and a list in which much is missing or
//! much has changed. Whoever commits it all the same names the figures.

use super::steps::enrols;
use crate::app::Error;
use crate::store::divisions;
use crate::store::lists::{self, Stage};
use entity::list;
use sea_orm::{ConnectionTrait, DbErr};
use serde_json::json;

/// The figures that a request names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    pub missing: Option<i64>,
    pub changed: Option<i64>,
    pub later_month: Option<String>,
}

/// The figures of a list, those only that must be named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Figures {
    missing: Option<i64>,
    changed: Option<i64>,
    later_month: Option<String>,
    known: i64,
}

/// The latest month after a list's own that its source has committed for the same people.
pub async fn later_month<C: ConnectionTrait>(
    db: &C,
    list: &list::Model,
    committed: &[list::Model],
) -> Result<Option<String>, DbErr> {
    let later: Vec<_> = committed
        .iter()
        .filter(|l| l.id != list.id && l.month > list.month)
        .collect();
    let mut out: Option<&str> = None;
    for other in later {
        if overlap(db, list, other).await? {
            out = out.max(Some(&other.month));
        }
    }
    Ok(out.map(str::to_owned))
}

/// Whether two lists cover some of the same places: one division lies in the other.
pub async fn overlap<C: ConnectionTrait>(db: &C, a: &list::Model, b: &list::Model) -> Result<bool, DbErr> {
    if a.division == b.division {
        return Ok(true);
    }
    Ok(divisions::below(db, &[a.division]).await?.contains(&b.division)
        || divisions::below(db, &[b.division]).await?.contains(&a.division))
}

/// Whether a list may be committed as the request says. Answers what the audit trail keeps of it.
///
/// # Errors
/// `Conflict` `dry_run_needed` where there is something to compare with and no dry run since; `needs_confirmation`
/// with the figures that the request must name.
pub async fn confirmed<C: ConnectionTrait>(
    db: &C,
    list: &list::Model,
    committed: &[list::Model],
    named: &Named,
) -> Result<String, Error> {
    let figures = figures(db, list, committed).await?;
    let agrees = figures.missing.is_none_or(|n| named.missing == Some(n))
        && figures.changed.is_none_or(|n| named.changed == Some(n))
        && figures
            .later_month
            .as_ref()
            .is_none_or(|m| named.later_month.as_ref() == Some(m));
    if !agrees {
        let mut words = Vec::new();
        if let Some(month) = &figures.later_month {
            words.push(match list.kind.as_str() {
                "deaths" => format!("已提交过较晚的月份 {month}，本名单为补报"),
                _ => format!("已提交过较晚的月份 {month}，本名单将只存为历史"),
            });
        }
        if let Some(n) = figures.missing {
            words.push(format!("原在册 {} 人中有 {n} 人不在名单内", figures.known));
        }
        if let Some(n) = figures.changed {
            words.push(format!("原在册 {} 人中有 {n} 人的信息有变化", figures.known));
        }
        return Err(Error::Conflict {
            code: "needs_confirmation",
            message: format!("{}。请核对后连同这些数字再次提交", words.join("；")),
            present: Some(json!({
                "known": figures.known, "missing": figures.missing, "changed": figures.changed,
                "later_month": figures.later_month,
            })),
        });
    }
    let told = |name: &str, figure: Option<String>| figure.map(|f| format!("{name}={f}"));
    let parts = [
        told("missing", figures.missing.map(|n| n.to_string())),
        told("changed", figures.changed.map(|n| n.to_string())),
        told("later_month", figures.later_month),
    ];
    Ok(parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

async fn figures<C: ConnectionTrait>(
    db: &C,
    list: &list::Model,
    committed: &[list::Model],
) -> Result<Figures, Error> {
    let later_month = later_month(db, list, committed).await?;
    if !enrols(&list.kind) || later_month.is_some() {
        return Ok(Figures {
            later_month,
            ..Figures::default()
        });
    }
    let others = committed.iter().filter(|l| l.id != list.id);
    // What was compared with an older state says nothing: another list of the source may be committed since.
    let Some(last) = others.filter_map(|l| l.committed_at).max() else {
        return Ok(Figures::default());
    };
    if list.planned_at.is_none_or(|at| at <= last) {
        return Err(Error::conflict(
            "dry_run_needed",
            "请先试算：需要与该部门此前提交的名单比较后才能提交",
        ));
    }
    let planned = lists::verdicts(db, list.id, Stage::Planned).await?;
    let count = |verdict: &str| planned.get(verdict).copied().unwrap_or_default();
    let known = i64::from(list.known.unwrap_or_default());
    let missing = count("missing");
    let changed = count("changed") + count("contradicted");
    Ok(Figures {
        missing: Some(missing).filter(|n| n * 10 > known),
        changed: Some(changed).filter(|n| n * 10 > known * 3),
        later_month: None,
        known,
    })
}
