//! One error body everywhere, and the one place where a use case's error becomes a status.

use crate::app::Error;
use poem::Response;
use poem::http::StatusCode;
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{ApiResponse, Object};

/// What every answer that is not a success holds.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Problem {
    /// A stable name that programs may rely on.
    #[oai(validator(max_length = 60))]
    pub code: String,
    /// A Chinese sentence for people.
    pub message: String,
    /// Names of what to correct.
    pub fields: Vec<String>,
    /// For 409: what is there now.
    pub present: Option<Any<serde_json::Value>>,
}

impl Problem {
    pub fn new(code: &str, message: &str) -> Json<Problem> {
        Json(Problem {
            code: code.into(),
            message: message.into(),
            fields: Vec::new(),
            present: None,
        })
    }
}

#[derive(ApiResponse)]
pub enum ApiError {
    /// The request cannot be understood.
    #[oai(status = 400)]
    BadRequest(Json<Problem>),
    /// Who is asking is not known, or no longer.
    #[oai(status = 401)]
    Unauthorized(Json<Problem>),
    /// The actor may know that it exists, and may not do this.
    #[oai(status = 403)]
    Forbidden(Json<Problem>),
    /// It does not exist, or the actor may not know that it does.
    #[oai(status = 404)]
    NotFound(Json<Problem>),
    /// Somebody was there first; `present` says what is there now.
    #[oai(status = 409)]
    Conflict(Json<Problem>),
    /// Larger than the limits that the catalogue names.
    #[oai(status = 413)]
    TooLarge(Json<Problem>),
    /// The body is not of a kind that is read here.
    #[oai(status = 415)]
    Unsupported(Json<Problem>),
    /// Understood, and not possible as asked; `fields` names what to correct.
    #[oai(status = 422)]
    Refused(Json<Problem>),
    /// Too often: try again after the seconds of `Retry-After`.
    #[oai(status = 429)]
    TooMany(Json<Problem>, #[oai(header = "Retry-After")] u64),
    /// Our fault; the request id finds the cause in the log.
    #[oai(status = 500)]
    Internal(Json<Problem>),
    /// Nothing can be written at present, and nothing was.
    #[oai(status = 503)]
    Unavailable(Json<Problem>),
}

pub type Answer<T> = Result<T, ApiError>;

impl From<Error> for ApiError {
    fn from(error: Error) -> ApiError {
        match error {
            Error::NotFound => ApiError::NotFound(Problem::new("not_found", "不存在")),
            Error::Forbidden { code, message } => ApiError::Forbidden(Problem::new(code, message)),
            Error::Unauthorized { code, message } => ApiError::Unauthorized(Problem::new(code, message)),
            Error::TooMany { seconds } => {
                ApiError::TooMany(Problem::new("too_many", "操作过于频繁，请稍后再试"), seconds)
            }
            Error::Refused {
                code,
                message,
                fields,
            } => ApiError::Refused(Json(Problem {
                code: code.into(),
                message,
                fields,
                present: None,
            })),
            Error::Conflict {
                code,
                message,
                present,
            } => {
                let present = present.map(Any);
                ApiError::Conflict(Json(Problem {
                    code: code.into(),
                    message,
                    fields: Vec::new(),
                    present,
                }))
            }
            Error::StorageFull => {
                tracing::error!("storage is full");
                ApiError::Unavailable(Problem::new(
                    "storage_full",
                    "存储空间不足，暂时无法写入，本次内容未保存",
                ))
            }
            Error::Database(cause) => {
                tracing::error!(cause = %Scrubbed(&cause), "the database failed");
                ApiError::Internal(internal())
            }
            Error::Damaged(what) => {
                tracing::error!(what, "a row does not open");
                ApiError::Internal(internal())
            }
        }
    }
}

/// A database error without the values that it may quote.
pub struct Scrubbed<'a>(pub &'a sea_orm::DbErr);

impl std::fmt::Display for Scrubbed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.0.to_string();
        // Details and parameters stand on later lines or behind quotes.
        let first = text.lines().next().unwrap_or_default();
        f.write_str(first.split(['\'', '"', '(']).next().unwrap_or_default())
    }
}

fn internal() -> Json<Problem> {
    Problem::new("internal", "服务器内部错误，请稍后再试")
}

/// Faults that do not pass through [`ApiError`]: no such path, a body that does not parse, a missing token.
pub fn foreign(error: poem::Error) -> Response {
    if error.is_from_response() {
        return error.into_response();
    }
    let (code, message) = match error.status() {
        StatusCode::BAD_REQUEST => ("bad_request", "请求的格式不对"),
        StatusCode::UNAUTHORIZED => ("unauthorized", "请先登录"),
        StatusCode::FORBIDDEN => ("forbidden", "没有权限"),
        StatusCode::NOT_FOUND => ("not_found", "不存在"),
        StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "不支持这种请求方法"),
        StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "请求超过大小限制，请分批发送"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported_media_type", "不支持这种内容类型"),
        status if status.is_client_error() => ("bad_request", "请求的格式不对"),
        _ => ("internal", "服务器内部错误，请稍后再试"),
    };
    let status = if code == "internal" {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        error.status()
    };
    let body = serde_json::json!({ "code": code, "message": message, "fields": [] }).to_string();
    Response::builder()
        .status(status)
        .content_type("application/json; charset=utf-8")
        .body(body)
}
