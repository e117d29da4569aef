//! Clues as a CSV file: one line each, with the first row of each list that it rests on in words.

use super::see::{self, View, reach};
use crate::actor::{Actor, Operation};
use crate::app::Error;
use crate::app::rosters::{csv, purpose};
use crate::lists::ListKind;
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::clues::Filter;
use crate::store::divisions;
use domain::Instant;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Clues of one file at most; it is made in memory.
const MOST: usize = 50_000;
const PAGE: u64 = 500;

const HEADER: [&str; 20] = [
    "疑点编号",
    "规则",
    "序号",
    "说明",
    "状态",
    "镇街",
    "村居",
    "姓名",
    "身份证号",
    "出生日期",
    "住址",
    "名单依据",
    "底册月份",
    "比对日期",
    "涉及月数",
    "涉及金额（元）",
    "首次发现",
    "最近变化",
    "处理人",
    "处理说明",
];

/// Makes the file. The audit trail has purpose and rows before it is handed out.
///
/// # Errors
/// `Refused` `purpose_required`, `too_many_rows`; `Forbidden`.
pub async fn export(
    program: &Program,
    actor: &Actor,
    filter: &Filter,
    what_for: &str,
) -> Result<String, Error> {
    let within = reach(program, actor)?;
    actor.may(Operation::Export)?;
    let purpose = purpose(what_for)?;
    let names: BTreeMap<Uuid, String> = divisions::tree(program.db.read())
        .await?
        .into_iter()
        .map(|d| (d.id, d.name))
        .collect();
    let mut out = String::from('\u{FEFF}');
    csv::line(HEADER, &mut out);
    let (mut after, mut rows) = (None, 0);
    loop {
        program.limiter.give_way().await;
        let page = see::read(program, actor, &within, filter, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.row.opened_at, last.row.id));
        rows += page.len();
        if rows > MOST {
            let message = "疑点超过 50000 条，请按状态、规则或村居分开导出";
            return Err(Error::refused("too_many_rows", message));
        }
        for view in &page {
            line(view, &names, &mut out);
        }
    }
    let now = program.clock.now().millis();
    let mut entry = Entry::done("export_clues", actor.account)
        .by_device(actor.device)
        .detail(format!("purpose={purpose}"));
    entry.count = Some(rows as i64);
    let entry = &entry;
    program
        .db
        .write(|txn| async move { Ok::<_, Error>(audit::insert(&*txn, entry.clone(), now).await?) })
        .await?;
    Ok(out)
}

fn line(view: &View, names: &BTreeMap<Uuid, String>, out: &mut String) {
    let (row, body) = (&view.row, &view.body);
    let place = |id: Option<Uuid>| id.and_then(|id| names.get(&id).cloned()).unwrap_or_default();
    let person = |key: &str| body.person.get(key).cloned().unwrap_or_default();
    let rests: Vec<String> = body
        .rows
        .iter()
        .map(|seen| {
            let kind = ListKind::parse(&seen.kind).map_or("走访", ListKind::label);
            let cells: Vec<String> = seen.cells.iter().map(|(c, v)| format!("{c}：{v}")).collect();
            format!(
                "{}{kind} {} 第 {} 行 {}",
                seen.source,
                seen.month,
                seen.row,
                cells.join("，")
            )
        })
        .collect();
    let last = body.history.last().cloned().unwrap_or_default();
    let yuan = |fen: i64| format!("{}.{:02}", fen / 100, fen % 100);
    let at = |ms: i64| Instant::from_millis(ms).minute();
    let cells = [
        row.id.to_string(),
        row.rule.clone(),
        body.number.to_string(),
        body.says.clone(),
        word(&row.state).to_owned(),
        place(row.town),
        place(row.village),
        person("name"),
        person("id_number"),
        person("birth_date"),
        person("address"),
        rests.join("；"),
        body.register
            .as_ref()
            .map(|(_, month)| month.clone())
            .unwrap_or_default(),
        body.at.clone(),
        body.stake
            .map(|(months, _)| months.to_string())
            .unwrap_or_default(),
        body.stake.map(|(_, fen)| yuan(fen)).unwrap_or_default(),
        at(row.opened_at),
        at(row.changed_at),
        last.by.unwrap_or_default(),
        last.reason.unwrap_or_default(),
    ];
    csv::line(cells.iter().map(String::as_str), out);
}

/// What a state is called.
fn word(state: &str) -> &str {
    match state {
        "open" => "待处理",
        "sent" => "已派走访",
        "confirmed" => "属实",
        "refuted" => "不属实",
        "closed" => "已办结",
        other => other,
    }
}
