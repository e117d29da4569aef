//! `GET /metrics`: figures for Prometheus, for whoever is configured to read them and nobody else.

use super::error::{Answer, ApiError};
use super::frame::ClientAddress;
use crate::app::metrics::{self, Last};
use crate::config::Config;
use crate::net::Network;
use crate::program::Program;
use poem::http::header;
use poem::web::Data;
use poem::{IntoResponse, Request, Response};
use poem_openapi::payload::{Payload, PlainText};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::{ApiResponse, OpenApi};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use subtle::ConstantTimeEq;

pub struct Metrics;

/// Who may read the figures. Without an address or a token in the configuration: nobody.
#[derive(Clone)]
pub struct Door {
    from: Arc<[Network]>,
    token: Option<Arc<str>>,
    data: Arc<PathBuf>,
    last: Arc<Last>,
}

impl Door {
    pub fn new(config: &Config) -> Door {
        Door {
            from: Arc::from(config.metrics_from.as_slice()),
            token: config.metrics_token.as_deref().map(Arc::from),
            data: Arc::new(config.data.clone()),
            last: Arc::default(),
        }
    }

    /// What is configured must be right: the address where there are addresses, the token where there is one.
    fn opens(&self, address: Option<IpAddr>, authorization: Option<&str>) -> bool {
        if self.from.is_empty() && self.token.is_none() {
            return false;
        }
        let near = self.from.is_empty() || address.is_some_and(|a| self.from.iter().any(|n| n.contains(a)));
        let known = self.token.as_deref().is_none_or(|token| {
            let given = authorization.and_then(|a| a.split_once(' '));
            given.is_some_and(|(scheme, given)| {
                scheme.eq_ignore_ascii_case("bearer") && bool::from(given.as_bytes().ct_eq(token.as_bytes()))
            })
        });
        near && known
    }
}

/// OpenMetrics text.
pub struct Figures(String);

const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl IntoResponse for Figures {
    fn into_response(self) -> Response {
        Response::builder()
            .header(header::CONTENT_TYPE, KIND)
            .body(self.0)
    }
}

impl ApiResponse for Figures {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "Figures of this node since it started, and of the county's database.",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: KIND,
                    schema: <PlainText<String> as Payload>::schema_ref(),
                }],
                headers: vec![],
            }],
        }
    }

    fn register(_registry: &mut Registry) {}
}

#[OpenApi(tag = "super::contract::Tag::Health")]
impl Metrics {
    /// Figures for Prometheus
    ///
    /// Requests and latency by operation, the queue before the writer, how far phones are behind, ages of jobs,
    /// what waits for people, phones out of contact, age of the newest backup, sizes. Nothing personal. Off (404)
    /// unless `HESHAN_METRICS_FROM` or `HESHAN_METRICS_TOKEN` is configured; where both are, both must be right.
    #[oai(path = "/metrics", method = "get", operation_id = "get_metrics")]
    async fn metrics(
        &self,
        program: Data<&Program>,
        door: Data<&Door>,
        request: &Request,
    ) -> Answer<Figures> {
        let authorization = request.headers().get(header::AUTHORIZATION);
        let authorization = authorization.and_then(|value| value.to_str().ok());
        if !door.opens(ClientAddress::of(request).0, authorization) {
            return Err(ApiError::not_found());
        }
        Ok(Figures(metrics::text(&program, &door.data, &door.last).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn opens_to_whom_it_was_told() {
        const TOKEN: &str = "0123456789abcdef0123456789abcdef";
        let right = format!("Bearer {TOKEN}");
        let wrong = format!("Bearer {TOKEN}x");
        let basic = format!("Basic {TOKEN}");
        for (from, token, address, authorization, expected) in [
            ("", "", "127.0.0.1", None, false),
            ("", "", "127.0.0.1", Some(right.as_str()), false),
            ("127.0.0.1", "", "127.0.0.1", None, true),
            ("127.0.0.1", "", "10.0.0.7", None, false),
            ("10.0.0.0/8, ::1", "", "10.0.0.7", None, true),
            ("", TOKEN, "10.0.0.7", Some(right.as_str()), true),
            ("", TOKEN, "10.0.0.7", Some(wrong.as_str()), false),
            ("", TOKEN, "10.0.0.7", Some(basic.as_str()), false),
            ("", TOKEN, "10.0.0.7", None, false),
            ("127.0.0.1", TOKEN, "127.0.0.1", Some(right.as_str()), true),
            ("127.0.0.1", TOKEN, "127.0.0.1", None, false),
            ("127.0.0.1", TOKEN, "10.0.0.7", Some(right.as_str()), false),
        ] {
            let mut settings = BTreeMap::new();
            settings.insert("HESHAN_METRICS_FROM".to_owned(), from.to_owned());
            settings.insert("HESHAN_METRICS_TOKEN".to_owned(), token.to_owned());
            let door = Door::new(&Config::from(&settings).unwrap());
            let address: IpAddr = address.parse().unwrap();
            let opens = door.opens(Some(address), authorization);
            assert_eq!(opens, expected, "{from:?} {token:?} {address} {authorization:?}");
            assert!(!door.opens(None, None));
        }
    }
}
