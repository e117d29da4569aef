//! Who carries whom: a record on a device, from when until its drop was confirmed.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "holding")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub number: i64,
    pub device: Uuid,
    pub resident: Uuid,
    pub from_at: i64,
    pub to_at: Option<i64>,
    pub dropped_at: Option<i64>,
    /// Why the drop is asked for; an end without a reason was withdrawn, and holds until the phone confirms or is sent the
    /// record anew.
    pub why: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
