//! The numbered steps of one village's roster in one category. Its lock is among the last taken before commit.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "roster_feed")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub village: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub category: String,
    pub next: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
