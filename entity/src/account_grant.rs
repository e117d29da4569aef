//! A role in a division, grid or category, valid from `since` until the day before `until`.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_grant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account: Uuid,
    pub role: String,
    pub division: Option<Uuid>,
    pub grid: Option<Uuid>,
    pub category: Option<String>,
    pub department: Option<String>,
    pub since: String,
    pub until: Option<String>,
    pub given_by: Option<Uuid>,
    pub given_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
