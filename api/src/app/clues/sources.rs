//! Which committed lists the rules read today, and what their columns are called in rules.

use crate::app::Error;
use crate::app::lists::row::category;
use crate::lists::ListKind;
use crate::store::lists::{self, Content};
use crate::store::{clues, divisions};
use entity::list;
use matching::clues::Rule;
use sea_orm::ConnectionTrait;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Lists as rules call them, with the kind of list that is read. A name that is not here is that of a kind.
const NAMES: [(&str, ListKind); 3] = [
    ("elder", ListKind::OldAgeAllowance),
    ("dibao", ListKind::LowIncome),
    ("disabled", ListKind::Disabled),
];

/// Visits of phones, as a list.
pub const VISITS: &str = "visits";
/// The column of [`VISITS`].
pub const OUTCOME: &str = "走访结果";
/// Rows that name a number under another name, as a list.
pub const CONFLICTS: &str = "conflicts";
/// Behind a list's name: the list of the month before.
const BEFORE: &str = "_before";

/// Columns that the reader of lists has in normal form: the list as rules call it, the column, and the standard key.
/// Any other column is read by its header, as it was handed in.
const COLUMNS: [(&str, &str, &str); 10] = [
    ("elder", "月发放标准", "amount"),
    ("elder", "年龄段", ".band"),
    ("dibao", "低保证号", "household_number"),
    ("dibao", "月保障金额", "amount"),
    ("disabled", "残疾等级", "grade"),
    ("disabled", "困难残疾人生活补贴", ".living_subsidy"),
    ("disabled", "重度残疾人护理补贴", ".care_subsidy"),
    ("disabled", "有效期至", ".until"),
    ("disabled", "证件状态", ".status"),
    ("deaths", "死亡日期", "death_date"),
];

/// Categories as lists of 救助 call them.
const BENEFITS: [(&str, &str); 4] = [
    ("low_income", "低保"),
    ("low_income_edge", "低保边缘"),
    ("destitute", "特困"),
    ("rigid_expense", "刚性支出"),
];

/// The kind of list behind a rule's name of it; none for what is no list, or of no kind that there is.
pub fn kind(of: &str) -> Option<ListKind> {
    let of = of.strip_suffix(BEFORE).unwrap_or(of);
    let named = NAMES.iter().find(|(name, _)| *name == of).map(|(_, kind)| *kind);
    named.or_else(|| {
        ListKind::parse(of).filter(|kind| !matches!(kind, ListKind::Population | ListKind::Grids))
    })
}

/// Whether a rule can name such a list.
pub fn is_known(of: &str) -> bool {
    kind(of).is_some() || of == VISITS || of == CONFLICTS
}

/// What a row says in a column as rules call it.
pub fn cell(of: &str, kind: &str, column: &str, content: &Content) -> String {
    let of = of.strip_suffix(BEFORE).unwrap_or(of);
    if (of, column) == ("dibao", "救助类别") {
        let category = category(kind, content).unwrap_or_default();
        let word = BENEFITS.iter().find(|(key, _)| *key == category);
        return word.map_or(String::new(), |(_, word)| (*word).to_owned());
    }
    let key = COLUMNS
        .iter()
        .find(|(list, name, _)| (*list, *name) == (of, column))
        .map(|(_, _, key)| *key);
    if let Some(text) = key.and_then(|key| content.get(key)) {
        return text.to_owned();
    }
    let plain = domain::text::squeezed(column);
    let own = content.handed_in.iter();
    own.clone()
        .find(|(header, _)| domain::text::squeezed(header) == plain)
        .map_or(String::new(), |(_, cell)| cell.trim().to_owned())
}

/// A committed list that is read.
pub struct Source {
    /// As rules call it.
    pub of: String,
    pub list: list::Model,
    /// Rows of one person on several lists of this source count once where their places overlap.
    pub group: (String, String),
}

/// The lists that some rules read, the newest first; and when the newest of them was committed.
pub async fn of_rules<C: ConnectionTrait>(db: &C, rules: &[Rule]) -> Result<Vec<Source>, Error> {
    let names: BTreeSet<&str> = rules.iter().flat_map(Rule::inputs).collect();
    let above = above(db).await?;
    let mut out = Vec::new();
    for of in names {
        let Some(kind) = kind(of) else { continue };
        let all = clues::committed_of_kind(db, kind.name()).await?;
        let mut by_source: BTreeMap<String, Vec<list::Model>> = BTreeMap::new();
        for list in all {
            by_source.entry(list.source.clone()).or_default().push(list);
        }
        for (source, all) in by_source {
            let chosen = match (of.ends_with(BEFORE), kind) {
                (true, _) => before(&all, &above),
                // What was reported once is true for good.
                (false, ListKind::Deaths | ListKind::MovedOut) => all,
                (false, _) => current(&all, &above),
            };
            out.extend(chosen.into_iter().map(|list| Source {
                of: of.to_owned(),
                list,
                group: (of.to_owned(), source.clone()),
            }));
        }
    }
    Ok(out)
}

/// Division and the one above it.
pub type Above = BTreeMap<Uuid, Uuid>;

/// For every division the one above it.
pub async fn above<C: ConnectionTrait>(db: &C) -> Result<Above, Error> {
    let tree = divisions::tree(db).await?;
    Ok(tree.into_iter().filter_map(|d| Some((d.id, d.parent?))).collect())
}

/// Whether one of two divisions is the other or lies in it.
pub fn overlap(above: &Above, a: Uuid, b: Uuid) -> bool {
    let within = |mut inner: Uuid, outer: Uuid| {
        loop {
            if inner == outer {
                return true;
            }
            match above.get(&inner) {
                Some(up) => inner = *up,
                None => return false,
            }
        }
    };
    within(a, b) || within(b, a)
}

/// Of one source's lists, the latest month first: those that no later whole list of all their places has replaced. A list
/// that only rules read is whole for its places.
fn current(all: &[list::Model], above: &Above) -> Vec<list::Model> {
    let mut kept: Vec<list::Model> = Vec::new();
    for list in all {
        let whole = |later: &list::Model| {
            let only_compared = ListKind::parse(&later.kind).is_some_and(|kind| kind.only_compared());
            (later.complete || only_compared) && covers(above, later.division, list.division)
        };
        if !kept.iter().any(whole) {
            kept.push(list.clone());
        }
    }
    kept
}

/// The lists of the month before those whole ones that are read now.
fn before(all: &[list::Model], above: &Above) -> Vec<list::Model> {
    let now = current(all, above);
    let earlier = now.iter().filter(|list| list.complete).filter_map(|now| {
        all.iter()
            .find(|l| l.complete && l.division == now.division && l.month < now.month)
    });
    earlier.cloned().collect()
}

fn covers(above: &Above, outer: Uuid, mut inner: Uuid) -> bool {
    loop {
        if inner == outer {
            return true;
        }
        match above.get(&inner) {
            Some(up) => inner = *up,
            None => return false,
        }
    }
}

/// Whether lists of this name that are about one person are read together although each may name the person again.
pub fn adds_up(of: &str) -> bool {
    matches!(kind(of), Some(ListKind::Deaths | ListKind::MovedOut))
}

/// Whether anything of a kind of list is read by a rule.
pub fn reads(rule: &Rule, kind_of_list: &str) -> bool {
    // The register is read by whatever asks it, and for the age of everybody.
    kind_of_list == "population"
        || rule
            .inputs()
            .iter()
            .any(|of| kind(of).is_some_and(|kind| kind.name() == kind_of_list) || *of == CONFLICTS)
}

/// The category whose department answers for a rule about such a row.
pub fn category_of(of: &str, content: Option<&Content>) -> Option<String> {
    let kind = kind(of)?;
    if !kind.enrols() {
        return None;
    }
    let own = content.and_then(|content| category(kind.name(), content));
    Some(own.unwrap_or(kind.name()).to_owned())
}

/// Rows of a list that say of themselves that they count no more.
pub fn is_over(content: &Content) -> bool {
    crate::app::lists::row::status(content) == "ended"
}

/// See [`lists::Row`]: whether a row waits for a person, or cannot be.
pub fn waits(row: &lists::Row) -> bool {
    row.resident.is_none() && matches!(row.verdict.as_deref(), Some("ambiguous" | "invalid"))
}
