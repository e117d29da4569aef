//! Files are kept sealed in chunks and come back whole.

use api::app::Error;
use api::app::files::{Purpose, fetch, keep};
use api::seal::chunks::CHUNK;
use api::seal::{Algorithm, Keyring};
use api::store::files;
use domain::Instant;
use entity::{file_chunk, stored_file};
use sea_orm::EntityTrait;
use std::collections::BTreeMap;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(files_come_back_whole_or_not_at_all);

async fn files_come_back_whole_or_not_at_all(database: Database) {
    let db = &database.open().await;
    let keys = Keyring::new(BTreeMap::from([(1, [7; 32])]), 1, Algorithm::Sm4Gcm, [3; 32]);
    let now = Instant::from_millis(0);
    for size in [0, 1, CHUNK, 2 * CHUNK + 5] {
        let content: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
        let name = "民政-黎阿妹.xlsx";
        let id = keep(db, &keys, Purpose::List, name, &content, Uuid::nil(), now)
            .await
            .unwrap();
        let (info, read) = fetch(db, &keys, id).await.unwrap();
        assert_eq!(
            (info.name.as_str(), info.purpose.as_str(), info.size),
            (name, "list", size as i64)
        );
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
        assert!(files::delete(db.schema(), id).await.unwrap());
        assert!(matches!(fetch(db, &keys, id).await, Err(Error::NotFound)));
    }
    let left = file_chunk::Entity::find().all(db.read()).await.unwrap();
    assert!(left.is_empty());
}
