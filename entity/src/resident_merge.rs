//! One resident merged into another, by an edit of the same id; and, once it was undone, by which edit.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "resident_merge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub survivor: Uuid,
    pub absorbed: Uuid,
    pub account: Uuid,
    /// The survivor's number of the merging edit.
    pub n: i32,
    pub at: i64,
    pub undone_at: Option<i64>,
    pub undone_by: Option<Uuid>,
    pub sealed: Vec<u8>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
