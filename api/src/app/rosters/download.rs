//! Fetching an export's file, whole or in parts. Parts that belong together are one download in the audit trail.

use super::job::{self, View, changed};
use super::permission::Permission;
use crate::actor::{Actor, Operation};
use crate::app::Error;
use crate::app::files;
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::files::FileInfo;
use crate::store::roster_exports as exports;
use futures_util::stream::{BoxStream, try_unfold};
use futures_util::{StreamExt, TryStreamExt};
use std::ops::Range;
use uuid::Uuid;

/// A file that may be fetched now.
pub struct Ready {
    pub view: View,
    pub file: FileInfo,
    permission: Permission,
}

/// The file of one of the actor's exports.
///
/// # Errors
/// `NotFound` for another's, and once it has expired; `Conflict` `not_ready`; `Forbidden` `permission_changed` when the
/// actor may see something else than it was made by.
pub async fn ready(program: &Program, actor: &Actor, id: Uuid) -> Result<Ready, Error> {
    let view = job::get(program, actor, id).await?;
    if view.row.file.is_none() {
        return Err(Error::conflict("not_ready", "文件尚未生成"));
    }
    let file = view.file.clone().ok_or(Error::NotFound)?;
    let permission = Permission::of(actor, Operation::Export, actor.scope());
    match Permission::digest(program, &permission.scope) == view.spec.scope {
        true => Ok(Ready {
            view,
            file,
            permission,
        }),
        false => Err(changed()),
    }
}

/// Hands out a part. Ends with an error once the actor may no more.
///
/// # Errors
/// Of the database.
pub async fn hand_out(
    program: &Program,
    actor: &Actor,
    ready: Ready,
    range: Range<u64>,
) -> Result<BoxStream<'static, Result<Vec<u8>, Error>>, Error> {
    let id = ready.view.row.id;
    let rows = ready.view.row.rows.unwrap_or_default();
    let (now, part) = (program.clock.now().millis(), &range);
    let size = ready.file.size;
    program
        .db
        .write(|txn| async move {
            let row = exports::lock(&*txn, id).await?.ok_or(Error::NotFound)?;
            let had = read(&row.covered);
            let again = part.start == 0 && had.first().is_some_and(|(from, _)| *from == 0);
            let audit = match row.download.filter(|_| !again) {
                Some(audit) => audit,
                None => {
                    let mut entry = Entry::done("download_export", actor.account).on("export", id);
                    entry.outcome = "begun";
                    entry.count = Some(rows);
                    entry.detail = Some(format!("bytes={size}"));
                    let audit = audit::begin(&*txn, entry, now).await?;
                    exports::set_download(&*txn, id, Some(audit), "[]").await?;
                    audit
                }
            };
            Ok::<_, Error>(exports::begin_run(&*txn, audit, now).await?)
        })
        .await?;
    let handing = Handing {
        program: program.clone(),
        id,
        size,
        rows,
        from: range.start,
        length: range.end - range.start,
        sent: 0,
        settled: false,
    };
    let bytes = files::range(program.db.clone(), program.keys.clone(), ready.file, range).boxed();
    let state = (bytes, handing, ready.permission);
    let handed = try_unfold(state, |(mut bytes, mut handing, permission)| async move {
        permission.still(&handing.program).await?;
        match bytes.try_next().await? {
            Some(part) => {
                handing.sent += part.len() as u64;
                // Nobody asks for more than was said: the last part is the end.
                if handing.sent >= handing.length {
                    handing.settle().await?;
                }
                Ok(Some((part, (bytes, handing, permission))))
            }
            None => {
                if !handing.settled {
                    handing.settle().await?;
                }
                Ok(None)
            }
        }
    });
    Ok(handed.boxed())
}

/// A part on its way; what has left is kept even when the reader goes away.
struct Handing {
    program: Program,
    id: Uuid,
    size: u64,
    rows: i64,
    from: u64,
    length: u64,
    sent: u64,
    settled: bool,
}

impl Handing {
    async fn settle(&mut self) -> Result<(), Error> {
        self.settled = true;
        let (id, size, rows) = (self.id, self.size, self.rows);
        let part = (self.from, self.from + self.sent);
        let now = self.program.clock.now().millis();
        let work = self.program.db.write(|txn| async move {
            let Some(row) = exports::lock(&*txn, id).await? else {
                return Ok(());
            };
            let Some(audit) = row.download else { return Ok(()) };
            let had = joined(read(&row.covered), part);
            let bytes: u64 = had.iter().map(|(from, to)| to - from).sum();
            if bytes >= size {
                exports::end_run(&*txn, audit).await?;
                audit::finish(&*txn, audit, "done", rows).await?;
                return Ok(exports::set_download(&*txn, id, None, "[]").await?);
            }
            // As many rows as the bytes are worth, until the rest is fetched or the download is found broken off.
            let worth = (rows as f64 * bytes as f64 / size.max(1) as f64).ceil() as i64;
            exports::note_run(&*txn, audit, worth, now).await?;
            Ok::<_, Error>(exports::set_download(&*txn, id, Some(audit), &written(&had)).await?)
        });
        work.await
    }
}

impl Drop for Handing {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let mut rest = Handing {
            program: self.program.clone(),
            id: self.id,
            size: self.size,
            rows: self.rows,
            from: self.from,
            length: self.length,
            sent: self.sent,
            settled: true,
        };
        tokio::spawn(async move {
            if let Err(error) = rest.settle().await {
                tracing::warn!(%error, "a download's end was not written");
            }
        });
    }
}

type Spans = Vec<(u64, u64)>;

fn read(covered: &str) -> Spans {
    serde_json::from_str(covered).unwrap_or_default()
}

fn written(spans: &Spans) -> String {
    serde_json::to_string(spans).expect("numbers only")
}

/// Spans of bytes with one more, in order, those that touch joined.
fn joined(mut spans: Spans, part: (u64, u64)) -> Spans {
    if part.0 < part.1 {
        spans.push(part);
    }
    spans.sort_unstable();
    let mut out: Spans = Vec::new();
    for (from, to) in spans {
        match out.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => out.push((from, to)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined() {
        for (spans, part, expected) in [
            (vec![], (0, 5), vec![(0, 5)]),
            (vec![(0, 5)], (5, 9), vec![(0, 9)]),
            (vec![(0, 5)], (7, 9), vec![(0, 5), (7, 9)]),
            (vec![(0, 5), (7, 9)], (3, 8), vec![(0, 9)]),
            (vec![(2, 4)], (0, 0), vec![(2, 4)]),
        ] {
            assert_eq!(joined(spans, part), expected);
        }
    }
}
