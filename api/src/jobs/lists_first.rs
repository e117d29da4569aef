//! Work that lists bring about lets lists go first: a department waits for its answer, and what its list brings is
//! looked at once they are through.

use super::{JobContext, JobFault, JobKind};
use crate::store::jobs;
use std::time::Duration;
use tokio::time::sleep;

/// What such work waits for, on whichever node it runs.
const LISTS: [&str; 3] = [
    JobKind::CommitList.name(),
    JobKind::TryList.name(),
    JobKind::UndoList.name(),
];

/// Between two looks whether a list is at work.
const LOOK: Duration = Duration::from_millis(200);

impl JobContext {
    /// To be asked between two steps: comes back when no list is at work.
    ///
    /// # Errors
    /// [`JobFault::Stopped`] when the node stops; those of the database.
    pub async fn lists_first(&self) -> Result<(), JobFault> {
        while jobs::at_work(self.db.read(), &LISTS).await? {
            self.go_on()?;
            sleep(LOOK).await;
        }
        self.go_on()
    }
}
