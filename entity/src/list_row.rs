//! One row of a list and what became of it.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "list_row")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub list: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub sheet: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub row: i32,
    pub digest: Vec<u8>,
    pub resident: Option<Uuid>,
    pub verdict: Option<String>,
    pub reason: Option<String>,
    pub sealed: Vec<u8>,
    pub planned: Option<String>,
    pub planned_reason: Option<String>,
    pub reading: Option<Uuid>,
    pub decision: Option<Uuid>,
    pub evidence: Option<Vec<u8>>,
    pub linked_after: Option<Uuid>,
    pub number: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
