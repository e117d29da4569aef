//! Errors at the edge: one body everywhere, one variant for each status that we can answer.

use super::json::Json;
use crate::app::Error;
use crate::store::fault;
use poem::error::{NotFoundError, ParseMultipartError as PoemMultipart, ReadBodyError};
use poem::http::StatusCode;
use poem::{IntoResponse, Response};
use poem_openapi::error::{ParseMultipartError, ParseParamError, ParsePathError, ParseRequestPayloadError};
use poem_openapi::types::{Any, ToJSON};
use poem_openapi::{ApiResponse, Object, OperationId};
use serde_json::Value;
use uuid::Uuid;

/// What every answer that is not a success holds.
#[derive(Debug, Object)]
pub struct Problem {
    /// A stable name that programs may rely on: `edit_too_large`.
    pub code: String,
    /// A Chinese sentence for people.
    pub message: String,
    /// Names of what to correct; empty when no single field is at fault.
    pub fields: Vec<String>,
    /// With 409, the value or state as it is now, where there is one to show.
    #[oai(skip_serializing_if_is_none)]
    pub present: Option<Any<Value>>,
}

impl Problem {
    pub fn new(code: &str, message: impl Into<String>) -> Json<Problem> {
        Problem::in_fields(code, message, Vec::new())
    }

    pub fn in_fields(code: &str, message: impl Into<String>, fields: Vec<String>) -> Json<Problem> {
        Json(Problem {
            code: code.to_owned(),
            message: message.into(),
            fields,
            present: None,
        })
    }
}

/// What a handler answers: a success, or a status that the contract lists.
pub type Answer<T> = Result<T, ApiError>;

#[derive(Debug, ApiResponse)]
pub enum ApiError {
    /// The request cannot be understood: not JSON, an unknown or missing field, a wrong type.
    #[oai(status = 400)]
    BadRequest(Json<Problem>),
    /// Who is asking is not known, or no longer: no, an expired or a forged token; wrong number or password.
    #[oai(status = 401)]
    Unauthorized(Json<Problem>),
    /// The actor may know that it exists, and may not do this.
    #[oai(status = 403)]
    Forbidden(Json<Problem>),
    /// It does not exist, or the actor may not know that it does: the same bytes.
    #[oai(status = 404)]
    NotFound(Json<Problem>),
    /// The path knows other methods only.
    #[oai(status = 405)]
    MethodNotAllowed(Json<Problem>),
    /// Somebody was there first; `present` says what is there now.
    #[oai(status = 409)]
    Conflict(Json<Problem>),
    /// The body is larger than this operation takes.
    #[oai(status = 413)]
    TooLarge(Json<Problem>),
    /// Content type or encoding of the body is not one that is read here.
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
    /// Nothing can be written, or the database does not answer, at present; nothing was changed.
    #[oai(status = 503)]
    Unavailable(Json<Problem>),
}

impl ApiError {
    pub fn not_found() -> ApiError {
        ApiError::NotFound(Problem::new("not_found", "不存在，或不在您的管辖范围内"))
    }

    pub fn too_large(most: usize) -> ApiError {
        let message = format!("请求（解压后）超过 {} KB，请分批发送", most / 1024);
        ApiError::TooLarge(Problem::new("too_large", message))
    }

    /// The envelope, which knows the request's id, puts it into the text.
    fn internal() -> ApiError {
        ApiError::Internal(Problem::new("internal", "服务器内部错误，请稍后再试"))
    }
}

/// All that a 500 tells, as JSON.
pub fn internal_text(request: Uuid) -> String {
    let message = format!("服务器内部错误，请把请求号告诉管理员：{request}");
    Problem::new("internal", message).to_json_string()
}

impl From<Error> for ApiError {
    fn from(error: Error) -> ApiError {
        match error {
            Error::NotFound => ApiError::not_found(),
            Error::Unauthorized { code, message } => ApiError::Unauthorized(Problem::new(code, message)),
            Error::Forbidden { code, message } => ApiError::Forbidden(Problem::new(code, message)),
            Error::Refused {
                code,
                message,
                fields,
            } => ApiError::Refused(Problem::in_fields(code, message, fields)),
            Error::Conflict {
                code,
                message,
                present,
            } => {
                let Json(mut problem) = Problem::new(code, message);
                problem.present = present.map(Any);
                ApiError::Conflict(Json(problem))
            }
            Error::TooMany { seconds } => {
                ApiError::TooMany(Problem::new("too_many", "尝试过于频繁，请稍后再试"), seconds)
            }
            Error::OverQuota {
                code,
                message,
                seconds,
            } => ApiError::TooMany(Problem::new(code, message), seconds),
            Error::StorageFull => {
                tracing::error!("storage is full");
                let message = "存储空间不足，暂时无法写入，本次内容未保存";
                ApiError::Unavailable(Problem::new("storage_full", message))
            }
            Error::Database(cause) => {
                tracing::error!(cause = %fault::describe(&cause), "the database failed");
                ApiError::internal()
            }
            Error::Damaged(what) => {
                tracing::error!(what, "a row does not open");
                ApiError::internal()
            }
        }
    }
}

/// The one place where errors that no handler made (routing, parsing, reading) get the same body.
pub async fn answer(error: poem::Error) -> Response {
    let operation = error.data::<OperationId>().cloned();
    let mut answer = if error.is_from_response() {
        error.into_response()
    } else {
        read(&error).into_response()
    };
    if let Some(operation) = operation {
        answer.set_data(operation);
    }
    answer
}

/// Parsers quote the value that they could not read; none of their texts is passed on.
fn read(error: &poem::Error) -> ApiError {
    let bad = |code, message: &str| ApiError::BadRequest(Problem::new(code, message));
    if let Some(ParseParamError { name, .. }) = error.downcast_ref() {
        let fields = vec![(*name).to_owned()];
        return ApiError::BadRequest(Problem::in_fields("invalid_parameter", "参数有误", fields));
    }
    // A path that names nothing readable names nothing that exists.
    if error.is::<ParsePathError>() || error.is::<NotFoundError>() {
        return ApiError::not_found();
    }
    if error.is::<ParseRequestPayloadError>() {
        return bad("bad_request", "请求的格式不对");
    }
    if error.is::<ParseMultipartError>() || error.is::<PoemMultipart>() {
        return bad("invalid_form", "上传的表单有误");
    }
    if error.is::<ReadBodyError>() {
        return bad("unreadable_body", "请求体不完整或压缩格式有误");
    }
    match error.status() {
        StatusCode::UNAUTHORIZED => ApiError::Unauthorized(Problem::new("unauthorized", "请先登录")),
        StatusCode::FORBIDDEN => ApiError::Forbidden(Problem::new("forbidden", "没有权限")),
        StatusCode::METHOD_NOT_ALLOWED => {
            ApiError::MethodNotAllowed(Problem::new("method_not_allowed", "不支持这种请求方法"))
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::TooLarge(Problem::new("too_large", "请求超过大小限制，请分批发送"))
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ApiError::Unsupported(Problem::new("unsupported_media_type", "不支持这种内容类型"))
        }
        status if status.is_client_error() => bad("bad_request", "请求的格式不对"),
        status => {
            tracing::error!(status = status.as_u16(), "unexpected failure");
            ApiError::internal()
        }
    }
}
