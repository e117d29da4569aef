//! The handed-in file with the verdict of each row behind its last column.

use super::{Reach, found};
use crate::app::{Error, files};
use crate::lists::marked::{Added, Marks, marked};
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::lists::{self, MISSING_SHEET, Part, Row, state};
use uuid::Uuid;

/// Rows that a workbook is made of at most; it is made in memory.
const MOST: i32 = 100_000;
/// Rows that are read at once.
const PAGE: u64 = 1000;

/// A workbook with its name.
pub struct VerdictFile {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// The file of a list in reach with verdicts: the dry run's before the commit, what became of the rows afterwards.
///
/// # Errors
/// [`Error::NotFound`]; `Conflict` `dry_run_needed` where nothing has been said yet, `commit_running` in between;
/// `Refused` `too_many_rows`.
pub async fn verdict_file(
    program: &Program,
    reach: &Reach,
    by: Uuid,
    id: Uuid,
) -> Result<VerdictFile, Error> {
    let list = found(program, reach, id).await?;
    let planned = match list.state.as_str() {
        state::COMMITTED | state::UNDOING | state::UNDONE => false,
        state::UPLOADED if list.planned_at.is_some() => true,
        state::UPLOADED => return Err(Error::conflict("dry_run_needed", "请先试算，再取带结果的文件")),
        _ => {
            return Err(Error::conflict(
                "commit_running",
                "名单正在提交，请稍后再取带结果的文件",
            ));
        }
    };
    if list.rows > MOST {
        let message = "行数超过 100000，请分页读取各行的结果";
        return Err(Error::refused("too_many_rows", message));
    }
    let head = lists::head(&program.keys, &list)?;
    let (mut marks, mut missing, mut after) = (Marks::new(), Vec::new(), None);
    loop {
        let part = Part {
            after,
            limit: Some(PAGE),
            ..Part::default()
        };
        let rows = lists::rows(program.db.read(), &program.keys, id, part).await?;
        let Some(last) = rows.last() else { break };
        after = Some((last.sheet, last.row));
        for row in rows {
            let (verdict, reason) = match planned {
                true => (row.planned.as_deref(), row.planned_reason.as_deref()),
                false => (row.verdict.as_deref(), row.reason.as_deref()),
            };
            let Some(verdict) = verdict else { continue };
            let said = [word(verdict).to_owned(), reason.unwrap_or_default().to_owned()];
            if row.sheet == MISSING_SHEET {
                missing.push(absent(&row, said));
            } else {
                let (sheet, member) = lists::in_file(row.sheet);
                let place = (sheet as usize, row.row as u32);
                match (marks.get_mut(&place), member) {
                    // One line for each person of the household that stands in the row.
                    (Some(mark), Some(_)) => add_member(mark, &row, said),
                    _ => drop(marks.insert(place, said)),
                }
            }
        }
    }
    let labels = [if planned { "试算结果" } else { "处理结果" }, "说明"];
    let added = Added {
        labels: labels.map(str::to_owned),
        marks,
        sheet: (!missing.is_empty()).then(|| ("名单中没有的人".to_owned(), with_header(missing, labels))),
    };
    let (_, content) = files::fetch(&program.db, &program.keys, list.file).await?;
    let sheets = head.sheets.clone();
    // Making a workbook takes a second of one core: not on a thread that answers requests.
    let made = tokio::task::spawn_blocking(move || marked(&content, &sheets, &added)).await;
    let made = made.map_err(|_| Error::Damaged("the workbook broke off"))?;
    let made = made.map_err(|refusal| Error::refused(refusal.code.name(), refusal.message))?;
    let bytes = made.ok_or_else(|| Error::refused("too_many_rows", "文件太大，无法生成带结果的表格"))?;
    let now = program.clock.now().millis();
    let mut entry = Entry::done("get_list_file", by).on("list", id);
    entry.count = Some(i64::from(list.rows));
    let entry = &entry;
    program
        .db
        .write(|txn| async move { Ok::<_, Error>(audit::insert(&*txn, entry.clone(), now).await?) })
        .await?;
    let stem = head
        .name
        .rsplit_once('.')
        .map_or(head.name.as_str(), |(stem, _)| stem);
    Ok(VerdictFile {
        name: format!("{stem}-{}.xlsx", labels[0]),
        bytes,
    })
}

fn add_member(mark: &mut [String; 2], row: &Row, said: [String; 2]) {
    let name = row.content.get("name").unwrap_or("家庭成员");
    for (mark, said) in mark.iter_mut().zip(said) {
        mark.push_str(&format!("\n{name}：{said}"));
    }
}

/// What the clerk calls it.
fn word(verdict: &str) -> &str {
    match verdict {
        "new" => "新增",
        "same" => "无变化",
        "changed" => "有变化",
        "missing" => "名单中没有",
        "contradicted" => "与现有信息不一致",
        "ambiguous" => "待人工确认",
        "invalid" => "无法处理",
        other => other,
    }
}

/// What the source said of somebody before.
const SAID: [(&str, &str); 4] = [
    ("name", "姓名"),
    ("id_number", "身份证号"),
    ("village", "村居"),
    ("address", "住址"),
];

fn absent(row: &Row, said: [String; 2]) -> Vec<String> {
    let known = SAID
        .iter()
        .map(|(key, _)| row.content.get(key).unwrap_or_default().to_owned());
    known.chain(said).collect()
}

fn with_header(rows: Vec<Vec<String>>, labels: [&str; 2]) -> Vec<Vec<String>> {
    let header = SAID
        .iter()
        .map(|(_, label)| *label)
        .chain(labels)
        .map(str::to_owned)
        .collect();
    std::iter::once(header).chain(rows).collect()
}
