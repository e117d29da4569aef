//! What people say of a list's columns: corrected column by column, the file read again, and remembered for the next
//! file of the source and kind whose headers agree.

use super::read_in::{Into, Remembering, read_in};
use super::{ListView, Reach, found, get};
use crate::app::Error;
use crate::lists::{self as reader, ListKind};
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::jobs::{self, JobKind};
use crate::store::lists::mappings::{self, Mapping, Remembered};
use crate::store::lists::{self, Head, TableRead, arriving, state};
use domain::Instant;
use domain::text::squeezed;
use entity::list;
use sea_orm::ConnectionTrait;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a column is to be read as.
pub struct Correction {
    /// The sheet, counted from 0 among those that hold data.
    pub sheet: usize,
    pub header: String,
    /// From 0; needed where the header stands over several columns.
    pub column: Option<u32>,
    /// `None`: the column is not read.
    pub key: Option<String>,
}

/// An answer to a question.
pub struct Answered {
    /// `None`: on every sheet that asks it.
    pub sheet: Option<usize>,
    pub code: String,
    pub answer: String,
}

/// Most mappings that are shown.
const MOST: u64 = 1000;

/// Reads a list again as somebody says, and remembers it.
///
/// # Errors
/// [`Error::NotFound`]; `Conflict` `already_committed`, `dry_run_running`, `changed_meanwhile`; `Refused`
/// `nothing_said`, `column_unknown`, `column_ambiguous`, `key_unknown`, `question_unknown`, `answer_unknown`, and the
/// reader's codes where nothing is left that could be read.
pub async fn correct(
    program: &Program,
    reach: &Reach,
    by: Uuid,
    id: Uuid,
    corrections: &[Correction],
    answers: &[Answered],
    now: Instant,
) -> Result<ListView, Error> {
    let list = found(program, reach, id).await?;
    may_change(program.db.read(), &list).await?;
    if corrections.is_empty() && answers.is_empty() {
        return Err(Error::field(
            "nothing_said",
            "请指定要更正的列或要回答的问题",
            "columns",
        ));
    }
    let kind = ListKind::parse(&list.kind).ok_or(Error::Damaged("kind of a list"))?;
    let head = lists::head(&program.keys, &list)?;
    let mut remembering = Remembering::load(program, &list.source, kind).await?;
    let changed = said(&remembering, &head, &list, kind, corrections, answers)?;
    let mapping = |said: Remembered| Mapping {
        id: Uuid::now_v7(),
        source: list.source.clone(),
        kind: list.kind.clone(),
        said,
        made_by: by,
        made_at: now.millis(),
    };
    let changed: Vec<Mapping> = changed.into_iter().map(mapping).collect();
    for mapping in &changed {
        remembering.put(mapping.clone());
    }
    // The rows go in under another id while the list is still seen as it was.
    let reading = list::Model {
        id: Uuid::now_v7(),
        state: state::READING.to_owned(),
        uploaded_at: now.millis(),
        ..list.clone()
    };
    let done = read_again(
        program,
        reach,
        &list,
        &reading,
        kind,
        remembering,
        &changed,
        by,
        now,
    )
    .await;
    if done.is_err() {
        super::upload::discard_rows(program, reading.id).await?;
    }
    done?;
    get(program, reach, id).await
}

#[expect(
    clippy::too_many_arguments,
    reason = "the parts of one step, named where it is taken"
)]
async fn read_again(
    program: &Program,
    reach: &Reach,
    list: &list::Model,
    reading: &list::Model,
    kind: ListKind,
    remembering: Remembering,
    changed: &[Mapping],
    by: Uuid,
    now: Instant,
) -> Result<(), Error> {
    program
        .db
        .write(|txn| async move { arriving::begin(&*txn, reading.clone()).await })
        .await?;
    let file = crate::app::files::find(&program.db, &program.keys, list.file).await?;
    let name = file.name.clone();
    let into = Into {
        list: reading.id,
        source: &list.source,
        month: &list.month,
        kind,
        reach,
    };
    let (outline, applied) = read_in(program, &into, file, remembering).await?;
    let head = super::upload::head(name, &outline, applied);
    let (head, rows) = (
        &lists::seal_head(&program.keys, list.id, &head),
        super::upload::stored_rows(&outline),
    );
    program
        .db
        .write(|txn| async move {
            let txn = &*txn;
            let now_there = lists::lock(txn, list.id).await?.ok_or(Error::NotFound)?;
            may_change(txn, &now_there).await?;
            if now_there.sealed != list.sealed {
                return Err(Error::conflict(
                    "changed_meanwhile",
                    "名单的列刚被别人更正过，请刷新后再试",
                ));
            }
            arriving::take_place(txn, list.id, reading.id, rows, head.clone()).await?;
            for mapping in changed {
                mappings::keep(txn, &program.keys, mapping).await?;
            }
            let mut entry = Entry::done("correct_list_columns", by)
                .on("list", list.id)
                .detail(format!("kind={} month={}", list.kind, list.month));
            entry.count = Some(i64::from(rows));
            Ok(audit::insert(txn, entry, now.millis()).await?)
        })
        .await
}

/// Columns change until the commit begins, and not under a dry run that goes through the rows.
async fn may_change<C: ConnectionTrait>(db: &C, list: &list::Model) -> Result<(), Error> {
    if list.state != state::UPLOADED {
        return Err(Error::conflict(
            "already_committed",
            "名单已开始提交，不能再更正列",
        ));
    }
    let job = jobs::of_subject(db, JobKind::TryList.name(), list.id).await?;
    let running =
        job.is_some_and(|job| matches!(job.state.as_str(), jobs::state::QUEUED | jobs::state::RUNNING));
    match running {
        true => Err(Error::conflict("dry_run_running", "名单正在试算，请稍后再更正列")),
        false => Ok(()),
    }
}

/// What is said of each header now, with what was said of it before.
fn said(
    remembering: &Remembering,
    head: &Head,
    list: &list::Model,
    kind: ListKind,
    corrections: &[Correction],
    answers: &[Answered],
) -> Result<Vec<Remembered>, Error> {
    let mut changed: BTreeMap<Vec<String>, Remembered> = BTreeMap::new();
    let mut of = |table: &TableRead| -> Vec<String> {
        let headers = reader::signature(&table.headers);
        changed.entry(headers.clone()).or_insert_with(|| Remembered {
            headers: headers.clone(),
            list: list.id,
            month: list.month.clone(),
            ..remembering.said(&headers)
        });
        headers
    };
    let mut steps: Vec<(Vec<String>, Step)> = Vec::new();
    for correction in corrections {
        let key = match &correction.key {
            None => None,
            Some(key) => Some(reader::keys(kind).find(|k| k == key).ok_or_else(|| {
                Error::field("key_unknown", "没有这个标准列，或不适用于这种名单", "columns")
            })?),
        };
        for (table, at) in columns(head, correction)? {
            steps.push((of(table), Step::Column(at, key)));
        }
    }
    for answered in answers {
        let asked = |table: &&TableRead| {
            let headers = reader::signature(&table.headers);
            let open = head
                .questions
                .iter()
                .any(|q| q.sheet == table.sheet && q.row == table.row && q.code == answered.code);
            let here = answered.sheet.is_none_or(|sheet| sheet == table.sheet as usize);
            here && (open || remembering.said(&headers).answers.contains_key(&answered.code))
        };
        let tables: Vec<&TableRead> = head.tables.iter().filter(asked).collect();
        if tables.is_empty() {
            return Err(Error::field("question_unknown", "名单中没有这个问题", "answers"));
        }
        for table in tables {
            if !reader::answers(&answered.code, &answered.answer, table.headers.len()) {
                return Err(Error::field(
                    "answer_unknown",
                    "没有这个答案，请选择给出的答案之一",
                    "answers",
                ));
            }
            steps.push((of(table), Step::Answer(&answered.code, &answered.answer)));
        }
    }
    for (headers, step) in steps {
        let Some(said) = changed.get_mut(&headers) else {
            continue;
        };
        match step {
            Step::Column(at, key) => {
                // A value stands in one column only.
                said.columns.retain(|_, to| to.is_none() || to.as_deref() != key);
                said.columns.insert(at, key.map(str::to_owned));
            }
            Step::Answer(code, answer) => {
                said.answers.insert(code.to_owned(), answer.to_owned());
            }
        }
    }
    Ok(changed.into_values().collect())
}

enum Step<'a> {
    Column(usize, Option<&'static str>),
    Answer(&'a str, &'a str),
}

/// The tables and the place among their headers that a correction means.
fn columns<'h>(head: &'h Head, correction: &Correction) -> Result<Vec<(&'h TableRead, usize)>, Error> {
    let wanted = squeezed(&correction.header);
    let mut out = Vec::new();
    for table in head
        .tables
        .iter()
        .filter(|t| t.sheet as usize == correction.sheet)
    {
        let fits: Vec<usize> = table
            .headers
            .iter()
            .enumerate()
            .filter(|(_, (column, text))| {
                squeezed(text) == wanted && correction.column.is_none_or(|c| c == *column)
            })
            .map(|(at, _)| at)
            .collect();
        match fits.as_slice() {
            [] => {}
            [at] => out.push((table, *at)),
            _ => {
                return Err(Error::field(
                    "column_ambiguous",
                    "有几列的表头相同，请同时给出列的位置",
                    "columns",
                ));
            }
        }
    }
    match out.is_empty() {
        true => Err(Error::field("column_unknown", "名单中没有这一列", "columns")),
        false => Ok(out),
    }
}

/// What is remembered in reach, newest first.
pub async fn remembered(program: &Program, reach: &Reach) -> Result<Vec<Mapping>, Error> {
    let source = match reach {
        Reach::All => None,
        Reach::Source { department, .. } => Some(department.as_str()),
    };
    let mut all = mappings::page(program.db.read(), &program.keys, source, MOST).await?;
    all.retain(|mapping| reach.remembers(&mapping.source, &mapping.kind));
    Ok(all)
}

/// Forgets what is remembered of headers: the next such file is read by their words alone.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn forget(program: &Program, reach: &Reach, by: Uuid, id: Uuid, now: Instant) -> Result<(), Error> {
    program
        .db
        .write(|txn| async move {
            let found = mappings::whose(&*txn, id).await?;
            found
                .filter(|(source, kind)| reach.remembers(source, kind))
                .ok_or(Error::NotFound)?;
            mappings::forget(&*txn, id).await?;
            let entry = Entry::done("forget_list_mapping", by).on("list_mapping", id);
            Ok(audit::insert(&*txn, entry, now.millis()).await?)
        })
        .await
}

/// Refuses to commit a list of which nobody knows who its rows are about.
///
/// # Errors
/// `Conflict` `questions_open`.
pub fn answered(head: &Head) -> Result<(), Error> {
    match head.questions.iter().any(|q| q.identity) {
        true => Err(Error::conflict(
            "questions_open",
            "名单中有关于本人身份的问题没有回答，请先回答再提交",
        )),
        false => Ok(()),
    }
}
