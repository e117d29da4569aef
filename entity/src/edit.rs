//! One thing a person or a list did to a record: its place in the order, and what it said.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "edit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub device: Option<Uuid>,
    pub seq: Option<i64>,
    pub account: Uuid,
    pub resident: Uuid,
    pub named: Uuid,
    pub epoch: i32,
    pub n: i32,
    pub kind: String,
    pub outcome: String,
    pub change_hash: Option<Vec<u8>>,
    pub heads: Vec<u8>,
    pub facts_version: i32,
    pub digest: Vec<u8>,
    pub sealed: Vec<u8>,
    pub made_at: i64,
    pub skew: i64,
    pub received_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
