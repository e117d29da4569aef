//! Background work, owned by one node at a time.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub subject: Option<Uuid>,
    pub state: String,
    pub owner: Option<Uuid>,
    pub lease_until: i64,
    pub attempts: i32,
    pub progress: i32,
    pub total: i32,
    pub last_error: Option<String>,
    pub created_by: Uuid,
    pub created_at: i64,
    pub finished_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
