//! A handful of people instead of a county: whom one row is about where its candidates were found by other means (keyed
//! hashes in a database), so that nothing is learned from the county and no value is counted in it.
//!
//! Agreements are then worth what they are on average, and a machine links without asking only where more stands
//! together than the weights ask for: [`sure`].

use super::{County, Judged, Limits};
use crate::keys::Index;
use crate::record::Record;
use crate::record::names::Names;
use crate::weigh::{Counts, Field, Levels, Weights, born, name, number, place, plain};

/// How many people the county is taken to have: more than the largest that is measured, so that no evidence counts for
/// more than it does there.
const KNOWN: f32 = 1_000_000.0;

/// From where on a machine links, in bits, beside what [`sure`] asks for.
const SURE: f32 = 10.0;

impl<'a> County<'a> {
    /// People at hand; `person` says for each which is the first of the same person.
    pub fn few(names: &'a Names, people: &'a [Record], person: Vec<u32>) -> County<'a> {
        County {
            names,
            register: people,
            person,
            weights: Weights::default(),
            counts: Counts::default(),
            index: Index::default(),
            limits: Limits::default(),
            // Nineteen of twenty people on a list are known.
            prior: (19.0 / KNOWN).log2(),
        }
    }

    /// Judges a row by comparing it with all people at hand.
    pub fn among(&self, row: &Record) -> Judged {
        let candidates = self.best(row, 0..self.register.len() as u32);
        self.decide(row, candidates)
    }
}

/// For each of some people the first one who is the same person without doubt: the same valid number, or, where one
/// has none, all of name, birth date and house or phone.
pub fn one_person(names: &Names, people: &[Record]) -> Vec<u32> {
    let mut person: Vec<u32> = Vec::with_capacity(people.len());
    for (at, record) in people.iter().enumerate() {
        let same = |other: &&u32| {
            let other = &people[**other as usize];
            match (record.number.valid(), other.number.valid()) {
                (Some(a), Some(b)) => a == b,
                _ => {
                    let levels = crate::weigh::compare(names, record, other);
                    levels.is(Field::Name, name::EQUAL)
                        && levels.is(Field::Born, born::EQUAL)
                        && is_home(&levels)
                }
            }
        };
        let firsts: Vec<u32> = (0..at as u32).filter(|n| person[*n as usize] == *n).collect();
        person.push(firsts.iter().find(same).copied().unwrap_or(at as u32));
    }
    person
}

/// Whether a machine may link the row to its first candidate without asking: the name agrees, and the birth date or a
/// number that is one slip away, and something of the home (all of the home where no birth date is told); nothing speaks against it, and nobody who is born on the
/// day and nearly has the name lives there too.
pub fn sure(said: &Judged) -> bool {
    let Some(first) = said.linked() else { return false };
    let levels = &first.weighed.levels;
    let numbered = matches!(levels.of(Field::Number), number::SLIP | number::CUT);
    let both = levels.is(Field::Place, place::HOUSE)
        && (levels.is(Field::Phone, plain::SAME) || levels.is(Field::Head, plain::SAME));
    // Where no birth date is told, house and phone (or head) stand for it.
    let undated = levels.of(Field::Born) == 0 && levels.is(Field::Name, name::EQUAL) && both;
    let dated = numbered || levels.is(Field::Born, born::EQUAL) || undated;
    let home = if levels.is(Field::Name, name::EQUAL) {
        is_home(levels)
            || levels.is(Field::Place, place::NATURAL)
            || levels.is(Field::Head, plain::SAME)
            || (numbered && levels.is(Field::Place, place::VILLAGE))
    } else {
        is_home(levels)
    };
    let against = levels.is(Field::Sex, plain::OTHER)
        || matches!(levels.of(Field::Number), number::FAR | number::OTHER);
    let twin = said.candidates[1..]
        .iter()
        .any(|c| super::judge::is_twin(&c.weighed.levels) || is_twin_elsewhere(&c.weighed.levels));
    dated && home && !against && (numbered || !twin) && first.weight >= SURE
}

fn is_home(levels: &Levels) -> bool {
    levels.is(Field::Place, place::HOUSE) || levels.is(Field::Phone, plain::SAME)
}

/// Born on the day with nearly the name, where the house is not told.
fn is_twin_elsewhere(levels: &Levels) -> bool {
    let near = !matches!(levels.of(Field::Name), 0 | name::SURNAME | name::OTHER);
    near && levels.is(Field::Born, born::EQUAL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::county::{Answer, Why};
    use crate::record::{Raw, Reader};
    use domain::place::Gazetteer;

    fn raw<'a>(number: &'a str, name: &'a str, born: &'a str, phone: &'a str) -> Raw<'a> {
        Raw {
            number,
            name,
            born,
            phone,
            ..Raw::default()
        }
    }

    /// What is said of the first row among all others: linked without asking, or asked why, or nobody.
    fn check(rows: &[Raw<'_>], expected: &str) {
        let mut reader = Reader::new(Gazetteer::default());
        let records: Vec<Record> = rows.iter().map(|row| reader.read(row).0).collect();
        let people = &records[1..];
        let county = County::few(&reader.names, people, one_person(&reader.names, people));
        let said = county.among(&records[0]);
        let shown = match said.answer {
            Answer::Linked if sure(&said) => format!("linked {}", said.candidates[0].at),
            Answer::Linked => "likely".to_owned(),
            Answer::Asks(why) => format!("asks {}", why.code()),
            Answer::New => "new".to_owned(),
        };
        assert_eq!(shown, expected);
        // The order of the people decides nothing.
        let mut turned: Vec<Raw<'_>> = rows.to_vec();
        turned[1..].reverse();
        let mut reader = Reader::new(Gazetteer::default());
        let records: Vec<Record> = turned.iter().map(|row| reader.read(row).0).collect();
        let people = &records[1..];
        let county = County::few(&reader.names, people, one_person(&reader.names, people));
        let again = county.among(&records[0]);
        assert_eq!((again.answer, sure(&again)), (said.answer, sure(&said)));
    }

    #[test]
    fn what_is_linked_without_asking() {
        let phone = "13900078461";
        let (number, slip) = ("440784194610132621", "440784194610132620");
        let own = raw(number, "吴彩凤", "1946-10-13", phone);
        // Name, birth date and phone.
        check(&[raw("", "吴彩凤", "1946-10-13", phone), own], "linked 0");
        // A number that is one slip away, with and without anything of the home.
        check(&[raw(slip, "吴彩凤", "", phone), own], "linked 0");
        check(&[raw(slip, "吴彩凤", "", ""), own], "likely");
        // Name and birth date alone.
        check(&[raw("", "吴彩凤", "1946-10-13", ""), own], "likely");
        // Another name under a number that is one slip away.
        check(&[raw(slip, "欧阳碧云", "", phone), own], "asks other_name");
        // Two people of the name and the day.
        let namesake = raw("440784194610130044", "吴彩凤", "1946-10-13", phone);
        check(
            &[raw("", "吴彩凤", "1946-10-13", phone), own, namesake],
            "asks several_people",
        );
        // One person, told twice.
        let again = raw("", "吴彩凤", "1946-10-13", phone);
        check(&[raw("", "吴彩凤", "1946-10-13", phone), own, again], "linked 0");
        // Who is nearly called so was born on the day.
        let twin = raw("440784194610130044", "吴彩芬", "1946-10-13", phone);
        check(&[raw("", "吴彩凤", "1946-10-13", phone), own, twin], "likely");
        check(&[raw("", "", "1946-10-13", phone), own], "new");
        check(&[raw("", "吴彩凤", "1961-02-03", phone), own], "new");
    }

    #[test]
    fn two_valid_numbers_are_two_people() {
        let (a, b) = ("440784194610132621", "440784194610130044");
        let phone = "13900078461";
        let rows = [raw(a, "吴彩凤", "", phone), raw(b, "吴彩凤", "", phone)];
        let mut reader = Reader::new(Gazetteer::default());
        let records: Vec<Record> = rows.iter().map(|row| reader.read(row).0).collect();
        assert_eq!(one_person(&reader.names, &records), [0, 1]);
        let county = County::few(&reader.names, &records[1..], vec![0]);
        assert_eq!(county.among(&records[0]).answer, Answer::Asks(Why::OtherNumber));
    }
}
