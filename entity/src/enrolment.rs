//! One episode of a resident in a category 在册.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "enrolment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub resident: Uuid,
    pub category: String,
    pub source: String,
    pub since: String,
    pub until: Option<String>,
    pub source_status: String,
    pub village_status: String,
    pub list: Option<Uuid>,
    pub handed_in: Vec<u8>,
    pub begun_by: Option<Uuid>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
