//! Rows of the audit trail: who read, changed, exported or decided what. No personal text.

use entity::audit;
pub use entity::audit::Model as AuditRow;
use sea_orm::{
    ActiveValue::{NotSet, Set, Unchanged},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

tokio::task_local! {
    static REQUEST: String;
}

/// Runs `work` with the request's id, which every row written within carries.
pub async fn in_request<F: Future>(id: String, work: F) -> F::Output {
    REQUEST.scope(id, work).await
}

/// The id of the request that this is done in, where there is one.
pub fn request() -> Option<String> {
    REQUEST.try_with(Clone::clone).ok()
}

/// One row before it is written. `detail` holds names of codes, roles and fields only.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    pub account: Option<Uuid>,
    pub device: Option<Uuid>,
    pub action: &'static str,
    pub subject: Option<(&'static str, Uuid)>,
    pub outcome: &'static str,
    pub count: Option<i64>,
    pub detail: Option<String>,
}

impl Entry {
    /// Something that `account` did and that was done.
    pub fn done(action: &'static str, account: Uuid) -> Entry {
        Entry {
            account: Some(account),
            action,
            outcome: "done",
            ..Default::default()
        }
    }

    #[must_use]
    pub fn on(mut self, kind: &'static str, id: Uuid) -> Entry {
        self.subject = Some((kind, id));
        self
    }

    #[must_use]
    pub fn by_device(mut self, device: Option<Uuid>) -> Entry {
        self.device = device;
        self
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Entry {
        self.detail = Some(detail.into());
        self
    }
}

/// A row that could not be written, kept elsewhere until it can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub at: i64,
    pub account: Option<Uuid>,
    pub device: Option<Uuid>,
    pub action: String,
    pub subject_kind: Option<String>,
    pub subject: Option<Uuid>,
    pub outcome: String,
    pub count: Option<i64>,
    pub detail: Option<String>,
    pub request: Option<String>,
}

impl Kept {
    /// With the request that runs now.
    pub fn of(entry: Entry, now: i64) -> Kept {
        Kept {
            at: now,
            account: entry.account,
            device: entry.device,
            action: entry.action.into(),
            subject_kind: entry.subject.map(|(kind, _)| kind.into()),
            subject: entry.subject.map(|(_, id)| id),
            outcome: entry.outcome.into(),
            count: entry.count,
            detail: entry.detail,
            request: REQUEST.try_with(Clone::clone).ok(),
        }
    }
}

/// Writes rows that were kept, each dated when it happened.
pub async fn insert_kept<C: ConnectionTrait>(db: &C, rows: &[Kept]) -> Result<(), DbErr> {
    for part in rows.chunks(200) {
        let rows = part.iter().cloned().map(|kept| audit::ActiveModel {
            id: NotSet,
            at: Set(kept.at),
            account: Set(kept.account),
            device: Set(kept.device),
            action: Set(kept.action),
            subject_kind: Set(kept.subject_kind),
            subject: Set(kept.subject),
            outcome: Set(kept.outcome),
            count: Set(kept.count),
            detail: Set(kept.detail),
            request: Set(kept.request),
        });
        audit::Entity::insert_many(rows)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// Writes one row, dated `now`.
pub async fn insert<C: ConnectionTrait>(db: &C, entry: Entry, now: i64) -> Result<(), DbErr> {
    audit::Entity::insert(row(entry, now))
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Whether an action was noted under this detail.
pub async fn was_noted<C: ConnectionTrait>(db: &C, action: &str, detail: Uuid) -> Result<bool, DbErr> {
    let found = audit::Entity::find()
        .filter(audit::Column::Action.eq(action))
        .filter(audit::Column::Detail.eq(detail.to_string()))
        .limit(1);
    Ok(found.one(db).await?.is_some())
}

/// Writes the row of something that takes a while; answers its number for [`finish`].
pub async fn begin<C: ConnectionTrait>(db: &C, entry: Entry, now: i64) -> Result<i64, DbErr> {
    let done = audit::Entity::insert(row(entry, now)).exec(db).await?;
    Ok(done.last_insert_id)
}

/// Says how something ended that [`begin`] announced, and how much of it there was.
pub async fn finish<C: ConnectionTrait>(
    db: &C,
    id: i64,
    outcome: &'static str,
    count: i64,
) -> Result<(), DbErr> {
    let row = audit::ActiveModel {
        id: Unchanged(id),
        outcome: Set(outcome.into()),
        count: Set(Some(count)),
        ..Default::default()
    };
    audit::Entity::update(row).exec(db).await?;
    Ok(())
}

/// What a page of the trail is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub account: Option<Uuid>,
    pub action: Option<String>,
    /// Whatever it was done to: a resident, an account, a list.
    pub subject: Option<Uuid>,
    /// From this instant on.
    pub since: Option<i64>,
    /// Before this instant.
    pub until: Option<i64>,
}

/// One page, newest first, of rows with a number below `before`.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    filter: &Filter,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<AuditRow>, DbErr> {
    use audit::Column as C_;
    let mut query = audit::Entity::find();
    if let Some(account) = filter.account {
        query = query.filter(C_::Account.eq(account));
    }
    if let Some(action) = &filter.action {
        query = query.filter(C_::Action.eq(action));
    }
    if let Some(subject) = filter.subject {
        query = query.filter(C_::Subject.eq(subject));
    }
    if let Some(since) = filter.since {
        query = query.filter(C_::At.gte(since));
    }
    if let Some(until) = filter.until {
        query = query.filter(C_::At.lt(until));
    }
    if let Some(before) = before {
        query = query.filter(C_::Id.lt(before));
    }
    query.order_by_desc(C_::Id).limit(limit).all(db).await
}

fn row(entry: Entry, now: i64) -> audit::ActiveModel {
    audit::ActiveModel {
        id: NotSet,
        at: Set(now),
        account: Set(entry.account),
        device: Set(entry.device),
        action: Set(entry.action.into()),
        subject_kind: Set(entry.subject.map(|(kind, _)| kind.into())),
        subject: Set(entry.subject.map(|(_, id)| id)),
        outcome: Set(entry.outcome.into()),
        count: Set(entry.count),
        detail: Set(entry.detail),
        request: Set(request()),
    }
}
