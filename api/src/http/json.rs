//! JSON bodies: as poem-openapi's own, but a body that does not fit its type is answered with the names of the
//! fields at fault instead of a sentence that quotes their values.

use super::error::{ApiError, Problem};
use poem::{FromRequest, IntoResponse, Request, RequestBody, Response, Result};
use poem_openapi::ApiResponse;
use poem_openapi::payload::{Json as Inner, ParsePayload, Payload};
use poem_openapi::registry::{
    MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};
use poem_openapi::types::{ParseFromJSON, ToJSON, Type};
use serde_json::Value;
use std::ops::Deref;

#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Type> Payload for Json<T> {
    const CONTENT_TYPE: &'static str = Inner::<T>::CONTENT_TYPE;

    fn check_content_type(content_type: &str) -> bool {
        Inner::<T>::check_content_type(content_type)
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ParseFromJSON> ParsePayload for Json<T> {
    const IS_REQUIRED: bool = T::IS_REQUIRED;

    async fn from_request(request: &Request, body: &mut RequestBody) -> Result<Self> {
        let bytes = Vec::<u8>::from_request(request, body).await?;
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|_| ApiError::BadRequest(Problem::new("invalid_json", "请求体不是有效的 JSON")))?;
        match T::parse_from_json(Some(value.clone())) {
            Ok(read) => Ok(Json(read)),
            Err(_) => {
                let fields = at_fault::<T>(&value);
                Err(
                    ApiError::BadRequest(Problem::in_fields("invalid_fields", "请求体的字段有误", fields))
                        .into(),
                )
            }
        }
    }
}

poem_openapi::impl_apirequest_for_payload!(Json<T>, T: ParseFromJSON);

impl<T: ToJSON> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        Inner(self.0).into_response()
    }
}

impl<T: ToJSON> ApiResponse for Json<T> {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: Self::CONTENT_TYPE,
                    schema: Self::schema_ref(),
                }],
                headers: Vec::new(),
            }],
        }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// Paths of the fields that do not fit the schema: missing, unknown, of another type, not a listed value.
fn at_fault<T: Type>(value: &Value) -> Vec<String> {
    let mut registry = Registry::new();
    T::register(&mut registry);
    let mut found = Vec::new();
    look(&registry, &T::schema_ref(), value, "", &mut found);
    found
}

fn look(registry: &Registry, schema: &MetaSchemaRef, value: &Value, path: &str, found: &mut Vec<String>) {
    let Some(schema) = resolve(registry, schema) else {
        return;
    };
    match (schema.ty, value) {
        ("object", Value::Object(members)) if schema.additional_properties.is_none() => {
            for (name, of) in &schema.properties {
                let inner = join(path, name);
                match members.get(*name) {
                    None | Some(Value::Null) if schema.required.contains(name) => found.push(inner),
                    None | Some(Value::Null) => {}
                    Some(member) => look(registry, of, member, &inner, found),
                }
            }
            let unknown = members
                .keys()
                .filter(|k| !schema.properties.iter().any(|(n, _)| n == k));
            found.extend(unknown.filter(|k| is_name(k)).map(|k| join(path, k)));
        }
        ("array", Value::Array(elements)) => {
            let Some(of) = &schema.items else { return };
            for (n, element) in elements.iter().enumerate() {
                look(registry, of, element, &format!("{path}[{n}]"), found);
            }
        }
        (ty, value) if !fits(ty, schema, value) => found.push(if path.is_empty() {
            "body".into()
        } else {
            path.into()
        }),
        _ => {}
    }
}

/// Names that a client made up are passed on where they look like names of ours: others may be anything, also
/// somebody's.
fn is_name(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b == b'_';
    text.len() <= 40 && text.bytes().all(fits)
}

fn resolve<'a>(registry: &'a Registry, schema: &'a MetaSchemaRef) -> Option<&'a MetaSchema> {
    match schema {
        MetaSchemaRef::Inline(schema) if schema.all_of.len() == 1 => resolve(registry, &schema.all_of[0]),
        MetaSchemaRef::Inline(schema) => Some(schema),
        MetaSchemaRef::Reference(name) => registry.schemas.get(name),
    }
}

fn fits(ty: &str, schema: &MetaSchema, value: &Value) -> bool {
    let kind = match ty {
        "string" => value.as_str().is_some_and(|text| match schema.format {
            Some("uuid") => uuid::Uuid::try_parse(text).is_ok(),
            _ => true,
        }),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        _ => true,
    };
    kind && (schema.enum_items.is_empty() || schema.enum_items.contains(value))
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
