//! A visit 走访; its id is its edit's.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "visit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub resident: Uuid,
    pub account: Uuid,
    pub device: Option<Uuid>,
    pub at: i64,
    pub month: String,
    pub means: String,
    pub outcome: String,
    pub sealed: Vec<u8>,
    pub received_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
