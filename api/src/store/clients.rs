//! Clients: departments' programs, their secrets, and what they have used of their quotas.

use super::{Fault, sealed};
use crate::seal::Keyring;
pub use entity::client::Model as Client;
pub use entity::client_secret::Model as Secret;
use entity::{client, client_secret, client_use};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The states of a client's row.
pub mod state {
    pub const ACTIVE: &str = "active";
    /// Barred until somebody lets it in again.
    pub const DISABLED: &str = "disabled";
    /// For good; the row stays for the audit trail.
    pub const REVOKED: &str = "revoked";
}

/// What is sealed of a client.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    pub name: String,
    /// Who answers for it.
    pub contact: String,
}

/// What a client may do, where, and with what. No divisions are the whole county.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scopes {
    pub kinds: Vec<String>,
    pub categories: Vec<String>,
    pub divisions: Vec<Uuid>,
    pub operations: Vec<String>,
}

pub fn seal_about(keys: &Keyring, id: Uuid, about: &About) -> Vec<u8> {
    sealed::seal(keys, "client", id, about)
}

pub fn about(keys: &Keyring, row: &Client) -> Result<About, Fault> {
    Ok(sealed::open(keys, "client", row.id, &row.sealed)?)
}

pub fn scopes(row: &Client) -> Result<Scopes, Fault> {
    serde_json::from_str(&row.scopes).map_err(|_| Fault::Damaged("client scopes"))
}

pub async fn find<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<Client>, DbErr> {
    client::Entity::find_by_id(id).one(db).await
}

/// The row, locked until commit.
pub async fn lock<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Option<Client>, DbErr> {
    client::Entity::find_by_id(id).lock_exclusive().one(db).await
}

pub async fn page<C: ConnectionTrait>(db: &C, after: Option<Uuid>, limit: u64) -> Result<Vec<Client>, DbErr> {
    let mut rows = client::Entity::find();
    if let Some(after) = after {
        rows = rows.filter(client::Column::Id.gt(after));
    }
    rows.order_by_asc(client::Column::Id).limit(limit).all(db).await
}

pub async fn insert<C: ConnectionTrait>(db: &C, row: &Client) -> Result<(), DbErr> {
    let new = row.clone().into_active_model().reset_all();
    client::Entity::insert(new).exec_without_returning(db).await?;
    let unused = client_use::ActiveModel {
        client: Set(row.id),
        minute: Set(0),
        requests: Set(0),
        day: Set(String::new()),
        rows: Set(0),
    };
    let on = OnConflict::column(client_use::Column::Client)
        .do_nothing()
        .to_owned();
    client_use::Entity::insert(unused)
        .on_conflict(on)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Writes the whole row.
pub async fn update<C: ConnectionTrait>(db: &C, row: &Client) -> Result<(), DbErr> {
    let mut all = row.clone().into_active_model().reset_all();
    all.id = Unchanged(row.id);
    client::Entity::update(all).exec(db).await?;
    Ok(())
}

/// A client's secrets, oldest first; ended ones too.
pub async fn secrets<C: ConnectionTrait>(db: &C, clients: &[Uuid]) -> Result<Vec<Secret>, DbErr> {
    if clients.is_empty() {
        return Ok(Vec::new());
    }
    client_secret::Entity::find()
        .filter(client_secret::Column::Client.is_in(clients.iter().copied()))
        .order_by_asc(client_secret::Column::CreatedAt)
        .order_by_asc(client_secret::Column::Id)
        .all(db)
        .await
}

pub async fn insert_secret<C: ConnectionTrait>(db: &C, row: &Secret) -> Result<(), DbErr> {
    let new = row.clone().into_active_model().reset_all();
    client_secret::Entity::insert(new)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Lets a secret be good until `until` and no longer.
pub async fn end_secret<C: ConnectionTrait>(db: &C, id: Uuid, until: i64) -> Result<(), DbErr> {
    client_secret::Entity::update_many()
        .col_expr(client_secret::Column::ExpiresAt, Expr::value(until))
        .filter(client_secret::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// What a client has used, locked until commit.
pub async fn lock_use<C: ConnectionTrait>(db: &C, client: Uuid) -> Result<client_use::Model, Fault> {
    let row = client_use::Entity::find_by_id(client)
        .lock_exclusive()
        .one(db)
        .await?;
    row.ok_or(Fault::Damaged("client use"))
}

pub async fn used<C: ConnectionTrait>(db: &C, client: Uuid) -> Result<Option<client_use::Model>, DbErr> {
    client_use::Entity::find_by_id(client).one(db).await
}

pub async fn save_use<C: ConnectionTrait>(db: &C, row: client_use::Model) -> Result<(), DbErr> {
    let mut all = row.clone().into_active_model().reset_all();
    all.client = Unchanged(row.client);
    client_use::Entity::update(all).exec(db).await?;
    Ok(())
}
