//! Making, renaming and ending divisions.

use super::names;
use crate::app::Error;
use crate::store::db::{Db, Txn};
use crate::store::divisions::{self, Division, InUse, NameKind, OtherName};
use domain::Instant;
use domain::code::{DivisionCode, Level};
use jiff::civil::Date;
use sea_orm::SqlErr;
use uuid::Uuid;

/// A division to be made.
#[derive(Clone, Debug)]
pub struct NewDivision {
    pub id: Uuid,
    /// Must have the digits of its level, and begin with the parent's code where both have one.
    pub code: Option<String>,
    pub name: String,
    /// The level follows from it; without a parent it is the county.
    pub parent: Option<Uuid>,
    /// Other names in use.
    pub variants: Vec<String>,
    pub since: Option<Date>,
}

/// What to change; `None` leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct DivisionPatch {
    /// The old name stays as a former name until `renamed_on`.
    pub name: Option<String>,
    /// The first day of the new name or code; today where it is not said.
    pub renamed_on: Option<Date>,
    pub code: Option<Option<String>>,
    /// All other names in use, instead of those that are there.
    pub variants: Option<Vec<String>>,
    /// Former names with their dates, instead of those that are there.
    pub former: Option<Vec<FormerName>>,
    pub since: Option<Option<Date>>,
    /// The first day on which it is no more; an inner `None` takes an end back.
    pub until: Option<Option<Date>>,
}

/// A name of an earlier time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormerName {
    pub name: String,
    pub since: Option<Date>,
    pub until: Option<Date>,
}

/// Makes a division under its parent.
///
/// # Errors
/// `Refused` with the field to correct; `Conflict` when code or name is in use beside it.
pub async fn create(db: &Db, new: &NewDivision, now: Instant) -> Result<Division, Error> {
    db.write(|txn| async move {
        let parent = match new.parent {
            Some(id) => Some(current(&txn, id, "parent").await?),
            None => None,
        };
        let level = level_below(parent.as_ref().map(|p| p.level))?;
        if parent.is_none() && divisions::lock_county(&*txn).await?.is_some() {
            return Err(Error::field(
                "parent_missing",
                "已有县级区划，请指明上级区划",
                "parent",
            ));
        }
        let division = Division {
            id: new.id,
            code: match &new.code {
                Some(text) => Some(code(text, level, parent.as_ref())?),
                None => None,
            },
            name: name(&new.name, "name")?,
            level,
            parent: new.parent,
            names: variants(&new.variants)?.collect(),
            since: new.since.map(|date| date.to_string()),
            until: None,
        };
        not_in_future(new.since, now, "since")?;
        name_is_free(&txn, &division).await?;
        divisions::insert(&*txn, std::slice::from_ref(&division))
            .await
            .map_err(taken)?;
        Ok(division)
    })
    .await
}

/// Changes a division.
///
/// # Errors
/// `NotFound`; `Refused` with the field to correct; `Conflict` `division_in_use` when it is to end and there
/// are divisions, grids or residents in it.
pub async fn patch(db: &Db, id: Uuid, patch: &DivisionPatch, now: Instant) -> Result<Division, Error> {
    db.write(|txn| async move {
        let seen = divisions::find(&*txn, id).await?.ok_or(Error::NotFound)?;
        // The parent first, as everywhere: names under it are judged under its lock.
        let parent = match seen.parent {
            Some(parent) => divisions::lock(&*txn, parent).await?,
            None => None,
        };
        let before = divisions::lock(&*txn, id).await?.ok_or(Error::NotFound)?;
        let mut after = before.clone();
        let on = patch.renamed_on.unwrap_or_else(|| now.date());
        not_in_future(Some(on), now, "renamed_on")?;
        if let Some(text) = &patch.name {
            rename(&mut after, name(text, "name")?, on);
        }
        if let Some(text) = &patch.code {
            let new = match text {
                Some(text) => Some(code(text, before.level, parent.as_ref())?),
                None => None,
            };
            recode(&mut after, new, on);
        }
        if let Some(texts) = &patch.variants {
            after.names.retain(|n| n.kind != NameKind::Variant);
            after.names.extend(variants(texts)?);
        }
        if let Some(all) = &patch.former {
            after.names.retain(|n| n.kind != NameKind::Former);
            for one in all {
                after.names.push(former(one)?);
            }
        }
        if let Some(since) = patch.since {
            not_in_future(since, now, "since")?;
            after.since = since.map(|date| date.to_string());
        }
        if let Some(until) = patch.until {
            end(&txn, &mut after, parent.as_ref(), until, now).await?;
        }
        if after != before {
            if after.is_current() {
                name_is_free(&txn, &after).await?;
            }
            divisions::update(&*txn, &after).await.map_err(taken)?;
        }
        Ok(after)
    })
    .await
}

/// Gives a division a new name; the old one stays as a dated former name. A label was no name and goes.
pub(super) fn rename(division: &mut Division, new: String, on: Date) {
    if division.name == new {
        return;
    }
    let old = std::mem::replace(&mut division.name, new.clone());
    // What it goes by again is no longer another name of it.
    division
        .names
        .retain(|n| n.kind == NameKind::FormerCode || n.name != new);
    if !names::is_label(&old) {
        division.names.push(OtherName {
            name: old,
            kind: NameKind::Former,
            since: None,
            until: Some(on.to_string()),
        });
    }
}

/// Gives a division a new code; the old one stays as a dated former code.
pub(super) fn recode(division: &mut Division, new: Option<String>, on: Date) {
    if division.code == new {
        return;
    }
    if let Some(old) = std::mem::replace(&mut division.code, new) {
        division.names.push(OtherName {
            name: old,
            kind: NameKind::FormerCode,
            since: None,
            until: Some(on.to_string()),
        });
    }
}

async fn end(
    txn: &Txn,
    division: &mut Division,
    parent: Option<&Division>,
    until: Option<Date>,
    now: Instant,
) -> Result<(), Error> {
    not_in_future(until, now, "until")?;
    let until = until.map(|date| date.to_string());
    if until.is_some() && until < division.since {
        return Err(Error::field(
            "until_before_since",
            "终止日期不能早于启用日期",
            "until",
        ));
    }
    if until.is_some() {
        let used = divisions::in_use(&**txn, division.id).await?;
        if used != InUse::default() {
            return Err(in_use(used));
        }
    } else if parent.is_some_and(|p| !p.is_current()) {
        return Err(Error::field("parent_ended", "上级区划已终止", "until"));
    }
    division.until = until;
    Ok(())
}

fn in_use(used: InUse) -> Error {
    let InUse {
        divisions,
        grids,
        residents,
    } = used;
    Error::conflict(
        "division_in_use",
        format!("仍有 {divisions} 个下级区划、{grids} 个网格、{residents} 名居民，不能终止"),
    )
}

/// A current division, locked until commit.
pub(crate) async fn current(txn: &Txn, id: Uuid, field: &'static str) -> Result<Division, Error> {
    match divisions::lock(&**txn, id).await? {
        Some(division) if division.is_current() => Ok(division),
        Some(_) => Err(Error::field("division_ended", "该区划已终止", field)),
        None => Err(Error::field("division_unknown", "没有这个区划", field)),
    }
}

fn level_below(above: Option<Level>) -> Result<Level, Error> {
    Level::ALL
        .into_iter()
        .find(|level| level.above() == above)
        .ok_or_else(|| Error::field("parent_is_village", "村居之下不再设区划，请新建网格", "parent"))
}

fn code(text: &str, level: Level, parent: Option<&Division>) -> Result<String, Error> {
    let code = DivisionCode::parse(text)
        .map_err(|_| Error::field("code_malformed", "区划代码须为 6、9 或 12 位数字", "code"))?;
    if code.level() != level {
        return Err(Error::field("code_level", "区划代码的位数与级别不符", "code"));
    }
    let above = parent.and_then(|p| p.code.as_deref());
    if above.is_some_and(|above| code.above().is_none_or(|c| c.as_str() != above)) {
        return Err(Error::field(
            "code_parent",
            "区划代码与上级区划的代码不符",
            "code",
        ));
    }
    Ok(code.as_str().to_owned())
}

fn name(text: &str, field: &'static str) -> Result<String, Error> {
    names::parse(text).ok_or_else(|| Error::field("name_malformed", "名称须为 1 至 50 个字", field))
}

fn variants(texts: &[String]) -> Result<impl Iterator<Item = OtherName>, Error> {
    let all: Vec<String> = texts
        .iter()
        .map(|text| name(text, "variants"))
        .collect::<Result<_, _>>()?;
    Ok(all.into_iter().map(|name| OtherName {
        name,
        kind: NameKind::Variant,
        since: None,
        until: None,
    }))
}

fn former(one: &FormerName) -> Result<OtherName, Error> {
    if one.since.is_some() && one.until.is_some() && one.until < one.since {
        return Err(Error::field(
            "until_before_since",
            "终止日期不能早于启用日期",
            "former",
        ));
    }
    Ok(OtherName {
        name: name(&one.name, "former")?,
        kind: NameKind::Former,
        since: one.since.map(|date| date.to_string()),
        until: one.until.map(|date| date.to_string()),
    })
}

fn not_in_future(date: Option<Date>, now: Instant, field: &'static str) -> Result<(), Error> {
    match date {
        Some(date) if date > now.date() => Err(Error::field("date_in_future", "日期不能晚于今天", field)),
        _ => Ok(()),
    }
}

/// Two current divisions under one parent do not have one name. Held by the lock on the parent.
async fn name_is_free(txn: &Txn, division: &Division) -> Result<(), Error> {
    let Some(parent) = division.parent else {
        return Ok(());
    };
    let beside = divisions::children(&**txn, parent).await?;
    let taken = beside
        .iter()
        .any(|d| d.id != division.id && d.is_current() && d.name == division.name);
    match taken {
        true => Err(Error::conflict("name_taken", "同一上级区划下已有这个名称")),
        false => Ok(()),
    }
}

/// The unique index on codes speaks for two that were made at the same moment.
pub(super) fn taken(error: sea_orm::DbErr) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::conflict("code_taken", "区划代码已被使用"),
        _ => error.into(),
    }
}
