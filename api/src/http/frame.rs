//! What the envelope knows about a request and hands inwards, as request data.

use poem::{FromRequest, Request, RequestBody, Result};
use std::net::IpAddr;
use uuid::Uuid;

/// The request's id, made here; nobody can choose it.
#[derive(Clone, Copy, Debug)]
pub struct RequestId(pub Uuid);

/// The address that a request comes from, proxies believed only where configured; `None` where there is none
/// (a test in process). Known to lock-outs only: it is never logged.
#[derive(Clone, Copy)]
pub struct ClientAddress(pub Option<IpAddr>);

impl RequestId {
    /// The id that the envelope gave; nil where a test calls an endpoint without its envelope.
    pub fn of(req: &Request) -> RequestId {
        let known = req.extensions().get().copied();
        known.unwrap_or(RequestId(Uuid::nil()))
    }
}

impl ClientAddress {
    pub fn of(req: &Request) -> ClientAddress {
        let known = req.extensions().get().copied();
        known.unwrap_or(ClientAddress(None))
    }
}

impl<'a> FromRequest<'a> for RequestId {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Ok(RequestId::of(req))
    }
}

impl<'a> FromRequest<'a> for ClientAddress {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Ok(ClientAddress::of(req))
    }
}
