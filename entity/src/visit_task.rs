//! A visit that a worker is asked for 走访任务.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "visit_task")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub clue: Uuid,
    pub resident: Option<Uuid>,
    pub account: Uuid,
    pub village: Option<Uuid>,
    pub state: String,
    pub sealed: Vec<u8>,
    pub created_at: i64,
    pub created_by: Uuid,
    pub done_at: Option<i64>,
    pub visit: Option<Uuid>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
