//! What has happened to a roster since a cursor: net (joined, left, changed), or every step.
//!
//! A full roster with the changes since its cursor is the new roster exactly: `joined` and `changed` bring the row as it
//! is, `left` takes it away. What a pull costs is what changed: only steps behind the cursor are read.

use super::cursor::{Cursor, PageOf, tail};
use super::line;
use super::ndjson;
use super::permission::Permission;
use super::plan::Plan;
use super::steps::kind;
use super::{category, purpose};
use crate::actor::{Actor, Operation, Scope};
use crate::app::{Error, clients};
use crate::program::Program;
use crate::seal::Place;
use crate::store::audit::{self, Entry};
use crate::store::divisions;
use crate::store::rosters::{self, Narrow, Span, Step, Which};
use domain::Instant;
use sea_orm::ConnectionTrait;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How old a cursor may be, in milliseconds; steps are kept somewhat longer.
const OLDEST: i64 = 400 * 24 * 3600 * 1000;
/// Milliseconds that a step which is not the last of its resident is kept.
pub const KEPT: i64 = OLDEST + 7 * 24 * 3600 * 1000;

/// What somebody asks for.
pub struct Asked<'a> {
    pub category: &'a str,
    pub division: Option<Uuid>,
    pub cursor: Option<&'a str>,
    /// Residents, or steps, that are looked at.
    pub limit: u64,
    /// Every step instead of what they come to.
    pub every: bool,
    pub purpose: &'a str,
}

/// One change.
pub struct Change {
    /// `joined`, `changed`, `left`.
    pub kind: &'static str,
    pub resident: Uuid,
    /// When it happened last.
    pub at: Instant,
    /// The row as it is now; none for who left, and none for single steps.
    pub row: Option<Map<String, Json>>,
}

pub struct Changes {
    pub items: Vec<Change>,
    /// Where to go on: at once where there is more.
    pub cursor: String,
    pub more: bool,
}

/// One page of changes. Without a cursor there are none, and the cursor is that of now.
///
/// # Errors
/// `Refused` `purpose_required`, `cursor_invalid`; `Conflict` `cursor_of_another`, `scope_changed`, `cursor_too_old`:
/// then the whole roster is to be exported again; `Forbidden`; `NotFound`; `OverQuota` `row_quota`.
pub async fn pull(program: &Program, actor: &Actor, asked: &Asked<'_>) -> Result<Changes, Error> {
    actor.may(Operation::Changes)?;
    let scope = crate::app::residents::scope(actor)?;
    if matches!(scope, Scope::Grids(_)) {
        return Err(Error::Forbidden {
            code: "role_required",
            message: "您的角色不能进行此操作",
        });
    }
    let purpose = purpose(asked.purpose)?;
    let category = category(program, &scope, asked.category)?;
    let villages = villages(program, &scope, asked.division).await?;
    let now = program.clock.now();
    let txn = program.db.snapshot().await?;
    let heads = rosters::heads(&txn, category.key, villages.as_deref()).await?;
    let from = match asked.cursor {
        Some(text) => Cursor::open(program, text)?,
        None => Cursor {
            at: now.millis(),
            category: category.key.into(),
            scope: Permission::digest(program, &scope),
            division: asked.division,
            from: heads.iter().map(|(village, n)| (tail(*village), *n)).collect(),
            page: None,
        },
    };
    fits(program, &from, asked, &scope, &heads, now)?;
    let upto: BTreeMap<_, i64> = match &from.page {
        Some(page) => page.upto.clone(),
        None => heads.iter().map(|(village, n)| (tail(*village), *n)).collect(),
    };
    let spans: Vec<Span> = heads
        .keys()
        .filter_map(|village| {
            let after = from.from.get(&tail(*village)).copied().unwrap_or(0);
            let last = upto.get(&tail(*village)).copied().unwrap_or(after);
            (after < last).then_some((*village, after, last))
        })
        .collect();
    let at_page = from.page.as_ref().map(|page| (page.after, page.n));
    let known = matches!(scope, Scope::Categories { .. });
    let (items, after) = match asked.every {
        true => every(&txn, category.key, &spans, at_page, asked.limit, known).await?,
        false => {
            let plan = Plan::of(program, &scope, category, None).await?;
            let net = Net {
                program,
                plan: &plan,
                scope: &scope,
                known,
            };
            net.page(&txn, &spans, at_page.map(|p| p.0), asked.limit).await?
        }
    };
    txn.commit().await?;
    let next = match after {
        Some((after, n)) => Cursor {
            page: Some(PageOf { upto, after, n }),
            ..from
        },
        None => Cursor {
            at: now.millis(),
            from: upto,
            page: None,
            ..from
        },
    };
    if !items.is_empty() {
        announce(program, actor, asked, &purpose, items.len() as u64, now).await?;
    }
    Ok(Changes {
        items,
        more: next.page.is_some(),
        cursor: next.sealed(program),
    })
}

/// The villages that a pull is about; `None` is all.
pub(super) async fn villages(
    program: &Program,
    scope: &Scope,
    division: Option<Uuid>,
) -> Result<Option<Vec<Uuid>>, Error> {
    let own = match scope {
        Scope::County => None,
        Scope::Villages(villages) => Some(villages.clone()),
        Scope::Categories { villages, .. } => villages.clone(),
        Scope::Grids(_) | Scope::Nothing => Some(Vec::new()),
    };
    let Some(division) = division else { return Ok(own) };
    let db = program.db.read();
    divisions::find(db, division).await?.ok_or(Error::NotFound)?;
    let below = divisions::below(db, &[division]).await?;
    Ok(Some(match own {
        Some(own) => own.into_iter().filter(|v| below.contains(v)).collect(),
        None => below,
    }))
}

/// Whether a cursor is for this question, and for what its owner may see now.
fn fits(
    program: &Program,
    cursor: &Cursor,
    asked: &Asked<'_>,
    scope: &Scope,
    heads: &BTreeMap<Uuid, i64>,
    now: Instant,
) -> Result<(), Error> {
    if cursor.category != asked.category || cursor.division != asked.division {
        return Err(Error::conflict("cursor_of_another", "游标属于另一类别或区划"));
    }
    let there = |tail_of: &[u8; 8]| heads.keys().any(|village| tail(*village) == *tail_of);
    if cursor.scope != Permission::digest(program, scope) || !cursor.from.keys().all(there) {
        return Err(Error::conflict(
            "scope_changed",
            "可见范围已变更，请重新导出全量底册",
        ));
    }
    if cursor.at + OLDEST < now.millis() {
        return Err(Error::conflict(
            "cursor_too_old",
            "游标已超过 400 天，请重新导出全量底册",
        ));
    }
    Ok(())
}

type Paged = (Vec<Change>, Option<(Uuid, i64)>);

/// Single steps, as they were entered village by village.
async fn every<C: ConnectionTrait>(
    db: &C,
    category: &str,
    spans: &[Span],
    after: Option<(Uuid, i64)>,
    limit: u64,
    known: bool,
) -> Result<Paged, Error> {
    let steps = rosters::every_step(db, category, spans, after, limit).await?;
    let more = steps.len() as u64 == limit;
    let last = steps.last().map(|s| (s.village, s.n)).filter(|_| more);
    let hidden = |s: &Step| known && s.kind == kind::CHANGED && s.seen == s.was_seen;
    let items = steps.iter().filter(|s| !hidden(s)).map(|s| Change {
        kind: named(&s.kind),
        resident: s.resident,
        at: Instant::from_millis(s.at),
        row: None,
    });
    Ok((items.collect(), last))
}

fn named(name: &str) -> &'static str {
    match name {
        kind::JOINED => kind::JOINED,
        kind::LEFT => kind::LEFT,
        _ => kind::CHANGED,
    }
}

/// What steps come to.
struct Net<'a> {
    program: &'a Program,
    plan: &'a Plan,
    scope: &'a Scope,
    /// Only what a department may know counts.
    known: bool,
}

/// A resident's place and row at one end of the spans.
type Stood<'s> = Option<(Uuid, &'s [u8])>;

impl Net<'_> {
    async fn page<C: ConnectionTrait>(
        &self,
        db: &C,
        spans: &[Span],
        after: Option<Uuid>,
        limit: u64,
    ) -> Result<Paged, Error> {
        let ids = rosters::stepped(db, self.plan.category, spans, after, limit).await?;
        let ends = ids.first().copied().zip(ids.last().copied());
        let Some(ends) = ends else {
            return Ok((Vec::new(), None));
        };
        let steps = rosters::steps(db, self.plan.category, spans, Some(ends)).await?;
        let mut told: Vec<(&'static str, Uuid, i64)> = Vec::new();
        for own in steps.chunk_by(|a, b| a.resident == b.resident) {
            let at = own.iter().map(|s| s.at).max().unwrap_or_default();
            let kind = match (self.before(own), self.now(own)) {
                (None, None) => continue,
                (None, Some(_)) => kind::JOINED,
                (Some(_), None) => kind::LEFT,
                // An empty digest is one of before steps were kept: it equals nothing.
                (Some(was), Some(now)) if was == now && !was.1.is_empty() => continue,
                (Some(_), Some(_)) => kind::CHANGED,
            };
            told.push((kind, own[0].resident, at));
        }
        let staying = told.iter().filter(|(kind, ..)| *kind != kind::LEFT);
        let rows = self
            .rows(db, &staying.map(|(_, id, _)| *id).collect::<Vec<_>>())
            .await?;
        let mut items = Vec::with_capacity(told.len());
        for (mut kind, resident, at) in told {
            let row = rows.get(&resident).cloned();
            if row.is_none() {
                match kind {
                    // Who has come and gone since was never told of.
                    kind::JOINED => continue,
                    _ => kind = kind::LEFT,
                }
            }
            items.push(Change {
                kind,
                resident,
                at: Instant::from_millis(at),
                row,
            });
        }
        let more = ids.len() as u64 == limit;
        Ok((items, more.then_some((ends.1, 0))))
    }

    /// Where somebody stood before these steps: they are in the order of villages and numbers.
    fn before<'s>(&self, own: &'s [Step]) -> Stood<'s> {
        let firsts = own.chunk_by(|a, b| a.village == b.village).map(|steps| &steps[0]);
        let mut stood = firsts.filter(|s| s.kind != kind::JOINED);
        let digest = |s: &'s Step| match self.known {
            true => &s.was_seen,
            false => &s.was_whole,
        };
        stood.next().map(|s| (s.village, digest(s).as_slice()))
    }

    fn now<'s>(&self, own: &'s [Step]) -> Stood<'s> {
        let lasts = own.chunk_by(|a, b| a.village == b.village);
        let lasts = lasts.filter_map(|steps| steps.last());
        let mut stands = lasts.filter(|s| s.kind != kind::LEFT);
        let digest = |s: &'s Step| match self.known {
            true => &s.seen,
            false => &s.whole,
        };
        stands.next().map(|s| (s.village, digest(s).as_slice()))
    }

    /// Rows as they are now, of those who are there.
    async fn rows<C: ConnectionTrait>(
        &self,
        db: &C,
        ids: &[Uuid],
    ) -> Result<BTreeMap<Uuid, Map<String, Json>>, Error> {
        let mut out = BTreeMap::new();
        for part in ids.chunks(500) {
            let (category, narrow) = (self.plan.category, Narrow::default());
            for line in rosters::lines(db, self.scope, category, &narrow, Which::Of(part)).await? {
                let place = Place {
                    table: "projection",
                    row: line.id.as_bytes(),
                    group: "open",
                };
                let plain = self.program.keys.open(place, &line.open)?;
                if let Some(row) = line::read(self.plan, &line, &plain, false)? {
                    let mut object = ndjson::object(self.plan, &row);
                    object.remove("changed_meanwhile");
                    out.insert(line.id, object);
                }
            }
        }
        Ok(out)
    }
}

async fn announce(
    program: &Program,
    actor: &Actor,
    asked: &Asked<'_>,
    purpose: &str,
    rows: u64,
    now: Instant,
) -> Result<(), Error> {
    let division = asked
        .division
        .map(|d| format!(" division={d}"))
        .unwrap_or_default();
    let detail = if asked.every { " detail=all" } else { "" };
    let told = format!("category={}{division}{detail} purpose={purpose}", asked.category);
    let mut entry = Entry::done("pull_changes", actor.account).detail(told);
    entry.count = Some(rows as i64);
    let entry = &entry;
    let work = program.db.write(|txn| async move {
        clients::take_rows(&*txn, actor.account, actor.client.as_ref(), rows, now).await?;
        Ok::<_, Error>(audit::insert(&*txn, entry.clone(), now.millis()).await?)
    });
    work.await
}
