//! Merging two residents who are one person, and giving one back.

use super::auth::SignedIn;
use super::contract::Tag;
use super::error::{Answer, ApiError, Problem};
use super::who::decider;
use crate::app::merging::{self, Half, Merge, Merged, Pair, Part, Parted, Since, Told};
use crate::program::Program;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Merging;

const ID: Uuid = Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0021);
const OTHER: Uuid = Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0022);

/// A merge of another resident into the one that the path names. The same one may be sent again.
#[derive(Object)]
#[oai(deny_unknown_fields, rename = "NewResidentMerge", example)]
struct MergeBody {
    /// Made by the client, once per merge.
    id: Uuid,
    /// Who is the same person and is merged into the resident of the path.
    absorbed: Uuid,
    /// The version of the resident of the path that was seen.
    #[oai(validator(max_length = 40))]
    version: String,
    /// The version of the other one that was seen.
    #[oai(validator(max_length = 40))]
    absorbed_version: String,
    /// Where the person lives, if it is not where the resident of the path is.
    grid: Option<Uuid>,
    /// Why; needed where both have ID numbers and these differ.
    #[oai(validator(max_length = 500))]
    reason: Option<String>,
}

impl Example for MergeBody {
    fn example() -> Self {
        MergeBody {
            id: ID,
            absorbed: OTHER,
            version: "AAEAAAAHq1mJQ0x3bQ0".into(),
            absorbed_version: "AAEAAAADk0cVb2n1hLk".into(),
            grid: None,
            reason: Some("两村分别上报，经核实是同一人".into()),
        }
    }
}

/// The survivor after a merge.
#[derive(Object)]
#[oai(rename = "MergedResident")]
struct MergedView {
    /// The survivor's version now.
    version: String,
    /// Values of the other one that differ and wait as proposals.
    offers: u32,
    /// It had been done already.
    repeat: bool,
}

/// Gives the resident of the path back, who was merged into another. The same may be sent again.
#[derive(Object)]
#[oai(deny_unknown_fields, rename = "NewUnmerge", example)]
struct UnmergeBody {
    /// Made by the client, once.
    id: Uuid,
    /// The version of the survivor that was seen.
    #[oai(validator(max_length = 40))]
    base: String,
    /// Why.
    #[oai(validator(min_length = 1, max_length = 500))]
    reason: String,
}

impl Example for UnmergeBody {
    fn example() -> Self {
        UnmergeBody {
            id: ID,
            base: "AAEAAAAHq1mJQ0x3bQ0".into(),
            reason: "经核实是两个人".into(),
        }
    }
}

/// One edit that the survivor took while the two were one.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct SinceView {
    /// The edit's id.
    edit: Uuid,
    /// `phone`, `console`, `decision`, `list`, …; `given_back` for one that is with the other again.
    kind: String,
    /// Whom it named: it is with that one after they are parted.
    named: Uuid,
    /// Name of the author, where there is an account.
    by: Option<String>,
    /// When it was received (RFC 3339, UTC).
    at: String,
    /// Fields that it wrote.
    keys: Vec<String>,
}

impl From<Since> for SinceView {
    fn from(since: Since) -> SinceView {
        SinceView {
            edit: since.edit,
            kind: since.kind,
            named: since.named,
            by: since.by,
            at: since.at.to_string(),
            keys: since.keys,
        }
    }
}

/// Two residents after they were parted.
#[derive(Object)]
#[oai(rename = "PartedResidents")]
struct PartedView {
    /// Who had survived.
    survivor: Uuid,
    /// The survivor's version now.
    survivor_version: String,
    /// Who is there again.
    absorbed: Uuid,
    /// That one's version now.
    absorbed_version: String,
    /// What was written while they were one.
    since: Vec<SinceView>,
    /// It had been done already.
    repeat: bool,
}

/// One merge of the resident's history.
#[derive(Object)]
#[oai(rename = "ResidentMerge", skip_serializing_if_is_none)]
struct ToldView {
    /// Its id.
    id: Uuid,
    /// Who stayed.
    survivor: Uuid,
    /// Who was merged into that one.
    absorbed: Uuid,
    /// Who decided it, by name.
    by: String,
    /// When (RFC 3339, UTC).
    at: String,
    /// Why.
    reason: Option<String>,
    /// When it was undone; absent while it stands.
    undone_at: Option<String>,
    /// What was written since, as long as it stands.
    since: Vec<SinceView>,
}

impl From<Told> for ToldView {
    fn from(told: Told) -> ToldView {
        ToldView {
            id: told.id,
            survivor: told.survivor,
            absorbed: told.absorbed,
            by: told.by,
            at: told.at.to_string(),
            reason: told.reason,
            undone_at: told.undone_at.map(|at| at.to_string()),
            since: told.since.into_iter().map(SinceView::from).collect(),
        }
    }
}

#[derive(Object)]
#[oai(rename = "ResidentMerges")]
struct MergesView {
    /// The oldest first.
    merges: Vec<ToldView>,
}

/// One of two people who may be one.
#[derive(Object)]
#[oai(rename = "DuplicateHalf", skip_serializing_if_is_none)]
struct HalfView {
    /// The resident; absent for somebody whom the actor does not look after.
    resident: Option<Uuid>,
    /// The village.
    village: Option<Uuid>,
    /// `reported` or `present`.
    state: String,
    /// The name.
    name: Option<String>,
}

/// Two people who may be one.
#[derive(Object)]
#[oai(rename = "DuplicatePair", skip_serializing_if_is_none)]
struct PairView {
    /// `same_number` or `same_name_and_birth_date`.
    why: String,
    /// The same in a sentence.
    message: String,
    /// Both.
    people: Vec<HalfView>,
    /// The open inbox item that asks about them; without one they are merged directly.
    item: Option<Uuid>,
}

impl From<Pair> for PairView {
    fn from(pair: Pair) -> PairView {
        let half = |half: Half| HalfView {
            resident: half.resident,
            village: half.village,
            state: half.state.to_owned(),
            name: half.name,
        };
        PairView {
            why: pair.why.code().to_owned(),
            message: pair.why.message().to_owned(),
            people: pair.people.into_iter().map(half).collect(),
            item: pair.item,
        }
    }
}

#[derive(Object)]
#[oai(rename = "DuplicatePairs", skip_serializing_if_is_none)]
struct PairsView {
    /// One page of pairs, in the order of ids. A page may have fewer than asked for.
    pairs: Vec<PairView>,
    /// To give as `after` for the next page; absent on the last.
    next: Option<String>,
}

fn read_after(text: &str) -> Option<(Uuid, Uuid)> {
    let (one, other) = text.split_once('.')?;
    Some((Uuid::try_parse(one).ok()?, Uuid::try_parse(other).ok()?))
}

fn broken<E>(_: E) -> ApiError {
    ApiError::Internal(Problem::new("internal", "服务器内部错误，请稍后再试"))
}

#[OpenApi(prefix_path = "/api/v1/residents", tag = "Tag::Residents")]
impl Merging {
    /// Merge another resident into this one
    ///
    /// Who does so looks after both; else it is 404. This one's values stay, what the other one says otherwise waits as
    /// proposals, what waits on the other one goes along. Phones that carry the other one drop it (`merged`). 409:
    /// `changed_meanwhile` with both versions, `resident_merged`, `resident_departed`, `survivor_reported`.
    #[oai(path = "/:id/merge", method = "post", operation_id = "merge_residents")]
    async fn merge(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// Who stays.
        id: Path<Uuid>,
        body: Json<MergeBody>,
    ) -> Answer<Json<MergedView>> {
        let (who, body) = (decider(&who.0)?, body.0);
        let what = Merge {
            id: body.id,
            survivor: id.0,
            absorbed: body.absorbed,
            survivor_version: body.version,
            absorbed_version: body.absorbed_version,
            grid: body.grid,
            reason: body.reason,
        };
        let program = program.0.clone();
        // The use case runs to its end when the client hangs up.
        let work = tokio::spawn(async move { merging::merge(&program, &who, &what).await });
        let Merged {
            version,
            offers,
            repeat,
        } = work.await.map_err(broken)??;
        Ok(Json(MergedView {
            version,
            offers: u32::try_from(offers).map_err(broken)?,
            repeat,
        }))
    }

    /// Give this resident back, who was merged into another
    ///
    /// Both are there again, on phones too; each edit is with whom it named, and `since` lists what was written while
    /// they were one. They are not asked about again. 409: `not_merged`, `merged_further` (undo the later merge first),
    /// `changed_meanwhile` with the survivor's version.
    #[oai(path = "/:id/unmerge", method = "post", operation_id = "unmerge_resident")]
    async fn unmerge(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// Who was merged into another.
        id: Path<Uuid>,
        body: Json<UnmergeBody>,
    ) -> Answer<Json<PartedView>> {
        let (who, body) = (decider(&who.0)?, body.0);
        let what = Part {
            id: body.id,
            absorbed: id.0,
            base: body.base,
            reason: body.reason,
        };
        let program = program.0.clone();
        let work = tokio::spawn(async move { merging::part(&program, &who, &what).await });
        let Parted {
            survivor,
            absorbed,
            since,
            repeat,
        } = work.await.map_err(broken)??;
        Ok(Json(PartedView {
            survivor: survivor.0,
            survivor_version: survivor.1,
            absorbed: absorbed.0,
            absorbed_version: absorbed.1,
            since: since.into_iter().map(SinceView::from).collect(),
            repeat,
        }))
    }

    /// People of a division who may be somebody else of the county
    ///
    /// Those who share an ID number, or a name and a birth date, and of whom nobody said that they are two. Somebody of a
    /// village that the actor does not look after is shown by name only.
    #[oai(path = "/duplicates", method = "get", operation_id = "list_duplicates")]
    async fn duplicates(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// A town or village.
        division: Query<Uuid>,
        /// `next` of the page before.
        #[oai(validator(max_length = 80))]
        after: Query<Option<String>>,
        /// 1 to 200, 50 by default.
        limit: Query<Option<u64>>,
    ) -> Answer<Json<PairsView>> {
        let who = decider(&who.0)?;
        let after = match after.0.as_deref() {
            None => None,
            Some(text) => Some(
                read_after(text)
                    .ok_or_else(|| ApiError::BadRequest(Problem::new("bad_page", "分页参数无效")))?,
            ),
        };
        let limit = limit.0.unwrap_or(50).clamp(1, 200);
        let page = merging::duplicates_of(&program, &who, division.0, after, limit).await?;
        Ok(Json(PairsView {
            pairs: page.pairs.into_iter().map(PairView::from).collect(),
            next: page.next.map(|(one, other)| format!("{one}.{other}")),
        }))
    }

    /// The merges in which this resident was one of the two
    ///
    /// With what was written since each that stands: it would go where it was named if they were parted.
    #[oai(path = "/:id/merges", method = "get", operation_id = "list_resident_merges")]
    async fn list(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The resident.
        id: Path<Uuid>,
    ) -> Answer<Json<MergesView>> {
        let who = decider(&who.0)?;
        let told = merging::merges_of(&program, &who, id.0).await?;
        Ok(Json(MergesView {
            merges: told.into_iter().map(ToldView::from).collect(),
        }))
    }
}
