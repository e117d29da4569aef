//! Who read, changed, exported or decided what. Holds no personal text.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub at: i64,
    pub account: Option<Uuid>,
    pub device: Option<Uuid>,
    pub action: String,
    pub subject_kind: Option<String>,
    pub subject: Option<Uuid>,
    pub outcome: String,
    pub count: Option<i64>,
    pub detail: Option<String>,
    pub request: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
