//! What a query answers when it cannot answer, and what a log may say of it.

use super::db::Cause;
use crate::seal::Unsealable;
use sea_orm::{DbErr, RuntimeErr};

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

/// One line for a log: kind, code and constraint, never the values that a database's message quotes:
/// `query 23505 account_phone`.
pub fn describe(error: &DbErr) -> String {
    let (kind, runtime) = match error {
        DbErr::Conn(runtime) => ("connection", Some(runtime)),
        DbErr::Exec(runtime) => ("execution", Some(runtime)),
        DbErr::Query(runtime) => ("query", Some(runtime)),
        DbErr::ConnectionAcquire(_) => ("no free connection", None),
        DbErr::RecordNotFound(_) => ("record not found", None),
        DbErr::RecordNotInserted => ("record not inserted", None),
        DbErr::RecordNotUpdated => ("record not updated", None),
        DbErr::Type(_) | DbErr::TryIntoErr { .. } => ("conversion", None),
        DbErr::Migration(_) => ("migration", None),
        _ => ("other", None),
    };
    let Some(RuntimeErr::SqlxError(cause)) = runtime else {
        return kind.to_owned();
    };
    let Some(database) = cause.as_database_error() else {
        return match **cause {
            sea_orm::sqlx::Error::Io(ref io) => format!("{kind}: {}", io.kind()),
            sea_orm::sqlx::Error::PoolTimedOut => format!("{kind}: no free connection"),
            _ => kind.to_owned(),
        };
    };
    let code = database.code().unwrap_or_default();
    let constraint = database.constraint().unwrap_or_default();
    format!("{kind} {code} {constraint}").trim_end().to_owned()
}
