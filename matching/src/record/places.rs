//! Where a row says that the person lives, as numbers.

use super::{hash, hash_text};
use domain::place::{Gazetteer, Hint, leading_number};
use domain::{DivisionId, GridId};
use std::collections::HashMap;

/// A place as an address or a column names it. 0 is "not said" in every part. Town, village and natural village are
/// hashes of what they are, the same in every run, so that counts of places may be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    pub town: u32,
    pub village: u32,
    pub natural: u32,
    pub number: u32,
    pub part: u32,
}

/// Reads addresses of one county.
pub struct Places {
    gazetteer: Gazetteer,
    /// By hint: what stands before the house number, read once for all houses.
    fronts: HashMap<u32, HashMap<Box<str>, Option<Front>>>,
    /// Columns that name a town and village.
    columns: HashMap<Box<str>, (Place, Hint, u32)>,
}

/// What stands before a house number: the place, its village, its natural village or road.
type Front = (Place, DivisionId, Box<str>);

/// A place, and the grid that it belongs to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    pub place: Place,
    pub grid: Option<GridId>,
}

impl Places {
    pub fn new(gazetteer: Gazetteer) -> Places {
        Places {
            gazetteer,
            fronts: HashMap::new(),
            columns: HashMap::new(),
        }
    }

    /// Reads an address beside the column that names town and village. What the address says comes first.
    pub fn read(&mut self, address: &str, column: &str) -> Found {
        let (column_place, hint, key) = self.column(column);
        let found = self.with_hint(address, hint, key);
        // An address that says nothing leaves what the column says.
        if found.place.town == 0 && found.place.village == 0 {
            let place = column_place;
            return Found { place, ..found };
        }
        found
    }

    fn column(&mut self, text: &str) -> (Place, Hint, u32) {
        if text.is_empty() {
            return (Place::default(), Hint::default(), 0);
        }
        if let Some(known) = self.columns.get(text) {
            return *known;
        }
        let placed = self.gazetteer.place(text, Hint::default());
        let place = Place {
            town: division(placed.town),
            village: division(placed.village),
            ..Place::default()
        };
        let key = if place.village > 0 {
            place.village
        } else {
            place.town
        };
        let known = (place, placed.hint(), key);
        self.columns.insert(text.into(), known);
        known
    }

    fn with_hint(&mut self, address: &str, hint: Hint, hint_key: u32) -> Found {
        if address.is_empty() {
            return Found::default();
        }
        let Some((front, number, part)) = house(address) else {
            return self.whole(address, hint);
        };
        let known = self.fronts.get(&hint_key).and_then(|fronts| fronts.get(front));
        if let Some(known) = known {
            return match known {
                Some((place, village, natural)) => Found {
                    place: Place {
                        number,
                        part,
                        ..*place
                    },
                    grid: self.gazetteer.grid(*village, natural, number),
                },
                None => self.whole(address, hint),
            };
        }
        let read = self.front(front, hint);
        self.fronts
            .entry(hint_key)
            .or_default()
            .insert(front.into(), read);
        self.with_hint(address, hint, hint_key)
    }

    /// Reads the words before a house number, if they say the same whatever the number is.
    fn front(&mut self, front: &str, hint: Hint) -> Option<Front> {
        let mut read = ["1", "99999"].map(|n| self.gazetteer.place(&format!("{front}{n}号"), hint));
        let same = read[0].village == read[1].village && read[0].natural == read[1].natural;
        let sure = read
            .iter()
            .all(|r| r.certain && r.number.is_some() && r.rest.is_empty());
        let name = read[0].natural.take()?;
        let village = read[0].village.filter(|_| same && sure)?;
        let place = Place {
            town: division(read[0].town),
            village: division(Some(village)),
            natural: natural(village, &name),
            ..Place::default()
        };
        Some((place, village, name.into()))
    }

    fn whole(&mut self, address: &str, hint: Hint) -> Found {
        let placed = self.gazetteer.place(address, hint);
        let natural = match (placed.village, &placed.natural) {
            (Some(village), Some(name)) => natural(village, name),
            _ => 0,
        };
        Found {
            place: Place {
                town: division(placed.town),
                village: division(placed.village),
                natural,
                number: placed.number.unwrap_or(0),
                part: placed.part.unwrap_or(0),
            },
            grid: placed.grid,
        }
    }
}

fn division(id: Option<DivisionId>) -> u32 {
    id.map_or(0, |id| {
        let (high, low) = id.uuid().as_u64_pair();
        short(&[high, low])
    })
}

fn natural(village: DivisionId, name: &str) -> u32 {
    short(&[u64::from(division(Some(village))), hash_text(name)])
}

/// Never 0.
fn short(parts: &[u64]) -> u32 {
    let whole = hash(parts);
    ((whole ^ (whole >> 32)) as u32).max(1)
}

/// The address before its house number, the number, and the part behind it: `…旧围村`, 86, 2 of …旧围村86号之二.
fn house(address: &str) -> Option<(&str, u32, u32)> {
    let numeral = |c: char| {
        c.is_ascii_digit()
            || matches!(
                c,
                '〇' | '零' | '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '百'
            )
    };
    let (before, after) = match address.rsplit_once('号') {
        Some((before, after)) => (before, after),
        None => match address.rsplit_once('-') {
            Some((before, _)) => (before, &address[before.len()..]),
            None => (address, ""),
        },
    };
    let front = before.trim_end_matches(numeral);
    let (number, rest) = leading_number(&before[front.len()..])?;
    if front.is_empty() || !rest.is_empty() || front.chars().any(|c| c.is_ascii() || numeral(c)) {
        return None;
    }
    if after.is_empty() {
        return Some((front, number, 0));
    }
    let part = after.strip_prefix(['之', '-']).and_then(leading_number);
    match part {
        Some((part, "")) => Some((front, number, part)),
        // 301房 is a flat of the house.
        None => {
            let (flat, rest) = leading_number(after)?;
            (rest == "房").then_some((front, number, flat))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fronts_and_houses() {
        for (address, expected) in [
            (
                "鹤山市沙坪街道良围村旧围村86号",
                Some(("鹤山市沙坪街道良围村旧围村", 86, 0)),
            ),
            ("沙坪良围村委旧围86号之二", Some(("沙坪良围村委旧围", 86, 2))),
            ("良围村旧围村一百零三号", Some(("良围村旧围村", 103, 0))),
            ("良围村旧围村86-2", Some(("良围村旧围村", 86, 2))),
            ("沙坪街道人民路86号301房", Some(("沙坪街道人民路", 86, 301))),
            ("良围村旧围村", None),
            ("3巷12号", None),
            ("", None),
        ] {
            assert_eq!(house(address), expected, "{address}");
        }
    }
}
