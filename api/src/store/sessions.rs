//! Session rows: one refresh family of one sign-in.

use super::accounts::State;
use super::grants::{self, DatedGrant};
use super::{Fault, devices};
use entity::{account, account_grant, device, session};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IdenStatic, Iterable,
    JoinType, QueryFilter, QueryOrder, QueryResult, QuerySelect,
};
use uuid::Uuid;

pub async fn insert<C: ConnectionTrait>(
    db: &C,
    id: Uuid,
    account: Uuid,
    device: Option<Uuid>,
    now: i64,
    expires_at: i64,
) -> Result<(), DbErr> {
    let row = session::ActiveModel {
        id: Set(id),
        account: Set(account),
        device: Set(device),
        generation: Set(1),
        rotated_at: Set(now),
        used_at: Set(now),
        created_at: Set(now),
        expires_at: Set(expires_at),
        ended_at: Set(None),
        end_reason: Set(None),
    };
    session::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

pub async fn find<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<session::Model>, DbErr> {
    session::Entity::find_by_id(id).one(db).await
}

/// Whose a session is, and all that was ever granted to the account, in the order in which it was given.
pub struct Owner {
    pub account: account::Model,
    pub device: Option<Uuid>,
    pub grants: Vec<DatedGrant>,
}

/// One grant of it.
struct Row {
    account: account::Model,
    device: Option<Uuid>,
    grant: Option<account_grant::Model>,
}

/// What the columns of other tables are called beside those of the account.
const SESSION_DEVICE: &str = "session_device";
const GRANT: &str = "grant_";

impl FromQueryResult for Row {
    fn from_query_result(row: &QueryResult, pre: &str) -> Result<Row, DbErr> {
        Ok(Row {
            account: account::Model::from_query_result(row, pre)?,
            device: row.try_get(pre, SESSION_DEVICE)?,
            grant: account_grant::Model::from_query_result_optional(row, GRANT)?,
        })
    }
}

/// Whose a living session is, in one look, as every request begins with it. None when the session, its account or its
/// device is no more.
pub async fn owner<C: ConnectionTrait>(db: &C, id: Uuid, now: i64) -> Result<Option<Owner>, Fault> {
    use account_grant::Column as G;
    use session::Column as C_;
    let session = account::Entity::belongs_to(session::Entity)
        .from(account::Column::Id)
        .to(C_::Account);
    let device = session::Entity::belongs_to(device::Entity)
        .from(C_::Device)
        .to(device::Column::Id);
    let grant = account::Entity::belongs_to(account_grant::Entity)
        .from(account::Column::Id)
        .to(G::Account);
    let there = Condition::any()
        .add(C_::Device.is_null())
        .add(device::Column::State.eq(devices::ACTIVE));
    let granted = G::iter().fold(account::Entity::find(), |rows, column| {
        rows.column_as(column, format!("{GRANT}{}", column.as_str()))
    });
    let rows = granted
        .column_as(C_::Device, SESSION_DEVICE)
        .join(JoinType::InnerJoin, session.into())
        .join(JoinType::LeftJoin, device.into())
        .join(JoinType::LeftJoin, grant.into())
        .filter(C_::Id.eq(id))
        .filter(C_::EndedAt.is_null())
        .filter(C_::ExpiresAt.gt(now))
        .filter(account::Column::State.eq(State::Active.name()))
        .filter(there)
        .order_by_asc(G::Id)
        .into_model::<Row>()
        .all(db)
        .await?;
    let mut owner = None;
    for row in rows {
        let owner = owner.get_or_insert(Owner {
            account: row.account,
            device: row.device,
            grants: Vec::new(),
        });
        owner.grants.extend(row.grant.map(grants::read).transpose()?);
    }
    Ok(owner)
}

/// The session's row, locked until commit: refreshes of one family come one after the other.
pub async fn lock<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<session::Model>, DbErr> {
    session::Entity::find_by_id(id).lock_exclusive().one(db).await
}

/// Notes a use; with `generation` also that this one was handed out now.
pub async fn used<C: ConnectionTrait>(
    db: &C,
    id: Uuid,
    generation: Option<i32>,
    now: i64,
    expires_at: i64,
) -> Result<(), DbErr> {
    let mut row = session::ActiveModel {
        id: Unchanged(id),
        used_at: Set(now),
        expires_at: Set(expires_at),
        ..Default::default()
    };
    if let Some(generation) = generation {
        row.generation = Set(generation);
        row.rotated_at = Set(now);
    }
    session::Entity::update(row).exec(db).await.map(|_| ())
}

/// Living sessions of an account, newest use first.
pub async fn living<C: ConnectionTrait>(
    db: &C,
    account: Uuid,
    now: i64,
) -> Result<Vec<session::Model>, DbErr> {
    session::Entity::find()
        .filter(session::Column::Account.eq(account))
        .filter(session::Column::EndedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now))
        .order_by_desc(session::Column::UsedAt)
        .order_by_asc(session::Column::Id)
        .all(db)
        .await
}

/// Which sessions are ended together.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    One(Uuid),
    OfAccount(Uuid),
    /// All of the account but this one.
    Others {
        account: Uuid,
        but: Uuid,
    },
    OfDevice(Uuid),
}

/// Ends living sessions; answers how many.
pub async fn end<C: ConnectionTrait>(db: &C, which: Which, reason: &str, now: i64) -> Result<u64, DbErr> {
    use session::Column as C_;
    let these = match which {
        Which::One(id) => Condition::all().add(C_::Id.eq(id)),
        Which::OfAccount(account) => Condition::all().add(C_::Account.eq(account)),
        Which::Others { account, but } => Condition::all().add(C_::Account.eq(account)).add(C_::Id.ne(but)),
        Which::OfDevice(device) => Condition::all().add(C_::Device.eq(device)),
    };
    let done = session::Entity::update_many()
        .col_expr(C_::EndedAt, Expr::value(now))
        .col_expr(C_::EndReason, Expr::value(reason))
        .filter(these)
        .filter(C_::EndedAt.is_null())
        .exec(db)
        .await?;
    Ok(done.rows_affected)
}

/// Removes at most `most` sessions that ended or expired before an instant; answers how many.
pub async fn forget<C: ConnectionTrait>(db: &C, before: i64, most: u64) -> Result<u64, DbErr> {
    use session::Column as C_;
    let over = Condition::any()
        .add(C_::EndedAt.lt(before))
        .add(C_::ExpiresAt.lt(before));
    let these: Vec<Uuid> = session::Entity::find()
        .select_only()
        .column(C_::Id)
        .filter(over)
        .limit(most)
        .into_tuple()
        .all(db)
        .await?;
    if these.is_empty() {
        return Ok(0);
    }
    let done = session::Entity::delete_many()
        .filter(C_::Id.is_in(these))
        .exec(db)
        .await?;
    Ok(done.rows_affected)
}
