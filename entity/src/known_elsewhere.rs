//! A record of which a phone knew a later state than the database after it was restored.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "known_elsewhere")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub resident: Uuid,
    pub device: Uuid,
    /// As the phone has it.
    pub version: String,
    /// The number of the record's last change in that version, and here at that time; 0 where it is not here.
    pub n: i64,
    pub here: i64,
    pub seen_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
