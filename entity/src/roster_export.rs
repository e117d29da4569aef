//! An export that is made in the background. `sealed` says of what, what for, and where changes since go on.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "roster_export")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub sealed: Vec<u8>,
    pub created_by: Uuid,
    pub audit: i64,
    pub planned: i64,
    pub rows: Option<i64>,
    pub file: Option<Uuid>,
    pub created_at: i64,
    /// The audit row of the download that is under way, and the bytes that it has had.
    pub download: Option<i64>,
    pub covered: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
