//! An edit kept for a person because it could not be applied.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "held")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub device: Option<Uuid>,
    pub account: Option<Uuid>,
    pub edit: Option<Uuid>,
    pub sha256: Vec<u8>,
    pub seq: Option<i64>,
    pub reason: String,
    pub state: String,
    pub resident: Option<Uuid>,
    pub waits_for: Option<Uuid>,
    pub sealed: Vec<u8>,
    pub received_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
