//! A handful of people instead of a county: whom one row is about where its candidates were found by other means (keyed
//! hashes in a database), so that no county is opened for it.
//!
//! What agreements are worth is then told by what was learned of the county before ([`Lesson`]); without one they are
//! worth what they are on average. Either way a machine links without asking only where more stands together than the
//! weights ask for ([`County::sure`]), and by averages more still.

use super::{County, Judged, Limits};
use crate::keys::Index;
use crate::record::Record;
use crate::record::names::Names;
use crate::weigh::{Counts, Field, Kept, Levels, Weights, born, name, number, place, plain};
use std::sync::Arc;

/// How many people the county is taken to have of which nothing is known: more than the largest that is measured, so that
/// no evidence counts for more than it does there.
const KNOWN: f32 = 1_000_000.0;

/// From where on a machine links by averages, in bits, beside what [`County::sure`] asks for.
const SURE: f32 = 10.0;

/// People of the register below which its counts say too little.
const LEAST: u32 = 1000;

/// What was learned of a county.
#[derive(Clone, Debug, Default)]
pub struct Lesson {
    pub counts: Arc<Kept>,
    pub weights: Weights,
    /// Odds that a row of a list is about somebody of the register.
    pub odds: f32,
}

impl<'a> County<'a> {
    /// People at hand; `person` says for each which is the first of the same person.
    pub fn few(
        names: &'a Names,
        people: &'a [Record],
        person: Vec<u32>,
        lesson: Option<&Lesson>,
    ) -> County<'a> {
        let lesson = lesson.filter(|lesson| lesson.counts.rows() >= LEAST);
        let (weights, counts) = lesson.map_or_else(Default::default, |lesson| {
            (lesson.weights.clone(), Counts::from(lesson.counts.clone()))
        });
        // Nineteen of twenty people on a list are known.
        let (odds, known) = lesson.map_or((19.0, KNOWN), |l| (l.odds, l.counts.rows() as f32));
        County {
            names,
            register: people,
            person,
            weights,
            counts,
            index: Index::default(),
            limits: Limits::default(),
            prior: (odds / known).log2(),
        }
    }

    /// Judges a row by comparing it with all people at hand.
    pub fn among(&self, row: &Record) -> Judged {
        let candidates = self.best(row, 0..self.register.len() as u32);
        self.decide(row, candidates)
    }

    /// Whether a machine may link the row to its first candidate without asking: nothing speaks against it, and nobody who is
    /// born on the day and nearly has the name is about. Where no lesson told what the evidence is worth, the birth
    /// date must agree, or a number that is one slip away, and something of the home (all of it where no birth date is told).
    pub fn sure(&self, said: &Judged) -> bool {
        let Some(first) = said.linked() else { return false };
        let levels = &first.weighed.levels;
        // What another sex weighs, a lesson tells.
        let learnt = self.counts.rows() > 0.0;
        let against = matches!(levels.of(Field::Number), number::FAR | number::OTHER)
            || (levels.is(Field::Sex, plain::OTHER) && !(learnt && levels.is(Field::Name, name::EQUAL)));
        let numbered = matches!(levels.of(Field::Number), number::SLIP | number::CUT);
        let twin = said.candidates[1..]
            .iter()
            .any(|c| super::judge::is_twin(&c.weighed.levels) || is_twin_elsewhere(&c.weighed.levels));
        if against || (twin && !numbered) {
            return false;
        }
        if learnt {
            // Whom all but the last digits fit are many of one village and day.
            let cut = levels.is(Field::Number, number::CUT);
            let near = matches!(
                levels.of(Field::Place),
                place::HOUSE | place::NATURAL | place::VILLAGE
            ) || is_home(levels)
                || levels.is(Field::Head, plain::SAME);
            return !cut || near;
        }
        on_average(levels, numbered) && first.weight >= SURE
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

fn on_average(levels: &Levels, numbered: bool) -> bool {
    let equal = levels.is(Field::Name, name::EQUAL);
    let both = levels.is(Field::Place, place::HOUSE)
        && (levels.is(Field::Phone, plain::SAME) || levels.is(Field::Head, plain::SAME));
    // Where no birth date is told, house and phone (or head) stand for it.
    let undated = levels.of(Field::Born) == 0 && equal && both;
    let dated = numbered || levels.is(Field::Born, born::EQUAL) || undated;
    let home = is_home(levels)
        || (equal
            && (levels.is(Field::Place, place::NATURAL)
                || levels.is(Field::Head, plain::SAME)
                || (numbered && levels.is(Field::Place, place::VILLAGE))));
    dated && home
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
        let county = County::few(&reader.names, people, one_person(&reader.names, people), None);
        let said = county.among(&records[0]);
        let shown = match said.answer {
            Answer::Linked if county.sure(&said) => format!("linked {}", said.candidates[0].at),
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
        let county = County::few(&reader.names, people, one_person(&reader.names, people), None);
        let again = county.among(&records[0]);
        assert_eq!(
            (again.answer, county.sure(&again)),
            (said.answer, county.sure(&said))
        );
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
        let county = County::few(&reader.names, &records[1..], vec![0], None);
        assert_eq!(county.among(&records[0]).answer, Answer::Asks(Why::OtherNumber));
    }
}
