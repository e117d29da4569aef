//! Signing in and out, and who a token belongs to.

use super::contract::Tag;
use super::error::{Answer, ApiError, Problem};
use super::frame::ClientAddress;
use super::json::Json;
use crate::actor::{Actor, Grant};
use crate::app::devices::Installation;
use crate::app::sign_in::{self, SignIn};
use crate::app::{accounts, clients, sessions};
use crate::program::Program;
use poem::Request;
use poem::web::Data;
use poem_openapi::auth::Bearer;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi, SecurityScheme};
use std::net::{IpAddr, Ipv4Addr};
use uuid::Uuid;

/// An access token, as `sign_in` and `refresh_session` give it. While a one-time code has not been changed,
/// only the own account, `change_password` and `sign_out` are open (403 `must_change_password`).
#[derive(SecurityScheme)]
#[oai(
    ty = "bearer",
    rename = "access_token",
    bearer_format = "JWT",
    checker = "signed_in"
)]
pub struct SignedIn(pub Actor);

/// An access token, also of who still has a one-time code.
#[derive(SecurityScheme)]
#[oai(
    ty = "bearer",
    rename = "access_token",
    bearer_format = "JWT",
    checker = "known"
)]
pub struct Known(pub Actor);

/// An access token of an account, or of a department's program (`create_token`), which may come in here within its
/// scopes and quotas: 403 `operation_not_granted`, 429 `rate_quota`.
#[derive(SecurityScheme)]
#[oai(
    ty = "bearer",
    rename = "access_token",
    bearer_format = "JWT",
    checker = "caller"
)]
pub struct Caller(pub Actor);

async fn caller(request: &Request, bearer: Bearer) -> poem::Result<Actor> {
    let program = request
        .data::<Program>()
        .expect("the program is data of every route");
    let actor = sign_in::recognise(program, &bearer.token).await;
    let actor = actor.map_err(ApiError::from)?;
    actor.ready().map_err(ApiError::from)?;
    clients::count_request(program, &actor)
        .await
        .map_err(ApiError::from)?;
    Ok(actor)
}

async fn signed_in(request: &Request, bearer: Bearer) -> poem::Result<Actor> {
    let actor = known(request, bearer).await?;
    actor.ready().map_err(ApiError::from)?;
    Ok(actor)
}

async fn known(request: &Request, bearer: Bearer) -> poem::Result<Actor> {
    let program = request
        .data::<Program>()
        .expect("the program is data of every route");
    let actor = sign_in::recognise(program, &bearer.token).await;
    let actor = actor.map_err(ApiError::from)?;
    // What is not meant for programs is closed to them.
    match actor.client {
        Some(_) => {
            Err(ApiError::Forbidden(Problem::new("client_not_allowed", "此操作不向接口客户端开放")).into())
        }
        None => Ok(actor),
    }
}

/// Where no address is known everybody is behind the same one.
pub(super) fn address(client: ClientAddress) -> IpAddr {
    client.0.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

pub struct Auth;

/// Phone number and password, and on a phone the name of its storage.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
struct Credentials {
    /// Mobile number of the account.
    #[oai(validator(max_length = 40))]
    phone: String,
    /// Password, or the one-time code.
    #[oai(validator(max_length = 200))]
    password: String,
    /// 8 to 64 letters, digits, `-`, `_`: a random name that the phone made for its storage and keeps with its
    /// unsent edits. A console sends none.
    #[oai(validator(max_length = 64))]
    installation: Option<String>,
    /// What the device is called in lists of devices.
    #[oai(validator(max_length = 60))]
    label: Option<String>,
}

impl Example for Credentials {
    fn example() -> Self {
        Credentials {
            phone: "13900078411".into(),
            password: "walks-at-dawn-7".into(),
            installation: Some("k3v9-27ab-51f0".into()),
            label: Some("网格员手机".into()),
        }
    }
}

/// A device registration.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct RegisteredView {
    /// Registration of this installation for this account.
    id: Uuid,
    /// Opens the hand-in door when nothing else does. Told until the device has been heard of, never again.
    secret: Option<String>,
}

/// Tokens of a new session.
#[derive(Object)]
#[oai(skip_serializing_if_is_none, example)]
struct Tokens {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// Seconds that the access token is good.
    expires_in: i64,
    /// For `refresh_session`; replaced by each refresh, good for 180 days without use.
    refresh_token: String,
    /// The account concerned.
    account: Uuid,
    /// The session's id, as in `list_sessions`.
    session: Uuid,
    /// Signed in with a one-time code: the password must be changed first.
    must_change: bool,
    /// Where the request named an installation.
    device: Option<RegisteredView>,
}

impl Example for Tokens {
    fn example() -> Self {
        Tokens {
            access_token: "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiIsImtpZCI6IjMifQ.…".into(),
            expires_in: 900,
            refresh_token: "019a5f0c7d3b7a40b1c2d3e4f5a6b7c8.1.q0…".into(),
            account: Uuid::from_u128(0x019a5f0c_7d3b_7a40_b1c2_d3e4f5a6b7c1),
            session: Uuid::from_u128(0x019a5f0c_7d3b_7a40_b1c2_d3e4f5a6b7c8),
            must_change: false,
            device: None,
        }
    }
}

/// A refresh token to exchange.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
struct RefreshRequest {
    /// The newest one that was received.
    #[oai(validator(max_length = 200))]
    refresh_token: String,
    /// The installation that signed in; another one is refused.
    #[oai(validator(max_length = 64))]
    installation: Option<String>,
}

impl Example for RefreshRequest {
    fn example() -> Self {
        RefreshRequest {
            refresh_token: "019a5f0c7d3b7a40b1c2d3e4f5a6b7c8.1.q0…".into(),
            installation: None,
        }
    }
}

/// The next pair of tokens of a session.
#[derive(Object)]
struct RenewedTokens {
    /// To send as `Authorization: Bearer …`.
    access_token: String,
    /// Seconds that the access token is good.
    expires_in: i64,
    /// To present next time.
    refresh_token: String,
    /// The account concerned.
    account: Uuid,
    /// The password must be changed first.
    must_change: bool,
}

/// The present password and the one to have.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
struct PasswordChange {
    /// Present password, or the one-time code.
    #[oai(validator(max_length = 200))]
    current_password: String,
    /// 10 to 128 characters, not a common one.
    #[oai(validator(max_length = 200))]
    new_password: String,
}

impl Example for PasswordChange {
    fn example() -> Self {
        PasswordChange {
            current_password: "k7m2q9x4tv".into(),
            new_password: "walks-at-dawn-7".into(),
        }
    }
}

/// One grant that is valid today.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct MyGrant {
    /// `worker`, `cadre`, `town_officer`, `department`, `bureau_admin` or `auditor`.
    role: String,
    /// Village of a cadre, town of a town officer.
    division: Option<Uuid>,
    /// Grid of a worker.
    grid: Option<Uuid>,
    /// Category that a department may see.
    category: Option<String>,
    /// Name of the department.
    department: Option<String>,
}

impl From<Grant> for MyGrant {
    fn from(grant: Grant) -> MyGrant {
        MyGrant {
            role: grant.role.name().into(),
            division: grant.division,
            grid: grant.grid,
            category: grant.category,
            department: grant.department,
        }
    }
}

/// Who a token belongs to.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Me {
    /// The account concerned.
    account: Uuid,
    /// The person's own name.
    name: String,
    /// The session of this token.
    session: Uuid,
    /// The registration that this session was opened on.
    device: Option<Uuid>,
    /// Nothing else is open before `change_password`.
    must_change: bool,
    /// What the account may do today.
    grants: Vec<MyGrant>,
}

/// Nothing more to say.
#[derive(poem_openapi::ApiResponse)]
pub enum Done {
    /// Done, now or before.
    #[oai(status = 204)]
    Done,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Auth")]
impl Auth {
    /// Sign in by phone number and password
    ///
    /// Unknown numbers and wrong passwords get one answer (401 `sign_in_failed`). Failures are counted by account
    /// and by address; 429 says how long to wait.
    #[oai(path = "/sign-in", method = "post", operation_id = "sign_in")]
    async fn sign_in(
        &self,
        program: Data<&Program>,
        client: Data<&ClientAddress>,
        body: Json<Credentials>,
    ) -> Answer<Json<Tokens>> {
        let installation = body.installation.as_deref().map(Installation::parse);
        let installation = installation.transpose()?;
        let asked = SignIn {
            phone: &body.phone,
            password: &body.password,
            installation: installation.as_ref(),
            label: body.label.as_deref().unwrap_or_default(),
            address: address(**client),
        };
        let now = program.clock.now();
        let done = sign_in::sign_in(&program.db, &program.keys, &program.signing, &asked, now).await?;
        Ok(Json(Tokens {
            access_token: done.access,
            expires_in: done.expires_in,
            refresh_token: done.refresh,
            account: done.account,
            session: done.session,
            must_change: done.must_change,
            device: done.device.map(|device| RegisteredView {
                id: device.id,
                secret: device.secret,
            }),
        }))
    }

    /// Exchange a refresh token for the next pair
    ///
    /// The same token may be presented again until its successor was, and within 60 seconds even then: the answer
    /// names the same successor. Later reuse ends the session (401 `session_ended`).
    #[oai(path = "/sessions/refresh", method = "post", operation_id = "refresh_session")]
    async fn refresh_session(
        &self,
        program: Data<&Program>,
        body: Json<RefreshRequest>,
    ) -> Answer<Json<RenewedTokens>> {
        let renewed = sessions::refresh(
            &program.db,
            &program.keys,
            &program.signing,
            &body.refresh_token,
            body.installation.as_deref(),
            program.clock.now(),
        )
        .await?;
        Ok(Json(RenewedTokens {
            access_token: renewed.access,
            expires_in: renewed.expires_in,
            refresh_token: renewed.refresh,
            account: renewed.account,
            must_change: renewed.must_change,
        }))
    }

    /// End the session of this token
    #[oai(path = "/sign-out", method = "post", operation_id = "sign_out")]
    async fn sign_out(&self, program: Data<&Program>, who: Known) -> Answer<Done> {
        sessions::sign_out(&program.db, &who.0, program.clock.now()).await?;
        Ok(Done::Done)
    }

    /// Change the own password
    ///
    /// Ends the account's other sessions. Wrong guesses count as failed sign-ins.
    #[oai(path = "/password", method = "post", operation_id = "change_password")]
    async fn change_password(
        &self,
        program: Data<&Program>,
        client: Data<&ClientAddress>,
        who: Known,
        body: Json<PasswordChange>,
    ) -> Answer<Done> {
        accounts::change_password(
            &program.db,
            &program.keys,
            &who.0,
            &body.current_password,
            &body.new_password,
            address(**client),
            program.clock.now(),
        )
        .await?;
        Ok(Done::Done)
    }

    /// Who this token belongs to, and what is granted today
    #[oai(path = "/me", method = "get", operation_id = "get_me")]
    async fn get_me(&self, who: Known) -> Answer<Json<Me>> {
        let actor = who.0;
        Ok(Json(Me {
            account: actor.account,
            name: actor.name,
            session: actor.session,
            device: actor.device,
            must_change: actor.must_change,
            grants: actor.grants.into_iter().map(MyGrant::from).collect(),
        }))
    }
}
