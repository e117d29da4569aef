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
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
