//! One row of the population register 人口底册: reference data, never sent to phones.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "register_row")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub list: Uuid,
    pub id_hash: Option<Vec<u8>>,
    pub person_hash: Vec<u8>,
    pub sealed: Vec<u8>,
    pub born_village: Option<i64>,
    pub sound_village: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
