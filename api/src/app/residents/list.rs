//! Lists of residents: filters, exact look-ups, and free text by opening small cards.

use super::view;
use crate::actor::{Actor, Scope};
use crate::app::{Error, trail};
use crate::program::Program;
use crate::store::audit::Entry;
use crate::store::cards::{self, Card};
use crate::store::records;
use crate::store::visible::{self, Narrow};
use crate::store::{divisions, lookups};
use domain::catalogue::Mask;
use domain::id_number::IdNumber;
use domain::name::{self, Name};
use domain::phone::Phone;
use domain::{mask, text};
use entity::resident;
use sea_orm::ConnectionTrait;
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;
use std::fmt;
use uuid::Uuid;

/// Cards that one search opens at most.
pub const MOST_CARDS: usize = 30_000;

/// What a list is narrowed to.
#[derive(Clone, Default)]
pub struct Filter {
    /// A county, town or village.
    pub division: Option<Uuid>,
    pub grid: Option<Uuid>,
    pub category: Option<String>,
    /// The source's status of an open enrolment.
    pub enrolment: Option<String>,
    pub state: Option<String>,
    /// Whole years by the year of birth.
    pub age_from: Option<i32>,
    pub age_to: Option<i32>,
    /// Exact, in any form in which it is written.
    pub id_number: Option<String>,
    pub phone: Option<String>,
    pub name: Option<String>,
    /// Part of a name, pinyin initials, or part of an address.
    pub q: Option<String>,
}

impl fmt::Debug for Filter {
    /// Names and numbers that are looked for are personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Filter(…)")
    }
}

/// One page of lines in the order of ids, after the resident `after`.
///
/// # Errors
/// `Forbidden` for an auditor; `Refused` `scope_too_wide` when free text would open more than [`MOST_CARDS`].
pub async fn list(
    program: &Program,
    actor: &Actor,
    filter: &Filter,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Map<String, Json>>, Error> {
    let scope = super::scope(actor)?;
    let limit = limit.clamp(1, 200);
    let txn = program.db.snapshot().await?;
    let page = match narrow(&txn, program, filter).await? {
        None => Vec::new(),
        Some(narrow) => page(&txn, program, &scope, filter, narrow, after, limit).await?,
    };
    let ids: Vec<Uuid> = page.iter().map(|row| row.id).collect();
    let items = records::items(&txn, &program.keys, &ids).await?;
    txn.commit().await?;
    let mut lines = Vec::with_capacity(page.len());
    for row in &page {
        let item = items.get(&row.id).ok_or(Error::Damaged("projection missing"))?;
        let item: Json = serde_json::from_str(item).map_err(|_| Error::Damaged("projection"))?;
        let shown = view::shown(&scope, &program.catalogue.fields, &item, row.village);
        lines.push(view::line(shown));
    }
    let action = match filter.q {
        Some(_) => "search_residents",
        None => "list_residents",
    };
    written(program, actor, action, lines.len() as i64).await?;
    Ok(lines)
}

/// How many residents a filter leaves.
///
/// # Errors
/// As [`list`].
pub async fn count(program: &Program, actor: &Actor, filter: &Filter) -> Result<u64, Error> {
    let scope = super::scope(actor)?;
    let txn = program.db.snapshot().await?;
    let found = match narrow(&txn, program, filter).await? {
        None => 0,
        Some(narrow) if filter.q.is_some() => {
            let found = searched(&txn, program, &scope, filter, &narrow).await?;
            found.len() as u64
        }
        Some(narrow) => visible::count(&txn, visible::narrowed(&scope, &narrow)).await?,
    };
    txn.commit().await?;
    if filter.q.is_some() {
        written(program, actor, "search_residents", found as i64).await?;
    }
    Ok(found)
}

async fn written(program: &Program, actor: &Actor, action: &'static str, count: i64) -> Result<(), Error> {
    let mut entry = Entry::done(action, actor.account).by_device(actor.device);
    entry.count = Some(count);
    trail::read(program, entry).await
}

async fn page<C: ConnectionTrait>(
    db: &C,
    program: &Program,
    scope: &Scope,
    filter: &Filter,
    mut narrow: Narrow,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<resident::Model>, Error> {
    if filter.q.is_some() {
        let found = searched(db, program, scope, filter, &narrow).await?;
        let next = found.into_iter().filter(|id| after.is_none_or(|a| *id > a));
        narrow.ids = Some(next.take(limit as usize).collect());
    }
    Ok(visible::page(db, visible::narrowed(scope, &narrow), after, limit).await?)
}

/// Residents whose card holds the text, in the order of ids.
async fn searched<C: ConnectionTrait>(
    db: &C,
    program: &Program,
    scope: &Scope,
    filter: &Filter,
    narrow: &Narrow,
) -> Result<Vec<Uuid>, Error> {
    let wanted = filter.q.as_deref().unwrap_or_default();
    let wanted = Wanted::of(wanted, matches!(scope, Scope::Categories { .. }));
    if wanted.plain.is_empty() {
        return Err(Error::field("empty_search", "请输入要查找的内容", "q"));
    }
    let everybody = visible::narrowed(scope, narrow);
    let cards = cards::cards(db, &program.keys, everybody, MOST_CARDS).await?;
    let cards = cards.ok_or_else(|| {
        Error::field(
            "scope_too_wide",
            "查找范围超过 30000 人，请先选择镇街或村居",
            "division",
        )
    })?;
    let found = cards.into_iter().filter(|(_, card)| wanted.is_in(card));
    let mut found: Vec<Uuid> = found.map(|(id, _)| id).collect();
    found.sort_unstable();
    Ok(found)
}

/// What somebody typed, in the forms in which cards are compared.
struct Wanted {
    plain: String,
    initials: String,
    /// The address is masked for the reader: what the mask hides cannot be found either.
    masked: bool,
}

impl Wanted {
    fn of(typed: &str, masked: bool) -> Wanted {
        let plain = name::comparable(&text::clean(typed));
        let letters = !plain.is_empty() && plain.bytes().all(|b| b.is_ascii_alphanumeric());
        Wanted {
            initials: if letters {
                plain.to_lowercase()
            } else {
                String::new()
            },
            plain,
            masked,
        }
    }

    fn is_in(&self, card: &Card) -> bool {
        let address = match self.masked {
            true => mask::apply(Mask::Address, &card.address),
            false => card.address.clone(),
        };
        name::comparable(&card.name).contains(&self.plain)
            || name::comparable(&address).contains(&self.plain)
            || (!self.initials.is_empty() && card.initials.starts_with(&self.initials))
    }
}

/// The filter as the query takes it; `None` where an exact look-up finds nobody.
async fn narrow<C: ConnectionTrait>(
    db: &C,
    program: &Program,
    filter: &Filter,
) -> Result<Option<Narrow>, Error> {
    let villages = match filter.division {
        Some(division) => Some(divisions::below(db, &[division]).await?),
        None => None,
    };
    let year = i32::from(program.clock.now().date().year());
    let born = |age: Option<i32>| age.map(|age| year - age.clamp(0, 200));
    let mut hashes = Vec::new();
    if let Some(typed) = &filter.id_number {
        let number = IdNumber::parse(typed)
            .map_err(|_| Error::field("not_an_id_number", "不是有效身份证号码", "id_number"))?;
        hashes.push(("id_number", program.keys.lookup("id_number", number.as_str())));
    }
    if let Some(typed) = &filter.phone {
        let phone =
            Phone::parse(typed).ok_or_else(|| Error::field("not_a_phone", "不是有效电话号码", "phone"))?;
        hashes.push(("phone", program.keys.lookup("phone", phone.as_str())));
    }
    if let Some(typed) = &filter.name {
        let plain = name::comparable(&Name::parse(typed).plain);
        hashes.push(("name", program.keys.lookup("name", &plain)));
    }
    let mut ids: Option<BTreeSet<Uuid>> = None;
    for (kind, hash) in hashes {
        let found = lookups::find(db, kind, &[hash]).await?;
        let found: BTreeSet<Uuid> = found.into_iter().map(|row| row.resident).collect();
        ids = Some(match ids {
            Some(before) => before.intersection(&found).copied().collect(),
            None => found,
        });
    }
    if ids.as_ref().is_some_and(BTreeSet::is_empty) {
        return Ok(None);
    }
    Ok(Some(Narrow {
        villages,
        grid: filter.grid,
        category: filter.category.clone(),
        enrolment: filter.enrolment.clone(),
        state: filter.state.clone(),
        born_from: born(filter.age_to),
        born_to: born(filter.age_from),
        ids: ids.map(|ids| ids.into_iter().collect()),
    }))
}
