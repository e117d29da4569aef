//! Files are kept sealed in chunks and come back whole, in parts, or not at all.

use api::app::Error;
use api::app::files::{self, Purpose, Reader, Writer, fetch, keep};
use api::seal::chunks::CHUNK;
use api::seal::{Algorithm, Keyring};
use api::store::files as rows;
use domain::Instant;
use entity::{file_chunk, stored_file};
use futures_util::TryStreamExt;
use sea_orm::EntityTrait;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(
    files_come_back_whole_or_not_at_all,
    files_are_written_and_read_in_parts,
    files_that_were_never_finished_are_nobodys
);

const NOW: Instant = Instant::from_millis(0);

fn keys() -> Arc<Keyring> {
    let data = BTreeMap::from([(1, [7; 32])]);
    Arc::new(Keyring::new(data, 1, Algorithm::Sm4Gcm, [3; 32]))
}

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|i| (i % 251) as u8).collect()
}

async fn files_come_back_whole_or_not_at_all(database: Database) {
    let db = &database.open().await;
    let keys = keys();
    for size in [0, 1, CHUNK, 2 * CHUNK + 5, 4 * CHUNK, 9 * CHUNK + 1] {
        let content = content(size);
        let name = "民政-黎阿妹.xlsx";
        let id = keep(db, &keys, Purpose::List, name, &content, Uuid::nil(), NOW)
            .await
            .unwrap();
        let (info, read) = fetch(db, &keys, id).await.unwrap();
        assert_eq!(
            (info.name.as_str(), info.purpose.as_str(), info.size),
            (name, "list", size as u64)
        );
        let sum: String = Sha256::digest(&content)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(info.sha256.as_deref(), Some(sum.as_str()));
        assert!(read == content);
        let row = stored_file::Entity::find_by_id(id)
            .one(db.read())
            .await
            .unwrap()
            .unwrap();
        let shown = String::from_utf8_lossy(&row.sealed).into_owned();
        assert!(!shown.contains("黎阿妹"));
        // The last chunk is lost: nothing of the file is given out.
        let last = (size.div_ceil(CHUNK).max(1) - 1) as i32;
        file_chunk::Entity::delete_by_id((id, last))
            .exec(db.schema())
            .await
            .unwrap();
        assert!(matches!(fetch(db, &keys, id).await, Err(Error::Damaged(_))));
        assert!(rows::delete(db.schema(), id).await.unwrap());
        assert!(matches!(fetch(db, &keys, id).await, Err(Error::NotFound)));
    }
    let left = file_chunk::Entity::find().all(db.read()).await.unwrap();
    assert!(left.is_empty());
}

async fn files_are_written_and_read_in_parts(database: Database) {
    let db = &database.open().await;
    let keys = keys();
    let whole = content(5 * CHUNK + 77);
    let (most, by) = (whole.len() as u64, Uuid::nil());
    for part in [1000, CHUNK - 1, CHUNK, 3 * CHUNK + 1] {
        let mut file = Writer::begin(db, &keys, Purpose::Export, "底册.csv", most, by, NOW)
            .await
            .unwrap();
        for bytes in whole.chunks(part) {
            file.append(db, &keys, bytes).await.unwrap();
        }
        let id = file.id();
        file.finish(db, &keys, NOW, None).await.unwrap();
        let (info, read) = fetch(db, &keys, id).await.unwrap();
        assert!(read == whole, "parts of {part}");
        let end = whole.len() as u64;
        for (from, to) in [
            (0, 1),
            (0, end),
            (CHUNK as u64 - 1, CHUNK as u64 + 1),
            (end - 1, end),
            (5, 5),
        ] {
            let parts = files::range(db.clone(), keys.clone(), info.clone(), from..to);
            let read: Vec<u8> = parts.try_collect::<Vec<_>>().await.unwrap().concat();
            assert!(read == whole[from as usize..to as usize], "{from}..{to}");
        }
        let mut reader = Reader::new(db.clone(), keys.clone(), info);
        let same = whole.clone();
        let reading = move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).unwrap();
            assert!(all == same);
            let mut four = [0; 4];
            reader.seek(SeekFrom::End(-4)).unwrap();
            reader.read_exact(&mut four).unwrap();
            assert_eq!(four, same[same.len() - 4..]);
            reader.seek(SeekFrom::Start(CHUNK as u64 - 2)).unwrap();
            reader.read_exact(&mut four).unwrap();
            assert_eq!(four, same[CHUNK - 2..CHUNK + 2]);
            assert!(reader.seek(SeekFrom::Current(-(3 * CHUNK as i64))).is_err());
        };
        tokio::task::spawn_blocking(reading).await.unwrap();
    }
    let mut file = Writer::begin(db, &keys, Purpose::List, "a.csv", 10, by, NOW)
        .await
        .unwrap();
    let refused = file.append(db, &keys, &whole[..11]).await;
    assert!(matches!(
        refused,
        Err(Error::Refused {
            code: "file_too_large",
            ..
        })
    ));
}

async fn files_that_were_never_finished_are_nobodys(database: Database) {
    let db = &database.open().await;
    let keys = keys();
    let whole = content(9 * CHUNK);
    let (most, by, day) = (whole.len() as u64, Uuid::nil(), 24 * 3600 * 1000);
    let mut ids = Vec::new();
    for _ in 0..3 {
        let mut file = Writer::begin(db, &keys, Purpose::List, "a.csv", most, by, NOW)
            .await
            .unwrap();
        file.append(db, &keys, &whole).await.unwrap();
        ids.push(file.id());
        assert!(matches!(fetch(db, &keys, file.id()).await, Err(Error::NotFound)));
        match ids.len() {
            1 => _ = file.finish(db, &keys, NOW, None).await.unwrap(),
            2 => {
                _ = file
                    .finish(db, &keys, NOW, Some(Instant::from_millis(day)))
                    .await
                    .unwrap()
            }
            _ => {}
        }
    }
    let tidied = async |now: i64| {
        let mut rows = 0;
        loop {
            match files::tidy(db.schema(), now, 5).await.unwrap() {
                0 => return rows,
                some => rows += some,
            }
        }
    };
    assert_eq!(tidied(day).await, 0);
    // A day later: the one that was broken off, and the one whose time is over.
    assert_eq!(tidied(day + 1).await, 2 + 9 + 8);
    assert!(fetch(db, &keys, ids[0]).await.unwrap().1 == whole);
    for gone in &ids[1..] {
        assert!(matches!(fetch(db, &keys, *gone).await, Err(Error::NotFound)));
    }
}
