//! Drawing, redrawing and ending one grid.

use super::ranges;
use crate::actor::Actor;
use crate::app::Error;
use crate::app::divisions::{current, must_be_bureau};
use crate::store::audit::{self, Entry};
use crate::store::db::{Db, Txn};
use crate::store::grids::{self, Grid, Range};
use domain::Instant;
use domain::code::{GridCode, Level};
use domain::text::{clean, not_stated};
use jiff::civil::Date;
use sea_orm::{ConnectionTrait, DbErr, SqlErr};
use uuid::Uuid;

/// A grid to be drawn.
#[derive(Clone, Debug)]
pub struct NewGrid {
    pub id: Uuid,
    pub code: String,
    /// Called after its ranges where nothing is given.
    pub name: Option<String>,
    pub village: Uuid,
    /// Today where nothing is given.
    pub since: Option<Date>,
    pub ranges: Vec<Range>,
}

/// What to change; `None` leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct GridPatch {
    pub code: Option<String>,
    pub name: Option<String>,
    /// All ranges, instead of those that are there. Residents stay where they are until somebody moves them.
    pub ranges: Option<Vec<Range>>,
    /// The first day on which it is no more; an inner `None` takes an end back.
    pub until: Option<Option<Date>>,
}

/// Draws a grid in a village, with its feed.
///
/// # Errors
/// `Refused` with the field to correct (`range_overlap` names the other grid); `Conflict` `code_taken`.
pub async fn create(db: &Db, actor: &Actor, new: &NewGrid, now: Instant) -> Result<Grid, Error> {
    must_be_bureau(actor)?;
    db.write(|txn| async move { create_in(&txn, actor, new, now).await })
        .await
}

/// [`create`] in a transaction of something larger.
pub(super) async fn create_in(txn: &Txn, actor: &Actor, new: &NewGrid, now: Instant) -> Result<Grid, Error> {
    let village = current(txn, new.village, "village").await?;
    if village.level != Level::Village {
        return Err(Error::field("not_a_village", "网格须设在村居之下", "village"));
    }
    let code = code(&new.code)?;
    let ranges = checked(&new.ranges)?;
    let grid = Grid {
        id: new.id,
        name: match &new.name {
            Some(text) => name(text)?,
            None => ranges::label(&village.name, &code, &ranges),
        },
        code,
        village: village.id,
        since: date(new.since.unwrap_or_else(|| now.date()), now, "since")?,
        until: None,
        ranges,
    };
    no_overlap(&**txn, &grid, &new.ranges).await?;
    grids::insert(&**txn, std::slice::from_ref(&grid))
        .await
        .map_err(taken)?;
    log(&**txn, actor, "grid_created", grid.id, now).await?;
    Ok(grid)
}

/// Changes a grid.
///
/// # Errors
/// `NotFound`; `Refused` with the field to correct; `Conflict` `grid_in_use` when it is to end and there are
/// residents in it: a cadre moves them first.
pub async fn patch(db: &Db, actor: &Actor, id: Uuid, patch: &GridPatch, now: Instant) -> Result<Grid, Error> {
    must_be_bureau(actor)?;
    db.write(|txn| async move {
        let seen = grids::find(&*txn, id).await?.ok_or(Error::NotFound)?;
        // Ranges of one village are judged under the village's lock.
        let village = current(&txn, seen.village, "village").await?;
        grids::lock(&*txn, id).await?;
        let before = grids::find(&*txn, id).await?.ok_or(Error::NotFound)?;
        let mut after = before.clone();
        if let Some(text) = &patch.code {
            after.code = code(text)?;
        }
        if let Some(ranges) = &patch.ranges {
            after.ranges = checked(ranges)?;
        }
        match &patch.name {
            Some(text) => after.name = name(text)?,
            // A name that only said what the grid's ranges are follows them.
            None if before.name == ranges::label(&village.name, &before.code, &before.ranges) => {
                after.name = ranges::label(&village.name, &after.code, &after.ranges);
            }
            None => {}
        }
        if let Some(until) = patch.until {
            after.until = match until {
                Some(until) => Some(end(&*txn, &before, until, now).await?),
                None => None,
            };
        }
        if after == before {
            return Ok(after);
        }
        if after.until.is_none() && (after.ranges != before.ranges || before.until.is_some()) {
            let given = patch.ranges.as_deref().unwrap_or(&after.ranges);
            no_overlap(&*txn, &after, given).await?;
        }
        grids::update(&*txn, &after, after.ranges != before.ranges)
            .await
            .map_err(taken)?;
        log(&*txn, actor, "grid_changed", id, now).await?;
        Ok(after)
    })
    .await
}

async fn log<C: ConnectionTrait>(
    txn: &C,
    actor: &Actor,
    action: &'static str,
    id: Uuid,
    now: Instant,
) -> Result<(), Error> {
    let entry = Entry::done(action, actor.account).on("grid", id);
    Ok(audit::insert(txn, entry.by_device(actor.device), now.millis()).await?)
}

async fn end<C: ConnectionTrait>(txn: &C, grid: &Grid, until: Date, now: Instant) -> Result<String, Error> {
    let until = date(until, now, "until")?;
    if until < grid.since {
        return Err(Error::field(
            "until_before_since",
            "终止日期不能早于启用日期",
            "until",
        ));
    }
    match grids::residents(txn, grid.id).await? {
        0 => Ok(until),
        n => Err(Error::conflict(
            "grid_in_use",
            format!("网格内还有 {n} 名居民，请先调整入格"),
        )),
    }
}

fn code(text: &str) -> Result<String, Error> {
    match GridCode::parse(text) {
        Ok(code) => Ok(code.as_str().to_owned()),
        Err(_) => Err(Error::field(
            "code_malformed",
            "网格编号须为 1 至 32 位字母、数字、“-”或“_”",
            "code",
        )),
    }
}

fn name(text: &str) -> Result<String, Error> {
    let name = clean(text);
    match !not_stated(&name) && name.chars().count() <= 50 && !name.contains('\n') {
        true => Ok(name),
        false => Err(Error::field("name_malformed", "名称须为 1 至 50 个字", "name")),
    }
}

fn date(date: Date, now: Instant, field: &'static str) -> Result<String, Error> {
    match date > now.date() {
        true => Err(Error::field("date_in_future", "日期不能晚于今天", field)),
        false => Ok(date.to_string()),
    }
}

/// Ranges as they are stored: names without blanks, in order, none twice.
pub(super) fn checked(given: &[Range]) -> Result<Vec<Range>, Error> {
    const MOST: usize = 200;
    if given.len() > MOST {
        return Err(Error::field(
            "too_many_ranges",
            "一个网格最多 200 段门牌",
            "ranges",
        ));
    }
    let mut all = Vec::with_capacity(given.len());
    for (at, range) in given.iter().enumerate() {
        let malformed = |field: &str| {
            Error::field(
                "range_malformed",
                "门牌号须为正整数，起号不大于止号",
                format!("ranges.{at}.{field}"),
            )
        };
        if range.from < 1 {
            return Err(malformed("from"));
        }
        if range.to < range.from || range.to > 99_999 {
            return Err(malformed("to"));
        }
        for natural_village in ranges::natural_villages(&range.natural_village) {
            if natural_village.chars().count() > 50 {
                return Err(malformed("natural_village"));
            }
            all.push(Range {
                natural_village,
                from: range.from,
                to: range.to,
            });
        }
    }
    all.sort();
    match ranges::overlap_within(&all) {
        true => Err(Error::field(
            "range_overlap",
            "本网格的门牌范围互相重叠",
            "ranges",
        )),
        false => Ok(all),
    }
}

/// Within a village a house number belongs to one grid. `given` are the ranges as they were sent: the fault
/// names its place there. Held by the lock on the village.
pub(super) async fn no_overlap<C: ConnectionTrait>(
    txn: &C,
    grid: &Grid,
    given: &[Range],
) -> Result<(), Error> {
    let mut others = grids::of_villages(txn, &[grid.village]).await?;
    others.retain(|other| other.id != grid.id);
    let Some((range, other)) = ranges::overlap(&grid.ranges, &others) else {
        return Ok(());
    };
    let sent = |r: &Range| {
        (r.from, r.to) == (range.from, range.to)
            && ranges::natural_villages(&r.natural_village).contains(&range.natural_village)
    };
    let at = given.iter().position(sent).unwrap_or_default();
    let part = |field: &str| format!("ranges.{at}.{field}");
    Err(Error::Refused {
        code: "range_overlap",
        message: format!(
            "“{}”{}-{} 号与网格 {} 重叠",
            range.natural_village, range.from, range.to, other.code
        ),
        fields: vec![part("natural_village"), part("from"), part("to")],
    })
}

/// The unique index on codes speaks for two that were drawn at the same moment.
pub(super) fn taken(error: DbErr) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::conflict("code_taken", "网格编号已被使用"),
        _ => error.into(),
    }
}
