//! Where an address is: town, village, natural village or road, house number, grid.
//!
//! A [`Gazetteer`] is built from the divisions and grids as they stand now. It reads an address as people write it
//! (whole or shortened, with old names, endings of earlier times, Chinese numerals) and says what it is sure of:
//! a village is never chosen by its name alone when two towns have one of that name.

mod choice;
mod front;
mod gazetteer;
mod number;
mod reading;
mod tail;
mod words;

pub use gazetteer::Gazetteer;
pub use number::leading as leading_number;

use crate::{DivisionId, GridId};
use std::fmt;

/// A name that a division goes or went by beside its present one. Papers keep old names for decades, so that the
/// dates of a former name do not limit where it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherName {
    pub name: String,
    /// A name of an earlier time, or of what was merged into the division.
    pub former: bool,
}

/// A town or street 镇街 as it stands now. Ended divisions are no places: what merged them has their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Town {
    pub id: DivisionId,
    pub name: String,
    pub others: Vec<OtherName>,
}

/// A village or community 村居 as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Village {
    pub id: DivisionId,
    pub town: DivisionId,
    pub name: String,
    pub others: Vec<OtherName>,
}

/// What two names of one natural village have in common: 旧围, 旧围村 and 旧围自然村 are one. A road keeps its ending;
/// the empty name stays empty.
pub fn natural_key(name: &str) -> String {
    let name = words::letters(name);
    if words::is_road(&name) {
        return name;
    }
    words::without(&name, &words::NATURAL_ENDINGS).to_owned()
}

/// House numbers of a natural village or road that belong to a grid, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GridRange {
    pub grid: GridId,
    pub village: DivisionId,
    /// 自然村 or road; empty is whatever in the village no other range names.
    pub natural: String,
    pub from: u32,
    pub to: u32,
}

/// What else is known of the place: the village or town that another column of the row names, the division of the
/// list, the village of the resident whose address it is. What the address itself says comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    pub town: Option<DivisionId>,
    pub village: Option<DivisionId>,
}

/// What an address was read as.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Placed {
    pub town: Option<DivisionId>,
    pub village: Option<DivisionId>,
    /// Natural village or road, as the grids name it.
    pub natural: Option<String>,
    /// The house number, where it stands directly behind the natural village, road or village.
    pub number: Option<u32>,
    /// 之二, -2 behind the house number.
    pub part: Option<u32>,
    /// Only where no other grid can be meant.
    pub grid: Option<GridId>,
    /// What was read is read without doubt: one town, and one village where one is named.
    pub certain: bool,
    /// Town or village was written by a former name.
    pub former_name: bool,
    /// Villages that may be meant where the address does not say which: the order is that of their ids.
    pub candidates: Vec<DivisionId>,
    /// The words that the reading left over, without blanks and punctuation.
    pub rest: String,
}

/// Who can say more about where a person belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Falls {
    /// Placed.
    Grid(GridId),
    /// The village is known and the grid is not.
    Village(DivisionId),
    /// The town is known and the village is not.
    Town(DivisionId),
    /// Not even the town is known: the county's bureau.
    County,
}

impl Placed {
    pub fn falls(&self) -> Falls {
        match (self.grid, self.village, self.town) {
            (Some(grid), _, _) => Falls::Grid(grid),
            (None, Some(village), _) => Falls::Village(village),
            (None, None, Some(town)) => Falls::Town(town),
            (None, None, None) => Falls::County,
        }
    }

    /// What this reading tells about the next one: the column 镇村 about the column 住址.
    pub fn hint(&self) -> Hint {
        Hint {
            town: self.town,
            village: self.village,
        }
    }

    /// One text for equal places: what was read and the words left over. `None` where the reading is in doubt.
    fn key(&self) -> Option<String> {
        let division = self.village.or(self.town).filter(|_| self.certain)?;
        let shown = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
        let natural = self.natural.as_deref().unwrap_or_default();
        Some(format!(
            "{division}/{natural}/{}/{}/{}",
            shown(self.number),
            shown(self.part),
            self.rest
        ))
    }
}

impl fmt::Debug for Placed {
    /// An address is personal data; its divisions and grid are not.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Placed")
            .field("town", &self.town)
            .field("village", &self.village)
            .field("grid", &self.grid)
            .field("certain", &self.certain)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
