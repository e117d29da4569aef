//! An export that is under way: at least as many rows as have left, and when it was last heard of.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "export_run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub audit: i64,
    pub rows: i64,
    pub seen_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
