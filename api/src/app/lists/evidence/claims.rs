//! A list names a person once, as a rule: where two of its rows want the same one, both wait for a person.

use super::super::row::identity;
use crate::store::lists::{Evidence, Row, Seen};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Who is named by a list's numbers, and whom its other rows would be linked to. It holds a few bytes a row.
#[derive(Default)]
pub struct Claims {
    numbers: HashSet<u64>,
    /// By person.
    wanted: HashMap<u128, Wanted>,
    /// Residents whom other rows of the list are linked to already.
    taken: HashSet<Uuid>,
}

/// Somebody whom rows would be linked to.
#[derive(Default)]
struct Wanted {
    resident: Option<Uuid>,
    /// Where the rows stand.
    rows: Vec<(i32, i32)>,
}

impl Claims {
    /// Takes in rows of the list; those that evidence speaks of come with what it says.
    pub fn number(&mut self, row: &Row) {
        self.numbers
            .extend(identity(&row.content).number().and_then(|n| packed(n.as_str())));
    }

    pub fn want(&mut self, row: &Row, said: &Evidence) {
        if let Some(seen) = said.target()
            && let Some(person) = person(seen)
        {
            let wanted = self.wanted.entry(person).or_default();
            wanted.resident = wanted.resident.or(seen.resident);
            wanted.rows.push((row.sheet, row.row));
        }
    }

    /// Residents whom rows would be linked to.
    pub fn residents(&self) -> Vec<Uuid> {
        let mut all: Vec<Uuid> = self.wanted.values().filter_map(|w| w.resident).collect();
        all.sort_unstable();
        all
    }

    /// Other rows of the list are linked to these already.
    pub fn take(&mut self, residents: impl IntoIterator<Item = Uuid>) {
        self.taken.extend(residents);
    }

    /// Places of rows that are not the only ones for their person, in the order of the file.
    pub fn contested(self) -> Vec<(i32, i32)> {
        let named = |person: u128| u64::try_from(person).is_ok_and(|n| self.numbers.contains(&n));
        let taken = |wanted: &Wanted| wanted.resident.is_some_and(|id| self.taken.contains(&id));
        let all = self.wanted.iter();
        let contested =
            all.filter(|(person, wanted)| wanted.rows.len() > 1 || named(**person) || taken(wanted));
        let mut places: Vec<_> = contested.flat_map(|(_, wanted)| wanted.rows.clone()).collect();
        places.sort_unstable();
        places
    }
}

/// What a row says that is not the only one for its person.
pub fn contested(mut said: Evidence) -> Evidence {
    said.linked = false;
    "several_rows".clone_into(&mut said.why);
    "本名单中不止一行与这一位相符，请确认是哪一行".clone_into(&mut said.says);
    said
}

fn person(seen: &Seen) -> Option<u128> {
    let number = seen.number.as_deref().and_then(packed).map(u128::from);
    number.or_else(|| seen.resident.map(|id| id.as_u128()))
}

/// The digits before the check character.
fn packed(number: &str) -> Option<u64> {
    number.get(..17)?.parse().ok()
}
