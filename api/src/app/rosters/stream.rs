//! A file that is sent while it is made.

use super::pages::{self, Part, Sink, Source};
use super::permission::Permission;
use super::run::{self, Run};
use crate::app::Error;
use crate::program::Program;
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, unfold};
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::timeout;

/// A slow reader's export is noted as alive this often.
const ALIVE: Duration = Duration::from_secs(60);

/// A file on its way.
pub struct Export {
    pub name: String,
    pub planned: u64,
    pub format: super::Format,
    /// Where changes since go on, for whoever may ask for them.
    pub cursor: Option<String>,
    /// Ends with an error where the file broke off. The trail is completed before it ends.
    pub bytes: BoxStream<'static, Result<Vec<u8>, Error>>,
}

/// Begins to make it; parts are made only as fast as they are read.
pub fn begin(source: Source, run: Run, name: String, planned: u64) -> Export {
    let (to, parts) = mpsc::channel(1);
    let (format, cursor) = (source.format, source.mark.cursor.clone());
    let mut sink = Channel {
        program: source.program.clone(),
        audit: run.audit(),
        to: to.clone(),
        permission: source.permission.clone(),
        planned,
        sent: 0,
        noted: 0,
    };
    tokio::spawn(async move {
        if let Err(error) = pages::make(&source, &mut sink).await {
            // Nobody reading on is no fault.
            let _ = to.send(Err(error)).await;
        }
    });
    let state = Reading {
        parts,
        run,
        over: false,
    };
    let bytes = unfold(state, next).boxed();
    Export {
        name,
        planned,
        format,
        cursor,
        bytes,
    }
}

struct Reading {
    parts: Receiver<Result<Part, Error>>,
    /// Marked broken off when this is dropped before the end.
    run: Run,
    over: bool,
}

async fn next(mut reading: Reading) -> Option<(Result<Vec<u8>, Error>, Reading)> {
    if reading.over {
        return None;
    }
    match reading.parts.recv().await {
        Some(Ok(part)) => {
            reading.run.handed += part.rows;
            Some((Ok(part.bytes), reading))
        }
        Some(Err(error)) => {
            reading.over = true;
            let ended = reading.run.end("failed").await;
            Some((Err(ended.err().unwrap_or(error)), reading))
        }
        None => match reading.run.end("done").await {
            Ok(()) => None,
            Err(error) => {
                reading.over = true;
                Some((Err(error), reading))
            }
        },
    }
}

struct Channel {
    program: Program,
    audit: i64,
    to: Sender<Result<Part, Error>>,
    permission: Permission,
    planned: u64,
    /// Rows that were sent, and the most that the trail knows may leave.
    sent: u64,
    noted: u64,
}

impl Sink for Channel {
    async fn put(&mut self, part: Part) -> Result<bool, Error> {
        let first = self.sent == 0;
        self.sent += part.rows;
        if self.sent > self.noted {
            // Noted ahead, and in growing steps: the trail never knows less than what has left.
            self.noted = (self.sent + self.sent / 10).min(self.planned).max(self.sent);
            run::note(&self.program, self.audit, self.noted).await?;
        }
        loop {
            match timeout(ALIVE, self.to.reserve()).await {
                Ok(Ok(place)) => {
                    // There is room: the part before has left. Who has just come in need not be asked again.
                    if !first && part.rows > 0 {
                        self.permission.still(&self.program).await?;
                    }
                    place.send(Ok(part));
                    return Ok(true);
                }
                Ok(Err(_)) => return Ok(false),
                Err(_) => run::note(&self.program, self.audit, self.noted).await?,
            }
        }
    }
}
