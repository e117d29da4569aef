//! Client credentials (RFC 6749 4.4) against a token, and a token against an actor.

use super::{is_live, secrets};
use crate::actor::{Actor, ClientRights, Grant, Operation};
use crate::app::tokens::{self, ClientAccess};
use crate::app::{Error, guard};
use crate::program::Program;
use crate::seal::Keyring;
use crate::store::audit::{self, Entry};
use crate::store::clients::{self, Client, Secret, state};
use crate::store::db::Db;
use crate::store::divisions;
use domain::Instant;
use domain::catalogue::Role;
use std::net::IpAddr;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// What a client gives for a token.
pub struct Asked<'a> {
    pub client: &'a str,
    pub secret: &'a str,
    /// Names of operations with blanks between; all that it has where none is named.
    pub scope: Option<&'a str>,
    pub address: IpAddr,
}

/// A token, and how it is to be used.
pub struct Given {
    pub token: String,
    /// Seconds.
    pub expires_in: i64,
    pub scope: String,
}

/// Why there is no token.
pub enum Refusal {
    /// Unknown, another secret, ended, barred: one answer.
    InvalidClient,
    /// An operation that the client has not been given, or that does not exist.
    InvalidScope,
}

/// Gives a token for a secret.
///
/// # Errors
/// `TooMany` after many failures. The refusals of the RFC are no errors but answers.
pub async fn token(program: &Program, asked: &Asked<'_>) -> Result<Result<Given, Refusal>, Error> {
    let (db, keys, now) = (&program.db, &program.keys, program.clock.now());
    let hash = &keys.lookup("oauth_client", asked.client);
    let attempt = &db
        .write(|txn| async move { guard::begin(&*txn, keys, hash, asked.address, now.millis()).await })
        .await?;
    let known = match Uuid::try_parse(asked.client) {
        Ok(id) => clients::find(db.read(), id).await?,
        Err(_) => None,
    };
    let secret = match &known {
        Some(client) => matching(db, client.id, asked.secret, now).await?,
        // As long as it takes for one that is known.
        None => matching(db, Uuid::nil(), asked.secret, now).await?,
    };
    let (Some(client), Some(secret)) = (known, secret) else {
        return Ok(Err(Refusal::InvalidClient));
    };
    if !may_come_in(&client, now) {
        return Ok(Err(Refusal::InvalidClient));
    }
    let Some(scope) = wanted(&clients::scopes(&client)?.operations, asked.scope) else {
        return Ok(Err(Refusal::InvalidScope));
    };
    let of = ClientAccess {
        client: client.id,
        secret: secret.id,
        scope,
    };
    let token = tokens::client(&program.signing, &of, now)?;
    let detail = format!("scope={}", of.scope.replace(' ', ","));
    db.write(|txn| {
        let detail = detail.clone();
        async move {
            guard::succeeded(&*txn, attempt, now.millis()).await?;
            let entry = Entry::done("client_token", client.id)
                .on("client", client.id)
                .detail(detail);
            Ok::<_, Error>(audit::insert(&*txn, entry, now.millis()).await?)
        }
    })
    .await?;
    Ok(Ok(Given {
        token,
        expires_in: tokens::ACCESS_LIFE,
        scope: of.scope,
    }))
}

async fn matching(db: &Db, client: Uuid, given: &str, now: Instant) -> Result<Option<Secret>, Error> {
    let hash = secrets::hash(given);
    let all = clients::secrets(db.read(), &[client]).await?;
    let same = |secret: &Secret| bool::from(secret.hash.as_slice().ct_eq(hash.as_slice()));
    Ok(all
        .into_iter()
        .find(|secret| is_live(secret, now) && same(secret)))
}

fn may_come_in(client: &Client, now: Instant) -> bool {
    client.state == state::ACTIVE && client.expires_at.is_none_or(|until| until > now.millis())
}

/// The operations of a request, each of which the client must have.
fn wanted(own: &[String], asked: Option<&str>) -> Option<String> {
    let asked = asked.map(str::trim).filter(|asked| !asked.is_empty());
    let Some(asked) = asked else {
        return Some(own.join(" "));
    };
    let mut names: Vec<&str> = asked.split(' ').filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    let all = names.iter().all(|name| own.iter().any(|o| o == name));
    all.then(|| names.join(" "))
}

fn ended() -> Error {
    Error::Unauthorized {
        code: "client_ended",
        message: "该客户端或其密钥已停用，请重新获取令牌",
    }
}

/// The actor of a client's token, as the client stands now.
///
/// # Errors
/// `Unauthorized` `client_ended` when the client or the secret is no more.
pub async fn authenticate(
    db: &Db,
    keys: &Keyring,
    token: &ClientAccess,
    now: Instant,
) -> Result<Actor, Error> {
    let mut actor = with_secret(db, keys, token.client, token.secret, now).await?;
    if let Some(rights) = &mut actor.client {
        let asked = |o: &Operation| token.scope.split(' ').any(|name| name == o.name());
        rights.operations.retain(asked);
    }
    Ok(actor)
}

/// A client as it stands, as long as this secret of it is live.
///
/// # Errors
/// `Unauthorized` `client_ended`.
pub async fn with_secret(
    db: &Db,
    keys: &Keyring,
    client: Uuid,
    secret: Uuid,
    now: Instant,
) -> Result<Actor, Error> {
    let secrets = clients::secrets(db.read(), &[client]).await?;
    let found = secrets.iter().find(|s| s.id == secret);
    if found.is_none_or(|found| !is_live(found, now)) {
        return Err(ended());
    }
    let mut actor = of_client(db, keys, client, now).await?;
    actor.session = secret;
    Ok(actor)
}

/// A client as it stands, whoever acts for it: a token, or work that it started and that goes on without one.
///
/// # Errors
/// `Unauthorized` `client_ended`.
pub async fn of_client(db: &Db, keys: &Keyring, id: Uuid, now: Instant) -> Result<Actor, Error> {
    let found = clients::find(db.read(), id).await?;
    let row = found.filter(|row| may_come_in(row, now)).ok_or_else(ended)?;
    let scopes = clients::scopes(&row)?;
    let divisions = match scopes.divisions.is_empty() {
        true => None,
        false => Some(divisions::below(db.read(), &scopes.divisions).await?),
    };
    let grant = |category: Option<String>| Grant {
        role: Role::Department,
        division: None,
        grid: None,
        category,
        department: Some(row.department.clone()),
    };
    let mut grants: Vec<Grant> = scopes.categories.into_iter().map(|c| grant(Some(c))).collect();
    if grants.is_empty() {
        grants.push(grant(None));
    }
    let operations = scopes.operations.iter();
    Ok(Actor {
        account: row.id,
        name: clients::about(keys, &row)?.name,
        session: Uuid::nil(),
        device: None,
        epoch: row.epoch,
        must_change: false,
        grants,
        towns: Vec::new(),
        villages: Vec::new(),
        client: Some(ClientRights {
            kinds: scopes.kinds,
            operations: operations.filter_map(|name| Operation::parse(name)).collect(),
            divisions,
            granted: scopes.divisions,
            per_minute: row.per_minute,
            rows_per_day: row.rows_per_day,
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_that_a_request_names() {
        let own = ["changes".to_owned(), "export".to_owned()];
        for (asked, expected) in [
            (None, Some("changes export")),
            (Some(""), Some("changes export")),
            (Some("export"), Some("export")),
            (Some("export changes export"), Some("changes export")),
            (Some("hand_in"), None),
            (Some("export everything"), None),
        ] {
            assert_eq!(wanted(&own, asked).as_deref(), expected, "{asked:?}");
        }
    }
}
