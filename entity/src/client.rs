//! A department's program. `sealed` holds its name and who answers for it; `scopes` is JSON of keys and ids.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "client")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub sealed: Vec<u8>,
    pub department: String,
    pub state: String,
    pub scopes: String,
    pub per_minute: i32,
    pub rows_per_day: i64,
    pub expires_at: Option<i64>,
    pub epoch: i32,
    pub created_by: Uuid,
    pub created_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
