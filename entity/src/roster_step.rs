//! One step of a roster: somebody joined, left, or shows something else than before.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "roster_step")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub village: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub category: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub n: i64,
    pub resident: Uuid,
    pub kind: String,
    /// Keyed digest of the whole row, and of what a department may know of it.
    pub whole: Vec<u8>,
    pub seen: Vec<u8>,
    /// The same before the step; empty for who joined.
    pub was_whole: Vec<u8>,
    pub was_seen: Vec<u8>,
    pub at: i64,
    pub latest: bool,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
