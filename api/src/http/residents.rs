//! Residents: lists, one person, the history, and a cadre's corrections.

use super::auth::SignedIn;
use super::contract::Tag;
use super::error::{Answer, ApiError, Problem};
use crate::app::residents::{self, ConsoleEdit, Filter, Step};
use crate::program::Program;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Enum, Object, OpenApi};
use serde_json::{Map, Value};
use uuid::Uuid;

pub struct Residents;

#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "snake_case")]
enum StateParam {
    Reported,
    Present,
    Departed,
}

impl StateParam {
    const fn name(self) -> &'static str {
        match self {
            StateParam::Reported => "reported",
            StateParam::Present => "present",
            StateParam::Departed => "departed",
        }
    }
}

/// One resident, as far as the actor may see. Members that have nothing to say are absent; a department gets
/// open fields, the person behind a mask, and its own categories.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ResidentView {
    /// The resident concerned.
    resident: Uuid,
    /// To give as `base` of an edit.
    version: Option<String>,
    /// The village concerned.
    village: Option<Uuid>,
    /// The grid concerned.
    grid: Option<Uuid>,
    /// `reported`, `present` or `departed`.
    state: String,
    /// Into whom this one was merged, where the actor sees that one.
    merged_into: Option<Uuid>,
    /// Values by key of the catalogue. A list has a few of them only.
    fields: Any<Value>,
    /// Enrolments 在册 with source, dates, the source's status and the village's verdict.
    enrolments: Vec<Any<Value>>,
    /// Fields of which several values wait for a decision, with who and when.
    conflicts: Option<Any<Value>>,
    /// Values that wait for a decision.
    pending: Option<Any<Value>>,
    /// Where values come from; `from` names their place here.
    sources: Option<Vec<Any<Value>>>,
    /// Key → index into `sources`.
    from: Option<Any<Value>>,
    /// Key → day on which somebody last found the value right.
    confirmed: Option<Any<Value>>,
    /// The last three visits.
    visits: Option<Vec<Any<Value>>>,
    /// Open inbox items.
    open: Option<u32>,
}

fn view(mut item: Map<String, Value>) -> Answer<ResidentView> {
    let lost = || ApiError::Internal(Problem::new("internal", "服务器内部错误，请稍后再试"));
    let id = |value: Option<Value>| value.as_ref()?.as_str().and_then(|t| Uuid::try_parse(t).ok());
    let text = |value: Option<Value>| value.as_ref()?.as_str().map(str::to_owned);
    let many = |value: Option<Value>| match value {
        Some(Value::Array(all)) => Some(all.into_iter().map(Any).collect()),
        _ => None,
    };
    Ok(ResidentView {
        resident: id(item.remove("resident")).ok_or_else(lost)?,
        version: text(item.remove("version")),
        village: id(item.remove("village")),
        grid: id(item.remove("grid")),
        state: text(item.remove("state")).ok_or_else(lost)?,
        merged_into: id(item.remove("merged_into")),
        fields: Any(item.remove("fields").unwrap_or_default()),
        enrolments: many(item.remove("enrolments")).unwrap_or_default(),
        conflicts: item.remove("conflicts").map(Any),
        pending: item.remove("pending").map(Any),
        sources: many(item.remove("sources")),
        from: item.remove("from").map(Any),
        confirmed: item.remove("confirmed").map(Any),
        visits: many(item.remove("visits")),
        open: item
            .remove("open")
            .and_then(|n| n.as_u64())
            .and_then(|n| n.try_into().ok()),
    })
}

#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ResidentsPage {
    /// One page of residents, in the order of their ids.
    residents: Vec<ResidentView>,
    /// To give as `after` for the next page; absent on the last.
    next: Option<Uuid>,
}

#[derive(Object)]
struct ResidentCount {
    /// How many.
    count: u64,
}

/// One field before and after.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ChangeView {
    /// The field's key.
    key: String,
    /// The value before.
    from: Any<Value>,
    /// The value after.
    to: Any<Value>,
    /// What the author sent, where it is kept in another form: a code that was withdrawn, a number with blanks.
    sent: Option<Any<Value>>,
}

/// One edit of a record.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct StepView {
    /// The edit's id.
    edit: Uuid,
    /// The record's number after it.
    n: i32,
    /// Whom it named, where that was somebody who was merged into this one; its number is then of that record, if it was
    /// made before.
    named: Option<Uuid>,
    /// `phone`, `console`, `list`, `decision`, `undo` (a list was taken back), …
    kind: String,
    /// `merged`, `conflict`, `proposed` or `held`.
    outcome: String,
    /// Name of the author, where there is an account.
    by: Option<String>,
    /// The account concerned.
    account: Uuid,
    /// The device it was made on, where there was one.
    device: Option<Uuid>,
    /// By the author's clock.
    made_at: String,
    /// When it was received (RFC 3339, UTC).
    received_at: String,
    /// Fields that it changed.
    changes: Vec<ChangeView>,
}

impl From<Step> for StepView {
    fn from(step: Step) -> StepView {
        let changes = step.changes.into_iter();
        StepView {
            edit: step.edit,
            n: step.n,
            named: step.named,
            kind: step.kind,
            outcome: step.outcome,
            by: step.by,
            account: step.account,
            device: step.device,
            made_at: step.made_at.to_string(),
            received_at: step.received_at.to_string(),
            changes: changes
                .map(|change| ChangeView {
                    key: change.key,
                    from: Any(change.from),
                    to: Any(change.to),
                    sent: change.sent.map(Any),
                })
                .collect(),
        }
    }
}

#[derive(Object)]
struct HistoryView {
    /// Oldest first.
    steps: Vec<StepView>,
}

/// A cadre's edit, in the shape of a phone's. The same one may be sent again and gets the same receipt.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewEdit {
    /// Made by the client, once per edit.
    id: Uuid,
    /// `version` of the resident that was seen.
    #[oai(validator(max_length = 40))]
    base: String,
    /// Key → `{was, now}`, for sets `{add, remove}`.
    fields: Option<Any<Value>>,
    /// Keys whose values were found right.
    confirm: Option<Vec<String>>,
}

/// What became of an edit.
#[derive(Object)]
struct EditedView {
    /// `merged`, `conflict` or `proposed`, and by field where they differ.
    receipt: Any<Value>,
    /// The record's version now.
    version: String,
    /// It had been taken already.
    repeat: bool,
}

#[OpenApi(prefix_path = "/api/v1/residents", tag = "Tag::Residents")]
impl Residents {
    /// Residents in the actor's scope, by place and id
    ///
    /// `q` opens the cards in scope, at most 30,000 (422 `scope_too_wide`).
    #[oai(path = "/", method = "get", operation_id = "list_residents")]
    #[expect(clippy::too_many_arguments, reason = "each is one filter of the contract")]
    async fn list(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// County, town or village.
        division: Query<Option<Uuid>>,

        /// The grid concerned.
        grid: Query<Option<Uuid>>,
        /// With an open enrolment in this category.
        #[oai(validator(max_length = 60))]
        category: Query<Option<String>>,
        /// The source's status of an open enrolment: `active`, `suspended`, `ended`, `none`.
        #[oai(validator(max_length = 20))]
        enrolment: Query<Option<String>>,
        /// Reported and present ones by default.
        state: Query<Option<StateParam>>,
        /// Least age in years, by the year of birth.
        age_from: Query<Option<i32>>,
        /// Greatest age in years, by the year of birth.
        age_to: Query<Option<i32>>,
        /// Exact.
        #[oai(validator(max_length = 40))]
        id_number: Query<Option<String>>,
        /// Exact.
        #[oai(validator(max_length = 40))]
        phone: Query<Option<String>>,
        /// The full name.
        #[oai(validator(max_length = 60))]
        name: Query<Option<String>>,
        /// Part of a name, pinyin initials, or part of an address.
        #[oai(validator(max_length = 60))]
        q: Query<Option<String>>,
        /// `next` of the page before.
        after: Query<Option<Uuid>>,
        /// 1 to 200, 50 by default.
        limit: Query<Option<u64>>,
    ) -> Answer<Json<ResidentsPage>> {
        let filter = Filter {
            division: division.0,
            grid: grid.0,
            category: category.0,
            enrolment: enrolment.0,
            state: state.0.map(|s| s.name().to_owned()),
            age_from: age_from.0,
            age_to: age_to.0,
            id_number: id_number.0,
            phone: phone.0,
            name: name.0,
            q: q.0,
        };
        let limit = limit.0.unwrap_or(50).clamp(1, 200);
        let page = residents::list(&program, &who.0, &filter, after.0, limit).await?;
        let full = page.len() as u64 == limit;
        let residents = page.into_iter().map(view).collect::<Answer<Vec<_>>>()?;
        let next = residents.last().filter(|_| full).map(|r| r.resident);
        Ok(Json(ResidentsPage { residents, next }))
    }

    /// How many residents a filter leaves
    #[oai(path = "/count", method = "get", operation_id = "count_residents")]
    #[expect(clippy::too_many_arguments, reason = "each is one filter of the contract")]
    async fn count(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// County, town or village.
        division: Query<Option<Uuid>>,

        /// The grid concerned.
        grid: Query<Option<Uuid>>,
        /// With an open enrolment in this category.
        #[oai(validator(max_length = 60))]
        category: Query<Option<String>>,
        /// The source's status of an open enrolment.
        #[oai(validator(max_length = 20))]
        enrolment: Query<Option<String>>,
        /// Reported and present ones by default.
        state: Query<Option<StateParam>>,
        /// Least age in years, by the year of birth.
        age_from: Query<Option<i32>>,
        /// Greatest age in years, by the year of birth.
        age_to: Query<Option<i32>>,
        /// Part of a name, pinyin initials, or part of an address.
        #[oai(validator(max_length = 60))]
        q: Query<Option<String>>,
    ) -> Answer<Json<ResidentCount>> {
        let filter = Filter {
            division: division.0,
            grid: grid.0,
            category: category.0,
            enrolment: enrolment.0,
            state: state.0.map(|s| s.name().to_owned()),
            age_from: age_from.0,
            age_to: age_to.0,
            q: q.0,
            ..Filter::default()
        };
        let count = residents::count(&program, &who.0, &filter).await?;
        Ok(Json(ResidentCount { count }))
    }

    /// One resident; every read is in the audit trail
    #[oai(path = "/:id", method = "get", operation_id = "get_resident")]
    async fn get(
        &self,
        program: Data<&Program>,
        who: SignedIn,

        /// The id of what is meant.
        id: Path<Uuid>,
    ) -> Answer<Json<ResidentView>> {
        let item = residents::one(&program, &who.0, id.0).await?;
        Ok(Json(view(item)?))
    }

    /// Who changed what, when, on which device
    #[oai(path = "/:id/history", method = "get", operation_id = "get_resident_history")]
    async fn history(
        &self,
        program: Data<&Program>,
        who: SignedIn,

        /// The id of what is meant.
        id: Path<Uuid>,
    ) -> Answer<Json<HistoryView>> {
        let steps = residents::history(&program, &who.0, id.0).await?;
        Ok(Json(HistoryView {
            steps: steps.into_iter().map(StepView::from).collect(),
        }))
    }

    /// Correct a resident of an own village
    ///
    /// Taken whole or not at all: 409 `changed_meanwhile` carries the present value of a fact that is no longer what
    /// was seen; 422 names the fields that cannot be taken.
    #[oai(path = "/:id/edits", method = "post", operation_id = "edit_resident")]
    async fn edit(
        &self,
        program: Data<&Program>,
        who: SignedIn,

        /// The id of what is meant.
        id: Path<Uuid>,
        body: Json<NewEdit>,
    ) -> Answer<Json<EditedView>> {
        let body = body.0;
        let what = ConsoleEdit {
            id: body.id,
            base: body.base,
            fields: body.fields.map_or_else(|| Value::Object(Map::new()), |f| f.0),
            confirm: body.confirm.unwrap_or_default(),
        };
        let program = program.0.clone();
        // The use case runs to its end when the client hangs up.
        let work = tokio::spawn(async move { residents::edit(&program, &who.0, id.0, &what).await });
        let done = work
            .await
            .map_err(|_| ApiError::Internal(Problem::new("internal", "服务器内部错误，请稍后再试")))??;
        Ok(Json(EditedView {
            receipt: Any(done.receipt),
            version: done.version,
            repeat: done.repeat,
        }))
    }
}
