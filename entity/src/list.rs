//! A list 名单 handed in by a source for a kind, division and month.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "list")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub source: String,
    pub kind: String,
    pub division: Uuid,
    pub month: String,
    pub state: String,
    pub file: Uuid,
    pub content_hash: Vec<u8>,
    pub rows: i32,
    pub sealed: Vec<u8>,
    pub uploaded_by: Uuid,
    pub uploaded_at: i64,
    pub begun_at: Option<i64>,
    pub committed_at: Option<i64>,
    pub complete: bool,
    pub known: Option<i32>,
    pub planned_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
