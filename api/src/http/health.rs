//! Whether the program lives, and whether it can serve.

use super::error::{Answer, ApiError, Problem};
use crate::program::Program;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use sea_orm::ConnectionTrait;

pub struct Health;

#[derive(Object)]
struct Status {
    /// `ok`.
    #[oai(validator(max_length = 10))]
    status: String,
}

#[OpenApi(tag = "super::contract::Tag::Health")]
impl Health {
    /// Whether the program lives
    #[oai(path = "/health/live", method = "get", operation_id = "get_live")]
    async fn live(&self) -> Json<Status> {
        Json(Status { status: "ok".into() })
    }

    /// Whether the program can serve: the database answers
    #[oai(path = "/health/ready", method = "get", operation_id = "get_ready")]
    async fn ready(&self, program: Data<&Program>) -> Answer<Json<Status>> {
        match program.db.read().execute_unprepared("SELECT 1").await {
            Ok(_) => Ok(Json(Status { status: "ok".into() })),
            Err(_) => Err(ApiError::Unavailable(Problem::new(
                "not_ready",
                "数据库暂时无法访问",
            ))),
        }
    }
}
