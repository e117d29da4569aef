//! What a job's run over a list's rows does step by step.

use super::pace::Pace;
use super::{JobContext, JobFault};
use crate::app::Error;
use crate::app::lists::steps::Commit;
use crate::app::lists::{ground, missing, moved};
use crate::program::Program;
use crate::store::lists::{self, Part, Row, Stage};
use entity::list;

/// Rows of one transaction: few enough that a phone's sync need not wait long behind it. A row of the register is one
/// row, as what a dry run says; a row of any other list may make a record with all that belongs to it.
pub const STEP: u64 = 200;
pub const RECORD_STEP: u64 = 100;

/// A run of a job over a list.
pub struct Ground<'a> {
    pub program: &'a Program,
    pub context: &'a JobContext,
    pub list: list::Model,
    pub ground: ground::Ground<'a>,
}

impl<'a> Ground<'a> {
    pub async fn of(program: &'a Program, context: &'a JobContext) -> Result<Ground<'a>, JobFault> {
        let id = context.subject.ok_or(JobFault::Failed("no_list"))?;
        Ground::about(program, context, id).await
    }

    /// A run over another list than the job's own.
    pub async fn about(
        program: &'a Program,
        context: &'a JobContext,
        id: uuid::Uuid,
    ) -> Result<Ground<'a>, JobFault> {
        let ground = ground::Ground::of(program.db.read(), program, id).await?;
        Ok(Ground {
            program,
            context,
            list: ground.list.clone(),
            ground,
        })
    }

    pub fn commit(&self, stage: Stage) -> Commit<'_> {
        self.ground.commit(self.context.created_by, stage)
    }

    /// How fast the list's rows go.
    pub fn pace(&self) -> Pace {
        Pace::of(&self.list.kind)
    }

    /// Compares the roster with the list once its rows are judged, keeps who is missing, and in a commit asks their
    /// villages. Answers how many were on the roster. What was done before a break is not done again.
    pub async fn missing(&self, stage: Stage) -> Result<i32, JobFault> {
        let (program, context, list) = (self.program, self.context, &self.list);
        let cx = &self.commit(stage);
        let db = program.db.read();
        let compared = missing::compare(db, cx).await?;
        for part in compared.moved.chunks(RECORD_STEP as usize) {
            context.go_on()?;
            program.limiter.give_way().await;
            program
                .db
                .write(|txn| async move {
                    moved::write(&txn, cx, part).await?;
                    context.advance(&*txn, list.rows, list.rows).await
                })
                .await?;
        }
        let noted = &missing::note(db, cx, &compared.absent).await?;
        let reason = &missing::reason(cx);
        let people: Vec<_> = noted.people.clone().into_iter().collect();
        for part in people.chunks(RECORD_STEP as usize) {
            context.go_on()?;
            program.limiter.give_way().await;
            let rows: Vec<i32> = part.iter().map(|(row, _)| *row).collect();
            let new: Vec<Row> = noted
                .new
                .iter()
                .filter(|r| rows.contains(&r.row))
                .cloned()
                .collect();
            let (rows, new) = (&rows, &new);
            program
                .db
                .write(|txn| async move {
                    lists::insert_rows(&*txn, &program.keys, new).await?;
                    lists::judge_missing(&*txn, list.id, rows, reason, stage).await?;
                    if stage == Stage::Final {
                        missing::ask(&txn, cx, part).await?;
                    }
                    context.advance(&*txn, list.rows, list.rows).await
                })
                .await?;
        }
        program
            .db
            .write(|txn| async move { lists::remove_missing(&*txn, list.id, &noted.gone).await })
            .await?;
        Ok(compared.known)
    }

    /// The next rows of the file behind a place.
    pub async fn rows<C: sea_orm::ConnectionTrait>(
        &self,
        db: &C,
        after: Option<(i32, i32)>,
        limit: Option<u64>,
    ) -> Result<Vec<Row>, JobFault> {
        let part = Part::of_file(after, limit);
        let rows = lists::rows(db, &self.program.keys, self.list.id, part).await;
        Ok(rows.map_err(Error::from)?)
    }
}
