//! Reading an address: every way to read it is tried, and the one that explains most of the text is taken. Where two
//! explain as much and name different places, only what they have in common is said.

use super::choice::{choose, nowhere};
use super::front::{self, abroad, behind_other_words};
use super::gazetteer::{Gazetteer, VillageEntry};
use super::tail::{self, Tail};
use super::words::{Kind, NATURAL_ENDINGS, TOWN_ENDINGS, VILLAGE_ENDINGS};
use super::{Hint, Placed};

/// One way to read a text. It holds parts of an address and cannot be printed.
#[derive(Clone, Default)]
pub struct Reading {
    /// Bytes of names that were recognised.
    pub covered: usize,
    /// How well the ending of the village fits what the village is: 0 differs, 1 says nothing, 2 says the same.
    pub fits: u8,
    pub town: Option<usize>,
    pub village: Option<usize>,
    /// By stem.
    pub natural: Option<String>,
    pub former: bool,
    /// The village was taken from the hint, or is one that the hint allows.
    pub hinted: bool,
    /// The village was read by its name alone: how far the name reached.
    pub alone: Option<usize>,
    /// Too little was written to say that this place is meant.
    pub weak: bool,
    pub tail: Tail,
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
    let starts = front::starts(gazetteer, text);
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
                for (rest, covered) in front::starts(gazetteer, &bare[at..]) {
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
