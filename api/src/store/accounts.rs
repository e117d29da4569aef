//! Account rows: name and phone sealed, the phone found by its keyed hash.

use super::{Fault, sealed};
use crate::seal::Keyring;
use domain::phone::Phone;
use entity::account;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// What is sealed of an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    pub phone: String,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(…)")
    }
}

/// Whether an account may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Active,
    Disabled,
}

impl State {
    pub const fn name(self) -> &'static str {
        match self {
            State::Active => "active",
            State::Disabled => "disabled",
        }
    }

    pub fn parse(name: &str) -> Option<State> {
        [State::Active, State::Disabled]
            .into_iter()
            .find(|s| s.name() == name)
    }
}

pub fn phone_hash(keys: &Keyring, phone: &Phone) -> Vec<u8> {
    keys.lookup("account_phone", phone.as_str())
}

pub fn person(keys: &Keyring, row: &account::Model) -> Result<Person, Fault> {
    Ok(sealed::open(keys, "account", row.id, &row.sealed)?)
}

pub async fn by_phone<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    phone: &Phone,
) -> Result<Option<account::Model>, DbErr> {
    account::Entity::find()
        .filter(account::Column::PhoneHash.eq(phone_hash(keys, phone)))
        .one(db)
        .await
}

pub async fn find<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<account::Model>, DbErr> {
    account::Entity::find_by_id(id).one(db).await
}

/// Those of `ids` that exist, in no order.
pub async fn some<C: ConnectionTrait>(db: &C, ids: &[Uuid]) -> Result<Vec<account::Model>, DbErr> {
    let mut all = Vec::new();
    for part in ids.chunks(500) {
        let rows = account::Entity::find().filter(account::Column::Id.is_in(part.iter().copied()));
        all.extend(rows.all(db).await?);
    }
    Ok(all)
}

/// The account's row, locked until commit.
pub async fn lock<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<account::Model>, DbErr> {
    account::Entity::find_by_id(id).lock_exclusive().one(db).await
}

/// A new account.
pub struct NewRow<'a> {
    pub id: Uuid,
    pub phone: &'a Phone,
    pub name: &'a str,
    pub password_hash: &'a str,
    pub must_change: bool,
    /// Until when a one-time code is good.
    pub code_until: Option<i64>,
    pub home: Option<Uuid>,
    pub by: Option<Uuid>,
    pub now: i64,
}

/// # Errors
/// The unique index on phones, when the phone has an account.
pub async fn insert<C: ConnectionTrait>(db: &C, keys: &Keyring, new: &NewRow<'_>) -> Result<(), DbErr> {
    let person = Person {
        name: new.name.to_owned(),
        phone: new.phone.as_str().to_owned(),
    };
    let row = account::ActiveModel {
        id: Set(new.id),
        phone_hash: Set(phone_hash(keys, new.phone)),
        sealed: Set(sealed::seal(keys, "account", new.id, &person)),
        password_hash: Set(Some(new.password_hash.to_owned())),
        must_change: Set(new.must_change),
        code_until: Set(new.code_until),
        state: Set(State::Active.name().into()),
        epoch: Set(1),
        home: Set(new.home),
        created_at: Set(new.now),
        created_by: Set(new.by),
    };
    account::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Replaces the password; `code_until` for a one-time code, which must be changed.
pub async fn set_password<C: ConnectionTrait>(
    db: &C,
    id: Uuid,
    hash: &str,
    code_until: Option<i64>,
) -> Result<(), DbErr> {
    let row = account::ActiveModel {
        id: Unchanged(id),
        password_hash: Set(Some(hash.to_owned())),
        must_change: Set(code_until.is_some()),
        code_until: Set(code_until),
        ..Default::default()
    };
    account::Entity::update(row).exec(db).await.map(|_| ())
}

pub async fn set_state<C: ConnectionTrait>(db: &C, id: Uuid, state: State) -> Result<(), DbErr> {
    let row = account::ActiveModel {
        id: Unchanged(id),
        state: Set(state.name().into()),
        ..Default::default()
    };
    account::Entity::update(row).exec(db).await.map(|_| ())
}

/// Which accounts a page shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Accounts with their home in one of these; `None` is all.
    pub homes: Option<Vec<Uuid>>,
    pub state: Option<State>,
    pub phone_hash: Option<Vec<u8>>,
}

/// One page in the order of making, after `after`.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    filter: &Filter,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<account::Model>, DbErr> {
    let mut query = account::Entity::find();
    if let Some(homes) = &filter.homes {
        query = query.filter(account::Column::Home.is_in(homes.iter().copied()));
    }
    if let Some(state) = filter.state {
        query = query.filter(account::Column::State.eq(state.name()));
    }
    if let Some(hash) = &filter.phone_hash {
        query = query.filter(account::Column::PhoneHash.eq(hash.clone()));
    }
    if let Some(after) = after {
        query = query.filter(account::Column::Id.gt(after));
    }
    query.order_by_asc(account::Column::Id).limit(limit).all(db).await
}
