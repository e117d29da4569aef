//! Divisions: the tree as somebody sees it, and how the bureau changes it.

use super::absent::nested;
use super::auth::SignedIn;
use super::contract::Tag;
use super::error::Answer;
use crate::app::divisions::{self, DivisionPatch, FormerName, NewDivision, import::Imported};
use crate::app::{Error, dates};
use crate::program::Program;
use crate::store::divisions::{Division, NameKind, OtherName};
use domain::code::Level;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Binary, Json};
use poem_openapi::types::{Example, MaybeUndefined};
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

pub struct Divisions;

#[derive(Enum)]
#[oai(rename = "Level", rename_all = "snake_case")]
enum LevelView {
    County,
    Town,
    Village,
}

/// What another name is to its division.
#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum NameKindView {
    /// In use beside the name.
    Variant,
    /// Of an earlier time, or of what was merged into the division.
    Former,
    /// A code of an earlier time.
    FormerCode,
}

/// A name that people write beside the present one.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct OtherNameView {
    /// The name, or the code where `kind` is `former_code`.
    name: String,
    /// What it is.
    kind: NameKindView,
    /// `YYYY-MM-DD`, where known.
    since: Option<String>,
    /// `YYYY-MM-DD`: the first day on which it was no longer valid.
    until: Option<String>,
}

/// A county, town or village.
#[derive(Object)]
#[oai(skip_serializing_if_is_none, example)]
struct DivisionView {
    /// Its id.
    id: Uuid,
    /// 6, 9 or 12 digits by the level (GB/T 2260, GB/T 10114); absent for villages that only a grids list names.
    code: Option<String>,
    /// The present name.
    name: String,
    /// What it is.
    level: LevelView,
    /// The division above; absent for the county.
    parent: Option<Uuid>,
    /// Variants, former names and former codes. Departments see none.
    names: Vec<OtherNameView>,
    /// `YYYY-MM-DD`; absent where nobody knows since when.
    since: Option<String>,
    /// `YYYY-MM-DD`: the first day on which it is no more; absent for current ones.
    until: Option<String>,
}

impl Example for DivisionView {
    fn example() -> Self {
        DivisionView {
            id: Uuid::from_u128(0x0199_a1b2_0000_7000_8000_0000_0000_0112),
            code: Some("440784112202".into()),
            name: "双桥都村".into(),
            level: LevelView::Village,
            parent: Some(Uuid::from_u128(0x0199_a1b2_0000_7000_8000_0000_0000_0012)),
            names: vec![OtherNameView {
                name: "双桥村".into(),
                kind: NameKindView::Former,
                since: None,
                until: Some("2019-01-01".into()),
            }],
            since: None,
            until: None,
        }
    }
}

/// A division to be made.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
struct NewDivisionBody {
    /// Begins with the code of the division above.
    #[oai(validator(max_length = 30))]
    code: Option<String>,
    /// Unique among current divisions under the same parent.
    #[oai(validator(max_length = 100))]
    name: String,
    /// The division above: a town is made in the county, a village in a town.
    parent: Option<Uuid>,
    /// Other names in use.
    #[oai(default, validator(max_items = 50))]
    variants: Vec<String>,
    /// `YYYY-MM-DD`.
    #[oai(validator(max_length = 10))]
    since: Option<String>,
}

impl Example for NewDivisionBody {
    fn example() -> Self {
        NewDivisionBody {
            code: Some("440784001216".into()),
            name: "良围村".into(),
            parent: Some(Uuid::from_u128(0x0199_a1b2_0000_7000_8000_0000_0000_0001)),
            variants: vec!["良围".into()],
            since: Some("2021-10-01".into()),
        }
    }
}

/// A name of an earlier time.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct FormerNameBody {
    /// Its name.
    #[oai(validator(max_length = 100))]
    name: String,
    /// `YYYY-MM-DD`.
    #[oai(validator(max_length = 10))]
    since: Option<String>,
    /// `YYYY-MM-DD`.
    #[oai(validator(max_length = 10))]
    until: Option<String>,
}

/// What to change. What is absent stays; `null` empties where that is possible.
#[derive(Object)]
#[oai(deny_unknown_fields, rename = "DivisionPatch", example)]
struct DivisionPatchBody {
    /// The old name stays as a former one.
    #[oai(validator(max_length = 100))]
    name: Option<String>,
    /// First day of the new name or code, `YYYY-MM-DD`; today where absent.
    #[oai(validator(max_length = 10))]
    renamed_on: Option<String>,
    /// The old code stays as a former one; `null` takes the code away.
    code: MaybeUndefined<String>,
    /// All other names in use, instead of those that are there.
    #[oai(validator(max_items = 50))]
    variants: Option<Vec<String>>,
    /// All former names, instead of those that are there.
    #[oai(validator(max_items = 50))]
    former: Option<Vec<FormerNameBody>>,
    /// `YYYY-MM-DD`; `null` for unknown.
    since: MaybeUndefined<String>,
    /// Ends the division from this day on, `YYYY-MM-DD`; `null` takes an end back.
    until: MaybeUndefined<String>,
}

impl Example for DivisionPatchBody {
    fn example() -> Self {
        DivisionPatchBody {
            name: Some("双桥都村".into()),
            renamed_on: Some("2019-01-01".into()),
            code: MaybeUndefined::Undefined,
            variants: None,
            former: None,
            since: MaybeUndefined::Undefined,
            until: MaybeUndefined::Undefined,
        }
    }
}

/// A row of a file that was left out.
#[derive(Object)]
struct DivisionRowIssue {
    /// As a spreadsheet counts; the header is 1.
    row: u32,
    /// `code_malformed`, `code_level`, `code_parent`, `parent_unknown`, `other_county`, `name_missing`,
    /// `name_malformed`, `name_taken`, `division_ended`.
    why: String,
    /// The column to correct.
    field: String,
}

/// What became of a file's rows.
#[derive(Object)]
#[oai(example)]
struct DivisionsImported {
    /// The sum of the others and of `issues`.
    rows: u32,
    /// Rows that made something new.
    created: u32,
    /// Got a new name, or a code that they did not have yet.
    changed: u32,
    /// Rows that changed nothing.
    same: u32,
    /// Rows that were left out.
    issues: Vec<DivisionRowIssue>,
}

impl Example for DivisionsImported {
    fn example() -> Self {
        DivisionsImported {
            rows: 153,
            created: 1,
            changed: 0,
            same: 151,
            issues: vec![DivisionRowIssue {
                row: 41,
                why: "code_malformed".into(),
                field: "code".into(),
            }],
        }
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Divisions")]
impl Divisions {
    /// The tree of divisions in the actor's scope
    ///
    /// Parents stand before their children. A worker sees the villages of the own grids and the way up; cadres and
    /// town officers their part; departments the whole tree by its names; auditors get 403.
    #[oai(path = "/divisions", method = "get", operation_id = "list_divisions")]
    async fn list_divisions(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// `true`: ended ones too.
        #[oai(default)]
        ended: Query<bool>,
    ) -> Answer<Json<Vec<DivisionView>>> {
        let all = divisions::list(&program.db, &who.0, *ended).await?;
        Ok(Json(all.into_iter().map(DivisionView::from).collect()))
    }

    /// One division, ended or not
    #[oai(path = "/divisions/:id", method = "get", operation_id = "get_division")]
    async fn get_division(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The division.
        id: Path<Uuid>,
    ) -> Answer<Json<DivisionView>> {
        Ok(Json(divisions::get(&program.db, &who.0, *id).await?.into()))
    }

    /// Make a division
    ///
    /// For the bureau. 409 `code_taken` or `name_taken` when another current one has the code, or the name under
    /// the same parent.
    #[oai(path = "/divisions", method = "post", operation_id = "create_division")]
    async fn create_division(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        body: Json<NewDivisionBody>,
    ) -> Answer<Json<DivisionView>> {
        let new = NewDivision {
            id: Uuid::now_v7(),
            code: body.0.code,
            name: body.0.name,
            parent: body.0.parent,
            variants: body.0.variants,
            since: dates::optional(body.0.since.as_deref(), "since")?,
        };
        let made = divisions::create(&program.db, &who.0, &new, program.clock.now()).await?;
        Ok(Json(made.into()))
    }

    /// Rename, recode or end a division
    ///
    /// For the bureau. 409 `division_in_use` when it is to end and there are divisions, grids or residents in it.
    #[oai(path = "/divisions/:id", method = "patch", operation_id = "update_division")]
    async fn update_division(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The division.
        id: Path<Uuid>,
        body: Json<DivisionPatchBody>,
    ) -> Answer<Json<DivisionView>> {
        let patch = body.0.read()?;
        let done = divisions::patch(&program.db, &who.0, *id, &patch, program.clock.now()).await?;
        Ok(Json(done.into()))
    }

    /// Make and correct divisions by a CSV file
    ///
    /// For the bureau. The body is the file: UTF-8 or GB18030, with the columns code (区划代码) and name (名称), and
    /// where wanted level (级别) and parent_code (上级代码). Rows are found again by their code; the same file twice
    /// changes nothing; what the file does not name stays. A village without a name gets a label by its code.
    #[oai(
        path = "/divisions/import",
        method = "post",
        operation_id = "import_divisions"
    )]
    async fn import_divisions(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        body: Binary<Vec<u8>>,
    ) -> Answer<Json<DivisionsImported>> {
        let done = divisions::import_file(&program.db, &who.0, &body, program.clock.now()).await?;
        Ok(Json(done.into()))
    }
}

impl DivisionPatchBody {
    fn read(self) -> Result<DivisionPatch, Error> {
        let former = |one: FormerNameBody| {
            Ok::<_, Error>(FormerName {
                since: dates::optional(one.since.as_deref(), "former")?,
                until: dates::optional(one.until.as_deref(), "former")?,
                name: one.name,
            })
        };
        let former = match self.former {
            Some(all) => Some(all.into_iter().map(former).collect::<Result<_, _>>()?),
            None => None,
        };
        Ok(DivisionPatch {
            name: self.name,
            renamed_on: dates::optional(self.renamed_on.as_deref(), "renamed_on")?,
            code: nested(self.code),
            variants: self.variants,
            former,
            since: dates::nested(nested(self.since), "since")?,
            until: dates::nested(nested(self.until), "until")?,
        })
    }
}

impl From<Division> for DivisionView {
    fn from(division: Division) -> DivisionView {
        let level = match division.level {
            Level::County => LevelView::County,
            Level::Town => LevelView::Town,
            Level::Village => LevelView::Village,
        };
        DivisionView {
            id: division.id,
            code: division.code,
            name: division.name,
            level,
            parent: division.parent,
            names: division.names.into_iter().map(OtherNameView::from).collect(),
            since: division.since,
            until: division.until,
        }
    }
}

impl From<OtherName> for OtherNameView {
    fn from(other: OtherName) -> OtherNameView {
        let kind = match other.kind {
            NameKind::Variant => NameKindView::Variant,
            NameKind::Former => NameKindView::Former,
            NameKind::FormerCode => NameKindView::FormerCode,
        };
        OtherNameView {
            name: other.name,
            kind,
            since: other.since,
            until: other.until,
        }
    }
}

impl From<Imported> for DivisionsImported {
    fn from(done: Imported) -> DivisionsImported {
        let issue = |issue: divisions::import::RowIssue| DivisionRowIssue {
            row: issue.row,
            why: issue.why.into(),
            field: issue.field.into(),
        };
        DivisionsImported {
            rows: done.rows,
            created: done.created,
            changed: done.changed,
            same: done.same,
            issues: done.issues.into_iter().map(issue).collect(),
        }
    }
}
