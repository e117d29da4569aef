//! Reading an address: every way to read it is tried, and the one that explains most of the text is taken. Where two
//! explain as much and name different places, only what they have in common is said.

use super::gazetteer::{Gazetteer, VillageEntry};
use super::tail::{self, Tail};
use super::words::{Kind, NATURAL_ENDINGS, TOWN_ENDINGS, VILLAGE_ENDINGS};
use super::{Hint, Placed};
use std::collections::BTreeSet;

/// One way to read a text.
#[derive(Clone, Debug, Default)]
struct Reading {
    /// Bytes of names that were recognised.
    covered: usize,
    /// How well the ending of the village fits what the village is: 0 differs, 1 says nothing, 2 says the same.
    fits: u8,
    town: Option<usize>,
    village: Option<usize>,
    /// By stem.
    natural: Option<String>,
    former: bool,
    /// The village was taken from the hint, or is one that the hint allows.
    hinted: bool,
    /// The village was read by its name alone: how far the name reached.
    alone: Option<usize>,
    /// Too little was written to say that this place is meant.
    weak: bool,
    tail: Tail,
}

/// Where the reading of an address stands after its town.
#[derive(Clone, Copy)]
struct Within<'t> {
    text: &'t str,
    covered: usize,
    town: Option<usize>,
    former: bool,
}

/// Hints as places of the gazetteer.
#[derive(Clone, Copy)]
struct Known {
    town: Option<usize>,
    village: Option<usize>,
}

/// Reads `text`, which is letters and digits only.
pub fn read(gazetteer: &Gazetteer, text: &str, hint: Hint) -> Placed {
    let village = gazetteer.village_at(hint.village);
    let known = Known {
        town: village
            .map(|v| gazetteer.villages[v].town)
            .or_else(|| gazetteer.town_at(hint.town)),
        village,
    };
    let starts = starts(gazetteer, text);
    let mut readings = Vec::new();
    for (rest, covered) in &starts {
        from(gazetteer, rest, *covered, known, &mut readings);
    }
    let named = |r: &Reading| !r.weak && !r.hinted && (r.town.is_some() || r.village.is_some());
    let (bare, _) = starts.last().copied().unwrap_or((text, 0));
    if !readings.iter().any(|r| named(r) || r.natural.is_some()) {
        match behind_other_words(gazetteer, bare) {
            Some(at) => {
                let mut behind = Vec::new();
                for (rest, covered) in self::starts(gazetteer, &bare[at..]) {
                    from(gazetteer, rest, covered, known, &mut behind);
                }
                for mut reading in behind {
                    reading.tail.rest.insert_str(0, &bare[..at]);
                    readings.push(reading);
                }
            }
            None if abroad(gazetteer, text, bare) => return nowhere(text),
            None => {}
        }
    }
    choose(gazetteer, readings, bare)
}

/// Every place where the town can begin: behind country, province, prefecture and county, each written or not. The
/// last one is behind all that are written.
fn starts<'t>(gazetteer: &Gazetteer, text: &'t str) -> Vec<(&'t str, usize)> {
    let mut all = vec![(text, 0)];
    let mut last = text;
    for names in &gazetteer.above {
        if let Some(rest) = names.iter().find_map(|name| last.strip_prefix(name.as_str())) {
            last = rest;
            all.push((rest, text.len() - rest.len()));
        }
    }
    all
}

/// All readings of a text that begins with a town, a village or a natural village.
fn from(gazetteer: &Gazetteer, text: &str, covered: usize, known: Known, out: &mut Vec<Reading>) {
    for (at, town) in gazetteer.towns.iter().enumerate() {
        for spelling in &town.spellings {
            let Some(after) = text.strip_prefix(spelling.stem.as_str()) else {
                continue;
            };
            for ending in TOWN_ENDINGS {
                let Some(rest) = after.strip_prefix(ending) else {
                    continue;
                };
                let within = Within {
                    text: rest,
                    covered: covered + text.len() - rest.len(),
                    town: Some(at),
                    former: spelling.former,
                };
                let bare = ending.is_empty();
                villages(gazetteer, within, known, out);
                out.push(Reading {
                    covered: within.covered,
                    fits: 1,
                    town: Some(at),
                    former: spelling.former,
                    // 共和路 is no road of 共和镇.
                    weak: bare && !tail::begins(rest),
                    tail: Tail {
                        rest: rest.to_owned(),
                        ..Tail::default()
                    },
                    ..Reading::default()
                });
            }
        }
    }
    let within = Within {
        text,
        covered,
        town: None,
        former: false,
    };
    villages(gazetteer, within, known, out);
}

fn villages(gazetteer: &Gazetteer, within: Within<'_>, known: Known, out: &mut Vec<Reading>) {
    let town = within.town.or(known.town);
    for (at, village) in gazetteer.villages.iter().enumerate() {
        if within.town.is_some_and(|town| town != village.town) {
            continue;
        }
        named_village(at, village, within, known, out);
    }
    if let Some(town) = town {
        roads(gazetteer, town, within, out);
    }
    // The village that the hint names, where the text names none.
    if let Some(at) = known.village
        && town == Some(gazetteer.villages[at].town)
    {
        let base = Reading {
            covered: within.covered,
            fits: 1,
            town,
            village: Some(at),
            former: within.former,
            hinted: true,
            ..Reading::default()
        };
        naturals(&gazetteer.villages[at], within.text, base, out);
    }
}

/// Readings that begin with a name of this village.
fn named_village(
    at: usize,
    village: &VillageEntry,
    within: Within<'_>,
    known: Known,
    out: &mut Vec<Reading>,
) {
    for spelling in &village.spellings {
        let Some(after) = within.text.strip_prefix(spelling.stem.as_str()) else {
            continue;
        };
        for (ending, kind) in VILLAGE_ENDINGS {
            let Some(rest) = after.strip_prefix(ending) else {
                continue;
            };
            let bare = ending.is_empty();
            if bare && spelling.stem.chars().count() < 2 {
                continue;
            }
            let fits = fits(kind, spelling.kind);
            let placed = within.town.is_some() || known.town == Some(village.town);
            let whole = rest.is_empty() && within.covered == 0;
            let base = Reading {
                covered: within.covered + within.text.len() - rest.len(),
                fits,
                town: Some(village.town),
                village: Some(at),
                former: within.former || spelling.former,
                hinted: within.town.is_none() && known.town == Some(village.town),
                alone: (!placed).then_some(within.covered + within.text.len() - rest.len()),
                weak: match (placed, bare) {
                    // 良围小学 is not said to be in 良围村.
                    (true, true) => !tail::begins(rest) && tail::group(rest).is_none(),
                    (true, false) => false,
                    (false, true) => !whole,
                    (false, false) => fits == 0,
                },
                ..Reading::default()
            };
            naturals(village, rest, base, out);
        }
    }
}

const fn fits(written: Option<Kind>, is: Option<Kind>) -> u8 {
    match (written, is) {
        (Some(Kind::Village), Some(Kind::Village)) | (Some(Kind::Community), Some(Kind::Community)) => 2,
        (Some(_), Some(_)) => 0,
        _ => 1,
    }
}

/// Readings of what follows a village: a natural village or road, perhaps behind a group, or neither.
fn naturals(village: &VillageEntry, text: &str, base: Reading, out: &mut Vec<Reading>) {
    let group = tail::group(text);
    let behind = group.as_ref().map(|(group, rest)| (group.as_str(), *rest));
    for (group, text) in [Some(("", text)), behind].into_iter().flatten() {
        for (stem, natural) in &village.naturals {
            let Some(after) = text.strip_prefix(stem.as_str()) else {
                continue;
            };
            let endings: &[&str] = if natural.road { &[""] } else { &NATURAL_ENDINGS };
            for ending in endings {
                let Some(rest) = after.strip_prefix(ending) else {
                    continue;
                };
                // 旧围新村 is not 旧围.
                if ending.is_empty() && !natural.road && !tail::begins(rest) {
                    continue;
                }
                let mut tail = behind_name(rest);
                tail.rest.insert_str(0, group);
                out.push(Reading {
                    covered: base.covered + text.len() - rest.len(),
                    natural: Some(stem.clone()),
                    weak: false,
                    tail,
                    ..base.clone()
                });
            }
        }
    }
    out.push(Reading {
        tail: behind_name(text),
        ..base
    });
}

/// The house number where it stands directly behind a name; behind a group it is not known whose number it is.
fn behind_name(text: &str) -> Tail {
    match tail::group(text) {
        Some((group, rest)) => Tail {
            rest: format!("{group}{rest}"),
            ..Tail::default()
        },
        None => tail::read(text),
    }
}

/// A road of a town says which village is meant, unless it runs through several.
fn roads(gazetteer: &Gazetteer, town: usize, within: Within<'_>, out: &mut Vec<Reading>) {
    for (road, villages) in &gazetteer.towns[town].roads {
        let Some(rest) = within.text.strip_prefix(road.as_str()) else {
            continue;
        };
        let tail = tail::read(rest);
        let has = |at: &&usize| gazetteer.villages[**at].grid(Some(road), tail.number).is_some();
        let numbered: Vec<&usize> = villages.iter().filter(has).collect();
        let meant = if tail.number.is_some() && numbered.len() == 1 {
            numbered
        } else {
            villages.iter().collect()
        };
        for &at in meant {
            out.push(Reading {
                covered: within.covered + road.len(),
                fits: 1,
                town: Some(town),
                village: Some(at),
                natural: Some(road.clone()),
                former: within.former,
                hinted: within.town.is_none(),
                alone: None,
                weak: false,
                tail: tail.clone(),
            });
        }
    }
}

/// Where the county's or a town's whole name begins behind words that are none of ours: 现住沙坪街道良围村.
fn behind_other_words(gazetteer: &Gazetteer, text: &str) -> Option<usize> {
    let towns = gazetteer.towns.iter().flat_map(|t| &t.spellings);
    let towns = towns.flat_map(|s| {
        let endings = TOWN_ENDINGS.iter().filter(|e| !e.is_empty());
        endings.map(|ending| format!("{}{ending}", s.stem))
    });
    let county = gazetteer.above.last().into_iter().flatten();
    let county = county.filter(|name| name.ends_with(['市', '县', '区'])).cloned();
    let found = county
        .chain(towns)
        .filter_map(|name| text.find(&name))
        .filter(|at| *at > 0)
        .min()?;
    // 开平市沙坪镇 is a town of another county.
    let elsewhere = text[..found].contains(['省', '市', '县']);
    let ours = gazetteer
        .above
        .last()
        .is_some_and(|names| names.iter().any(|n| text[found..].starts_with(n.as_str())));
    (ours || !elsewhere).then_some(found)
}

/// Whether a text names a province, city or county that is not ours.
fn abroad(gazetteer: &Gazetteer, text: &str, bare: &str) -> bool {
    const ELSEWHERE: [&str; 11] = [
        "香港",
        "澳门",
        "台湾",
        "北京",
        "上海",
        "天津",
        "重庆",
        "广州",
        "深圳",
        "美国",
        "加拿大",
    ];
    if ELSEWHERE.iter().any(|name| bare.starts_with(name)) {
        return true;
    }
    let county = gazetteer.above.last().is_some_and(|names| {
        let before = &text[..text.len() - bare.len()];
        names.iter().any(|name| before.ends_with(name.as_str()))
    });
    if county {
        return false;
    }
    let chars: Vec<char> = bare.chars().take(8).collect();
    let city = bare.len() < text.len();
    chars.iter().enumerate().skip(2).any(|(at, c)| {
        let next = chars.get(at + 1);
        match c {
            '省' | '县' => true,
            '市' => !matches!(next, Some('场' | '政')),
            '治' => next == Some(&'区') || next == Some(&'州'),
            // 蓬江区 behind 江门市; 小区 and 管理区 are no districts.
            '区' => city && !matches!(chars[at - 1], '小' | '社' | '理' | '园' | '业' | '片' | '管'),
            _ => false,
        }
    })
}

fn nowhere(text: &str) -> Placed {
    Placed {
        rest: text.to_owned(),
        ..Placed::default()
    }
}

/// The reading that explains most; what equally good ones have in common.
fn choose(gazetteer: &Gazetteer, readings: Vec<Reading>, bare: &str) -> Placed {
    let grid = |r: &Reading| gazetteer.villages[r.village?].grid(r.natural.as_deref(), r.tail.number);
    let merit = |r: &Reading| (r.covered, r.fits, grid(r).is_some());
    let most = readings.iter().filter(|r| !r.weak).map(merit).max();
    let (mut best, other): (Vec<Reading>, Vec<Reading>) = readings
        .into_iter()
        .partition(|r| !r.weak && Some(merit(r)) == most);
    // A natural village or a number does not choose between villages of one name.
    let alone = best.iter().find(|r| r.alone.is_some()).map(|r| (r.alone, r.fits));
    let (namesakes, other): (Vec<Reading>, Vec<Reading>) =
        other.into_iter().partition(|r| alone == Some((r.alone, r.fits)));
    best.extend(
        namesakes
            .into_iter()
            .filter(|r| best.iter().all(|b| b.village != r.village))
            .collect::<Vec<_>>(),
    );
    let weak: Vec<Reading> = other.into_iter().filter(|r| r.weak).collect();
    let villages = |of: &[Reading]| of.iter().filter_map(|r| r.village).collect::<BTreeSet<_>>();
    let places = |of: &[Reading]| of.iter().map(|r| (r.town, r.village)).collect::<BTreeSet<_>>();
    if best.iter().any(|r| r.hinted) {
        best.retain(|r| r.hinted);
    }
    let one_town = best.iter().map(|r| r.town).collect::<BTreeSet<_>>().len() == 1;
    if places(&best).len() > 1 && one_town && best.iter().any(|r| !r.former) {
        // In one town the present name goes before another village's former one.
        best.retain(|r| !r.former);
    }
    let reach = best.first().map_or(0, |r| r.covered);
    let doubts: Vec<Reading> = weak.into_iter().filter(|r| r.covered >= reach).collect();
    let mut ids: Vec<_> = villages(&best)
        .union(&villages(&doubts))
        .map(|v| gazetteer.villages[*v].id)
        .collect();
    ids.sort();
    // 新村 before 新 with 村 behind it.
    best.sort_by_key(|r| std::cmp::Reverse(r.natural.as_ref().map_or(0, String::len)));
    let Some(first) = best.first().filter(|_| places(&best).len() == 1).cloned() else {
        return Placed {
            town: best
                .first()
                .filter(|_| one_town)
                .and_then(|r| r.town)
                .map(|t| gazetteer.towns[t].id),
            candidates: ids,
            ..nowhere(bare)
        };
    };
    let certain = first.village.is_some() || doubts.is_empty();
    let village = first.village.map(|at| &gazetteer.villages[at]);
    let natural = first.natural.as_deref();
    let name = |v: &VillageEntry| {
        natural
            .and_then(|stem| v.naturals.get(stem))
            .map(|n| n.name.clone())
    };
    Placed {
        town: first.town.map(|t| gazetteer.towns[t].id),
        village: village.map(|v| v.id),
        natural: village.and_then(name),
        number: first.tail.number,
        part: first.tail.part,
        grid: village.and_then(|v| v.grid(natural, first.tail.number)),
        certain,
        former_name: first.former,
        candidates: if certain { Vec::new() } else { ids },
        rest: first.tail.rest.trim_start_matches('-').to_owned(),
    }
}
