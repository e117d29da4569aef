//! Grant rows: an account's role in a place, with its days.

use super::Fault;
use super::accounts::State;
use crate::actor::Grant;
use domain::catalogue::Role;
use entity::{account, account_grant};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};
use uuid::Uuid;

/// A grant with its days `YYYY-MM-DD`: valid from `since` until the day before `until`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatedGrant {
    pub id: Uuid,
    pub account: Uuid,
    pub grant: Grant,
    pub since: String,
    pub until: Option<String>,
}

impl DatedGrant {
    /// Valid on that day.
    pub fn is_valid(&self, today: &str) -> bool {
        self.since.as_str() <= today && self.until.as_deref().is_none_or(|until| today < until)
    }

    /// Valid on that day or on one after it.
    pub fn is_ahead(&self, today: &str) -> bool {
        let last = self.until.as_deref();
        last.is_none_or(|until| today < until && self.since.as_str() < until)
    }

    /// How often this grant has changed what its account may see until that day.
    pub fn changes(&self, today: &str) -> i32 {
        let ended = self.until.as_deref().is_some_and(|until| until <= today);
        i32::from(self.since.as_str() <= today) + i32::from(ended)
    }
}

pub(super) fn read(row: account_grant::Model) -> Result<DatedGrant, Fault> {
    Ok(DatedGrant {
        id: row.id,
        account: row.account,
        grant: Grant {
            role: Role::parse(&row.role).ok_or(Fault::Damaged("role"))?,
            division: row.division,
            grid: row.grid,
            category: row.category,
            department: row.department,
        },
        since: row.since,
        until: row.until,
    })
}

/// All grants of some accounts, ended ones too, in the order in which they were given.
pub async fn of<C: ConnectionTrait>(db: &C, accounts: &[Uuid]) -> Result<Vec<DatedGrant>, Fault> {
    let mut all = Vec::new();
    for part in accounts.chunks(500) {
        let rows = account_grant::Entity::find()
            .filter(account_grant::Column::Account.is_in(part.iter().copied()))
            .order_by_asc(account_grant::Column::Id)
            .all(db)
            .await?;
        for row in rows {
            all.push(read(row)?);
        }
    }
    Ok(all)
}

/// Who is granted one of these grids on that day.
pub async fn workers_of<C: ConnectionTrait>(
    db: &C,
    grids: &[Uuid],
    today: &str,
) -> Result<Vec<(Uuid, Uuid)>, Fault> {
    if grids.is_empty() {
        return Ok(Vec::new());
    }
    let valid = Condition::any()
        .add(account_grant::Column::Until.is_null())
        .add(account_grant::Column::Until.gt(today));
    let rows = account_grant::Entity::find()
        .filter(account_grant::Column::Grid.is_in(grids.iter().copied()))
        .filter(account_grant::Column::Since.lte(today))
        .filter(valid)
        .order_by_asc(account_grant::Column::Id)
        .all(db)
        .await?;
    let pairs = rows
        .into_iter()
        .filter_map(|row| row.grid.map(|grid| (row.account, grid)));
    Ok(pairs.collect())
}

/// Whether an account that may sign in holds a role on that day.
pub async fn is_held<C: ConnectionTrait>(db: &C, role: Role, today: &str) -> Result<bool, DbErr> {
    let active = account::Entity::find()
        .select_only()
        .column(account::Column::Id)
        .filter(account::Column::State.eq(State::Active.name()))
        .into_query();
    let valid = Condition::any()
        .add(account_grant::Column::Until.is_null())
        .add(account_grant::Column::Until.gt(today));
    let held = account_grant::Entity::find()
        .filter(account_grant::Column::Role.eq(role.name()))
        .filter(account_grant::Column::Since.lte(today))
        .filter(valid)
        .filter(account_grant::Column::Account.in_subquery(active));
    Ok(held.one(db).await?.is_some())
}

pub async fn find<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<DatedGrant>, Fault> {
    let row = account_grant::Entity::find_by_id(id).one(db).await?;
    row.map(read).transpose()
}

/// All grants of a grid, ended ones too.
pub async fn on_grid<C: ConnectionTrait>(db: &C, grid: Uuid) -> Result<Vec<DatedGrant>, Fault> {
    let rows = account_grant::Entity::find()
        .filter(account_grant::Column::Grid.eq(grid))
        .order_by_asc(account_grant::Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(read).collect()
}

/// Writes a new grant and raises the account's epoch.
pub async fn insert<C: ConnectionTrait>(
    db: &C,
    new: &DatedGrant,
    by: Option<Uuid>,
    now: i64,
) -> Result<(), DbErr> {
    let row = account_grant::ActiveModel {
        id: Set(new.id),
        account: Set(new.account),
        role: Set(new.grant.role.name().into()),
        division: Set(new.grant.division),
        grid: Set(new.grant.grid),
        category: Set(new.grant.category.clone()),
        department: Set(new.grant.department.clone()),
        since: Set(new.since.clone()),
        until: Set(new.until.clone()),
        given_by: Set(by),
        given_at: Set(now),
    };
    account_grant::Entity::insert(row)
        .exec_without_returning(db)
        .await?;
    raise_epoch(db, new.account).await
}

/// Sets the first day on which a grant is no more, and raises the account's epoch.
pub async fn set_until<C: ConnectionTrait>(db: &C, grant: &DatedGrant, until: &str) -> Result<(), DbErr> {
    account_grant::Entity::update_many()
        .col_expr(account_grant::Column::Until, Expr::value(until))
        .filter(account_grant::Column::Id.eq(grant.id))
        .exec(db)
        .await?;
    raise_epoch(db, grant.account).await
}

/// What phones hold is compared anew after this.
async fn raise_epoch<C: ConnectionTrait>(db: &C, account: Uuid) -> Result<(), DbErr> {
    account::Entity::update_many()
        .col_expr(account::Column::Epoch, Expr::col(account::Column::Epoch).add(1))
        .filter(account::Column::Id.eq(account))
        .exec(db)
        .await?;
    Ok(())
}
