//! Room for the audit rows of reads while the database cannot be written: a file of the data folder whose space was
//! taken beforehand.
//!
//! When a disk is full, whoever visits somebody must still be able to look them up, and nobody may look anything up
//! without a trace. Appending to a file needs the very space that is gone, and space that is given up at that moment
//! is taken by the next best writer; so the rows are written into blocks that this file has had since the first start,
//! and are taken into the trail as soon as it can be written. When this room is used up too, reads answer 503. (On a
//! file system that never writes in place, such as Btrfs or ZFS, such blocks are no promise.)

use crate::store::audit::Kept;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

/// Bytes of the file: some fifteen thousand rows.
const ROOM: u64 = 4 << 20;
const TITLE: &str = "heshan-grid audit reserve 1 ";
/// The title, the id of this filling, and a line's end.
const HEAD: u64 = TITLE.len() as u64 + 37;
pub const FILE: &str = "audit.reserve";

/// `None` where there is no room: then nothing is kept.
#[derive(Default)]
pub struct Reserve(Mutex<Option<Room>>);

pub struct Room {
    file: File,
    /// Where the next row goes.
    end: u64,
    rows: usize,
    /// What the database remembers of a filling that it has taken in.
    pub filling: Uuid,
}

impl Reserve {
    /// Opens the file of a data folder, or makes it with all its space. What serves does so once; nothing else keeps
    /// anything there.
    pub async fn open(&self, folder: &Path) -> io::Result<()> {
        *self.0.lock().await = Some(Room::open(folder)?);
        Ok(())
    }

    /// Whoever holds it is alone: nothing is kept meanwhile.
    pub async fn room(&self) -> MutexGuard<'_, Option<Room>> {
        self.0.lock().await
    }

    /// Writes one row and waits until the disk has it.
    ///
    /// # Errors
    /// `StorageFull` where this room is used up, or was never there.
    pub async fn keep(&self, row: &Kept) -> io::Result<()> {
        match &mut *self.0.lock().await {
            Some(room) => room.keep(row),
            None => Err(io::ErrorKind::StorageFull.into()),
        }
    }
}

impl Room {
    fn open(folder: &Path) -> io::Result<Room> {
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600);
        let mut file = options.open(folder.join(FILE))?;
        if file.metadata()?.len() < ROOM {
            take_space(&file)?;
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let mut room = Room {
            file,
            end: HEAD,
            rows: 0,
            filling: Uuid::nil(),
        };
        match filling(&bytes) {
            Some(id) => {
                let rows = whole_lines(&bytes);
                room.filling = id;
                room.end = HEAD + rows.len() as u64;
                room.rows = rows.iter().filter(|b| **b == b'\n').count();
            }
            // New, or never used.
            None => room.clear()?,
        }
        Ok(room)
    }

    fn keep(&mut self, row: &Kept) -> io::Result<()> {
        let mut line = serde_json::to_vec(row)?;
        line.push(b'\n');
        let length = line.len() as u64;
        if self.end + length > ROOM {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write_all_at(&line, self.end)?;
        self.file.sync_data()?;
        self.end += length;
        self.rows += 1;
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// All rows, oldest first. What was torn by a crash is no row: its read was not answered.
    pub fn rows(&self) -> io::Result<Vec<Kept>> {
        let length = usize::try_from(self.end - HEAD).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, HEAD)?;
        let lines = bytes.split(|b| *b == b'\n');
        Ok(lines
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect())
    }

    /// Empties it under a new id. The rows go first: an id without rows is harmless, rows under a new id are not.
    pub fn clear(&mut self) -> io::Result<()> {
        let zeros = vec![0; 64 * 1024];
        let mut at = HEAD;
        while at < self.end {
            let length = (self.end - at).min(zeros.len() as u64);
            self.file.write_all_at(&zeros[..length as usize], at)?;
            at += length;
        }
        self.file.sync_data()?;
        let filling = Uuid::now_v7();
        self.file
            .write_all_at(format!("{TITLE}{filling}\n").as_bytes(), 0)?;
        self.file.sync_data()?;
        (self.filling, self.end, self.rows) = (filling, HEAD, 0);
        Ok(())
    }
}

/// Rows that wait in the file of a data folder, seen by another process.
pub fn waiting(folder: &Path) -> usize {
    let bytes = std::fs::read(folder.join(FILE)).unwrap_or_default();
    match filling(&bytes) {
        Some(_) => whole_lines(&bytes).iter().filter(|b| **b == b'\n').count(),
        None => 0,
    }
}

/// Zeros are written, not skipped: a hole is no space.
fn take_space(file: &File) -> io::Result<()> {
    let zeros = vec![0; 64 * 1024];
    let mut at = file.metadata()?.len();
    while at < ROOM {
        let length = (ROOM - at).min(zeros.len() as u64);
        file.write_all_at(&zeros[..length as usize], at)?;
        at += length;
    }
    file.sync_all()
}

fn filling(bytes: &[u8]) -> Option<Uuid> {
    let head = bytes.get(..HEAD as usize)?;
    let text = std::str::from_utf8(head).ok()?;
    text.strip_prefix(TITLE)?.trim_end().parse().ok()
}

/// Behind the head, up to the last line's end before the first zero.
fn whole_lines(bytes: &[u8]) -> &[u8] {
    let rows = &bytes[HEAD as usize..];
    let end = rows.iter().position(|b| *b == 0).unwrap_or(rows.len());
    let last = rows[..end]
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |at| at + 1);
    &rows[..last]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(n: i64) -> Kept {
        Kept {
            at: n,
            account: Some(Uuid::from_u128(n as u128)),
            device: None,
            action: "read_resident".into(),
            subject_kind: Some("resident".into()),
            subject: Some(Uuid::nil()),
            outcome: "done".into(),
            count: None,
            detail: None,
            request: Some("x".repeat(36)),
        }
    }

    async fn opened(folder: &Path) -> Reserve {
        let reserve = Reserve::default();
        reserve.open(folder).await.unwrap();
        reserve
    }

    #[tokio::test]
    async fn keeps_rows_over_a_crash_until_its_room_is_used_up() {
        let folder = tempfile::tempdir().unwrap();
        let length = || std::fs::metadata(folder.path().join(FILE)).unwrap().len();
        assert_eq!(waiting(folder.path()), 0);
        let reserve = opened(folder.path()).await;
        assert_eq!(length(), ROOM);
        for n in 0..3 {
            reserve.keep(&row(n)).await.unwrap();
        }
        drop(reserve);
        assert_eq!(waiting(folder.path()), 3);
        let reserve = opened(folder.path()).await;
        let filling = {
            let mut room = reserve.room().await;
            let room = room.as_mut().unwrap();
            let kept = room.rows().unwrap();
            assert_eq!(kept.iter().map(|row| row.at).collect::<Vec<_>>(), [0, 1, 2]);
            assert!(kept[2] == row(2));
            let before = room.filling;
            room.clear().unwrap();
            assert!(room.is_empty() && room.filling != before);
            room.filling
        };
        let mut kept = 0;
        while reserve.keep(&row(kept)).await.is_ok() {
            kept += 1;
        }
        assert!(kept > 10_000, "{kept}");
        assert_eq!(length(), ROOM, "it never grows");
        drop(reserve);
        // The last row is torn.
        let file = OpenOptions::new()
            .write(true)
            .open(folder.path().join(FILE))
            .unwrap();
        let bytes = std::fs::read(folder.path().join(FILE)).unwrap();
        let end = HEAD + whole_lines(&bytes).len() as u64;
        file.write_all_at(&[0; 30], end - 30).unwrap();
        let reserve = opened(folder.path()).await;
        let room = reserve.room().await;
        let room = room.as_ref().unwrap();
        assert_eq!(
            (room.filling, room.rows().unwrap().len()),
            (filling, kept as usize - 1)
        );
    }
}
