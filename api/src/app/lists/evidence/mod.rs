//! Rows that their number does not link are linked by evidence.
//!
//! Before any row of a list is judged, the rows without a valid number are compared with the few people whom keyed hashes
//! find (`keys`, `pool`), by what was learned of the county (`lesson`); what is said of each is kept sealed beside it
//! ([`weigh`], `jobs/weigh_list`). A list names a person once: where two rows want one, both wait ([`Claims`]). Judging
//! goes by what was kept ([`Run::by_evidence`]), so that neither the order of rows nor a broken-off run changes an answer.

mod claims;
mod keys;
pub(super) mod known;
pub(super) mod pool;

pub use claims::{Claims, contested};

use super::enrol::Run;
use super::row::{contradicts_its_file, full_name, identity};
use super::steps::Commit;
use crate::app::Error;
use crate::store::lists::{Content, Evidence, Line, Outcome, Row, Seen};
use domain::ResidentId;
use known::Known;
use matching::county::{Answer, Candidate, County, Judged, Lesson, one_person};
use matching::explain;
use matching::link::{Doubt, Link, Person};
use matching::record::Record;
use matching::record::names::{Names, agreement};
use sea_orm::ConnectionTrait;
use std::collections::BTreeSet;
use uuid::Uuid;

/// People whom one row is compared with at most.
pub const OPENED: usize = 50;

/// Candidates that are shown to whoever is asked.
const SHOWN: usize = 3;

/// Whether lists of this kind name people whom evidence may link.
pub fn fits(kind: &str) -> bool {
    !matches!(kind, "grids" | "population")
}

/// Whether evidence has to say whom a row is about: it has a name and no valid number, and does not repeat or contradict
/// another row of its file.
pub fn asks(row: &Row) -> bool {
    let who = identity(&row.content);
    let twice = contradicts_its_file(&row.content);
    who.number().is_none() && !who.name().plain.is_empty() && row.content.same_as.is_none() && !twice
}

/// Whether a row that waits may be linked now: what is known of people links it, or its number does.
pub fn may_link(row: &Row) -> bool {
    let linked = row.evidence.as_ref().is_some_and(|said| said.linked);
    linked || identity(&row.content).number().is_some()
}

/// What the evidence says of some rows, in their order; none where it knows nobody.
pub async fn weigh<C: ConnectionTrait>(
    db: &C,
    cx: &Commit<'_>,
    rows: &[&Row],
    lesson: Option<&Lesson>,
) -> Result<Vec<Option<Evidence>>, Error> {
    let mut reader = known::reader(cx);
    let asked: Vec<_> = rows
        .iter()
        .map(|row| known::of_row(&mut reader, cx, row))
        .collect();
    let pool = pool::find(db, cx, &mut reader, &asked).await?;
    let one = |(asked, near): (&known::Asked, &Vec<usize>)| {
        let near: Vec<&Known> = near.iter().map(|at| &pool.people[*at]).collect();
        said(&reader.names, &asked.record, &near, lesson)
    };
    Ok(asked.iter().zip(&pool.near).map(one).collect())
}

/// What is said of one row among the people who are near it.
fn said(names: &Names, row: &Record, near: &[&Known], lesson: Option<&Lesson>) -> Option<Evidence> {
    let records: Vec<Record> = near.iter().map(|known| known.record).collect();
    let person = one_resident(one_person(names, &records), near);
    let county = County::few(names, &records, person.clone(), lesson);
    let mut judged = county.among(row);
    if judged.answer == Answer::New {
        // Whoever only bears the name is shown to nobody.
        judged.candidates.retain(|c| c.weight >= county.limits.ask);
    }
    if judged.candidates.is_empty() {
        return None;
    }
    let same = |candidate: &Candidate| {
        let first = person[candidate.at as usize];
        let all = person.iter().zip(near).filter(move |(of, _)| **of == first);
        all.map(|(_, known)| *known).collect::<Vec<_>>()
    };
    let seen = |candidate: &Candidate| seen(candidate, &same(candidate));
    // A person of the register without a number is asked about: nobody could say whether it is entered already.
    let linked = county.sure(&judged)
        && judged.candidates.first().is_some_and(|first| {
            let known = same(first);
            known.iter().any(|k| k.resident.is_some() || k.number.is_some())
        });
    let shown = if linked { 1 } else { SHOWN };
    let (why, says) = words(&judged, linked);
    Some(Evidence {
        linked,
        why: why.to_owned(),
        says: says.to_owned(),
        seen: judged.candidates.iter().take(shown).map(seen).collect(),
        margin: judged.margin,
    })
}

/// Records of one resident, one of which was merged into the other, are one person whatever they say.
fn one_resident(mut person: Vec<u32>, near: &[&Known]) -> Vec<u32> {
    for (at, known) in near.iter().enumerate() {
        let same = |other: &&Known| known.resident.is_some() && other.resident == known.resident;
        let first = near[..at].iter().position(same);
        if let Some(first) = first {
            let (own, of) = (person[at], person[first]);
            person.iter_mut().filter(|p| **p == own).for_each(|p| *p = of);
        }
    }
    person
}

fn words(judged: &Judged, linked: bool) -> (&'static str, &'static str) {
    match judged.answer {
        Answer::Linked if linked => ("linked", explain::answer(Answer::Linked)),
        Answer::Linked => ("likely", "很可能是这一位，但没有有效的身份证号，请确认"),
        Answer::Asks(why) => (why.code(), explain::answer(judged.answer)),
        Answer::New => ("unlike", "有相近的人，各项不足以认定，请确认是否其中一位"),
    }
}

fn seen(candidate: &Candidate, known: &[&Known]) -> Seen {
    let lines = explain::candidate(candidate).into_iter().map(|line| Line {
        field: line.field.to_owned(),
        says: line.says.to_owned(),
        weight: line.weight,
    });
    Seen {
        resident: known.iter().filter_map(|k| k.resident).min(),
        entry: known.iter().filter_map(|k| k.entry).min(),
        number: known.iter().find_map(|k| k.number.clone()),
        weight: candidate.weight,
        lines: lines.collect(),
    }
}

/// Residents of those given whom the evidence names.
pub fn residents(row: &Row, residents: &[Person<ResidentId>]) -> BTreeSet<Uuid> {
    let seen: Vec<&Seen> = row.evidence.iter().flat_map(|evidence| &evidence.seen).collect();
    let named = |person: &&Person<ResidentId>| seen.iter().any(|seen| is(seen, person));
    residents.iter().filter(named).map(|p| p.key.uuid()).collect()
}

fn is(seen: &Seen, person: &Person<ResidentId>) -> bool {
    let number = person.number.as_ref().map(|n| n.as_str());
    seen.resident == Some(person.key.uuid()) || (number.is_some() && number == seen.number.as_deref())
}

/// What evidence adds to what the exact rule says of a row.
pub(in crate::app::lists) struct ByEvidence {
    pub link: Link<i64>,
    /// What is told beside the verdict where evidence decided.
    pub told: Option<String>,
}

/// The verdict of a row that evidence linked says so.
pub(in crate::app::lists) fn telling(mut outcome: Outcome, told: Option<String>) -> Outcome {
    if let (Some(told), Some(_), Some(reason)) = (told, outcome.resident, &mut outcome.reason) {
        reason.push_str(&format!("；{told}"));
    }
    outcome
}

impl Run<'_> {
    /// Whom a row is about that the exact rule could not link.
    pub(in crate::app::lists) fn by_evidence(&self, row: &Row, linked: Link<i64>) -> ByEvidence {
        let Link::Ambiguous {
            doubt,
            residents: meant,
            register,
        } = linked
        else {
            return ByEvidence {
                link: linked,
                told: None,
            };
        };
        if doubt == Doubt::OtherName
            && let Some((link, says)) = self.alike(&row.content, &meant, &register)
        {
            let told = Some(format!("身份证号相同，姓名{says}，按身份证号关联"));
            return ByEvidence { link, told };
        }
        if matches!(doubt, Doubt::Number(_))
            && let Some(target) = row.evidence.as_ref().and_then(Evidence::target)
            && let Some(link) = self.found(target)
        {
            let told = Some("没有有效的身份证号，按姓名、出生日期、住址、电话等关联".to_owned());
            return ByEvidence { link, told };
        }
        let mut meant: BTreeSet<ResidentId> = meant.into_iter().collect();
        meant.extend(residents(row, &self.residents).into_iter().map(ResidentId::from));
        let link = Link::Ambiguous {
            doubt,
            residents: meant.into_iter().collect(),
            register,
        };
        ByEvidence { link, told: None }
    }

    /// The one holder of a known number whose name is written nearly as the row writes it.
    fn alike(
        &self,
        content: &Content,
        residents: &[ResidentId],
        register: &[i64],
    ) -> Option<(Link<i64>, &'static str)> {
        let name = full_name(content);
        let near = |other: &str| agreement(&name, other).filter(|a| a.agrees());
        if let ([one], []) = (residents, register) {
            let person = self.residents.iter().find(|p| p.key == *one)?;
            return Some((Link::Resident(*one), explain::names(near(&person.name.plain)?)));
        }
        let all = self.listed.iter().filter(|p| register.contains(&p.key));
        let all: Option<Vec<_>> = all.map(|p| near(&p.name.plain)).collect();
        let first = register.iter().min().filter(|_| residents.is_empty())?;
        Some((Link::Register(*first), explain::names(*all?.first()?)))
    }

    /// Whom the evidence names, as residents and register know them now.
    fn found(&self, target: &Seen) -> Option<Link<i64>> {
        let residents: BTreeSet<ResidentId> = self
            .residents
            .iter()
            .filter(|p| is(target, p))
            .map(|p| p.key)
            .collect();
        let number = target.number.as_deref();
        let listed = self
            .listed
            .iter()
            .filter(|p| number.is_some() && p.number.as_ref().map(|n| n.as_str()) == number);
        match (residents.len(), residents.first(), listed.map(|p| p.key).min()) {
            (1, Some(one), _) => Some(Link::Resident(*one)),
            (0, _, Some(entry)) => Some(Link::Register(entry)),
            _ => None,
        }
    }
}
