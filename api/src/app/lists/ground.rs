//! What every run over a list's rows stands on: the list, its head, the county's places, and the lists before it.

use super::figures::later_month;
use super::steps::Commit;
use crate::app::Error;
use crate::program::Program;
use crate::store::divisions;
use crate::store::lists::{self, Head, Stage};
use domain::Instant;
use domain::place::{Gazetteer, Hint};
use entity::list;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

pub struct Ground<'a> {
    pub program: &'a Program,
    pub list: list::Model,
    /// A later month was committed for some of the same places: the list's rows are history.
    pub later_month: Option<String>,
    head: Head,
    gazetteer: Gazetteer,
    earlier: Vec<list::Model>,
    /// The town or village that the list covers.
    hint: Hint,
}

impl<'a> Ground<'a> {
    /// # Errors
    /// [`Error::NotFound`] where the list is not there any more.
    pub async fn of<C: ConnectionTrait>(db: &C, program: &'a Program, id: Uuid) -> Result<Ground<'a>, Error> {
        let list = lists::find(db, id).await?.ok_or(Error::NotFound)?;
        let mut earlier = lists::committed(db, &list.source, &list.kind).await?;
        let later_month = later_month(db, &list, &earlier).await?;
        // The previous row is that of a month before. A death is reported once, whichever month said so first.
        earlier.retain(|l| l.id != list.id && (l.month < list.month || list.kind == "deaths"));
        Ok(Ground {
            program,
            head: lists::head(&program.keys, &list)?,
            gazetteer: divisions::gazetteer(db).await?,
            hint: hint(db, list.division).await?,
            list,
            later_month,
            earlier,
        })
    }

    /// Committed lists of the same source and kind, of months before the list's own.
    pub fn earlier(&self) -> &[list::Model] {
        &self.earlier
    }

    /// What the rows of one run share; `account` is who commits or decides.
    pub fn commit(&self, account: Uuid, stage: Stage) -> Commit<'_> {
        let now = self.program.clock.now();
        Commit {
            program: self.program,
            list: &self.list,
            head: &self.head,
            gazetteer: &self.gazetteer,
            earlier: &self.earlier,
            hint: self.hint,
            account,
            begun: self.list.begun_at.map_or(now, Instant::from_millis),
            now,
            stage,
            // A death is not less true because a later month was handed in first.
            history: self.later_month.is_some() && self.list.kind != "deaths",
            answer: None,
        }
    }
}

/// What the division of a list tells about places that its rows name in part only.
async fn hint<C: ConnectionTrait>(db: &C, division: Uuid) -> Result<Hint, Error> {
    let Some(own) = divisions::find(db, division).await? else {
        return Ok(Hint::default());
    };
    let Some(above) = own.parent else {
        return Ok(Hint::default());
    };
    let above = divisions::find(db, above).await?;
    Ok(match above.filter(|above| above.parent.is_some()) {
        Some(town) => Hint {
            town: Some(town.id.into()),
            village: Some(own.id.into()),
        },
        None => Hint {
            town: Some(own.id.into()),
            village: None,
        },
    })
}
