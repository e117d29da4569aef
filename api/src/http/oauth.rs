//! Tokens for departments' programs: OAuth 2.0 client credentials (RFC 6749 4.4), as standard libraries ask for them.

use super::auth::address;
use super::contract::Tag;
use super::error::{ApiError, Problem};
use super::frame::ClientAddress;
use super::json::Json;
use crate::app::Error;
use crate::app::clients::{self, Asked, Refusal};
use crate::program::Program;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use poem::Request;
use poem::http::header;
use poem::web::Data;
use poem_openapi::payload::Form;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Deserialize;

pub struct OAuth;

/// A request for a token. Id and secret come here or in a Basic `Authorization` header, not in both.
#[derive(Object, Default, Deserialize)]
#[oai(example)]
#[serde(default)]
struct TokenRequest {
    /// `client_credentials`.
    #[oai(validator(max_length = 60))]
    grant_type: Option<String>,
    /// The client's id.
    #[oai(validator(max_length = 60))]
    client_id: Option<String>,
    /// One of its live secrets.
    #[oai(validator(max_length = 100))]
    client_secret: Option<String>,
    /// `hand_in`, `export`, `changes` with blanks between; all that the client has where it is left out.
    #[oai(validator(max_length = 200))]
    scope: Option<String>,
}

impl Example for TokenRequest {
    fn example() -> Self {
        TokenRequest {
            grant_type: Some("client_credentials".into()),
            client_id: Some("0199a1b2-0000-7000-8000-000000000401".into()),
            client_secret: Some("hsc_…".into()),
            scope: Some("export changes".into()),
        }
    }
}

/// A token for `Authorization: Bearer`.
#[derive(Object)]
#[oai(example)]
struct TokenView {
    /// The token.
    access_token: String,
    /// `Bearer`.
    token_type: String,
    /// Seconds that it is good. There is no refresh token: ask again.
    expires_in: i64,
    /// What it opens.
    scope: String,
}

impl Example for TokenView {
    fn example() -> Self {
        TokenView {
            access_token: "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiIsImtpZCI6IjMifQ.…".into(),
            token_type: "Bearer".into(),
            expires_in: 900,
            scope: "export changes".into(),
        }
    }
}

/// The error of RFC 6749 5.2 (`error`, `error_description`) beside the members of every error here.
#[derive(Object)]
struct TokenProblem {
    /// As `error`.
    code: String,
    /// A Chinese sentence for people.
    message: String,
    /// Names of what to correct.
    fields: Vec<String>,
    /// `invalid_request`, `invalid_client`, `unsupported_grant_type` or `invalid_scope`.
    error: String,
    /// The same in plain ASCII, as the RFC wants it.
    error_description: String,
}

#[derive(ApiResponse)]
enum TokenError {
    /// `invalid_request`, `unsupported_grant_type` or `invalid_scope`.
    #[oai(status = 400)]
    BadRequest(Json<TokenProblem>),
    /// `invalid_client`: unknown, another secret, ended or barred.
    #[oai(status = 401)]
    Unauthorized(Json<TokenProblem>, #[oai(header = "WWW-Authenticate")] String),
    /// The body is larger than this operation takes.
    #[oai(status = 413)]
    TooLarge(Json<Problem>),
    /// The body is no form.
    #[oai(status = 415)]
    Unsupported(Json<Problem>),
    /// Too many failures: try again after the seconds of `Retry-After`.
    #[oai(status = 429)]
    TooMany(Json<Problem>, #[oai(header = "Retry-After")] u64),
    /// Our fault; the request id finds the cause in the log.
    #[oai(status = 500)]
    Internal(Json<Problem>),
    /// Nothing can be written, or the database does not answer, at present.
    #[oai(status = 503)]
    Unavailable(Json<Problem>),
}

impl From<Error> for TokenError {
    fn from(error: Error) -> TokenError {
        match ApiError::from(error) {
            ApiError::TooMany(problem, seconds) => TokenError::TooMany(problem, seconds),
            ApiError::Unavailable(problem) => TokenError::Unavailable(problem),
            ApiError::TooLarge(problem) => TokenError::TooLarge(problem),
            ApiError::Unsupported(problem) => TokenError::Unsupported(problem),
            ApiError::BadRequest(problem)
            | ApiError::Unauthorized(problem)
            | ApiError::Forbidden(problem)
            | ApiError::NotFound(problem)
            | ApiError::MethodNotAllowed(problem)
            | ApiError::Conflict(problem)
            | ApiError::Refused(problem)
            | ApiError::Internal(problem) => TokenError::Internal(problem),
        }
    }
}

fn problem(error: &str, message: &str, fields: &[&str], description: &str) -> Json<TokenProblem> {
    Json(TokenProblem {
        code: error.into(),
        message: message.into(),
        fields: fields.iter().map(|f| (*f).to_owned()).collect(),
        error: error.into(),
        error_description: description.into(),
    })
}

fn bad(error: &str, message: &str, fields: &[&str], description: &str) -> TokenError {
    TokenError::BadRequest(problem(error, message, fields, description))
}

/// Id and secret of a Basic header.
fn basic(request: &Request) -> Option<(String, String)> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    let text = STANDARD
        .decode(rest.trim())
        .ok()
        .filter(|_| scheme.eq_ignore_ascii_case("Basic"))?;
    let text = String::from_utf8(text).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

#[OpenApi(prefix_path = "/api/v1/oauth", tag = "Tag::Clients")]
impl OAuth {
    /// Get a token for a client's secret
    ///
    /// RFC 6749 4.4, with the errors of its 5.2 beside our own members. Failures are counted as those of signing in.
    #[oai(path = "/token", method = "post", operation_id = "create_token")]
    async fn create_token(
        &self,
        program: Data<&Program>,
        address_of: Data<&ClientAddress>,
        request: &Request,
        body: Form<TokenRequest>,
    ) -> Result<Json<TokenView>, TokenError> {
        let body = body.0;
        match body.grant_type.as_deref() {
            Some("client_credentials") => {}
            None | Some("") => {
                let what = "grant_type is missing";
                return Err(bad("invalid_request", "缺少 grant_type", &["grant_type"], what));
            }
            Some(_) => {
                let (message, what) = (
                    "只支持 client_credentials",
                    "only client_credentials is supported",
                );
                return Err(bad("unsupported_grant_type", message, &["grant_type"], what));
            }
        }
        let in_body = body.client_id.zip(body.client_secret);
        let (in_header, from_header) = match basic(request) {
            Some(pair) => (Some(pair), true),
            None => (None, false),
        };
        let (id, secret) = match (in_header, in_body) {
            (Some(_), Some(_)) => {
                let (message, what) = (
                    "客户端凭证只能用一种方式提交",
                    "credentials were sent in two ways",
                );
                return Err(bad("invalid_request", message, &[], what));
            }
            (Some(pair), None) | (None, Some(pair)) => pair,
            (None, None) => {
                let (message, what) = ("缺少客户端编号或密钥", "client_id or client_secret is missing");
                return Err(bad(
                    "invalid_request",
                    message,
                    &["client_id", "client_secret"],
                    what,
                ));
            }
        };
        let asked = Asked {
            client: &id,
            secret: &secret,
            scope: body.scope.as_deref(),
            address: address(**address_of),
        };
        match clients::token(&program, &asked).await? {
            Ok(given) => Ok(Json(TokenView {
                access_token: given.token,
                token_type: "Bearer".into(),
                expires_in: given.expires_in,
                scope: given.scope,
            })),
            Err(Refusal::InvalidScope) => {
                let (message, what) = (
                    "请求的操作未授权给该客户端",
                    "the client has not been given this scope",
                );
                Err(bad("invalid_scope", message, &["scope"], what))
            }
            Err(Refusal::InvalidClient) => {
                let told = problem(
                    "invalid_client",
                    "客户端编号或密钥不正确，或已停用",
                    &[],
                    "unknown client, wrong secret, or ended",
                );
                let how = if from_header {
                    "Basic realm=\"heshan-grid\""
                } else {
                    "Bearer"
                };
                Err(TokenError::Unauthorized(told, how.into()))
            }
        }
    }
}
