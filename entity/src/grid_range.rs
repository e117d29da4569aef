//! A range of house numbers of one natural village or road that belongs to a grid.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "grid_range")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub grid: Uuid,
    pub natural_village: String,
    pub from_number: i32,
    pub to_number: i32,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
