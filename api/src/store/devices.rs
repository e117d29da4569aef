//! Device rows: registrations of (installation, account).

use entity::device;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
};
use uuid::Uuid;

/// States of a registration.
pub const ACTIVE: &str = "active";
pub const ENDED: &str = "ended";

/// A new registration.
pub struct NewRow<'a> {
    pub id: Uuid,
    pub installation: &'a str,
    pub account: Uuid,
    pub secret_hash: &'a [u8],
    pub label: &'a str,
    pub now: i64,
}

/// # Errors
/// The unique index on active (installation, account).
pub async fn insert<C: ConnectionTrait>(db: &C, new: &NewRow<'_>) -> Result<(), DbErr> {
    let row = device::ActiveModel {
        id: Set(new.id),
        installation: Set(new.installation.to_owned()),
        account: Set(new.account),
        secret_hash: Set(new.secret_hash.to_vec()),
        received: Set(0),
        through: Set(0),
        state: Set(ACTIVE.into()),
        label: Set(new.label.to_owned()),
        drop_all: Set(false),
        app: Set(None),
        catalogue: Set(None),
        last_contact_at: Set(None),
        created_at: Set(new.now),
        safe: Set(0),
        in_sync_at: Set(None),
        unsent: Set(None),
        made: Set(None),
        storage_free: Set(None),
        cloned_at: Set(None),
        budget_records: Set(None),
        budget_bytes: Set(None),
    };
    device::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

pub async fn find<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<device::Model>, DbErr> {
    device::Entity::find_by_id(id).one(db).await
}

/// The active registration of an installation for an account.
pub async fn active<C: ConnectionTrait>(
    db: &C,
    installation: &str,
    account: Uuid,
) -> Result<Option<device::Model>, DbErr> {
    device::Entity::find()
        .filter(device::Column::Installation.eq(installation))
        .filter(device::Column::Account.eq(account))
        .filter(device::Column::State.eq(ACTIVE))
        .one(db)
        .await
}

/// All registrations of some accounts, oldest first.
pub async fn of<C: ConnectionTrait>(db: &C, accounts: &[Uuid]) -> Result<Vec<device::Model>, DbErr> {
    device::Entity::find()
        .filter(device::Column::Account.is_in(accounts.iter().copied()))
        .order_by_asc(device::Column::Id)
        .all(db)
        .await
}

/// All registrations in use, oldest first.
pub async fn in_use<C: ConnectionTrait>(db: &C) -> Result<Vec<device::Model>, DbErr> {
    device::Entity::find()
        .filter(device::Column::State.eq(ACTIVE))
        .order_by_asc(device::Column::Id)
        .all(db)
        .await
}

pub async fn set_secret<C: ConnectionTrait>(db: &C, id: Uuid, secret_hash: &[u8]) -> Result<(), DbErr> {
    let row = device::ActiveModel {
        id: Unchanged(id),
        secret_hash: Set(secret_hash.to_vec()),
        ..Default::default()
    };
    device::Entity::update(row).exec(db).await.map(|_| ())
}

/// Ends a registration: what it holds is to be dropped at its next contact.
pub async fn end<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<(), DbErr> {
    let row = device::ActiveModel {
        id: Unchanged(id),
        state: Set(ENDED.into()),
        drop_all: Set(true),
        ..Default::default()
    };
    device::Entity::update(row).exec(db).await.map(|_| ())
}

/// Notes that the device was heard of.
pub async fn contact<C: ConnectionTrait>(db: &C, id: Uuid, now: i64) -> Result<(), DbErr> {
    device::Entity::update_many()
        .col_expr(device::Column::LastContactAt, Expr::value(now))
        .filter(device::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// What is known of a device from its last request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    pub at: i64,
    /// The app's version, where the device says it.
    pub app: Option<String>,
    /// The catalogue version that it has.
    pub catalogue: Option<i32>,
    /// When it had everything that there was for it.
    pub in_sync_at: Option<i64>,
    /// Edits that it had not sent yet.
    pub unsent: Option<i64>,
    /// The last number that it had given to an edit.
    pub made: Option<i64>,
    /// Bytes that were free.
    pub storage_free: Option<i64>,
}

impl Contact {
    /// What is known after a later contact, which need not say everything.
    pub fn then(self, later: Contact) -> Contact {
        Contact {
            at: later.at,
            app: later.app.or(self.app),
            catalogue: later.catalogue.or(self.catalogue),
            in_sync_at: later.in_sync_at.or(self.in_sync_at),
            unsent: later.unsent.or(self.unsent),
            made: later.made.max(self.made),
            storage_free: later.storage_free.or(self.storage_free),
        }
    }
}

/// Notes last contacts, unless a later one is known.
pub async fn contacts<C: ConnectionTrait>(db: &C, all: &[(Uuid, Contact)]) -> Result<(), DbErr> {
    use device::Column as C_;
    for (id, contact) in all {
        let earlier = Condition::any()
            .add(C_::LastContactAt.is_null())
            .add(C_::LastContactAt.lt(contact.at));
        let mut update = device::Entity::update_many().col_expr(C_::LastContactAt, Expr::value(contact.at));
        if let Some(app) = &contact.app {
            update = update.col_expr(C_::App, Expr::value(app.as_str()));
        }
        if let Some(catalogue) = contact.catalogue {
            update = update.col_expr(C_::Catalogue, Expr::value(catalogue));
        }
        let said = [
            (C_::InSyncAt, contact.in_sync_at),
            (C_::Unsent, contact.unsent),
            (C_::Made, contact.made),
            (C_::StorageFree, contact.storage_free),
        ];
        for (column, value) in said {
            if let Some(value) = value {
                update = update.col_expr(column, Expr::value(value));
            }
        }
        update.filter(C_::Id.eq(*id)).filter(earlier).exec(db).await?;
    }
    Ok(())
}
