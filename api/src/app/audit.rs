//! The audit trail as auditors read it. Reading it leaves a row in it.

use crate::actor::Actor;
use crate::app::Error;
use crate::store::audit::{self, Entry};
use crate::store::db::Db;
use domain::Instant;
use domain::catalogue::Role;
use std::fmt::Write;

pub use crate::store::audit::{AuditRow, Filter};

/// One page, newest first; `before` is the number of the last row of the page before.
///
/// # Errors
/// `Forbidden` for everybody but auditors; `Refused` `action_malformed`.
pub async fn list(
    db: &Db,
    actor: &Actor,
    filter: &Filter,
    before: Option<i64>,
    limit: u64,
    now: Instant,
) -> Result<Vec<AuditRow>, Error> {
    actor.ready()?;
    actor.must_be(&[Role::Auditor])?;
    // It is written into the trail, which holds no text of anybody's.
    let fine =
        |action: &str| action.len() <= 40 && action.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if filter.action.as_deref().is_some_and(|action| !fine(action)) {
        return Err(Error::field(
            "action_malformed",
            "操作名称只含小写字母和下划线",
            "action",
        ));
    }
    let page = audit::page(db.read(), filter, before, limit).await?;
    let mut entry = Entry::done("read_audit", actor.account).by_device(actor.device);
    entry.count = Some(page.len() as i64);
    let told = told(filter);
    entry.detail = (!told.is_empty()).then_some(told);
    let entry = &entry;
    db.write(|txn| async move { Ok::<_, Error>(audit::insert(&*txn, entry.clone(), now.millis()).await?) })
        .await?;
    Ok(page)
}

/// What was looked for, by ids and codes.
fn told(filter: &Filter) -> String {
    let mut out = String::new();
    let mut say = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let gap = if out.is_empty() { "" } else { " " };
            // Writing to a string cannot fail.
            let _ = write!(out, "{gap}{name}={value}");
        }
    };
    let instant = |at: Option<i64>| at.map(|at| Instant::from_millis(at).to_string());
    say("account", filter.account.map(|id| id.to_string()));
    say("action", filter.action.clone());
    say("subject", filter.subject.map(|id| id.to_string()));
    say("since", instant(filter.since));
    say("until", instant(filter.until));
    out
}
