//! Bodies and answers whose JSON we keep as text: parsing them to a tree first would refuse a whole request for one
//! broken character, and cost twice.

use poem::http::header;
use poem::{FromRequest, IntoResponse, Request, RequestBody, Response, Result};
use poem_openapi::ApiResponse;
use poem_openapi::payload::{ParsePayload, Payload};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use std::marker::PhantomData;

/// JSON bytes that are documented as `T`.
pub struct Raw<T> {
    pub bytes: Vec<u8>,
    shape: PhantomData<T>,
}

impl<T> Raw<T> {
    pub fn new(bytes: Vec<u8>) -> Raw<T> {
        Raw {
            bytes,
            shape: PhantomData,
        }
    }
}

impl<T: Type> Payload for Raw<T> {
    const CONTENT_TYPE: &'static str = "application/json; charset=utf-8";

    fn check_content_type(content_type: &str) -> bool {
        content_type.starts_with("application/json")
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type> ParsePayload for Raw<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> Result<Self> {
        Ok(Raw::new(Vec::<u8>::from_request(request, body).await?))
    }
}

impl<T: Type> IntoResponse for Raw<T> {
    fn into_response(self) -> Response {
        Response::builder()
            .header(header::CONTENT_TYPE, Self::CONTENT_TYPE)
            .body(self.bytes)
    }
}

poem_openapi::impl_apirequest_for_payload!(Raw<T>, T: Type);

impl<T: Type> ApiResponse for Raw<T> {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: Self::CONTENT_TYPE,
                    schema: T::schema_ref(),
                }],
                headers: vec![],
            }],
        }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}
