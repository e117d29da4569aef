//! One attempt to make a backup.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "backup")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub how: String,
    pub state: String,
    pub started_at: i64,
    pub finished_at: i64,
    pub bytes: Option<i64>,
    pub code: Option<String>,
    /// How many backups its folder keeps, where the program thins them out.
    pub keep: Option<i32>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
