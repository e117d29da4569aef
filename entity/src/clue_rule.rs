//! A comparison rule 比对规则 as a row: data of the county, nothing of a person.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "clue_rule")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    pub number: i32,
    pub rule: String,
    pub valid_until: Option<String>,
    pub created_at: i64,
    pub created_by: Option<Uuid>,
    pub ended_by: Option<Uuid>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
