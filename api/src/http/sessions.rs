//! The own sessions.

use super::auth::{Done, SignedIn};
use super::contract::Tag;
use super::error::Answer;
use super::json::Json;
use crate::app::sessions;
use crate::app::sessions::SessionRow;
use crate::program::Program;
use domain::Instant;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Sessions;

/// One sign-in that still lives.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct SessionView {
    /// Its id.
    id: Uuid,
    /// The registration it was opened on; none on a console.
    device: Option<Uuid>,
    /// RFC 3339.
    created_at: String,
    /// Last refresh, RFC 3339.
    used_at: String,
    /// When it ends if it is not used, RFC 3339.
    expires_at: String,
    /// The one that asks.
    current: bool,
}

fn instant(millis: i64) -> String {
    Instant::from_millis(millis).to_string()
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Auth")]
impl Sessions {
    /// The own living sessions, the last used first
    #[oai(path = "/sessions", method = "get", operation_id = "list_sessions")]
    async fn list_sessions(&self, program: Data<&Program>, who: SignedIn) -> Answer<Json<Vec<SessionView>>> {
        let rows = sessions::list(&program.db, &who.0, program.clock.now()).await?;
        let view = |row: SessionRow| SessionView {
            id: row.id,
            device: row.device,
            created_at: instant(row.created_at),
            used_at: instant(row.used_at),
            expires_at: instant(row.expires_at),
            current: row.id == who.0.session,
        };
        Ok(Json(rows.into_iter().map(view).collect()))
    }

    /// End one of the own sessions
    #[oai(path = "/sessions/:id", method = "delete", operation_id = "end_session")]
    async fn end_session(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The session, as in `list_sessions`.
        id: Path<Uuid>,
    ) -> Answer<Done> {
        sessions::end(&program.db, &who.0, *id, program.clock.now()).await?;
        Ok(Done::Done)
    }
}
