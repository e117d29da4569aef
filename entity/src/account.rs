//! A person or a client who signs in. `sealed` holds name and phone.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub phone_hash: Vec<u8>,
    pub sealed: Vec<u8>,
    pub password_hash: Option<String>,
    pub must_change: bool,
    pub code_until: Option<i64>,
    pub state: String,
    pub epoch: i32,
    pub home: Option<Uuid>,
    pub created_at: i64,
    pub created_by: Option<Uuid>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

crate::opaque_debug!();

impl ActiveModelBehavior for ActiveModel {}
