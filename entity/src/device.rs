//! One registration of (installation, account).

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "device")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub installation: String,
    pub account: Uuid,
    pub secret_hash: Vec<u8>,
    pub received: i64,
    pub through: i64,
    pub state: String,
    pub label: String,
    pub drop_all: bool,
    pub app: Option<String>,
    pub catalogue: Option<i32>,
    pub last_contact_at: Option<i64>,
    pub created_at: i64,
    /// The newest number, without a gap before it, that is in a backup.
    pub safe: i64,
    /// When it last had everything that there was for it.
    pub in_sync_at: Option<i64>,
    /// Edits that it says are not sent yet, and the last number that it says it has given to one.
    pub unsent: Option<i64>,
    pub made: Option<i64>,
    /// Bytes that it says are free.
    pub storage_free: Option<i64>,
    /// When two phones were found to use this registration; none once somebody said that it is one.
    pub cloned_at: Option<i64>,
    /// What it may carry, where that is not the usual.
    pub budget_records: Option<i64>,
    pub budget_bytes: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
