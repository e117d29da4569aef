//! Refuses a query with NUL, before any operation reads it: no text that people type holds one, and PostgreSQL
//! takes none even to compare with.

use super::error::{ApiError, Problem};
use poem::{Endpoint, IntoResponse, Request, Response, Result};

pub struct WithoutNul<E>(pub E);

impl<E: Endpoint> Endpoint for WithoutNul<E> {
    type Output = Response;

    async fn call(&self, req: Request) -> Result<Response> {
        if req.uri().query().is_some_and(|query| query.contains("%00")) {
            let problem = Problem::new("invalid_parameter", "参数有误");
            return Err(ApiError::BadRequest(problem).into());
        }
        self.0.call(req).await.map(IntoResponse::into_response)
    }
}
