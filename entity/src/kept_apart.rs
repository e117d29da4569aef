//! Two residents of whom somebody said that they are two people; `one` is the smaller id.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "kept_apart")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub one: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub other: Uuid,
    pub decision: Uuid,
    pub at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
