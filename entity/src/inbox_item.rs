//! Something that waits for a person's decision.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "inbox_item")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub reason: String,
    pub resident: Option<Uuid>,
    pub key: String,
    pub village: Option<Uuid>,
    pub town: Option<Uuid>,
    pub beside: Option<Uuid>,
    pub category: Option<String>,
    pub level: String,
    pub n: i32,
    pub state: String,
    pub sealed: Vec<u8>,
    pub list: Option<Uuid>,
    pub list_row: Option<i64>,
    pub held: Option<Uuid>,
    pub opened_at: i64,
    pub closed_at: Option<i64>,
    pub closed_by: Option<Uuid>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
