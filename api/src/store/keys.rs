//! Wrapped keys as rows, and the canary that refuses a wrong master or look-up key at start.

use super::db::{Cause, Db};
use crate::seal::master::{Secrets, unwrap, wrap};
use crate::seal::signing::RIPENING;
use crate::seal::{Algorithm, Keyring, SigningKeys, cipher};
use entity::data_key;
use rand::RngExt;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
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
    if !any(db).await? {
        begin(db, secrets, now).await?;
    }
    let (keys, current) = read_data(db, secrets, now).await?;
    Ok(Keyring::new(keys, current, algorithm, secrets.lookup))
}

/// Reads the data keys of a running program anew: a key that another process made opens at once, and seals once every
/// node knows it.
pub async fn reread_data(
    db: &Db,
    secrets: &Secrets,
    keyring: &Keyring,
    now: i64,
) -> Result<(), KeyringFault> {
    let (keys, current) = read_data(db, secrets, now).await?;
    keyring.replace(&keys, current);
    Ok(())
}

/// All data keys, and the one that seals: the newest that every node knows, before there is one the oldest.
async fn read_data(
    db: &Db,
    secrets: &Secrets,
    now: i64,
) -> Result<(BTreeMap<u32, [u8; 32]>, u32), KeyringFault> {
    let mut keys = BTreeMap::new();
    let mut seals = Vec::new();
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
                if row.retired_at.is_none() {
                    seals.push((row.id as u32, row.created_at));
                }
            }
            _ => {}
        }
    }
    let ripe = seals.iter().rev().find(|(_, since)| since + RIPENING <= now);
    let (current, _) = ripe.or(seals.first()).ok_or(KeyringFault::WrongKey)?;
    Ok((keys, *current))
}

/// Makes a new data key and answers its id. It seals nothing before [`RIPENING`] is over.
pub async fn add_data<C: ConnectionTrait>(db: &C, secrets: &Secrets, now: i64) -> Result<i32, KeyringFault> {
    lock_canary(db).await?;
    add(db, secrets, "data", now).await
}

/// When the newest data key was made.
pub async fn newest_data<C: ConnectionTrait>(db: &C) -> Result<Option<data_key::Model>, DbErr> {
    data_key::Entity::find()
        .filter(data_key::Column::Purpose.eq("data"))
        .order_by_desc(data_key::Column::Id)
        .limit(1)
        .one(db)
        .await
}

/// The data keys that seal nothing any more.
pub async fn retired<C: ConnectionTrait>(db: &C) -> Result<Vec<i32>, DbErr> {
    data_key::Entity::find()
        .select_only()
        .column(data_key::Column::Id)
        .filter(data_key::Column::Purpose.eq("data"))
        .filter(data_key::Column::RetiredAt.is_not_null())
        .order_by_asc(data_key::Column::Id)
        .into_tuple()
        .all(db)
        .await
}

/// Retires all data keys before one: they seal nothing any more, and go on opening what may still lie somewhere, as a
/// phone's cursor. Answers how many.
pub async fn retire_data<C: ConnectionTrait>(db: &C, before: i32, now: i64) -> Result<u64, DbErr> {
    let done = data_key::Entity::update_many()
        .col_expr(data_key::Column::RetiredAt, Expr::value(Some(now)))
        .filter(data_key::Column::Purpose.eq("data"))
        .filter(data_key::Column::RetiredAt.is_null())
        .filter(data_key::Column::Id.lt(before))
        .exec(db)
        .await?;
    Ok(done.rows_affected)
}

/// The canary and the first data key.
async fn begin(db: &Db, secrets: &Secrets, now: i64) -> Result<(), KeyringFault> {
    db.write(|txn| async move {
        // Somebody else may have begun since.
        if data_key::Entity::find().one(&*txn).await?.is_some() {
            return Ok(());
        }
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
        Ok::<_, KeyringFault>(())
    })
    .await
}

/// Milliseconds that a retired signing key still verifies: longer than any token that it signed.
const VERIFIES: i64 = 60 * 60 * 1000;

/// The keys of access tokens; a database without one gets its first.
pub async fn signing(db: &Db, secrets: &Secrets, now: i64) -> Result<SigningKeys, KeyringFault> {
    if read_signing(db, secrets, now).await?.is_empty() {
        db.write(|txn| async move {
            // Two nodes may start at once: the canary's row is what they wait for each other at.
            lock_canary(&*txn).await?;
            let there = data_key::Entity::find()
                .filter(data_key::Column::Purpose.eq("signing"))
                .filter(data_key::Column::RetiredAt.is_null());
            match there.one(&*txn).await? {
                Some(_) => Ok(()),
                None => add(&*txn, secrets, "signing", now).await.map(|_| ()),
            }
        })
        .await?;
    }
    Ok(SigningKeys::new(read_signing(db, secrets, now).await?))
}

/// Reads the signing keys of a running program anew.
pub async fn reread_signing(
    db: &Db,
    secrets: &Secrets,
    signing: &SigningKeys,
    now: i64,
) -> Result<(), KeyringFault> {
    let keys = read_signing(db, secrets, now).await?;
    // A database without keys is no reason to forget those that are in use.
    if !keys.is_empty() {
        signing.replace(keys);
    }
    Ok(())
}

/// Makes a new signing key and answers its id. The ones before verify for another hour; running nodes learn of it by
/// [`reread_signing`].
pub async fn rotate_signing(db: &Db, secrets: &Secrets, now: i64) -> Result<i32, KeyringFault> {
    db.write(|txn| async move {
        lock_canary(&*txn).await?;
        data_key::Entity::update_many()
            .col_expr(data_key::Column::RetiredAt, Expr::value(Some(now)))
            .filter(data_key::Column::Purpose.eq("signing"))
            .filter(data_key::Column::RetiredAt.is_null())
            .exec(&*txn)
            .await?;
        add(&*txn, secrets, "signing", now).await
    })
    .await
}

async fn lock_canary<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    let canary = data_key::Entity::find_by_id(1).lock_exclusive();
    canary.one(db).await.map(|_| ())
}

async fn add<C: ConnectionTrait>(
    db: &C,
    secrets: &Secrets,
    purpose: &str,
    now: i64,
) -> Result<i32, KeyringFault> {
    let last: Option<Option<i32>> = data_key::Entity::find()
        .select_only()
        .column_as(data_key::Column::Id.max(), "last")
        .into_tuple()
        .one(db)
        .await?;
    let id = last.flatten().unwrap_or(0) + 1;
    let secret: [u8; 32] = rand::rng().random();
    let row = data_key::ActiveModel {
        id: Set(id),
        purpose: Set(purpose.into()),
        wrapped: Set(wrap(&secrets.master, id, purpose, &secret)),
        created_at: Set(now),
        retired_at: Set(None),
    };
    data_key::Entity::insert(row).exec(db).await?;
    Ok(id)
}

async fn read_signing(
    db: &Db,
    secrets: &Secrets,
    now: i64,
) -> Result<Vec<(i32, [u8; 32], i64)>, KeyringFault> {
    let rows = data_key::Entity::find()
        .filter(data_key::Column::Purpose.eq("signing"))
        .order_by_asc(data_key::Column::Id)
        .all(db.read())
        .await?;
    let mut keys = Vec::new();
    for row in rows {
        if row.retired_at.is_some_and(|at| at + VERIFIES < now) {
            continue;
        }
        let plain = unwrap(&secrets.master, row.id, "signing", &row.wrapped);
        let secret = plain.and_then(|plain| plain.try_into().ok());
        keys.push((row.id, secret.ok_or(KeyringFault::WrongKey)?, row.created_at));
    }
    Ok(keys)
}

/// Known only to who has the look-up key; wrapped, also only to who has the master key.
fn canary(secrets: &Secrets) -> [u8; 32] {
    cipher::hmac_sm3(&secrets.lookup, &[CANARY])
}
