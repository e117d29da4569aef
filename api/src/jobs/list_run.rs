//! What every run over a list's rows stands on: the list, its head, the county's places, and the lists before it.

use super::{JobContext, JobFault};
use crate::app::Error;
use crate::app::lists::figures::later_month;
use crate::app::lists::missing;
use crate::app::lists::steps::Commit;
use crate::program::Program;
use crate::store::divisions;
use crate::store::lists::{self, Head, Part, Row, Stage};
use domain::Instant;
use domain::place::Gazetteer;
use entity::list;

/// Rows of one transaction: few enough that a phone's sync need not wait long behind it. A row of the register is one
/// row, as what a dry run says; a row of any other list may make a record with all that belongs to it.
pub const STEP: u64 = 200;
pub const RECORD_STEP: u64 = 50;

pub struct Ground<'a> {
    pub program: &'a Program,
    pub context: &'a JobContext,
    pub list: list::Model,
    head: Head,
    gazetteer: Gazetteer,
    earlier: Vec<list::Model>,
    history: bool,
}

impl<'a> Ground<'a> {
    pub async fn of(program: &'a Program, context: &'a JobContext) -> Result<Ground<'a>, JobFault> {
        let db = program.db.read();
        let id = context.subject.ok_or(JobFault::Failed("no_list"))?;
        let list = lists::find(db, id).await?.ok_or(JobFault::Failed("no_list"))?;
        let mut earlier = lists::committed(db, &list.source, &list.kind).await?;
        let history = later_month(db, &list, &earlier)
            .await
            .map_err(Error::from)?
            .is_some();
        // The previous row is that of a month before. A death is reported once, whichever month said so first.
        earlier.retain(|l| l.id != list.id && (l.month < list.month || list.kind == "deaths"));
        Ok(Ground {
            program,
            context,
            head: lists::head(&program.keys, &list).map_err(Error::from)?,
            gazetteer: divisions::gazetteer(db).await.map_err(Error::from)?,
            list,
            earlier,
            history,
        })
    }

    pub fn commit(&self, stage: Stage) -> Commit<'_> {
        let now = self.program.clock.now();
        Commit {
            program: self.program,
            list: &self.list,
            head: &self.head,
            gazetteer: &self.gazetteer,
            earlier: &self.earlier,
            account: self.context.created_by,
            begun: self.list.begun_at.map_or(now, Instant::from_millis),
            now,
            stage,
            history: self.history,
        }
    }

    /// Compares the roster with the list once its rows are judged, keeps who is missing, and in a commit asks their
    /// villages. Answers how many were on the roster. What was done before a break is not done again.
    pub async fn missing(&self, stage: Stage) -> Result<i32, JobFault> {
        let (program, context, list) = (self.program, self.context, &self.list);
        let cx = &self.commit(stage);
        let db = program.db.read();
        let compared = missing::compare(db, cx).await?;
        let noted = &missing::note(db, cx, &compared.absent).await?;
        let reason = &missing::reason(cx);
        let people: Vec<_> = noted.people.clone().into_iter().collect();
        for part in people.chunks(RECORD_STEP as usize) {
            context.go_on()?;
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
        let part = Part {
            after,
            limit,
            of_file: true,
            ..Part::default()
        };
        let rows = lists::rows(db, &self.program.keys, self.list.id, part).await;
        Ok(rows.map_err(Error::from)?)
    }
}
