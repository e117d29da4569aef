//! A list names a person once, as a rule: where two of its rows want the same one, both wait for a person.

use crate::seal::Keyring;
use crate::store::lists::{Evidence, Row, Seen, number_mark};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Who is named by a list's numbers, and whom its other rows would be linked to. It holds a few bytes a row.
#[derive(Default)]
pub struct Claims {
    /// As marks.
    numbers: HashSet<i64>,
    /// By person.
    wanted: HashMap<Person, Wanted>,
    /// Residents whom other rows of the list are linked to already.
    taken: HashSet<Uuid>,
}

/// By the mark of the number, where one is known.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Person {
    Numbered(i64),
    Resident(Uuid),
}

/// Somebody whom rows would be linked to.
#[derive(Default)]
struct Wanted {
    resident: Option<Uuid>,
    /// Where the rows stand.
    rows: Vec<(i32, i32)>,
}

impl Claims {
    /// Numbers that rows of the list state, as marks.
    pub fn numbered(numbers: HashSet<i64>) -> Claims {
        Claims {
            numbers,
            ..Claims::default()
        }
    }

    /// Takes in a row of the list, which may have no mark.
    pub fn number(&mut self, keys: &Keyring, row: &Row) {
        let number = row.content.get("id_number");
        self.numbers.extend(number.and_then(|n| number_mark(keys, n)));
    }

    /// The evidence links the row.
    pub fn want(&mut self, keys: &Keyring, row: &Row, said: &Evidence) {
        if let Some(seen) = said.target()
            && let Some(person) = person(keys, seen)
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
        let named = |person: &Person| matches!(person, Person::Numbered(mark) if self.numbers.contains(mark));
        let taken = |wanted: &Wanted| wanted.resident.is_some_and(|id| self.taken.contains(&id));
        let all = self.wanted.iter();
        let contested =
            all.filter(|(person, wanted)| wanted.rows.len() > 1 || named(person) || taken(wanted));
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

fn person(keys: &Keyring, seen: &Seen) -> Option<Person> {
    let mark = seen.number.as_deref().and_then(|n| number_mark(keys, n));
    let resident = seen.resident.map(Person::Resident);
    mark.map(Person::Numbered).or(resident)
}
