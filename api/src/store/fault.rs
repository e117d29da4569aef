//! What a log may say of a database's failure: kind, code and constraint, never the values that a message quotes.

use sea_orm::{DbErr, RuntimeErr};

/// One line without data: `unique violation 23505 account_phone`.
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
