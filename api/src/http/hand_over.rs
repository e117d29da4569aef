//! Hand-overs of whole grids and of several people, each as one operation.

use super::auth::SignedIn;
use super::contract::Tag;
use super::error::Answer;
use super::grids::RangeView;
use crate::app::grids::handing::{self, Merge, Reassign, Split};
use crate::app::residents::{self, Together};
use crate::program::Program;
use crate::store::grids::Range;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct HandOver;

const EXAMPLE_ID: Uuid = Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0011);
const EXAMPLE_OTHER: Uuid = Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0012);

/// A grid to be drawn out of another one. The same one may be sent again.
#[derive(Object)]
#[oai(deny_unknown_fields, rename = "NewSplit", example)]
struct SplitBody {
    /// The new grid's id, made by the client.
    id: Uuid,
    /// The new grid's code: 1 to 32 letters, digits, `-` and `_`.
    #[oai(validator(max_length = 100))]
    code: String,
    /// What it is called; after its ranges where absent.
    #[oai(validator(max_length = 100))]
    name: Option<String>,
    /// House numbers of the new grid.
    #[oai(validator(max_items = 200))]
    ranges: Vec<RangeView>,
    /// House numbers that the old grid keeps.
    #[oai(validator(max_items = 200))]
    keep: Vec<RangeView>,
    /// People who go along whatever their address says.
    #[oai(default, validator(max_items = 500))]
    residents: Vec<Uuid>,
    /// The account of the worker who gets the new grid.
    worker: Option<Uuid>,
    /// Why.
    #[oai(validator(max_length = 500))]
    reason: Option<String>,
    /// See `NewGrant`.
    records: Option<i64>,
}

impl Example for SplitBody {
    fn example() -> Self {
        SplitBody {
            id: EXAMPLE_ID,
            code: "G00002".into(),
            name: None,
            ranges: vec![RangeView::new("旧围", 31, 60)],
            keep: vec![RangeView::new("旧围", 1, 30)],
            residents: Vec::new(),
            worker: None,
            reason: Some("人数过多".into()),
            records: None,
        }
    }
}

/// A grid that becomes part of another one. The same one may be sent again.
#[derive(Object)]
#[oai(deny_unknown_fields, rename = "NewMerge", example)]
struct MergeBody {
    /// Made by the client, once per merge.
    id: Uuid,
    /// The grid that everybody goes to.
    into: Uuid,
    /// `true`: workers of the grid that ends get the other one.
    #[oai(default)]
    workers_go_along: bool,
    /// Why.
    #[oai(validator(max_length = 500))]
    reason: Option<String>,
    /// See `NewGrant`.
    records: Option<i64>,
}

impl Example for MergeBody {
    fn example() -> Self {
        MergeBody {
            id: EXAMPLE_ID,
            into: EXAMPLE_OTHER,
            workers_go_along: false,
            reason: Some("两格合并".into()),
            records: None,
        }
    }
}

/// Another worker for a grid.
#[derive(Object)]
#[oai(deny_unknown_fields, rename = "NewReassignment", example)]
struct ReassignBody {
    /// The account of who has it now; absent where nobody has.
    from: Option<Uuid>,
    /// The account of who gets it.
    to: Uuid,
    /// See `NewGrant`.
    records: Option<i64>,
}

impl Example for ReassignBody {
    fn example() -> Self {
        ReassignBody {
            from: Some(EXAMPLE_ID),
            to: EXAMPLE_OTHER,
            records: None,
        }
    }
}

/// What became of a hand-over.
#[derive(Object)]
struct HandedOverView {
    /// The grid that is new, that is left, or that has another worker.
    grid: Uuid,
    /// People who went from one grid to another.
    moved: u64,
    /// It had been done already.
    repeat: bool,
}

impl From<handing::HandedOver> for HandedOverView {
    fn from(done: handing::HandedOver) -> HandedOverView {
        HandedOverView {
            grid: done.grid,
            moved: done.moved as u64,
            repeat: done.repeat,
        }
    }
}

/// Several people who go to one grid. The same request may be sent again.
#[derive(Object)]
#[oai(deny_unknown_fields, rename = "NewMoves", example)]
struct MovesBody {
    /// Made by the client, once.
    id: Uuid,
    /// At most 500 people.
    #[oai(validator(max_items = 500))]
    residents: Vec<Uuid>,
    /// A current grid of the county.
    to: Uuid,
    /// Why.
    #[oai(validator(max_length = 500))]
    reason: Option<String>,
}

impl Example for MovesBody {
    fn example() -> Self {
        MovesBody {
            id: EXAMPLE_ID,
            residents: vec![EXAMPLE_OTHER],
            to: EXAMPLE_ID,
            reason: Some("网格调整".into()),
        }
    }
}

/// How many went.
#[derive(Object)]
struct MovesView {
    /// People who went to another grid; who was there already is not counted.
    moved: u64,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Divisions")]
impl HandOver {
    /// Split a grid: a new one is drawn, its people and its worker go there, in one step
    ///
    /// For the bureau. Whoever's address certainly reads as the new grid goes along, and who is named. Phones are told
    /// to drop who left them; `list_phones` with `undropped` shows which have not yet.
    #[oai(path = "/grids/:id/split", method = "post", operation_id = "split_grid")]
    async fn split_grid(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The grid.
        id: Path<Uuid>,
        body: Json<SplitBody>,
    ) -> Answer<Json<HandedOverView>> {
        let body = body.0;
        let ranges = |all: Vec<RangeView>| all.into_iter().map(Range::from).collect();
        let what = Split {
            id: body.id,
            code: body.code,
            name: body.name,
            ranges: ranges(body.ranges),
            keep: ranges(body.keep),
            residents: body.residents.into_iter().collect(),
            worker: body.worker,
            reason: body.reason,
            records: body.records,
        };
        Ok(Json(handing::split(&program, &who.0, *id, &what).await?.into()))
    }

    /// Merge a grid into another: its people go there and it ends, in one step
    ///
    /// For the bureau. Its workers' grants end; with `workers_go_along` they get the other grid.
    #[oai(path = "/grids/:id/merge", method = "post", operation_id = "merge_grids")]
    async fn merge_grids(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The grid that ends.
        id: Path<Uuid>,
        body: Json<MergeBody>,
    ) -> Answer<Json<HandedOverView>> {
        let body = body.0;
        let what = Merge {
            id: body.id,
            into: body.into,
            workers_go_along: body.workers_go_along,
            reason: body.reason,
            records: body.records,
        };
        Ok(Json(handing::merge(&program, &who.0, *id, &what).await?.into()))
    }

    /// Give a grid to another worker, in one step
    ///
    /// For the bureau, and for town officers in their own town. 409 `not_the_worker` where `from` does not have it,
    /// `over_budget` where a phone would carry too much.
    #[oai(path = "/grids/:id/worker", method = "post", operation_id = "reassign_grid")]
    async fn reassign_grid(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The grid.
        id: Path<Uuid>,
        body: Json<ReassignBody>,
    ) -> Answer<Json<HandedOverView>> {
        let what = Reassign {
            from: body.from,
            to: body.to,
            records: body.records,
        };
        Ok(Json(
            handing::reassign(&program, &who.0, *id, &what).await?.into(),
        ))
    }

    /// Move several people to one grid, all of them or none
    ///
    /// For cadres in their own villages, and for the bureau.
    #[oai(path = "/moves", method = "post", operation_id = "move_residents")]
    async fn move_residents(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        body: Json<MovesBody>,
    ) -> Answer<Json<MovesView>> {
        let body = body.0;
        let what = Together {
            id: body.id,
            residents: body.residents.into_iter().collect(),
            to: body.to,
            reason: body.reason,
        };
        let moved = residents::move_residents(&program, &who.0, &what).await?;
        Ok(Json(MovesView { moved: moved as u64 }))
    }
}
