//! What a use case answers when it cannot do what was asked.

use crate::seal::Unsealable;
use crate::store::Fault;
use crate::store::db::{Cause, is_full};
use sea_orm::DbErr;

/// Each variant is one status at the edge; codes are stable names, messages are Chinese and hold nothing personal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 404: it does not exist, or the actor may not know that it does. The same bytes for both.
    #[error("not found")]
    NotFound,
    /// 403: the actor may know that it exists, and may not do this.
    #[error("{code}")]
    Forbidden {
        code: &'static str,
        message: &'static str,
    },
    /// 401: nobody knows who is asking, or not any more.
    #[error("{code}")]
    Unauthorized {
        code: &'static str,
        message: &'static str,
    },
    /// 429: too often.
    #[error("too many")]
    TooMany { seconds: u64 },
    /// 429: a client has used up a quota until then.
    #[error("{code}")]
    OverQuota {
        code: &'static str,
        message: &'static str,
        seconds: u64,
    },
    /// 422: understood, and not possible as asked.
    #[error("{code}")]
    Refused {
        code: &'static str,
        message: String,
        fields: Vec<String>,
    },
    /// 409: somebody was there first, or the thing is no longer what the actor saw.
    #[error("{code}")]
    Conflict {
        code: &'static str,
        message: String,
        present: Option<serde_json::Value>,
    },
    /// 503: nothing can be written at present; nothing was.
    #[error("storage is full")]
    StorageFull,
    #[error("database")]
    Database(#[source] DbErr),
    /// A row that does not open or does not parse: never shown, always logged.
    #[error("damaged: {0}")]
    Damaged(&'static str),
}

impl Error {
    pub fn refused(code: &'static str, message: impl Into<String>) -> Error {
        Error::Refused {
            code,
            message: message.into(),
            fields: Vec::new(),
        }
    }

    pub fn field(code: &'static str, message: impl Into<String>, field: impl Into<String>) -> Error {
        Error::Refused {
            code,
            message: message.into(),
            fields: vec![field.into()],
        }
    }

    pub fn conflict(code: &'static str, message: impl Into<String>) -> Error {
        Error::Conflict {
            code,
            message: message.into(),
            present: None,
        }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Error {
        if is_full(&error) {
            Error::StorageFull
        } else {
            Error::Database(error)
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Error {
        match fault {
            Fault::Database(error) => error.into(),
            Fault::Damaged(what) => Error::Damaged(what),
        }
    }
}

impl From<Unsealable> for Error {
    fn from(_: Unsealable) -> Error {
        Error::Damaged("sealed value")
    }
}

impl Cause for Error {
    fn database(&self) -> Option<&DbErr> {
        match self {
            Error::Database(error) => Some(error),
            Error::NotFound
            | Error::Forbidden { .. }
            | Error::Unauthorized { .. }
            | Error::TooMany { .. }
            | Error::OverQuota { .. }
            | Error::Refused { .. }
            | Error::Conflict { .. }
            | Error::StorageFull
            | Error::Damaged(_) => None,
        }
    }
}
