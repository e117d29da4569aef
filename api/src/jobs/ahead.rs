//! Rows of a list, read and opened on another thread while those before them are written.

use super::JobFault;
use crate::app::Error;
use crate::program::Program;
use crate::store::lists::{self, Part, Row};
use std::collections::VecDeque;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Rows that are read at a time.
const PAGE: u64 = 1000;

type Page = Result<Vec<Row>, crate::store::Fault>;

/// The rows of a list's file behind a place, in their order.
pub struct Ahead {
    program: Program,
    list: Uuid,
    ready: VecDeque<Row>,
    /// The page that is being read; `None` at the end of the file.
    reading: Option<JoinHandle<Page>>,
}

impl Ahead {
    pub fn of(program: &Program, list: Uuid, after: Option<(i32, i32)>) -> Ahead {
        Ahead {
            program: program.clone(),
            list,
            ready: VecDeque::new(),
            reading: Some(read(program.clone(), list, after)),
        }
    }

    /// The next rows, at most `n`; none at the end.
    pub async fn take(&mut self, n: u64) -> Result<Vec<Row>, JobFault> {
        let n = n as usize;
        while self.ready.len() < n
            && let Some(reading) = self.reading.take()
        {
            let page = reading.await.map_err(|_| Error::Damaged("a page broke off"))?;
            let page = page.map_err(Error::from)?;
            if let Some(last) = page.last() {
                let after = Some((last.sheet, last.row));
                self.reading = Some(read(self.program.clone(), self.list, after));
            }
            self.ready.extend(page);
        }
        let n = n.min(self.ready.len());
        Ok(self.ready.drain(..n).collect())
    }
}

fn read(program: Program, list: Uuid, after: Option<(i32, i32)>) -> JoinHandle<Page> {
    tokio::spawn(async move {
        let part = Part::of_file(after, Some(PAGE));
        lists::rows(program.db.read(), &program.keys, list, part).await
    })
}
