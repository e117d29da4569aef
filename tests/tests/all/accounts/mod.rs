//! Accounts: signing in, keeping sessions alive, devices, and who looks after whom.

mod lock_out;
mod look_after;
mod stories;

use api::actor::{Actor, Grant};
use api::app::accounts::{self, NewAccount, NewGrant, Planted};
use api::app::devices::Installation;
use api::app::sign_in::{self, SignIn, SignedIn};
use api::app::{Error, divisions, sessions};
use api::seal::master::Secrets;
use api::seal::{Algorithm, Keyring, SigningKeys};
use api::store::db::Db;
use api::store::keys;
use domain::Instant;
use domain::catalogue::Role;
use entity::audit;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use std::net::IpAddr;
use tests::database::Database;
use uuid::Uuid;

const WORKER: &str = "13900078411";
const ADMIN: &str = "13900078499";
const PASSWORD: &str = "walks-at-dawn-7";
const HOME: &str = "203.0.113.7";
const STRANGER: &str = "198.51.100.9";

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 24 * 60 * MINUTE;

struct County {
    db: Db,
    keys: Keyring,
    signing: SigningKeys,
}

/// Times in these tests are milliseconds after this one.
fn at(millis: i64) -> Instant {
    let start = Instant::parse("2026-11-05T01:00:00Z").unwrap();
    Instant::from_millis(start.millis() + millis)
}

async fn county(database: &Database) -> County {
    let db = database.open().await;
    let secrets = Secrets {
        master: [1; 32],
        lookup: [2; 32],
    };
    let ring = keys::open(&db, &secrets, Algorithm::Sm4Gcm, at(0).millis()).await;
    let signing = keys::signing(&db, &secrets, at(0).millis()).await;
    County {
        keys: ring.unwrap(),
        signing: signing.unwrap(),
        db,
    }
}

impl County {
    async fn plant(&self, phone: &str, grants: Vec<Grant>) -> Uuid {
        let planted = Planted {
            new: NewAccount {
                name: "梁少芳",
                phone,
                home: None,
            },
            password: Some(PASSWORD),
            grants,
        };
        let made = accounts::plant(&self.db, &self.keys, &planted, at(0)).await;
        made.unwrap().0
    }

    async fn try_sign_in(
        &self,
        phone: &str,
        password: &str,
        from: &str,
        installation: Option<&str>,
        now: i64,
    ) -> Result<SignedIn, Error> {
        let installation = installation.map(|text| Installation::parse(text).unwrap());
        let asked = SignIn {
            phone,
            password,
            installation: installation.as_ref(),
            label: "手机",
            address: from.parse::<IpAddr>().unwrap(),
        };
        sign_in::sign_in(&self.db, &self.keys, &self.signing, &asked, at(now)).await
    }

    /// With the right password, from the usual place.
    async fn sign_in(&self, phone: &str, installation: Option<&str>, now: i64) -> SignedIn {
        let done = self.try_sign_in(phone, PASSWORD, HOME, installation, now).await;
        done.unwrap()
    }

    async fn actor(&self, phone: &str) -> Actor {
        let done = self.sign_in(phone, None, 0).await;
        self.who(&done.access, 0).await.unwrap()
    }

    async fn who(&self, access: &str, now: i64) -> Result<Actor, Error> {
        sign_in::authenticate(&self.db, &self.keys, &self.signing, access, at(now)).await
    }

    /// The refresh token that comes back, or the code of the refusal.
    async fn refresh(&self, token: &str, installation: Option<&str>, now: i64) -> String {
        let (db, keys, signing) = (&self.db, &self.keys, &self.signing);
        match sessions::refresh(db, keys, signing, token, installation, at(now)).await {
            Ok(renewed) => renewed.refresh,
            Err(error) => code(&error).to_owned(),
        }
    }

    /// How many audit rows say this.
    async fn audited(&self, action: &str, outcome: &str) -> u64 {
        audit::Entity::find()
            .filter(audit::Column::Action.eq(action))
            .filter(audit::Column::Outcome.eq(outcome))
            .count(self.db.read())
            .await
            .unwrap()
    }

    async fn division(&self, name: &str) -> Uuid {
        let all = api::store::divisions::tree(self.db.read()).await;
        all.unwrap().iter().find(|d| d.name == name).unwrap().id
    }

    /// Some village of a town.
    async fn village_of(&self, town: Uuid) -> Uuid {
        let all = api::store::divisions::tree(self.db.read()).await;
        let all = all.unwrap();
        all.iter().find(|d| d.parent == Some(town)).unwrap().id
    }
}

fn code(error: &Error) -> &str {
    match error {
        Error::Unauthorized { code, .. }
        | Error::Forbidden { code, .. }
        | Error::Refused { code, .. }
        | Error::Conflict { code, .. } => code,
        Error::NotFound => "not_found",
        Error::TooMany { .. } => "too_many",
        other => panic!("{other:?}"),
    }
}

fn told<T>(result: Result<T, Error>) -> String {
    match result {
        Ok(_) => "fine".to_owned(),
        Err(error) => code(&error).to_owned(),
    }
}

/// A grant without a place.
fn role(role: Role) -> Grant {
    Grant {
        role,
        division: None,
        grid: None,
        category: None,
        department: None,
    }
}

fn in_division(role_there: Role, division: Uuid) -> Grant {
    Grant {
        division: Some(division),
        ..role(role_there)
    }
}

/// From today, without end.
fn open(grant: Grant) -> NewGrant<'static> {
    NewGrant {
        grant,
        since: None,
        until: None,
        records: None,
    }
}
