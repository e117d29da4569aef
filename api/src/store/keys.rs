//! Wrapped keys as rows, and the canary that refuses a wrong master or look-up key at start.

use super::db::{Cause, Db};
use crate::seal::master::{Secrets, unwrap, wrap};
use crate::seal::{Algorithm, Keyring, cipher};
use entity::data_key;
use rand::RngExt;
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait, QueryOrder};
use std::collections::BTreeMap;

#[derive(Debug, thiserror::Error)]
pub enum KeyringFault {
    #[error("密钥与数据库不符：主密钥或检索密钥不是建库时的那一个")]
    WrongKey,
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl Cause for KeyringFault {
    fn database(&self) -> Option<&DbErr> {
        match self {
            KeyringFault::Database(error) => Some(error),
            KeyringFault::WrongKey => None,
        }
    }
}

const CANARY: &[u8] = b"heshan-grid canary";

/// Whether the database has keys already: then new key files would lock its data away.
pub async fn any(db: &Db) -> Result<bool, DbErr> {
    Ok(data_key::Entity::find().one(db.read()).await?.is_some())
}

/// Opens the keyring; a database without keys gets its canary and first data key.
pub async fn open(
    db: &Db,
    secrets: &Secrets,
    algorithm: Algorithm,
    now: i64,
) -> Result<Keyring, KeyringFault> {
    db.write(|txn| async move {
        if data_key::Entity::find().one(&*txn).await?.is_none() {
            let canary = canary(secrets);
            let data: [u8; 32] = rand::rng().random();
            for (id, purpose, secret) in [(1, "canary", &canary), (2, "data", &data)] {
                let row = data_key::ActiveModel {
                    id: Set(id),
                    purpose: Set(purpose.into()),
                    wrapped: Set(wrap(&secrets.master, id, purpose, secret)),
                    created_at: Set(now),
                    retired_at: Set(None),
                };
                data_key::Entity::insert(row).exec(&*txn).await?;
            }
        }
        Ok::<_, KeyringFault>(())
    })
    .await?;
    let mut keys = BTreeMap::new();
    for row in data_key::Entity::find()
        .order_by_asc(data_key::Column::Id)
        .all(db.read())
        .await?
    {
        let plain = unwrap(&secrets.master, row.id, &row.purpose, &row.wrapped);
        let plain = plain.ok_or(KeyringFault::WrongKey)?;
        match row.purpose.as_str() {
            "canary" if plain != canary(secrets) => return Err(KeyringFault::WrongKey),
            "data" => {
                let secret = plain.try_into().map_err(|_| KeyringFault::WrongKey)?;
                keys.insert(row.id as u32, secret);
            }
            _ => {}
        }
    }
    let current = *keys.keys().last().ok_or(KeyringFault::WrongKey)?;
    Ok(Keyring::new(keys, current, algorithm, secrets.lookup))
}

/// Known only to who has the look-up key; wrapped, also only to who has the master key.
fn canary(secrets: &Secrets) -> [u8; 32] {
    cipher::hmac_sm3(&secrets.lookup, &[CANARY])
}
