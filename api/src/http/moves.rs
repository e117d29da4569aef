//! Moving a resident to another grid.

use super::auth::SignedIn;
use super::contract::Tag;
use super::error::Answer;
use crate::app::residents::{self, Move};
use crate::program::Program;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Moves;

/// A move to another grid. The same one may be sent again.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
struct NewMove {
    /// Made by the client, once per move.
    id: Uuid,
    /// The grid in which the person was seen; absent for who has none.
    from: Option<Uuid>,
    /// A current grid of the county.
    to: Uuid,
    /// Why.
    #[oai(validator(max_length = 500))]
    reason: Option<String>,
}

impl Example for NewMove {
    fn example() -> Self {
        NewMove {
            id: Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0001),
            from: Some(Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_00b1)),
            to: Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_00b2),
            reason: Some("已搬到女儿家长住".into()),
        }
    }
}

/// The record after a move.
#[derive(Object)]
#[oai(rename = "MovedResident")]
struct MovedView {
    /// The record's version now.
    version: String,
    /// It had been done already.
    repeat: bool,
}

#[OpenApi(prefix_path = "/api/v1/residents", tag = "Tag::Residents")]
impl Moves {
    /// Move a resident to another grid
    ///
    /// Phones of the old grid are told to drop the record, those of the new one get it and a notice; what waits on
    /// the person goes with them. 409 `changed_meanwhile` carries the present grid.
    #[oai(path = "/:id/moves", method = "post", operation_id = "move_resident")]
    async fn move_resident(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The resident.
        id: Path<Uuid>,
        body: Json<NewMove>,
    ) -> Answer<Json<MovedView>> {
        let body = body.0;
        let what = Move {
            id: body.id,
            from: body.from,
            to: body.to,
            reason: body.reason,
        };
        let done = residents::move_resident(&program, &who.0, id.0, &what).await?;
        Ok(Json(MovedView {
            version: done.version,
            repeat: done.repeat,
        }))
    }
}
