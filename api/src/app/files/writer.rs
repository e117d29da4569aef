//! Writing a file of any length in short transactions, a few chunks each.

use super::{Purpose, name};
use crate::app::Error;
use crate::seal::Keyring;
use crate::seal::chunks::{self, CHUNK};
use crate::store::db::Db;
use crate::store::files::{self, End, NewFile};
use domain::Instant;
use sea_orm::ConnectionTrait;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Chunks of one transaction: 1 MiB.
const STEP: usize = 4;

/// A file that is being written. Until [`Writer::finish`] it is nobody's file; one that is dropped before is taken
/// away a day later.
pub struct Writer {
    id: Uuid,
    name: String,
    most: u64,
    size: u64,
    hash: Sha256,
    /// The number of the first chunk that is not committed.
    next: u32,
    /// Plain bytes that are not sealed: the last chunk is sealed as such, so one is always kept back.
    rest: Vec<u8>,
}

impl Writer {
    /// Begins a file of at most `most` bytes.
    ///
    /// # Errors
    /// Of the database.
    pub async fn begin(
        db: &Db,
        keys: &Keyring,
        purpose: Purpose,
        given_name: &str,
        most: u64,
        by: Uuid,
        now: Instant,
    ) -> Result<Writer, Error> {
        let (id, name) = (Uuid::now_v7(), name(given_name));
        let new = &NewFile {
            id,
            purpose: purpose.name(),
            name: &name,
            created_by: by,
            created_at: now.millis(),
        };
        db.write(|txn| async move { files::begin(&*txn, keys, new).await })
            .await?;
        Ok(Writer {
            id,
            name,
            most,
            size: 0,
            hash: Sha256::new(),
            next: 0,
            rest: Vec::new(),
        })
    }

    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Plain bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds bytes, in parts of any length; commits whenever a few chunks are full.
    ///
    /// # Errors
    /// `Refused` `file_too_large`. After an error the file is to be given up.
    pub async fn append(&mut self, db: &Db, keys: &Keyring, mut bytes: &[u8]) -> Result<(), Error> {
        self.size += bytes.len() as u64;
        if self.size > self.most {
            let message = format!("文件超过 {} MB", self.most / (1024 * 1024));
            return Err(Error::field("file_too_large", message, "file"));
        }
        self.hash.update(bytes);
        while self.rest.len() + bytes.len() > STEP * CHUNK {
            let (now, later) = bytes.split_at((STEP * CHUNK).saturating_sub(self.rest.len()));
            self.rest.extend_from_slice(now);
            bytes = later;
            let parts = self.rest.chunks(CHUNK);
            let id = self.id.into_bytes();
            let sealed: Vec<Vec<u8>> = (self.next..)
                .zip(parts)
                .map(|(number, part)| chunks::seal(keys, &id, number, false, part))
                .collect();
            let (file, first, part) = (self.id, self.next, &sealed);
            db.write(|txn| async move { files::append(&*txn, file, first, part).await })
                .await?;
            self.next += sealed.len() as u32;
            self.rest.clear();
        }
        self.rest.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes what is left; the file is found from now on, until `expires` where it is given.
    ///
    /// # Errors
    /// Of the database.
    pub async fn finish(
        self,
        db: &Db,
        keys: &Keyring,
        now: Instant,
        expires: Option<Instant>,
    ) -> Result<End, Error> {
        let file = &self;
        db.write(|txn| async move { file.finish_within(&*txn, keys, now, expires).await })
            .await
    }

    /// The same within the transaction that names the file, which may run several times.
    ///
    /// # Errors
    /// Of the database.
    pub async fn finish_within<C: ConnectionTrait>(
        &self,
        txn: &C,
        keys: &Keyring,
        now: Instant,
        expires: Option<Instant>,
    ) -> Result<End, Error> {
        let id = self.id.into_bytes();
        let mut parts: Vec<&[u8]> = self.rest.chunks(CHUNK).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        let last = parts.len() - 1;
        let sealed: Vec<Vec<u8>> = (self.next..)
            .zip(parts.iter().enumerate())
            .map(|(number, (place, part))| chunks::seal(keys, &id, number, place == last, part))
            .collect();
        files::append(txn, self.id, self.next, &sealed).await?;
        let end = End {
            size: self.size,
            sha256: sync::digest::hex(&self.hash.clone().finalize()),
        };
        let expires = expires.map(Instant::millis);
        files::finish(txn, keys, self.id, &self.name, &end, now.millis(), expires).await?;
        Ok(end)
    }

    /// Gives the file up: it is taken away at the next tidying.
    ///
    /// # Errors
    /// Of the database.
    pub async fn give_up(self, db: &Db) -> Result<(), Error> {
        let id = self.id;
        Ok(db
            .write(|txn| async move { files::abandon(&*txn, id).await })
            .await?)
    }
}
