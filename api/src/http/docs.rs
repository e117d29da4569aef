//! Swagger UI at `/docs`: embedded, asks nothing from outside.

use super::contract::Apis;
use super::envelope::Policy;
use poem::endpoint::make_sync;
use poem::web::Html;
use poem::{Endpoint, IntoResponse, Response};
use poem_openapi::OpenApiService;

/// Its script and style are inline, so this page alone needs a looser policy; it still loads nothing from outside.
const POLICY: &str = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; font-src data:; connect-src 'self'; frame-ancestors 'none'; \
                      base-uri 'none'; form-action 'none'";

pub fn endpoint(api: &OpenApiService<Apis, ()>) -> impl Endpoint<Output = Response> + use<> {
    let page = api.swagger_ui_html();
    make_sync(move |_| {
        let mut answer = Html(page.clone()).into_response();
        answer.set_data(Policy(POLICY));
        answer
    })
}
