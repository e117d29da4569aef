//! Which of the readings of a text is meant, and what is in doubt.

use super::Placed;
use super::gazetteer::{Gazetteer, VillageEntry};
use super::reading::Reading;
use std::collections::BTreeSet;

/// A text that names no place of ours.
pub fn nowhere(text: &str) -> Placed {
    Placed {
        rest: text.to_owned(),
        ..Placed::default()
    }
}

/// The reading that explains most; what equally good ones have in common.
pub fn choose(gazetteer: &Gazetteer, readings: Vec<Reading>, bare: &str) -> Placed {
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
