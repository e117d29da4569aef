//! What the rows of one town come to, worked out without touching anything.

use super::{GridRow, Imported, RowResult, Verdict};
use crate::app::divisions::names::{self, Meant};
use crate::app::grids::ranges;
use crate::store::divisions::Division;
use crate::store::grids::{Grid, Range};
use domain::Instant;
use domain::code::{GridCode, Level};
use domain::text::{clean, not_stated};
use uuid::Uuid;

pub(super) const TWO_VILLAGES: Verdict = refused("grid_in_two_villages", &["code", "village"]);

const fn refused(why: &'static str, fields: &'static [&'static str]) -> Verdict {
    Verdict::Refused { why, fields }
}

/// The grid that a row belongs to.
pub(super) fn code(row: &GridRow) -> Option<String> {
    GridCode::parse(&row.code)
        .ok()
        .map(|code| code.as_str().to_owned())
}

/// A grid as its rows want it.
struct Wanted<'a> {
    code: String,
    /// With the row's own fault, if it has one.
    rows: Vec<(&'a GridRow, Option<Verdict>)>,
    before: Option<Grid>,
    after: Grid,
}

impl Wanted<'_> {
    fn verdict(&self) -> Verdict {
        match &self.before {
            None => Verdict::New,
            Some(before) if *before == self.after => Verdict::Same,
            Some(_) => Verdict::Changed,
        }
    }

    fn is_refused(&self) -> bool {
        self.rows.iter().any(|(_, fault)| fault.is_some())
    }
}

/// The grids and villages that the rows of one town come to.
pub(super) struct Plan<'a> {
    /// Villages to be made.
    pub(super) villages: Vec<Division>,
    wanted: Vec<Wanted<'a>>,
    /// Rows without a grid's code.
    lost: Vec<RowResult>,
}

impl Plan<'_> {
    fn taken(&self) -> impl Iterator<Item = &Wanted<'_>> {
        self.wanted.iter().filter(|w| !w.is_refused())
    }

    pub(super) fn made(&self) -> Vec<Grid> {
        let new = self.taken().filter(|w| w.verdict() == Verdict::New);
        new.map(|w| w.after.clone()).collect()
    }

    /// Grids that change, and whether their ranges do.
    pub(super) fn changed(&self) -> impl Iterator<Item = (&Grid, bool)> {
        let changed = self.taken().filter(|w| w.verdict() == Verdict::Changed);
        changed.map(|w| {
            (
                &w.after,
                w.before.as_ref().is_some_and(|b| b.ranges != w.after.ranges),
            )
        })
    }

    pub(super) fn report(&self) -> Imported {
        let mut out = Imported {
            rows: self.lost.clone(),
            villages_made: self.villages.len() as u32,
            ..Imported::default()
        };
        for wanted in &self.wanted {
            let whole = match wanted.is_refused() {
                true => refused("grid_refused", &["code"]),
                false => wanted.verdict(),
            };
            match whole {
                Verdict::New => out.new += 1,
                Verdict::Changed => out.changed += 1,
                Verdict::Same => out.same += 1,
                Verdict::Refused { .. } => out.refused += 1,
            }
            for (row, fault) in &wanted.rows {
                out.rows.push(RowResult {
                    row: row.row,
                    verdict: fault.unwrap_or(whole),
                    grid: (!wanted.is_refused()).then_some(wanted.after.id),
                });
            }
        }
        out
    }
}

/// Works out what `rows` do to the grids that are `there`: those of the town, and those of other towns whose
/// codes the rows name.
pub(super) fn make<'a>(
    town: &Division,
    mut villages: Vec<Division>,
    there: Vec<Grid>,
    rows: &[&'a GridRow],
    now: Instant,
) -> Plan<'a> {
    villages.retain(Division::is_current);
    let known = villages.len();
    let mut plan = Plan {
        villages: Vec::new(),
        wanted: Vec::new(),
        lost: Vec::new(),
    };
    for row in rows {
        let Some(code) = code(row) else {
            let verdict = match not_stated(&row.code) {
                true => refused("code_missing", &["code"]),
                false => refused("code_malformed", &["code"]),
            };
            plan.lost.push(RowResult {
                row: row.row,
                verdict,
                grid: None,
            });
            continue;
        };
        let village = village_of(town, &mut villages, &row.village, now);
        enter(&mut plan, code, row, village, &there, &villages, now);
    }
    for wanted in &mut plan.wanted {
        finish(wanted, &villages);
    }
    refuse_overlaps(&mut plan.wanted, &there);
    // A village that only refused rows name is not made.
    plan.villages = villages.split_off(known);
    let used: Vec<Uuid> = plan.taken().map(|w| w.after.village).collect();
    plan.villages.retain(|village| used.contains(&village.id));
    plan
}

fn village_of(
    town: &Division,
    villages: &mut Vec<Division>,
    text: &str,
    now: Instant,
) -> Result<Uuid, Verdict> {
    let all: Vec<&Division> = villages.iter().collect();
    let above: Vec<&str> = town.all_names().collect();
    match names::find(text, &all, &above) {
        Meant::One(village) => Ok(village.id),
        Meant::Several(_) => Err(refused("village_ambiguous", &["village"])),
        Meant::Nothing => {
            let name = names::parse(text).ok_or(refused("village_missing", &["village"]))?;
            let made = Division {
                id: Uuid::now_v7(),
                code: None,
                name,
                level: Level::Village,
                parent: Some(town.id),
                names: Vec::new(),
                since: Some(now.date().to_string()),
                until: None,
            };
            villages.push(made);
            Ok(villages[villages.len() - 1].id)
        }
    }
}

fn enter<'a>(
    plan: &mut Plan<'a>,
    code: String,
    row: &'a GridRow,
    village: Result<Uuid, Verdict>,
    there: &[Grid],
    villages: &[Division],
    now: Instant,
) {
    let at = plan.wanted.iter().position(|w| w.code == code);
    let at = at.unwrap_or_else(|| {
        let before = there.iter().find(|grid| grid.code == code).cloned();
        let fresh = || Grid {
            id: Uuid::now_v7(),
            code: code.clone(),
            name: String::new(),
            village: Uuid::nil(),
            since: now.date().to_string(),
            until: None,
            ranges: Vec::new(),
        };
        let mut after = before.clone().unwrap_or_else(fresh);
        // Its rows say all its ranges. A name that only said what they are is made anew.
        let village_name = villages
            .iter()
            .find(|v| v.id == after.village)
            .map(|v| v.name.as_str());
        if village_name.is_some_and(|v| after.name == ranges::label(v, &code, &after.ranges)) {
            after.name.clear();
        }
        after.ranges.clear();
        plan.wanted.push(Wanted {
            code: code.clone(),
            rows: Vec::new(),
            before,
            after,
        });
        plan.wanted.len() - 1
    });
    let wanted = &mut plan.wanted[at];
    let fault = match (village, read_ranges(row)) {
        (Err(fault), _) | (_, Err(fault)) => Some(fault),
        (Ok(village), Ok(read)) => {
            let first = wanted.before.is_none() && wanted.after.village.is_nil();
            if first {
                wanted.after.village = village;
            }
            let mut all = wanted.after.ranges.clone();
            // The same row twice says the same thing once.
            all.extend(
                read.into_iter()
                    .filter(|range| !wanted.after.ranges.contains(range)),
            );
            if wanted.after.village != village {
                match wanted.before {
                    Some(_) => Some(refused("code_taken", &["code", "village"])),
                    None => Some(TWO_VILLAGES),
                }
            } else if ranges::overlap_within(&all) {
                Some(OVERLAP)
            } else {
                wanted.after.ranges = all;
                if !not_stated(&row.name) {
                    wanted.after.name = clean(&row.name).chars().take(50).collect();
                }
                None
            }
        }
    };
    wanted.rows.push((row, fault));
}

const OVERLAP: Verdict = refused("range_overlap", &["natural_village", "from", "to"]);

fn read_ranges(row: &GridRow) -> Result<Vec<Range>, Verdict> {
    let numbers = ranges::numbers(&row.from, &row.to);
    let (from, to) = numbers.map_err(|fault| match fault {
        ranges::RangeFault::Malformed => refused("range_malformed", &["from", "to"]),
        ranges::RangeFault::Reversed => refused("range_reversed", &["from", "to"]),
    })?;
    let all = ranges::natural_villages(&row.natural_village);
    if all.iter().any(|name| name.chars().count() > 50) {
        return Err(refused("natural_village_malformed", &["natural_village"]));
    }
    let range = |natural_village| Range {
        natural_village,
        from,
        to,
    };
    Ok(all.into_iter().map(range).collect())
}

fn finish(wanted: &mut Wanted<'_>, villages: &[Division]) {
    let grid = &mut wanted.after;
    grid.ranges.sort();
    if grid.name.is_empty() {
        let village = villages.iter().find(|v| v.id == grid.village);
        grid.name = ranges::label(village.map_or("", |v| v.name.as_str()), &grid.code, &grid.ranges);
    }
}

/// Within a village a house number belongs to one grid: whoever comes later in the list is refused. A grid that
/// is refused keeps the ranges it had, which may refuse others: hence again, until nothing changes.
fn refuse_overlaps(wanted: &mut [Wanted<'_>], there: &[Grid]) {
    loop {
        let taken =
            |wanted: &[Wanted<'_>], id: Uuid| wanted.iter().any(|w| !w.is_refused() && w.after.id == id);
        let mut held: Vec<Grid> = there
            .iter()
            .filter(|grid| !taken(wanted, grid.id))
            .cloned()
            .collect();
        let mut late = None;
        for (at, w) in wanted.iter().enumerate().filter(|(_, w)| !w.is_refused()) {
            let beside: Vec<Grid> = held
                .iter()
                .filter(|grid| grid.village == w.after.village)
                .cloned()
                .collect();
            if let Some((range, _)) = ranges::overlap(&w.after.ranges, &beside) {
                late = Some((at, range.clone()));
                break;
            }
            held.push(w.after.clone());
        }
        let Some((at, range)) = late else {
            return;
        };
        for (row, fault) in &mut wanted[at].rows {
            if read_ranges(row).is_ok_and(|read| read.contains(&range)) {
                *fault = Some(OVERLAP);
            }
        }
    }
}
