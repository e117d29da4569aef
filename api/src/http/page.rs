//! Keyset paging at the edge: the key of a page's last row as one opaque text.

use super::error::{ApiError, Problem};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Rows of a page: 1 to 200, 50 where nothing is asked.
///
/// # Errors
/// 400 `invalid_parameter` for anything else.
pub fn limit(asked: Option<u64>) -> Result<u64, ApiError> {
    match asked.unwrap_or(50) {
        limit @ 1..=200 => Ok(limit),
        _ => Err(bad("limit", "每页 1 至 200 条")),
    }
}

/// The key of the page's last row, for `after`; `None` when the page is not full and therefore the last.
pub fn next<R, K: Serialize>(page: &[R], limit: u64, key: impl Fn(&R) -> K) -> Option<String> {
    let last = page.last().filter(|_| page.len() as u64 == limit)?;
    let key = serde_json::to_vec(&key(last)).expect("keys are texts and numbers");
    Some(URL_SAFE_NO_PAD.encode(key))
}

/// Reads what [`next`] gave.
///
/// # Errors
/// 400 `invalid_parameter` for what it never gave.
pub fn after<K: DeserializeOwned>(given: Option<&str>) -> Result<Option<K>, ApiError> {
    let Some(text) = given else {
        return Ok(None);
    };
    let key = URL_SAFE_NO_PAD.decode(text).ok();
    match key.and_then(|key| serde_json::from_slice(&key).ok()) {
        Some(key) => Ok(Some(key)),
        None => Err(bad("after", "分页参数无效，请从第一页开始")),
    }
}

/// 400 `invalid_parameter` about one parameter.
pub fn bad(field: &str, message: &str) -> ApiError {
    ApiError::BadRequest(Problem::in_fields(
        "invalid_parameter",
        message,
        vec![field.to_owned()],
    ))
}
