//! Who saw which value when, without changing it.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "confirmation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub edit: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    pub resident: Uuid,
    pub n: i32,
    pub value_digest: Vec<u8>,
    pub at: i64,
    pub account: Uuid,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
