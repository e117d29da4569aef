//! Background work: how far it is, and why it failed.

use super::auth::{Caller, SignedIn};
use super::contract::Tag;
use super::error::Answer;
use super::page;
use crate::app::jobs::{self, Wish};
use crate::program::Program;
use crate::store::jobs::{Filter, Job};
use domain::Instant;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

pub struct Jobs;

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum JobState {
    /// Waits for a node, or for its next attempt.
    Queued,
    Running,
    Done,
    /// Ended without success; `last_error` says why.
    Failed,
}

/// One piece of background work.
#[derive(Object)]
#[oai(skip_serializing_if_is_none, example)]
struct JobView {
    /// Its id.
    id: Uuid,
    /// `commit_list`: writes a list's rows into the records; `try_list`: says what that would come to; `export_roster`:
    /// makes a roster's file; `tidy`: removes what nobody needs any more, once a day: it is `queued` between two runs; `reseal`: seals everything anew with a
    /// new data key; `run_rules`: runs the
    /// comparison rules that read the list; `run_all_rules`: runs all of them, once a night; `compact`: gives records with a long history a fresh document, once a night.
    kind: String,
    /// What it is about: the list.
    subject: Option<Uuid>,
    /// How far it is.
    state: JobState,
    /// Runs that were begun.
    attempts: i32,
    /// Steps that are done and committed.
    progress: i32,
    /// Steps in all; 0 while that is not known.
    total: i32,
    /// A stable code of the last failure.
    last_error: Option<String>,
    /// The account that started it; all zeros for work that starts by itself.
    created_by: Uuid,
    /// RFC 3339.
    created_at: String,
    /// RFC 3339; absent while it is not at an end.
    finished_at: Option<String>,
}

impl Example for JobView {
    fn example() -> Self {
        JobView {
            id: Uuid::from_u128(0x0199_a1b2_0000_7000_8000_0000_0000_0301),
            kind: "commit_list".into(),
            subject: Some(Uuid::from_u128(0x0199_a1b2_0000_7000_8000_0000_0000_0302)),
            state: JobState::Running,
            attempts: 1,
            progress: 1200,
            total: 5000,
            last_error: None,
            created_by: Uuid::from_u128(0x0199_a1b2_0000_7000_8000_0000_0000_0303),
            created_at: "2026-11-25T01:02:03.000Z".into(),
            finished_at: None,
        }
    }
}

/// One page of jobs.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct JobPage {
    /// One page of them, in order.
    items: Vec<JobView>,
    /// To give as `after` for the next page; absent on the last.
    next: Option<String>,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Jobs")]
impl Jobs {
    /// Background work, newest first
    ///
    /// The bureau sees all of it, everyone else what they started; auditors get 403.
    #[oai(path = "/jobs", method = "get", operation_id = "list_jobs")]
    #[expect(clippy::too_many_arguments, reason = "each is one filter of the contract")]
    async fn list_jobs(
        &self,
        program: Data<&Program>,
        who: Caller,
        /// One kind only.
        kind: Query<Option<String>>,
        /// One state only.
        state: Query<Option<JobState>>,
        /// Work about one list.
        subject: Query<Option<Uuid>>,
        /// `next` of the page before.
        after: Query<Option<String>>,
        /// 1 to 200, 50 by default.
        limit: Query<Option<u64>>,
    ) -> Answer<Json<JobPage>> {
        let filter = Filter {
            created_by: None,
            kind: kind.0,
            state: state.0.map(|state| state.name().to_owned()),
            subject: subject.0,
        };
        let (after, limit) = (page::after(after.as_deref())?, page::limit(*limit)?);
        let page = jobs::list(&program.db, &who.0, &filter, after, limit).await?;
        let next = page::next(&page, limit, |job| (job.created_at, job.id));
        Ok(Json(JobPage {
            items: page.into_iter().map(JobView::from).collect(),
            next,
        }))
    }

    /// One piece of background work
    #[oai(path = "/jobs/:id", method = "get", operation_id = "get_job")]
    async fn get_job(
        &self,
        program: Data<&Program>,
        who: Caller,
        /// The job.
        id: Path<Uuid>,
    ) -> Answer<Json<JobView>> {
        Ok(Json(jobs::get(&program.db, &who.0, *id).await?.into()))
    }

    /// Put failed work in line again
    ///
    /// It goes on from its progress, with its attempts counted anew. 409 `not_failed` where it has not failed,
    /// `comes_round` for work that starts by itself.
    #[oai(path = "/jobs/:id/retry", method = "post", operation_id = "retry_job")]
    async fn retry_job(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The job.
        id: Path<Uuid>,
    ) -> Answer<Json<JobView>> {
        JobView::of(&program, &who, *id, Wish::Retry).await
    }

    /// Stop work
    ///
    /// It ends as `failed` with `cancelled` at the step that it is at. What was committed stays, and a retry goes on
    /// from there. 409 `at_an_end` where it has ended, `comes_round` for work that starts by itself.
    #[oai(path = "/jobs/:id/cancel", method = "post", operation_id = "cancel_job")]
    async fn cancel_job(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The job.
        id: Path<Uuid>,
    ) -> Answer<Json<JobView>> {
        JobView::of(&program, &who, *id, Wish::Cancel).await
    }
}

impl JobView {
    async fn of(program: &Program, who: &SignedIn, id: Uuid, wish: Wish) -> Answer<Json<JobView>> {
        let now = program.clock.now();
        let job = jobs::wish(&program.db, &who.0, id, wish, now).await?;
        Ok(Json(job.into()))
    }
}

impl JobState {
    const ALL: [JobState; 4] = [
        JobState::Queued,
        JobState::Running,
        JobState::Done,
        JobState::Failed,
    ];

    fn name(&self) -> &'static str {
        use crate::store::jobs::state;
        match self {
            JobState::Queued => state::QUEUED,
            JobState::Running => state::RUNNING,
            JobState::Done => state::DONE,
            JobState::Failed => state::FAILED,
        }
    }
}

impl From<Job> for JobView {
    fn from(row: Job) -> JobView {
        let state = JobState::ALL.into_iter().find(|state| state.name() == row.state);
        JobView {
            id: row.id,
            kind: row.kind,
            subject: row.subject,
            // A state of a newer program: it is neither done nor failed.
            state: state.unwrap_or(JobState::Running),
            attempts: row.attempts,
            progress: row.progress,
            total: row.total,
            last_error: row.last_error,
            created_by: row.created_by,
            created_at: Instant::from_millis(row.created_at).to_string(),
            finished_at: row.finished_at.map(|at| Instant::from_millis(at).to_string()),
        }
    }
}
