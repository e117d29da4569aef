//! The rules of a county: rows that begin as those of `matching`, and that the bureau adds to and ends.

use super::gather::{Between, gather};
use super::{find, sources};
use crate::actor::Actor;
use crate::app::Error;
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::clues::{self, Stored};
use crate::store::db::Txn;
use domain::catalogue::Role;
use matching::clues::{Condition, Rule, catalogue};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Enters the rules that every county begins with, as far as they were never there: what was ended stays so.
pub async fn seed(program: &Program) -> Result<(), Error> {
    let now = program.clock.now().millis();
    let rules = catalogue::rules();
    let known = clues::all_rules(program.db.read()).await?;
    if rules.iter().all(|rule| known.iter().any(|k| k.code == rule.code)) {
        return Ok(());
    }
    let rules = &rules;
    program
        .db
        .write(|txn| async move {
            clues::insert_rules(&*txn, rules.iter().map(stored).collect(), None, now).await?;
            Ok(())
        })
        .await
}

fn stored(rule: &Rule) -> Stored {
    Stored {
        code: rule.code.clone(),
        number: rule.number.into(),
        rule: serde_json::to_string(rule).expect("rules have string keys only"),
        until: rule.until.clone(),
    }
}

/// All rules, ended ones too. Before the first run they are those that it will begin with.
pub async fn all(program: &Program) -> Result<Vec<Rule>, Error> {
    let rows = clues::all_rules(program.db.read()).await?;
    let mut out: Vec<Rule> = rows.into_iter().map(opened).collect::<Result<_, _>>()?;
    let missing = catalogue::rules();
    let missing = missing
        .into_iter()
        .filter(|rule| !out.iter().any(|r| r.code == rule.code));
    let missing: Vec<Rule> = missing.collect();
    out.extend(missing);
    out.sort_by(|a, b| (a.number, &a.code).cmp(&(b.number, &b.code)));
    Ok(out)
}

fn opened(row: Stored) -> Result<Rule, Error> {
    let rule: Rule = serde_json::from_str(&row.rule).map_err(|_| Error::Damaged("a comparison rule"))?;
    Ok(Rule {
        until: row.until,
        ..rule
    })
}

/// # Errors
/// `Forbidden` for all but the bureau.
pub async fn list(program: &Program, actor: &Actor) -> Result<Vec<Rule>, Error> {
    may(actor)?;
    all(program).await
}

/// A rule as JSON says it.
///
/// # Errors
/// `Refused` `rule_malformed`.
pub fn read(json: Json) -> Result<Rule, Error> {
    let malformed = |_| {
        let message = "规则的条件或金额无法读懂，请对照文档";
        Error::field("rule_malformed", message, "when")
    };
    serde_json::from_value(json).map_err(malformed)
}

/// A rule as JSON.
pub fn shown(rule: &Rule) -> Json {
    serde_json::to_value(rule).expect("rules have string keys only")
}

fn may(actor: &Actor) -> Result<(), Error> {
    actor.ready()?;
    actor.must_be(&[Role::BureauAdmin])
}

/// A new rule.
///
/// # Errors
/// `Refused` with the field that is wrong; `Conflict` `rule_exists` where one has that code, ended or not.
pub async fn add(program: &Program, actor: &Actor, rule: &Rule) -> Result<(), Error> {
    may(actor)?;
    check(rule)?;
    seed(program).await?;
    let now = program.clock.now().millis();
    program
        .db
        .write(|txn| async move {
            let there = clues::all_rules(&*txn).await?;
            if there.iter().any(|known| known.code == rule.code) {
                let message = "已有同名规则；规则不能改写，请另取名称，并终止旧规则";
                return Err(Error::conflict("rule_exists", message));
            }
            clues::insert_rules(&*txn, vec![stored(rule)], Some(actor.account), now).await?;
            note(&txn, actor, "add_clue_rule", rule, now).await
        })
        .await
}

/// Sets the last day on which a rule runs; what it found stays.
///
/// # Errors
/// `NotFound`; `Refused` `date_malformed`.
pub async fn end(program: &Program, actor: &Actor, code: &str, until: Option<&str>) -> Result<Rule, Error> {
    may(actor)?;
    if !is_code(code) {
        return Err(Error::NotFound);
    }
    seed(program).await?;
    let now = program.clock.now();
    let given = crate::app::dates::optional(until, "until")?;
    let last = given
        .or_else(|| now.date().yesterday().ok())
        .unwrap_or(now.date())
        .to_string();
    let last = &last;
    program
        .db
        .write(|txn| async move {
            if !clues::end_rule(&*txn, code, last, actor.account).await? {
                return Err(Error::NotFound);
            }
            let entry = Entry::done("end_clue_rule", actor.account).detail(code.to_owned());
            audit::insert(&*txn, entry, now.millis()).await?;
            Ok(())
        })
        .await?;
    let rule = all(program).await?.into_iter().find(|rule| rule.code == code);
    rule.ok_or(Error::NotFound)
}

async fn note(txn: &Txn, actor: &Actor, action: &'static str, rule: &Rule, now: i64) -> Result<(), Error> {
    let entry = Entry::done(action, actor.account).detail(rule.code.clone());
    Ok(audit::insert(&**txn, entry, now).await?)
}

/// Whether a rule can be called so.
fn is_code(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (3..=60).contains(&text.len()) && text.bytes().all(fits)
}

/// Whether a rule can run.
fn check(rule: &Rule) -> Result<(), Error> {
    if !is_code(&rule.code) {
        let message = "规则名称须为 3 至 60 个小写字母、数字或下划线";
        return Err(Error::field("code_malformed", message, "code"));
    }
    if rule.says.trim().is_empty() || rule.says.chars().count() > 200 || rule.basis.chars().count() > 200 {
        return Err(Error::field("text_length", "说明须为 1 至 200 字", "says"));
    }
    for (day, field) in [(&rule.from, "from"), (&rule.until, "until")] {
        crate::app::dates::optional(day.as_deref(), field)?;
    }
    let known = |(list, _): &(&str, &'static str)| sources::is_known(list);
    let inputs = rule.inputs().into_iter().map(|list| (list, "when"));
    if let Some((_, field)) = inputs
        .chain([(rule.owner.as_str(), "owner")])
        .find(|of| !known(of))
    {
        return Err(Error::field("unknown_list", "没有这种名单", field));
    }
    if size(&rule.when) > MOST {
        return Err(Error::field("condition_too_large", "条件过长", "when"));
    }
    Ok(())
}

/// Parts of a condition at most.
const MOST: usize = 60;

fn size(condition: &Condition) -> usize {
    1 + match condition {
        Condition::All(all) | Condition::Any(all) => all.iter().map(size).sum(),
        Condition::Not(one) => size(one),
        _ => 0,
    }
}

/// What a rule would find: how many, and the first of them.
pub struct Tried {
    /// Lists that the rule reads and that nobody has handed in: it would not run.
    pub missing: Vec<String>,
    pub found: usize,
    pub shown: Vec<TriedOne>,
}

/// One person whom a rule would find.
pub struct TriedOne {
    pub resident: Option<Uuid>,
    pub village: Option<Uuid>,
    pub body: clues::Body,
}

/// People that a dry run shows.
const SHOWN: usize = 100;

/// Nobody waits for a dry run.
struct Trying<'a>(&'a Program);

impl Between for Trying<'_> {
    async fn pause(&self) -> Result<(), Error> {
        self.0.limiter.give_way().await;
        Ok(())
    }
}

/// Says whom a rule would find, and writes nothing but that somebody looked.
///
/// # Errors
/// As [`add`].
pub async fn dry_run(program: &Program, actor: &Actor, rule: &Rule) -> Result<Tried, Error> {
    may(actor)?;
    check(rule)?;
    let today = program.clock.now().date();
    let all = gather(program, vec![rule.clone()], &Trying(program)).await?;
    let known: BTreeMap<&str, ()> = all.sheets.sheets.iter().map(|s| (s.list.as_str(), ())).collect();
    let missing: Vec<String> = rule
        .inputs()
        .into_iter()
        .filter(|of| !known.contains_key(of))
        .map(str::to_owned)
        .collect();
    let found = find::find(program, &all, today);
    let mut shown = Vec::new();
    let months = super::gather::months(program).await?;
    for one in found.clues.iter().take(SHOWN) {
        let told = find::told(program, &all, one, &months, today).await?;
        shown.push(TriedOne {
            resident: told.resident,
            village: told.village,
            body: told.body,
        });
    }
    let now = program.clock.now().millis();
    let mut entry = Entry::done("try_clue_rule", actor.account).detail(rule.code.clone());
    entry.count = Some(shown.len() as i64);
    let entry = &entry;
    program
        .db
        .write(|txn| async move { Ok::<_, Error>(audit::insert(&*txn, entry.clone(), now).await?) })
        .await?;
    Ok(Tried {
        missing,
        found: found.clues.len(),
        shown,
    })
}
