//! The audit trail: who read, changed, exported or decided what.

use super::auth::SignedIn;
use super::contract::Tag;
use super::error::{Answer, ApiError};
use super::page;
use crate::app::audit::{self, AuditRow, Filter};
use crate::program::Program;
use domain::Instant;
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Audit;

/// One thing that somebody did. It holds ids, codes and numbers, and nothing of what was read or written.
#[derive(Object)]
#[oai(skip_serializing_if_is_none, example)]
struct AuditView {
    /// Its number in the trail.
    id: i64,
    /// RFC 3339, by the database's clock.
    at: String,
    /// Who; absent where nobody was known, as at a failed sign-in, and for what an operator did at the machine.
    account: Option<Uuid>,
    /// The registration of the phone on which it was done.
    device: Option<Uuid>,
    /// `sign_in`, `read_resident`, `search_residents`, `export_roster`, `decide`, `commit_list`, …
    action: String,
    /// What kind of thing `subject` is: `resident`, `account`, `session`, `list`, …
    subject_kind: Option<String>,
    /// The thing that it was done to.
    subject: Option<Uuid>,
    /// `done`, or a code that says how it ended.
    outcome: String,
    /// How many rows were read, sent or changed.
    count: Option<i64>,
    /// Codes that say more, such as an export's purpose or a decision's choice.
    detail: Option<String>,
    /// The id of the request, as its answer named it.
    request: Option<String>,
}

impl Example for AuditView {
    fn example() -> Self {
        AuditView {
            id: 20_418,
            at: "2026-11-25T01:02:03.000Z".into(),
            account: Some(Uuid::from_u128(0x0199_a1b2_0000_7000_8000_0000_0000_0401)),
            device: None,
            action: "read_resident".into(),
            subject_kind: Some("resident".into()),
            subject: Some(Uuid::from_u128(0x0199_a1b2_0000_7000_8000_0000_0000_0402)),
            outcome: "done".into(),
            count: None,
            detail: None,
            request: Some("019a5f0c7d3b7a40".into()),
        }
    }
}

impl From<AuditRow> for AuditView {
    fn from(row: AuditRow) -> AuditView {
        AuditView {
            id: row.id,
            at: Instant::from_millis(row.at).to_string(),
            account: row.account,
            device: row.device,
            action: row.action,
            subject_kind: row.subject_kind,
            subject: row.subject,
            outcome: row.outcome,
            count: row.count,
            detail: row.detail,
            request: row.request,
        }
    }
}

/// One page of the trail.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct AuditPage {
    /// One page, newest first.
    items: Vec<AuditView>,
    /// To give as `after` for the next page; absent on the last.
    next: Option<String>,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Audit")]
impl Audit {
    /// The audit trail, newest first; reading it is in it, too
    ///
    /// Auditors only: everybody else gets 403.
    #[oai(path = "/audit", method = "get", operation_id = "list_audit")]
    #[expect(clippy::too_many_arguments, reason = "each is one filter of the contract")]
    async fn list_audit(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// What one account did.
        account: Query<Option<Uuid>>,
        /// One action only.
        action: Query<Option<String>>,
        /// What was done to one resident, account, list, …
        subject: Query<Option<Uuid>>,
        /// From this instant on (RFC 3339).
        since: Query<Option<String>>,
        /// Before this instant (RFC 3339).
        until: Query<Option<String>>,
        /// `next` of the page before.
        after: Query<Option<String>>,
        /// 1 to 200, 50 by default.
        limit: Query<Option<u64>>,
    ) -> Answer<Json<AuditPage>> {
        let filter = Filter {
            account: account.0,
            action: action.0,
            subject: subject.0,
            since: instant("since", since.0)?,
            until: instant("until", until.0)?,
        };
        let (after, limit) = (page::after(after.as_deref())?, page::limit(*limit)?);
        let now = program.clock.now();
        let page = audit::list(&program.db, &who.0, &filter, after, limit, now).await?;
        let next = page::next(&page, limit, |row| row.id);
        Ok(Json(AuditPage {
            items: page.into_iter().map(AuditView::from).collect(),
            next,
        }))
    }
}

fn instant(field: &str, given: Option<String>) -> Result<Option<i64>, ApiError> {
    let read = |text: String| {
        let at = Instant::parse(&text).map(Instant::millis);
        at.ok_or_else(|| page::bad(field, "时刻须为 RFC 3339 格式，例如 2026-11-25T09:00:00+08:00"))
    };
    given.map(read).transpose()
}
