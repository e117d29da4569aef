//! One edit of a request, and how it is known.

use sync::{Arrived, Edit};
use uuid::Uuid;

/// One edit of the request with its place in it.
pub struct One {
    pub index: usize,
    pub raw: String,
    pub arrived: Arrived,
}

impl One {
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

    pub fn digest(&self) -> [u8; 32] {
        match &self.arrived {
            Arrived::Edit(edit) => edit.digest,
            Arrived::Unreadable { digest, .. } => *digest,
        }
    }
}
