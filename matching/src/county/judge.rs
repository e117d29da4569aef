//! Whom one row is about.

use super::answer::{Answer, Candidate, Judged, Why};
use super::{County, Row, claims, content};
use crate::hands::Hands;
use crate::keys::Kind;
use crate::record::Record;
use crate::record::number::Number;
use crate::weigh::{Field, Levels, born, name, number, place, plain, weigh};

/// Candidates that are remembered.
const KEPT: usize = 6;

impl County<'_> {
    /// Judges all rows, each list one to one as far as its rows allow.
    pub fn judge(&self, hands: &impl Hands, rows: &[Row]) -> Vec<Judged> {
        let mut judged = hands.each(rows.len(), 1000, |at, found| {
            let candidates = self.candidates(&rows[at].record, found);
            self.decide(&rows[at].record, candidates)
        });
        claims::settle(self, rows, &mut judged);
        judged
    }

    /// Judges one row by itself.
    pub fn judge_one(&self, row: &Record) -> Judged {
        let candidates = self.candidates(row, &mut Vec::new());
        self.decide(row, candidates)
    }

    /// Whoever may be meant, best first, one row of the register for each person.
    fn candidates(&self, row: &Record, found: &mut Vec<u32>) -> Vec<Candidate> {
        self.index.find(&Kind::LINKING, self.names, row, found);
        self.best(row, found.iter().copied())
    }

    /// Whoever of these rows of the register may be meant, best first, one for each person.
    pub(super) fn best(&self, row: &Record, found: impl Iterator<Item = u32>) -> Vec<Candidate> {
        let mut all: Vec<Candidate> = Vec::new();
        for at in found {
            let candidate = self.candidate(row, at);
            if may_be(&candidate.weighed.levels) {
                all.push(candidate);
            }
        }
        all.sort_by(|a, b| self.best_first(a, b));
        let mut kept: Vec<Candidate> = Vec::with_capacity(all.len().min(KEPT));
        for candidate in all {
            if kept.len() < KEPT && kept.iter().all(|k| k.person != candidate.person) {
                kept.push(candidate);
            }
        }
        kept
    }

    /// Heavier first; of equals by what they say.
    pub(super) fn best_first(&self, a: &Candidate, b: &Candidate) -> std::cmp::Ordering {
        let says = |c: &Candidate| content(self.names, &self.register[c.at as usize]);
        let tie = || says(a).cmp(&says(b)).then(a.at.cmp(&b.at));
        b.weight.total_cmp(&a.weight).then_with(tie)
    }

    fn candidate(&self, row: &Record, at: u32) -> Candidate {
        let known = &self.register[at as usize];
        let weighed = weigh(self.names, &self.weights, &self.counts, row, known);
        Candidate {
            at,
            person: self.person[at as usize],
            weight: weighed.total() + self.prior,
            weighed,
        }
    }

    /// Decides by the candidates, best first.
    pub(super) fn decide(&self, row: &Record, mut candidates: Vec<Candidate>) -> Judged {
        let answer = self.answer(row, &mut candidates);
        let margin = match candidates.as_slice() {
            [] => 0.0,
            [one] => one.weight,
            [one, next, ..] => one.weight - next.weight.max(0.0),
        };
        if let (Answer::Asks(_), Some(first)) = (answer, candidates.first().copied()) {
            candidates.retain(|c| {
                c.weight >= self.limits.link
                    || c.weight >= first.weight - self.limits.shown
                    || c.weighed.levels.is(Field::Number, number::SAME)
            });
        }
        Judged {
            answer,
            candidates,
            margin,
        }
    }

    fn answer(&self, row: &Record, candidates: &mut Vec<Candidate>) -> Answer {
        let limits = &self.limits;
        let level = |c: &Candidate, field: Field| c.weighed.levels.of(field);
        let other = |c: &Candidate| level(c, Field::Number) == number::OTHER;
        let same = |c: &Candidate| level(c, Field::Number) == number::SAME;
        let agrees = |c: &Candidate| c.weighed.levels.names_agree();
        // The number is known: the name decides whether it is asked.
        if candidates.iter().any(same) {
            if let Some(at) = candidates.iter().position(|c| same(c) && agrees(c)) {
                let first = candidates.remove(at);
                candidates.insert(0, first);
                return Answer::Linked;
            }
            // The number is doubted, and with it the birth date in it: others are weighed without.
            let unnumbered = Record {
                number: Number::None,
                ..*row
            };
            for c in candidates.iter_mut().filter(|c| other(c)) {
                *c = self.candidate(&unnumbered, c.at);
            }
            candidates.sort_by(|a, b| self.best_first(a, b));
            return Answer::Asks(Why::OtherName);
        }
        if candidates.iter().any(other) {
            let like = |c: &Candidate| other(c) && is_like(&c.weighed.levels);
            let rival = candidates
                .iter()
                .any(|c| !other(c) && agrees(c) && c.weight >= limits.link);
            if !rival && candidates.iter().any(like) {
                return Answer::Asks(Why::OtherNumber);
            }
            candidates.retain(|c| !other(c));
        }
        let Some(first) = candidates.first().copied() else {
            return Answer::New;
        };
        let next = candidates.get(1).map_or(f32::MIN, |c| c.weight);
        let numbered = matches!(level(&first, Field::Number), number::SLIP | number::CUT);
        if first.weight < limits.ask {
            return Answer::New;
        }
        if !numbered
            && row.number.valid().is_none()
            && candidates[1..].iter().any(|c| is_twin(&c.weighed.levels))
        {
            return Answer::Asks(Why::Twins);
        }
        let far = matches!(level(&first, Field::Born), born::YEAR | born::OTHER);
        match (
            agrees(&first),
            first.weight >= limits.link,
            first.weight - next >= limits.margin,
        ) {
            // A failing number that is not the person's, and nothing of the home: a namesake born on the day.
            (true, true, true)
                if level(&first, Field::Number) == number::FAR && !is_home(&first.weighed.levels) =>
            {
                Answer::Asks(Why::Unsure)
            }
            // Father and son, and namesakes in one house, are told apart by their birth dates.
            (true, _, _) if far => Answer::New,
            (true, true, true) => Answer::Linked,
            (true, true, false) => Answer::Asks(Why::Several),
            (false, _, _) if numbered => Answer::Asks(Why::OtherName),
            (false, _, _) if first.weight < limits.near => Answer::New,
            _ => Answer::Asks(Why::Unsure),
        }
    }
}

/// Worth a thought: the name agrees, or the number, or a near name stands with an equal birth date and no other sex.
/// Whoever only lives in the same house is somebody else.
fn may_be(levels: &Levels) -> bool {
    let numbered = matches!(
        levels.of(Field::Number),
        number::SAME | number::SLIP | number::CUT
    );
    let near = matches!(levels.of(Field::Name), name::ONE_OTHER | name::SURNAME);
    let other_sex = levels.is(Field::Sex, plain::OTHER);
    numbered || levels.names_agree() || (near && !other_sex && levels.is(Field::Born, born::EQUAL))
}

/// Equal name and birth date, and the same house or phone.
fn is_like(levels: &Levels) -> bool {
    levels.is(Field::Name, name::EQUAL) && levels.is(Field::Born, born::EQUAL) && is_home(levels)
}

fn is_home(levels: &Levels) -> bool {
    levels.is(Field::Place, place::HOUSE) || levels.is(Field::Phone, plain::SAME)
}

/// Nearly the name, born on the day, in the house.
pub(super) fn is_twin(levels: &Levels) -> bool {
    let near = matches!(
        levels.of(Field::Name),
        name::ONE_OTHER | name::BY_EAR | name::ONE_MORE | name::EQUAL
    );
    near && levels.is(Field::Born, born::EQUAL) && levels.is(Field::Place, place::HOUSE)
}
