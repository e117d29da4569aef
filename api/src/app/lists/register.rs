//! One step of the population register: rows become reference data, in no record.

use super::items::{AMBIGUOUS, INVALID, Question};
use super::person::{unidentified, why_message};
use super::row::{TWICE, contradicts_its_file, identity, value};
use super::steps::Commit;
use crate::app::Error;
use crate::store::PER_THREAD;
use crate::store::db::Txn;
use crate::store::lists::{self, Outcome, Row};
use crate::store::register::{self, Entry, Hashes, Values, number_hash, person_hash};
use matching::record::names::sound_of;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What the rows of one step come to.
pub struct Judged<'a> {
    /// In the order of the rows.
    pub outcomes: Vec<Outcome>,
    questions: Vec<Question<'a>>,
    entries: Vec<(Hashes, Values)>,
}

/// Judges some rows; nothing is written.
pub async fn judge<'a>(txn: &Txn, cx: &Commit<'_>, rows: &'a [Row]) -> Result<Judged<'a>, Error> {
    let keys = &cx.program.keys;
    if cx.history {
        let kept = Outcome {
            verdict: "same",
            reason: Some("补交的较早月份底册，只存为历史，不改动现有底册".to_owned()),
            resident: None,
        };
        return Ok(Judged {
            outcomes: vec![kept; rows.len()],
            questions: Vec::new(),
            entries: Vec::new(),
        });
    }
    let villages = &Villages::of(cx, rows);
    let hashes = rows.par_iter().with_min_len(PER_THREAD);
    let hashes: Vec<Hashes> = hashes
        .map(|row| near(cx, villages, &row.content.values, of(cx, &row.content.values)))
        .collect();
    let numbers: Vec<Vec<u8>> = hashes.iter().filter_map(|h| h.id.clone()).collect();
    let people: Vec<Vec<u8>> = hashes
        .iter()
        .filter(|h| h.id.is_none())
        .map(|h| h.person.clone())
        .collect();
    let mut before: BTreeMap<Vec<u8>, Vec<Entry>> = BTreeMap::new();
    for known in register::find(&**txn, keys, &numbers, &people).await? {
        if known.list != cx.list.id {
            let hashes = of(cx, &known.values);
            before
                .entry(hashes.id.unwrap_or(hashes.person))
                .or_default()
                .push(known);
        }
    }
    let (mut new, mut questions, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
    for (row, hashes) in rows.iter().zip(&hashes) {
        let twice = contradicts_its_file(&row.content);
        let who = identity(&row.content);
        let asked = if who.name().plain.is_empty() && who.number().is_none() {
            Some((
                INVALID,
                "nobody",
                "没有姓名也没有有效的身份证号，无法确定是哪一位",
            ))
        } else if let Some(why) = unidentified(&row.content) {
            Some((INVALID, why, why_message(why)))
        } else if twice {
            Some((AMBIGUOUS, TWICE, "同一个人在本文件中出现多次且内容不同"))
        } else {
            let fault = row.content.number_fault.as_deref();
            fault.map(|code| (AMBIGUOUS, code, "身份证号无效，按姓名和出生日期存入底册"))
        };
        let verdict = match &asked {
            Some((INVALID, ..)) => "invalid",
            Some(_) => "ambiguous",
            None => match before.get(hashes.id.as_ref().unwrap_or(&hashes.person)) {
                None => "new",
                Some(known) if known.iter().any(|e| said(&e.values) == said(&row.content.values)) => "same",
                Some(_) => "changed",
            },
        };
        outcomes.push(Outcome {
            verdict,
            reason: asked.map(|(_, _, message)| message.to_owned()),
            resident: None,
        });
        if let Some((reason, code, message)) = asked {
            questions.push(Question {
                row,
                reason,
                code: code.to_owned(),
                message: message.to_owned(),
                residents: Vec::<Uuid>::new(),
                homes: BTreeSet::new(),
                register: Vec::new(),
            });
        }
        if verdict == "invalid" || row.content.same_as.is_some() {
            continue;
        }
        new.push((hashes.clone(), row.content.values.clone()));
        let members = row.content.members.iter();
        new.extend(members.map(|member| entry(cx, villages, member)));
    }
    Ok(Judged {
        outcomes,
        questions,
        entries: new,
    })
}

impl Judged<'_> {
    /// Writes the rows into the register, with their verdicts.
    pub async fn write(self, txn: &Txn, cx: &Commit<'_>, rows: &[Row]) -> Result<(), Error> {
        register::insert(&**txn, &cx.program.keys, cx.list.id, &self.entries).await?;
        cx.ask(&**txn, &self.questions).await?;
        Ok(lists::judge(&**txn, rows, &self.outcomes, cx.stage).await?)
    }
}

/// Puts the rows of a list back into the register that a newer one had replaced.
pub async fn put_back(txn: &Txn, cx: &Commit<'_>, list: Uuid, rows: &[Row]) -> Result<(), Error> {
    let villages = &Villages::of(cx, rows);
    let mut all = Vec::new();
    for row in rows {
        if row.verdict.as_deref() == Some("invalid") || row.content.same_as.is_some() {
            continue;
        }
        all.push(entry(cx, villages, &row.content.values));
        let members = row.content.members.iter();
        all.extend(members.map(|member| entry(cx, villages, member)));
    }
    Ok(register::insert(&**txn, &cx.program.keys, list, &all).await?)
}

fn entry(cx: &Commit<'_>, villages: &Villages, values: &Values) -> (Hashes, Values) {
    (near(cx, villages, values, of(cx, values)), values.clone())
}

/// Where the rows of one step are from, by the columns that say so: most rows of a register stand beside their
/// neighbours.
struct Villages(BTreeMap<String, Option<Uuid>>);

impl Villages {
    fn of(cx: &Commit<'_>, rows: &[Row]) -> Villages {
        let mut all = BTreeMap::new();
        for row in rows {
            let members = row.content.members.iter();
            for values in members.chain(std::iter::once(&row.content.values)) {
                all.entry(columns(values)).or_insert_with_key(|columns| {
                    let placed = cx.place(None, Some(columns), None);
                    placed.village.map(|v| v.uuid())
                });
            }
        }
        Villages(all)
    }

    fn find(&self, cx: &Commit<'_>, values: &Values) -> Option<Uuid> {
        let known = self.0.get(&columns(values)).copied().flatten();
        known.or_else(|| {
            let placed = cx.place(None, None, values.get("address").map(String::as_str));
            placed.village.map(|v| v.uuid())
        })
    }
}

fn columns(values: &Values) -> String {
    let get = |key: &str| values.get(key).map(String::as_str).unwrap_or_default();
    format!("{}{}", get("town"), get("village"))
}

/// By what else a person of the register is found whose number a row does not have.
fn near(cx: &Commit<'_>, villages: &Villages, values: &Values, hashes: Hashes) -> Hashes {
    let Some(village) = villages.find(cx, values) else {
        return hashes;
    };
    let keys = &cx.program.keys;
    let sound = values.get("name").and_then(|name| sound_of(name));
    Hashes {
        born_village: born(cx, values).map(|born| register::born_village(keys, &born, village)),
        sound_village: sound.map(|sound| register::sound_village(keys, sound, village)),
        ..hashes
    }
}

/// A birth date that the list leaves out stands in the number.
fn born(cx: &Commit<'_>, values: &Values) -> Option<String> {
    let get = |key: &str| values.get(key).map(String::as_str);
    let number = get("id_number");
    let birth = number
        .and_then(|n| domain::id_number::IdNumber::parse(n).ok())
        .map(|n| n.birth_date().to_string());
    birth.or_else(|| {
        let catalogue = &cx.program.catalogue;
        let day = value(catalogue, catalogue.field("birth_date")?, get("birth_date")?)?;
        day.as_text().map(str::to_owned)
    })
}

/// By what a person of the register is found.
fn of(cx: &Commit<'_>, values: &Values) -> Hashes {
    let keys = &cx.program.keys;
    let get = |key: &str| values.get(key).map(String::as_str);
    let birth = born(cx, values);
    Hashes {
        id: get("id_number").map(|n| number_hash(keys, n)),
        person: person_hash(
            keys,
            get("name").unwrap_or_default(),
            birth.as_deref().unwrap_or_default(),
        ),
        born_village: None,
        sound_village: None,
    }
}

/// Standard keys only: notes beside them are no change.
fn said(values: &Values) -> Vec<(&String, &String)> {
    values.iter().filter(|(key, _)| !key.starts_with('.')).collect()
}
