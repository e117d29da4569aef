//! What the envelope knows about a request and hands inwards.

use poem::{FromRequest, Request, RequestBody, Result};
use std::net::{IpAddr, Ipv4Addr};
use uuid::Uuid;

/// The request's id, made here; nobody can choose it.
#[derive(Clone, Copy, Debug)]
pub struct RequestId(pub Uuid);

/// Where the request came from, proxies looked through. Known to lock-outs only: it is never logged.
#[derive(Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

impl<'a> FromRequest<'a> for RequestId {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Ok(of(req))
    }
}

impl<'a> FromRequest<'a> for ClientAddress {
    async fn from_request(req: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let known = req.extensions().get().copied();
        Ok(known.unwrap_or(ClientAddress(IpAddr::V4(Ipv4Addr::UNSPECIFIED))))
    }
}

/// The id that the envelope gave; a nil one where a test calls an endpoint without its envelope.
pub fn of(req: &Request) -> RequestId {
    let known = req.extensions().get().copied();
    known.unwrap_or(RequestId(Uuid::nil()))
}
