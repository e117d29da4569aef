//! What somebody said of the columns below a header, for the next file of that source and kind.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "list_mapping")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub source: String,
    pub kind: String,
    pub signature: Vec<u8>,
    pub sealed: Vec<u8>,
    pub made_by: Uuid,
    pub made_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
