//! Reading a file of any length with one chunk in memory.

use crate::app::Error;
use crate::seal::Keyring;
use crate::seal::chunks::CHUNK;
use crate::store::db::Db;
use crate::store::files::{self, FileInfo};
use futures_util::Stream;
use futures_util::stream::try_unfold;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;
use tokio::runtime::Handle;

/// The bytes `range` of a file, chunk by chunk; the range must lie within it.
pub fn range(
    db: Db,
    keys: Arc<Keyring>,
    file: FileInfo,
    range: Range<u64>,
) -> impl Stream<Item = Result<Vec<u8>, Error>> + Send {
    let cx = Arc::new((db, keys, file));
    try_unfold((cx, range), |(cx, left)| async move {
        if left.is_empty() {
            return Ok(None);
        }
        let (db, keys, file) = &*cx;
        let (number, from) = place(left.start);
        let mut part = files::chunk(db.read(), keys, file, number).await?;
        let most = usize::try_from(left.end - left.start).unwrap_or(usize::MAX);
        part.drain(..from.min(part.len()));
        part.truncate(most);
        let next = left.start + part.len() as u64;
        Ok(Some((part, (cx, next..left.end))))
    })
}

/// A file as `Read` and `Seek`, for code that blocks: to be used on a thread of `spawn_blocking`.
pub struct Reader {
    handle: Handle,
    db: Db,
    keys: Arc<Keyring>,
    file: FileInfo,
    at: u64,
    /// The chunk that was read last.
    open: Option<(u32, Vec<u8>)>,
}

impl Reader {
    /// Must be called within the runtime, and used outside its workers.
    pub fn new(db: Db, keys: Arc<Keyring>, file: FileInfo) -> Reader {
        Reader {
            handle: Handle::current(),
            db,
            keys,
            file,
            at: 0,
            open: None,
        }
    }
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.file.size || into.is_empty() {
            return Ok(0);
        }
        let (number, from) = place(self.at);
        if self.open.as_ref().is_none_or(|(open, _)| *open != number) {
            self.open = None;
            let reading = files::chunk(self.db.read(), &self.keys, &self.file, number);
            let plain = self.handle.block_on(reading).map_err(io::Error::other)?;
            self.open = Some((number, plain));
        }
        let part = self.open.as_ref().map_or(&[][..], |(_, plain)| &plain[from..]);
        let length = part.len().min(into.len());
        into[..length].copy_from_slice(&part[..length]);
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.file.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// The chunk of a byte, and where in it.
fn place(at: u64) -> (u32, usize) {
    let chunk = CHUNK as u64;
    ((at / chunk) as u32, (at % chunk) as usize)
}
