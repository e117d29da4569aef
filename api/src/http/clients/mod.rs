//! Departments' programs, as the bureau makes and ends them.

mod shapes;

use super::auth::{Done, SignedIn};
use super::contract::Tag;
use super::error::Answer;
use super::json::Json;
use crate::app::clients;
use crate::program::Program;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use shapes::*;
use uuid::Uuid;

pub struct Clients;

#[OpenApi(prefix_path = "/api/v1/clients", tag = "Tag::Clients")]
impl Clients {
    /// Make a client with its first secret, which is told in this answer only
    #[oai(path = "/", method = "post", operation_id = "create_client")]
    async fn create(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        body: Json<NewClientBody>,
    ) -> Answer<Json<MadeView>> {
        let (client, secret) = clients::create(&program, &who.0, body.0.read()?).await?;
        Ok(Json(MadeView {
            client,
            secret: secret.into(),
        }))
    }

    /// Clients in the order of making
    #[oai(path = "/", method = "get", operation_id = "list_clients")]
    async fn list(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The last client of the page before.
        after: Query<Option<Uuid>>,
        /// 1 to 200, 50 by default.
        limit: Query<Option<u64>>,
    ) -> Answer<Json<ClientPage>> {
        let limit = super::page::limit(*limit)?;
        let found = clients::list(&program, &who.0, *after, limit).await?;
        let next = found
            .last()
            .filter(|_| found.len() as u64 == limit)
            .map(|c| c.row.id);
        let items = found.into_iter().map(ClientView::from).collect();
        Ok(Json(ClientPage { items, next }))
    }

    /// One client: its scopes, quotas and live secrets
    #[oai(path = "/:id", method = "get", operation_id = "get_client")]
    async fn get(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The client.
        id: Path<Uuid>,
    ) -> Answer<Json<ClientView>> {
        Ok(Json(clients::get(&program, &who.0, *id).await?.into()))
    }

    /// Change a client's scopes, quotas or end, bar it or let it in again
    ///
    /// Members that are left out stay as they are. It holds from the client's next request on, and for exports that run.
    #[oai(path = "/:id", method = "patch", operation_id = "change_client")]
    async fn change(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The client.
        id: Path<Uuid>,
        body: Json<ClientPatchBody>,
    ) -> Answer<Json<ClientView>> {
        clients::change(&program, &who.0, *id, &body.0.read()?).await?;
        Ok(Json(clients::get(&program, &who.0, *id).await?.into()))
    }

    /// Revoke a client for good, at once
    #[oai(path = "/:id", method = "delete", operation_id = "revoke_client")]
    async fn revoke(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The client.
        id: Path<Uuid>,
    ) -> Answer<Done> {
        clients::revoke(&program, &who.0, *id).await?;
        Ok(Done::Done)
    }

    /// Make another secret, which is told in this answer only
    ///
    /// The one before goes on opening for `overlap_days`. Two may be live at a time (409 `two_secrets`).
    #[oai(path = "/:id/secrets", method = "post", operation_id = "rotate_client_secret")]
    async fn rotate(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The client.
        id: Path<Uuid>,
        body: Json<RotateBody>,
    ) -> Answer<Json<NewSecretView>> {
        let expires = instant(body.expires_at.as_deref())?;
        let overlap = body.overlap_days.unwrap_or(7);
        let told = clients::rotate(&program, &who.0, *id, overlap, expires).await?;
        Ok(Json(told.into()))
    }

    /// End one secret and all tokens that were given for it, at once
    #[oai(
        path = "/:id/secrets/:secret",
        method = "delete",
        operation_id = "end_client_secret"
    )]
    async fn end_secret(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The client.
        id: Path<Uuid>,
        /// The secret's id.
        secret: Path<Uuid>,
    ) -> Answer<Done> {
        clients::end_secret(&program, &who.0, *id, *secret).await?;
        Ok(Done::Done)
    }
}
