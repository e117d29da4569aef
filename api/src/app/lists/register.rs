//! One step of the population register: rows become reference data, in no record.

use super::items::{AMBIGUOUS, INVALID, Question};
use super::row::{identity, value};
use super::steps::Commit;
use crate::app::Error;
use crate::store::db::Txn;
use crate::store::lists::{self, Outcome, Row};
use crate::store::register::{self, Entry, Hashes, Values, number_hash, person_hash};
use std::collections::BTreeMap;
use uuid::Uuid;

pub async fn step(txn: &Txn, cx: &Commit<'_>, rows: &[Row]) -> Result<(), Error> {
    let keys = &cx.program.keys;
    let hashes: Vec<Hashes> = rows.iter().map(|row| entry(cx, &row.content.values).0).collect();
    let numbers: Vec<Vec<u8>> = hashes.iter().filter_map(|h| h.id.clone()).collect();
    let people: Vec<Vec<u8>> = hashes
        .iter()
        .filter(|h| h.id.is_none())
        .map(|h| h.person.clone())
        .collect();
    let mut before: BTreeMap<Vec<u8>, Vec<Entry>> = BTreeMap::new();
    for known in register::find(&**txn, keys, &numbers, &people).await? {
        if known.list != cx.list.id {
            let hashes = entry(cx, &known.values).0;
            before
                .entry(hashes.id.unwrap_or(hashes.person))
                .or_default()
                .push(known);
        }
    }
    let (mut new, mut questions, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
    for (row, hashes) in rows.iter().zip(&hashes) {
        let twice = row.content.faults.iter().any(|(_, why)| why == "twice_in_file");
        let who = identity(&row.content);
        let asked = if who.name().plain.is_empty() && who.number().is_none() {
            Some((
                INVALID,
                "nobody",
                "没有姓名也没有有效的身份证号，无法确定是哪一位",
            ))
        } else if twice {
            Some((AMBIGUOUS, "twice_in_file", "同一个人在本文件中出现多次且内容不同"))
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
                register: Vec::new(),
            });
        }
        if verdict == "invalid" || row.content.same_as.is_some() {
            continue;
        }
        new.push(entry(cx, &row.content.values));
        new.extend(row.content.members.iter().map(|member| entry(cx, member)));
    }
    register::insert(&**txn, keys, cx.list.id, &new).await?;
    cx.ask(&**txn, &questions).await?;
    let judged: Vec<_> = rows.iter().zip(&outcomes).collect();
    Ok(lists::judge(&**txn, &judged).await?)
}

fn entry(cx: &Commit<'_>, values: &Values) -> (Hashes, Values) {
    let keys = &cx.program.keys;
    let get = |key: &str| values.get(key).map(String::as_str);
    // A birth date that the list leaves out stands in the number.
    let number = get("id_number");
    let birth = number
        .and_then(|n| domain::id_number::IdNumber::parse(n).ok())
        .map(|n| n.birth_date().to_string());
    let birth = birth.or_else(|| {
        let catalogue = &cx.program.catalogue;
        let day = value(catalogue, catalogue.field("birth_date")?, get("birth_date")?)?;
        day.as_text().map(str::to_owned)
    });
    let hashes = Hashes {
        id: number.map(|n| number_hash(keys, n)),
        person: person_hash(
            keys,
            get("name").unwrap_or_default(),
            birth.as_deref().unwrap_or_default(),
        ),
    };
    (hashes, values.clone())
}

/// Standard keys only: notes beside them are no change.
fn said(values: &Values) -> Vec<(&String, &String)> {
    values.iter().filter(|(key, _)| !key.starts_with('.')).collect()
}
