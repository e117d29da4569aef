//! One edit of a request, and how it is known.

use crate::app::sync::Request;
use sync::{Arrived, Edit};
use uuid::Uuid;

/// One edit of the request with its place in it.
pub struct One {
    pub index: usize,
    pub raw: String,
    pub arrived: Arrived,
}

impl One {
    /// The edits of a request, each read by itself.
    pub fn all(request: &Request) -> Vec<One> {
        let raw = request.edits.iter().map(|raw| raw.get());
        let read = |(index, raw): (usize, &str)| One {
            index,
            arrived: Arrived::parse(raw.as_bytes()),
            raw: raw.to_owned(),
        };
        raw.enumerate().map(read).collect()
    }

    pub fn edit(&self) -> Option<&Edit> {
        match &self.arrived {
            Arrived::Edit(edit) => Some(edit),
            Arrived::Unreadable { .. } => None,
        }
    }

    pub fn id(&self) -> Option<Uuid> {
        match &self.arrived {
            Arrived::Edit(edit) => Some(edit.id.uuid()),
            Arrived::Unreadable { id, .. } => id.map(|i| i.uuid()),
        }
    }

    /// Whether it carries changes of a full client.
    pub fn full(&self) -> bool {
        match &self.arrived {
            Arrived::Edit(edit) => !edit.changes.is_empty(),
            Arrived::Unreadable { full, .. } => *full,
        }
    }

    /// Whom it is about, as far as it can be read.
    pub fn resident(&self) -> Option<Uuid> {
        match &self.arrived {
            Arrived::Edit(edit) => Some(edit.resident.uuid()),
            Arrived::Unreadable { resident, .. } => resident.map(|r| r.uuid()),
        }
    }

    pub fn digest(&self) -> [u8; 32] {
        match &self.arrived {
            Arrived::Edit(edit) => edit.digest,
            Arrived::Unreadable { digest, .. } => *digest,
        }
    }
}
