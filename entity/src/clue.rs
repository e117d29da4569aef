//! A clue 疑点: what a comparison rule found of one person.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "clue")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub rule: String,
    pub kind: String,
    pub category: Option<String>,
    pub reads: String,
    pub resident: Option<Uuid>,
    pub village: Option<Uuid>,
    pub town: Option<Uuid>,
    pub state: String,
    pub n: i32,
    pub inputs: i64,
    pub item: Option<Uuid>,
    pub task: Option<Uuid>,
    pub sealed: Vec<u8>,
    pub opened_at: i64,
    pub changed_at: i64,
    pub seen_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
