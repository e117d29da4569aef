//! What every run over a list's rows stands on: the list, its head, the county's places, and the lists before it.

use super::{JobContext, JobFault};
use crate::app::Error;
use crate::app::lists::steps::Commit;
use crate::program::Program;
use crate::store::divisions;
use crate::store::lists::{self, Head, Part, Row, Stage};
use domain::Instant;
use domain::place::Gazetteer;
use entity::list;

/// Rows of one transaction: few enough that a phone's sync need not wait long behind it.
pub const STEP: u64 = 200;

pub struct Ground<'a> {
    pub program: &'a Program,
    pub context: &'a JobContext,
    pub list: list::Model,
    head: Head,
    gazetteer: Gazetteer,
    earlier: Vec<list::Model>,
}

impl<'a> Ground<'a> {
    pub async fn of(program: &'a Program, context: &'a JobContext) -> Result<Ground<'a>, JobFault> {
        let db = program.db.read();
        let id = context.subject.ok_or(JobFault::Failed("no_list"))?;
        let list = lists::find(db, id).await?.ok_or(JobFault::Failed("no_list"))?;
        let mut earlier = lists::committed(db, &list.source, &list.kind).await?;
        // The previous row is that of a month before. A death is reported once, whichever month said so first.
        earlier.retain(|l| l.id != list.id && (l.month < list.month || list.kind == "deaths"));
        Ok(Ground {
            program,
            context,
            head: lists::head(&program.keys, &list).map_err(Error::from)?,
            gazetteer: divisions::gazetteer(db).await.map_err(Error::from)?,
            list,
            earlier,
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
        }
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
