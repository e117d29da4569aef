//! A resident 居民. Only what may be plain: ids, place, state, birth year, numbers.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "resident")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub village: Option<Uuid>,
    pub grid: Option<Uuid>,
    pub state: String,
    pub birth_year: Option<i32>,
    pub merged_into: Option<Uuid>,
    pub epoch: i32,
    pub n: i32,
    pub facts_version: i32,
    pub version: String,
    pub changed_at: i64,
    pub created_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
