//! What a record item shows: what every worker of the grid may read, and the rest.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "projection")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub resident: Uuid,
    pub n: i32,
    pub open: Vec<u8>,
    pub rest: Vec<u8>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
