//! Making, changing and revoking clients.

use super::secrets::{NewSecret, fresh};
use super::{bureau, is_live};
use crate::actor::{Actor, Operation};
use crate::app::Error;
use crate::lists::ListKind;
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::clients::{self, About, Client, Scopes, state};
use crate::store::divisions;
use domain::Instant;
use domain::text::clean;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

/// A client to make.
pub struct NewClient {
    pub about: About,
    pub department: String,
    pub scopes: Scopes,
    pub per_minute: i32,
    pub rows_per_day: i64,
    pub expires_at: Option<Instant>,
}

/// What is to be another of a client.
#[derive(Default)]
pub struct ClientPatch {
    pub name: Option<String>,
    pub contact: Option<String>,
    pub kinds: Option<Vec<String>>,
    pub categories: Option<Vec<String>>,
    pub divisions: Option<Vec<Uuid>>,
    pub operations: Option<Vec<String>>,
    pub per_minute: Option<i32>,
    pub rows_per_day: Option<i64>,
    /// `Some(None)` takes the end away.
    pub expires_at: Option<Option<Instant>>,
    /// Whether it may come in.
    pub active: Option<bool>,
}

/// Makes a client with its first secret, which is told now and never again.
///
/// # Errors
/// `Forbidden`; `Refused`: `name_malformed`, `department_malformed`, `kind_unknown`, `category_unknown`,
/// `operation_unknown`, `operation_needed`, `place_unknown`, `quota_malformed`, `expired_already`.
pub async fn create(program: &Program, actor: &Actor, new: NewClient) -> Result<(Uuid, NewSecret), Error> {
    bureau(actor)?;
    let (id, now) = (Uuid::now_v7(), program.clock.now());
    let about = said(new.about)?;
    let department = clean(&new.department);
    if department.is_empty() || department.chars().count() > 50 {
        return Err(Error::field(
            "department_malformed",
            "请填写部门名称（50 字以内）",
            "department",
        ));
    }
    let scopes = known(program, new.scopes)?;
    quotas(new.per_minute, new.rows_per_day)?;
    ahead(new.expires_at, now)?;
    let row = &Client {
        id,
        sealed: clients::seal_about(&program.keys, id, &about),
        department,
        state: state::ACTIVE.into(),
        scopes: written(&scopes),
        per_minute: new.per_minute,
        rows_per_day: new.rows_per_day,
        expires_at: new.expires_at.map(Instant::millis),
        epoch: 1,
        created_by: actor.account,
        created_at: now.millis(),
    };
    let (told, secret) = fresh(id, now, None);
    let (secret, divisions) = (&secret, &scopes.divisions);
    program
        .db
        .write(|txn| async move {
            there(&*txn, divisions).await?;
            clients::insert(&*txn, row).await?;
            clients::insert_secret(&*txn, secret).await?;
            let entry = Entry::done("create_client", actor.account).on("client", id);
            Ok::<_, Error>(audit::insert(&*txn, entry, now.millis()).await?)
        })
        .await?;
    Ok((id, told))
}

/// Changes a client; what it may do changes with its next request, and with the next page of an export that runs.
///
/// # Errors
/// As [`create`]; `NotFound`; `Conflict` `client_revoked`.
pub async fn change(program: &Program, actor: &Actor, id: Uuid, patch: &ClientPatch) -> Result<(), Error> {
    bureau(actor)?;
    let now = program.clock.now();
    let work = program.db.write(|txn| async move {
        let mut row = clients::lock(&*txn, id).await?.ok_or(Error::NotFound)?;
        if row.state == state::REVOKED {
            return Err(Error::conflict("client_revoked", "该客户端已被吊销"));
        }
        let before = clients::about(&program.keys, &row)?;
        let about = said(About {
            name: patch.name.clone().unwrap_or(before.name),
            contact: patch.contact.clone().unwrap_or(before.contact),
        })?;
        row.sealed = clients::seal_about(&program.keys, id, &about);
        let own = clients::scopes(&row)?;
        let scopes = known(
            program,
            Scopes {
                kinds: patch.kinds.clone().unwrap_or(own.kinds),
                categories: patch.categories.clone().unwrap_or(own.categories),
                divisions: patch.divisions.clone().unwrap_or(own.divisions),
                operations: patch.operations.clone().unwrap_or(own.operations),
            },
        )?;
        there(&*txn, &scopes.divisions).await?;
        row.scopes = written(&scopes);
        row.per_minute = patch.per_minute.unwrap_or(row.per_minute);
        row.rows_per_day = patch.rows_per_day.unwrap_or(row.rows_per_day);
        quotas(row.per_minute, row.rows_per_day)?;
        if let Some(expires) = patch.expires_at {
            ahead(expires, now)?;
            row.expires_at = expires.map(Instant::millis);
        }
        if let Some(active) = patch.active {
            row.state = if active { state::ACTIVE } else { state::DISABLED }.into();
        }
        row.epoch += 1;
        clients::update(&*txn, &row).await?;
        let entry = Entry::done("change_client", actor.account).on("client", id);
        Ok::<_, Error>(audit::insert(&*txn, entry, now.millis()).await?)
    });
    work.await
}

/// Ends a client for good, at once: its secrets and tokens open nothing, and what it is being handed breaks off.
///
/// # Errors
/// `Forbidden`; `NotFound`. Revoking what is revoked is fine.
pub async fn revoke(program: &Program, actor: &Actor, id: Uuid) -> Result<(), Error> {
    bureau(actor)?;
    let now = program.clock.now();
    let work = program.db.write(|txn| async move {
        let mut row = clients::lock(&*txn, id).await?.ok_or(Error::NotFound)?;
        if row.state == state::REVOKED {
            return Ok(());
        }
        row.state = state::REVOKED.into();
        row.epoch += 1;
        clients::update(&*txn, &row).await?;
        for secret in clients::secrets(&*txn, &[id]).await? {
            if is_live(&secret, now) {
                clients::end_secret(&*txn, secret.id, now.millis()).await?;
            }
        }
        let entry = Entry::done("revoke_client", actor.account).on("client", id);
        Ok::<_, Error>(audit::insert(&*txn, entry, now.millis()).await?)
    });
    work.await
}

fn said(about: About) -> Result<About, Error> {
    let about = About {
        name: clean(&about.name),
        contact: clean(&about.contact),
    };
    let long = |text: &str, most| text.chars().count() > most;
    if about.name.is_empty() || long(&about.name, 60) {
        return Err(Error::field("name_malformed", "请填写名称（60 字以内）", "name"));
    }
    if long(&about.contact, 100) {
        return Err(Error::field(
            "contact_malformed",
            "联系人请控制在 100 字以内",
            "contact",
        ));
    }
    Ok(about)
}

/// Scopes in order, each of which there is.
fn known(program: &Program, mut scopes: Scopes) -> Result<Scopes, Error> {
    for names in [&mut scopes.kinds, &mut scopes.categories, &mut scopes.operations] {
        names.sort();
        names.dedup();
    }
    scopes.divisions.sort_unstable();
    scopes.divisions.dedup();
    if !scopes.kinds.iter().all(|name| ListKind::parse(name).is_some()) {
        return Err(Error::field("kind_unknown", "没有这种名单", "kinds"));
    }
    let category = |key: &String| program.catalogue.categories.iter().any(|c| c.key == key);
    if !scopes.categories.iter().all(category) {
        return Err(Error::field("category_unknown", "没有这个类别", "categories"));
    }
    if scopes.operations.is_empty() {
        return Err(Error::field(
            "operation_needed",
            "请至少授权一种操作",
            "operations",
        ));
    }
    if !scopes
        .operations
        .iter()
        .all(|name| Operation::parse(name).is_some())
    {
        return Err(Error::field("operation_unknown", "没有这种操作", "operations"));
    }
    Ok(scopes)
}

async fn there<C: ConnectionTrait>(db: &C, ids: &[Uuid]) -> Result<(), Error> {
    for id in ids {
        if divisions::find(db, *id).await?.is_none() {
            return Err(Error::field("place_unknown", "没有这个区划", "divisions"));
        }
    }
    Ok(())
}

fn quotas(per_minute: i32, rows_per_day: i64) -> Result<(), Error> {
    let fine = (1..=6_000).contains(&per_minute) && (0..=100_000_000).contains(&rows_per_day);
    match fine {
        true => Ok(()),
        false => Err(Error::Refused {
            code: "quota_malformed",
            message: "每分钟请求数应为 1 至 6000，每日行数应为 0 至 1 亿".into(),
            fields: vec!["requests_per_minute".into(), "rows_per_day".into()],
        }),
    }
}

fn ahead(expires: Option<Instant>, now: Instant) -> Result<(), Error> {
    match expires.is_some_and(|until| until <= now) {
        true => Err(Error::field("expired_already", "有效期须晚于现在", "expires_at")),
        false => Ok(()),
    }
}

fn written(scopes: &Scopes) -> String {
    serde_json::to_string(scopes).expect("scopes have string keys only")
}
