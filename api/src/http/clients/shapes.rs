//! Shapes of clients and their secrets, out and in.

use crate::app::Error;
use crate::app::clients::{ClientInfo, ClientPatch, NewClient, NewSecret};
use crate::store::clients::{About, Scopes};
use domain::Instant;
use poem_openapi::Object;
use poem_openapi::types::{Example, MaybeUndefined};
use uuid::Uuid;

/// A client to make.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(super) struct NewClientBody {
    /// What the program is called, 1 to 60 characters.
    #[oai(validator(max_length = 120))]
    pub name: String,
    /// Who answers for it, at most 100 characters.
    #[oai(validator(max_length = 200))]
    pub contact: Option<String>,
    /// The department that it acts for (`民政`, `残联`, …).
    #[oai(validator(max_length = 60))]
    pub department: String,
    /// Kinds of list that it hands in; none by default.
    #[oai(default)]
    pub kinds: Vec<String>,
    /// Categories that it sees and hands in; none by default.
    #[oai(default)]
    pub categories: Vec<String>,
    /// Divisions in which it may; none are the whole county.
    #[oai(default)]
    pub divisions: Vec<Uuid>,
    /// `hand_in`, `export`, `changes`: at least one.
    pub operations: Vec<String>,
    /// Requests a minute, 60 by default.
    pub requests_per_minute: Option<i32>,
    /// Rows of exports and changes a day, 1,000,000 by default.
    pub rows_per_day: Option<i64>,
    /// RFC 3339; open by default.
    #[oai(validator(max_length = 40))]
    pub expires_at: Option<String>,
}

impl Example for NewClientBody {
    fn example() -> Self {
        NewClientBody {
            name: "民政救助系统".into(),
            contact: Some("信息科".into()),
            department: "民政".into(),
            kinds: vec!["low_income".into()],
            categories: vec!["low_income".into()],
            divisions: Vec::new(),
            operations: vec!["hand_in".into(), "export".into(), "changes".into()],
            requests_per_minute: Some(60),
            rows_per_day: Some(1_000_000),
            expires_at: None,
        }
    }
}

impl NewClientBody {
    pub fn read(self) -> Result<NewClient, Error> {
        Ok(NewClient {
            expires_at: instant(self.expires_at.as_deref())?,
            about: About {
                name: self.name,
                contact: self.contact.unwrap_or_default(),
            },
            department: self.department,
            scopes: Scopes {
                kinds: self.kinds,
                categories: self.categories,
                divisions: self.divisions,
                operations: self.operations,
            },
            per_minute: self.requests_per_minute.unwrap_or(60),
            rows_per_day: self.rows_per_day.unwrap_or(1_000_000),
        })
    }
}

/// What is to be another of a client; what is left out stays.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(super) struct ClientPatchBody {
    /// What the program is called.
    #[oai(validator(max_length = 120))]
    name: Option<String>,
    /// Who answers for it.
    #[oai(validator(max_length = 200))]
    contact: Option<String>,
    /// Kinds of list that it hands in.
    kinds: Option<Vec<String>>,
    /// Categories that it sees and hands in.
    categories: Option<Vec<String>>,
    /// Divisions in which it may; none are the whole county.
    divisions: Option<Vec<Uuid>>,
    /// `hand_in`, `export`, `changes`: at least one.
    operations: Option<Vec<String>>,
    /// Requests a minute.
    requests_per_minute: Option<i32>,
    /// Rows of exports and changes a day.
    rows_per_day: Option<i64>,
    /// RFC 3339; `null` takes the end away.
    expires_at: MaybeUndefined<String>,
    /// `false` bars it until somebody lets it in again.
    active: Option<bool>,
}

impl Example for ClientPatchBody {
    fn example() -> Self {
        ClientPatchBody {
            name: None,
            contact: None,
            kinds: None,
            categories: None,
            divisions: None,
            operations: None,
            requests_per_minute: Some(120),
            rows_per_day: None,
            expires_at: MaybeUndefined::Undefined,
            active: Some(true),
        }
    }
}

impl ClientPatchBody {
    pub fn read(self) -> Result<ClientPatch, Error> {
        Ok(ClientPatch {
            name: self.name,
            contact: self.contact,
            kinds: self.kinds,
            categories: self.categories,
            divisions: self.divisions,
            operations: self.operations,
            per_minute: self.requests_per_minute,
            rows_per_day: self.rows_per_day,
            expires_at: match &self.expires_at {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(text) => Some(instant(Some(text))?),
            },
            active: self.active,
        })
    }
}

/// RFC 3339 where it is given.
pub(super) fn instant(text: Option<&str>) -> Result<Option<Instant>, Error> {
    let malformed = || {
        Error::field(
            "instant_malformed",
            "时间格式应为 2026-12-31T16:00:00Z",
            "expires_at",
        )
    };
    text.map(|text| Instant::parse(text).ok_or_else(malformed))
        .transpose()
}

/// How a secret is replaced.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(super) struct RotateBody {
    /// Days that the secret before goes on opening: 0 to 90, 7 by default.
    pub overlap_days: Option<u32>,
    /// RFC 3339: when the new one ends; open by default.
    #[oai(validator(max_length = 40))]
    pub expires_at: Option<String>,
}

impl Example for RotateBody {
    fn example() -> Self {
        RotateBody {
            overlap_days: Some(7),
            expires_at: None,
        }
    }
}

/// A secret in the one answer that tells it.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct NewSecretView {
    /// Its id, by which it is ended.
    id: Uuid,
    /// For `client_secret`; never told again.
    secret: String,
    /// RFC 3339; absent while it is open.
    expires_at: Option<String>,
}

impl From<NewSecret> for NewSecretView {
    fn from(told: NewSecret) -> NewSecretView {
        NewSecretView {
            id: told.id,
            secret: told.secret,
            expires_at: told.expires_at.map(|at| at.to_string()),
        }
    }
}

/// A client that was made.
#[derive(Object)]
pub(super) struct MadeView {
    /// For `client_id`.
    pub client: Uuid,
    /// Its first secret.
    pub secret: NewSecretView,
}

/// A live secret, without itself.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct SecretView {
    /// Its id.
    id: Uuid,
    /// RFC 3339.
    created_at: String,
    /// RFC 3339; absent while it is open.
    expires_at: Option<String>,
}

/// A department's program.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct ClientView {
    /// Its id, which the audit trail names too.
    id: Uuid,
    /// What it is called.
    name: String,
    /// Who answers for it.
    contact: String,
    /// The department that it acts for.
    department: String,
    /// `active`, `disabled` or `revoked`.
    state: String,
    /// Kinds of list that it hands in.
    kinds: Vec<String>,
    /// Categories that it sees and hands in.
    categories: Vec<String>,
    /// Divisions in which it may; none are the whole county.
    divisions: Vec<Uuid>,
    /// What it may do.
    operations: Vec<String>,
    /// Requests a minute.
    requests_per_minute: i32,
    /// Rows of exports and changes a day.
    rows_per_day: i64,
    /// Rows that it took today.
    rows_today: i64,
    /// RFC 3339; absent while it is open.
    expires_at: Option<String>,
    /// RFC 3339.
    created_at: String,
    /// The account that made it.
    created_by: Uuid,
    /// Secrets that open today.
    secrets: Vec<SecretView>,
}

impl From<ClientInfo> for ClientView {
    fn from(info: ClientInfo) -> ClientView {
        let told = |at: i64| Instant::from_millis(at).to_string();
        let secrets = info.secrets.iter().map(|secret| SecretView {
            id: secret.id,
            created_at: told(secret.created_at),
            expires_at: secret.expires_at.map(told),
        });
        ClientView {
            id: info.row.id,
            name: info.about.name,
            contact: info.about.contact,
            department: info.row.department,
            state: info.row.state,
            kinds: info.scopes.kinds,
            categories: info.scopes.categories,
            divisions: info.scopes.divisions,
            operations: info.scopes.operations,
            requests_per_minute: info.row.per_minute,
            rows_per_day: info.row.rows_per_day,
            rows_today: info.rows_today,
            expires_at: info.row.expires_at.map(told),
            created_at: told(info.row.created_at),
            created_by: info.row.created_by,
            secrets: secrets.collect(),
        }
    }
}

/// One page of clients.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct ClientPage {
    /// One page of them, in order.
    pub items: Vec<ClientView>,
    /// To give as `after` for the next page; absent on the last.
    pub next: Option<Uuid>,
}
