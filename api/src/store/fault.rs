//! What a query answers when it cannot answer.

use super::db::Cause;
use crate::seal::Unsealable;
use sea_orm::DbErr;

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    Database(#[from] DbErr),
    /// A row that does not open or does not parse.
    #[error("damaged: {0}")]
    Damaged(&'static str),
}

impl From<Unsealable> for Fault {
    fn from(_: Unsealable) -> Fault {
        Fault::Damaged("sealed value")
    }
}

impl Cause for Fault {
    fn database(&self) -> Option<&DbErr> {
        match self {
            Fault::Database(error) => Some(error),
            Fault::Damaged(_) => None,
        }
    }
}
