//! Grids: which there are, and how the bureau draws them.

use super::absent::nested;
use super::auth::SignedIn;
use super::contract::Tag;
use super::error::Answer;
use super::page;
use crate::app::dates;
use crate::app::grids::{self, GridPatch, NewGrid, Shown, Wanted};
use crate::program::Program;
use crate::store::grids::Range;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::{Example, MaybeUndefined};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Grids;

/// House numbers of one natural village or road, both ends included.
#[derive(Object)]
#[oai(deny_unknown_fields, rename = "HouseRange")]
pub(super) struct RangeView {
    /// Natural village or road; empty for the whole village.
    #[oai(validator(max_length = 200))]
    natural_village: String,
    /// 1 or more.
    from: i32,
    /// 9999 is no end.
    to: i32,
}

/// A grid of one village.
#[derive(Object)]
#[oai(skip_serializing_if_is_none, example)]
struct GridView {
    /// Its id.
    id: Uuid,
    /// Unique among current grids.
    code: String,
    /// What it is called.
    name: String,
    /// The village that it lies in.
    village: Uuid,
    /// `YYYY-MM-DD`.
    since: String,
    /// `YYYY-MM-DD`: the first day on which it is no more; absent for current ones.
    until: Option<String>,
    /// House numbers that belong to it.
    ranges: Vec<RangeView>,
    /// Records in it.
    residents: i64,
}

impl RangeView {
    pub(super) fn new(natural_village: &str, from: i32, to: i32) -> RangeView {
        RangeView {
            natural_village: natural_village.to_owned(),
            from,
            to,
        }
    }
}

fn example_range() -> RangeView {
    RangeView {
        natural_village: "旧围".into(),
        from: 1,
        to: 60,
    }
}

const EXAMPLE_VILLAGE: Uuid = Uuid::from_u128(0x0199_a1b2_0000_7000_8000_0000_0000_0101);

impl Example for GridView {
    fn example() -> Self {
        GridView {
            id: Uuid::from_u128(0x0199_a1b2_0000_7000_8000_0000_0000_0201),
            code: "G00001".into(),
            name: "旧围1-60号".into(),
            village: EXAMPLE_VILLAGE,
            since: "2026-11-25".into(),
            until: None,
            ranges: vec![example_range()],
            residents: 412,
        }
    }
}

/// One page of grids.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct GridPage {
    /// One page of them, in order.
    items: Vec<GridView>,
    /// To give as `after` for the next page; absent on the last.
    next: Option<String>,
}

/// A grid to be drawn.
#[derive(Object)]
#[oai(deny_unknown_fields, rename = "NewGrid", example)]
struct NewGridBody {
    /// 1 to 32 letters, digits, `-` and `_`.
    #[oai(validator(max_length = 100))]
    code: String,
    /// Called after its ranges where absent.
    #[oai(validator(max_length = 100))]
    name: Option<String>,
    /// The village that it lies in.
    village: Uuid,
    /// `YYYY-MM-DD`; today where absent.
    #[oai(validator(max_length = 10))]
    since: Option<String>,
    /// Within a village a house number belongs to one grid.
    #[oai(default, validator(max_items = 200))]
    ranges: Vec<RangeView>,
}

impl Example for NewGridBody {
    fn example() -> Self {
        NewGridBody {
            code: "G00001".into(),
            name: None,
            village: EXAMPLE_VILLAGE,
            since: None,
            ranges: vec![example_range()],
        }
    }
}

/// What to change. What is absent stays.
#[derive(Object)]
#[oai(deny_unknown_fields, rename = "GridPatch", example)]
struct GridPatchBody {
    /// Its code.
    #[oai(validator(max_length = 100))]
    code: Option<String>,
    /// Its name.
    #[oai(validator(max_length = 100))]
    name: Option<String>,
    /// All ranges, instead of those that are there. Residents stay in their grids until somebody moves them.
    #[oai(validator(max_items = 200))]
    ranges: Option<Vec<RangeView>>,
    /// Ends the grid from this day on, `YYYY-MM-DD`; `null` takes an end back.
    until: MaybeUndefined<String>,
}

impl Example for GridPatchBody {
    fn example() -> Self {
        GridPatchBody {
            code: None,
            name: Some("旧围一格".into()),
            ranges: Some(vec![example_range()]),
            until: MaybeUndefined::Undefined,
        }
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Divisions")]
impl Grids {
    /// Grids in the actor's scope, by code
    ///
    /// Departments and auditors get 403.
    #[oai(path = "/grids", method = "get", operation_id = "list_grids")]
    async fn list_grids(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// Grids in this town or village only.
        division: Query<Option<Uuid>>,
        /// `true`: ended ones too.
        #[oai(default)]
        ended: Query<bool>,
        /// `next` of the page before.
        after: Query<Option<String>>,
        /// 1 to 200, 50 by default.
        limit: Query<Option<u64>>,
    ) -> Answer<Json<GridPage>> {
        let wanted = Wanted {
            division: *division,
            ended: *ended,
            after: page::after(after.as_deref())?,
            limit: page::limit(*limit)?,
        };
        let page = grids::list(&program.db, &who.0, &wanted).await?;
        let next = page::next(&page, wanted.limit, |shown| {
            (shown.grid.code.clone(), shown.grid.id)
        });
        Ok(Json(GridPage {
            items: page.into_iter().map(GridView::from).collect(),
            next,
        }))
    }

    /// One grid, ended or not
    #[oai(path = "/grids/:id", method = "get", operation_id = "get_grid")]
    async fn get_grid(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The grid.
        id: Path<Uuid>,
    ) -> Answer<Json<GridView>> {
        Ok(Json(grids::get(&program.db, &who.0, *id).await?.into()))
    }

    /// Draw a grid in a village
    ///
    /// For the bureau. 422 `range_overlap` names the numbers that another grid of the village has; 409
    /// `code_taken` when another current grid has the code.
    #[oai(path = "/grids", method = "post", operation_id = "create_grid")]
    async fn create_grid(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        body: Json<NewGridBody>,
    ) -> Answer<Json<GridView>> {
        let new = NewGrid {
            id: Uuid::now_v7(),
            code: body.0.code,
            name: body.0.name,
            village: body.0.village,
            since: dates::optional(body.0.since.as_deref(), "since")?,
            ranges: body.0.ranges.into_iter().map(Range::from).collect(),
        };
        let grid = grids::create(&program.db, &who.0, &new, program.clock.now()).await?;
        Ok(Json(Shown { grid, residents: 0 }.into()))
    }

    /// Rename, redraw or end a grid
    ///
    /// For the bureau. 409 `grid_in_use` when it is to end and there are residents in it: a cadre moves them first.
    #[oai(path = "/grids/:id", method = "patch", operation_id = "update_grid")]
    async fn update_grid(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The grid.
        id: Path<Uuid>,
        body: Json<GridPatchBody>,
    ) -> Answer<Json<GridView>> {
        let body = body.0;
        let patch = GridPatch {
            code: body.code,
            name: body.name,
            ranges: body.ranges.map(|all| all.into_iter().map(Range::from).collect()),
            until: dates::nested(nested(body.until), "until")?,
        };
        grids::patch(&program.db, &who.0, *id, &patch, program.clock.now()).await?;
        Ok(Json(grids::get(&program.db, &who.0, *id).await?.into()))
    }
}

impl From<Shown> for GridView {
    fn from(shown: Shown) -> GridView {
        let grid = shown.grid;
        GridView {
            id: grid.id,
            code: grid.code,
            name: grid.name,
            village: grid.village,
            since: grid.since,
            until: grid.until,
            ranges: grid.ranges.into_iter().map(RangeView::from).collect(),
            residents: shown.residents,
        }
    }
}

impl From<Range> for RangeView {
    fn from(range: Range) -> RangeView {
        RangeView {
            natural_village: range.natural_village,
            from: range.from,
            to: range.to,
        }
    }
}

impl From<RangeView> for Range {
    fn from(view: RangeView) -> Range {
        Range {
            natural_village: view.natural_village,
            from: view.from,
            to: view.to,
        }
    }
}
