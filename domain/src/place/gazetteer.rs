//! The county's names and house numbers, arranged for reading.

use super::number;
use super::words::{COUNTY_ENDINGS, NATURAL_ENDINGS, Spelling, is_road, letters, without};
use super::{GridRange, Hint, Placed, Town, Village, reading};
use crate::{DivisionId, GridId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Towns, villages, natural villages and roads as they stand now. Built once, read often; its answers depend on the
/// rows and never on their order.
#[derive(Clone, Debug, Default)]
pub struct Gazetteer {
    /// Names that may stand in front of a town: country, province, prefecture, county.
    pub(super) above: Vec<Vec<String>>,
    pub(super) towns: Vec<TownEntry>,
    pub(super) villages: Vec<VillageEntry>,
}

#[derive(Clone, Debug)]
pub(super) struct TownEntry {
    pub id: DivisionId,
    pub spellings: Vec<Spelling>,
    pub villages: Vec<usize>,
    /// Roads of the town's villages: whole name, and where it runs.
    pub roads: BTreeMap<String, BTreeSet<usize>>,
}

#[derive(Clone, Debug)]
pub(super) struct VillageEntry {
    pub id: DivisionId,
    pub town: usize,
    pub spellings: Vec<Spelling>,
    /// By stem: as the grids name it, and its ranges.
    pub naturals: BTreeMap<String, Natural>,
    /// Ranges of whatever no other range names.
    pub others: Vec<Numbers>,
}

#[derive(Clone, Debug)]
pub(super) struct Natural {
    pub name: String,
    pub road: bool,
    pub ranges: Vec<Numbers>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    from: u32,
    to: u32,
    grid: GridId,
}

impl Gazetteer {
    /// `above` are the names over the towns, from the outside in: 广东省, 江门市, 鹤山市. Rows that name a village or
    /// town that is not among the others are left out.
    pub fn new(above: &[&str], towns: &[Town], villages: &[Village], ranges: &[GridRange]) -> Gazetteer {
        let mut gazetteer = Gazetteer {
            above: std::iter::once("中国")
                .chain(above.iter().copied())
                .map(names_above)
                .collect(),
            ..Gazetteer::default()
        };
        let mut at: HashMap<DivisionId, usize> = HashMap::new();
        for town in towns {
            at.insert(town.id, gazetteer.towns.len());
            let others = town.others.iter().map(|o| Spelling::of_town(&o.name, o.former));
            let spellings = std::iter::once(Spelling::of_town(&town.name, false)).chain(others);
            gazetteer.towns.push(TownEntry {
                id: town.id,
                spellings: unlike(spellings.flatten()),
                villages: Vec::new(),
                roads: BTreeMap::new(),
            });
        }
        let mut village_at: HashMap<DivisionId, usize> = HashMap::new();
        for village in villages {
            let Some(&town) = at.get(&village.town) else {
                continue;
            };
            let here = gazetteer.villages.len();
            village_at.insert(village.id, here);
            gazetteer.towns[town].villages.push(here);
            let others = village
                .others
                .iter()
                .map(|o| Spelling::of_village(&o.name, o.former));
            let spellings = std::iter::once(Spelling::of_village(&village.name, false)).chain(others);
            gazetteer.villages.push(VillageEntry {
                id: village.id,
                town,
                spellings: unlike(spellings.flatten()),
                naturals: BTreeMap::new(),
                others: Vec::new(),
            });
        }
        for range in ranges {
            if let Some(&village) = village_at.get(&range.village) {
                gazetteer.add(village, range);
            }
        }
        gazetteer
    }

    fn add(&mut self, at: usize, range: &GridRange) {
        let numbers = Numbers {
            from: range.from,
            to: range.to,
            grid: range.grid,
        };
        let village = &mut self.villages[at];
        let name = letters(&range.natural);
        if name.is_empty() {
            village.others.push(numbers);
            return;
        }
        let road = is_road(&name);
        let stem = if road {
            &name
        } else {
            without(&name, &NATURAL_ENDINGS)
        };
        let natural = village
            .naturals
            .entry(stem.to_owned())
            .or_insert_with(|| Natural {
                name: stem.to_owned(),
                road,
                ranges: Vec::new(),
            });
        natural.ranges.push(numbers);
        if road {
            let roads = &mut self.towns[village.town].roads;
            roads.entry(name).or_default().insert(at);
        }
    }

    /// Reads an address, or the name of a town or village. What is read never depends on how often it was asked.
    pub fn place(&self, text: &str, hint: Hint) -> Placed {
        let letters = letters(text);
        reading::read(self, without_code(&letters), hint)
    }

    /// Whether two texts name the same place (wire, "Normal form"): both readings certain and equal, with the same
    /// words left over; or the texts are equal but for blanks and punctuation.
    pub fn same(&self, a: &str, b: &str, hint: Hint) -> bool {
        self.normal(a, hint) == self.normal(b, hint)
    }

    /// A text that is equal for equal places: for comparing only, not for showing.
    pub fn normal(&self, text: &str, hint: Hint) -> String {
        self.place(text, hint).key().unwrap_or_else(|| letters(text))
    }

    /// The grid of a house whose village and natural village or road (as [`Placed`] names it) were read before.
    pub fn grid(&self, village: DivisionId, natural: &str, number: u32) -> Option<GridId> {
        let village = &self.villages[self.village_at(Some(village))?];
        village.grid(Some(natural), Some(number))
    }

    pub(super) fn town_at(&self, id: Option<DivisionId>) -> Option<usize> {
        self.towns.iter().position(|t| Some(t.id) == id)
    }

    pub(super) fn village_at(&self, id: Option<DivisionId>) -> Option<usize> {
        self.villages.iter().position(|v| Some(v.id) == id)
    }
}

impl VillageEntry {
    /// The one grid that a natural village or road (by stem) and a house number belong to.
    pub fn grid(&self, natural: Option<&str>, number: Option<u32>) -> Option<GridId> {
        let named = natural.and_then(|stem| self.naturals.get(stem));
        named
            .and_then(|natural| one(&natural.ranges, number))
            // A number beyond all ranges belongs to whoever has the rest; one in two ranges to nobody.
            .or_else(|| match (named, number) {
                (Some(natural), None) if !natural.ranges.is_empty() => None,
                (Some(natural), Some(n)) if natural.ranges.iter().any(|r| r.has(n)) => None,
                _ => one(&self.others, number),
            })
    }
}

impl Numbers {
    fn has(&self, n: u32) -> bool {
        self.from <= n && n <= self.to
    }
}

fn one(ranges: &[Numbers], number: Option<u32>) -> Option<GridId> {
    let fitting = ranges.iter().filter(|r| number.is_none_or(|n| r.has(n)));
    let grids: BTreeSet<GridId> = fitting.map(|r| r.grid).collect();
    grids.first().copied().filter(|_| grids.len() == 1)
}

/// 广东省 and 广东; the whole name first.
fn names_above(name: &str) -> Vec<String> {
    let whole = letters(name);
    let mut all: Vec<String> = Vec::new();
    let stem = without(whole.trim_end_matches('省'), &COUNTY_ENDINGS).to_owned();
    if whole.ends_with(['市', '县']) {
        // 鹤山市 was 鹤山县 until 1993.
        all.extend(["市", "县"].map(|end| format!("{stem}{end}")));
    }
    all.extend([whole, stem]);
    all.sort_by_key(|name| std::cmp::Reverse(name.len()));
    all.dedup();
    all
}

fn unlike(spellings: impl Iterator<Item = Spelling>) -> Vec<Spelling> {
    let mut all: Vec<Spelling> = Vec::new();
    for spelling in spellings {
        // A former name with the stem of the present one says nothing new.
        if all
            .iter()
            .all(|s| s.stem != spelling.stem || s.kind != spelling.kind)
        {
            all.push(spelling);
        }
    }
    all
}

/// 440784103202-麦水村, without the code.
fn without_code(text: &str) -> &str {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text[digits..].trim_start_matches('-');
    if digits >= 6 && !number::starts(rest) {
        rest
    } else {
        text
    }
}
