//! Taking a file in: kept as it came while it arrives, then read, its rows stored for the commit.

use super::Reach;
use super::read_in::{Into, Remembering, read_in};
use super::steps::enrols;
use crate::app::Error;
use crate::app::files::{Purpose, Writer};
use crate::lists::{ListKind, MOST_TEXT, Outline, most, too_large};
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::lists::{self, Applied, Column, Head, Question, TableRead, UnreadColumn, arriving, state};
use crate::store::{divisions, files};
use domain::Instant;
use domain::text::clean;
use entity::list;
use sea_orm::ConnectionTrait;
use tokio::io::{AsyncRead, AsyncReadExt};
use uuid::Uuid;

/// Bytes that are taken from the line at once; the first of them tell what the file is.
const BLOCK: usize = 64 << 10;
/// Rows that are taken away at once where a file is refused.
const STEP: u64 = 5000;
/// How long a list may be in reading, in milliseconds: a million rows take minutes.
const READING: i64 = 3600 * 1000;

/// What a file is said to be.
pub struct NewList {
    pub source: String,
    pub kind: ListKind,
    /// The division that the list covers.
    pub division: Uuid,
    /// `YYYY-MM`.
    pub month: String,
    pub name: String,
    /// It names everybody of its division whom its categories have: whoever it does not name is missing.
    pub complete: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uploaded {
    pub id: Uuid,
    /// The same content was there for the same source, kind, division and month.
    pub repeat: bool,
}

/// Takes a file from the line, keeps and reads it. Nothing is written into any record yet; a file that is refused or
/// breaks off leaves nothing behind.
///
/// # Errors
/// `Refused` with the reader's code where the file is no list of its kind, `upload_broken_off` where it did not arrive,
/// `field` codes for what is said of it; `Forbidden` for another department's source, and for categories that are not
/// granted.
pub async fn upload(
    program: &Program,
    reach: &Reach,
    by: Uuid,
    new: NewList,
    content: impl AsyncRead + Unpin,
    now: Instant,
) -> Result<Uploaded, Error> {
    let source = checked(program, reach, &new).await?;
    let (file, content_hash) = receive(program, &new.name, content, by, now).await?;
    let list = list::Model {
        id: Uuid::now_v7(),
        source,
        kind: new.kind.name().to_owned(),
        division: new.division,
        month: new.month,
        state: state::READING.to_owned(),
        file,
        content_hash,
        rows: 0,
        sealed: Vec::new(),
        uploaded_by: by,
        uploaded_at: now.millis(),
        begun_at: None,
        committed_at: None,
        complete: new.complete && enrols(new.kind.name()),
        known: None,
        planned_at: None,
    };
    let done = enter(program, reach, &list, new.kind, now).await;
    if !matches!(done, Ok(Uploaded { repeat: false, .. })) {
        discard(program, list.id, file).await?;
    }
    done
}

/// The source as it is kept, once all that is said of the file can be.
async fn checked(program: &Program, reach: &Reach, new: &NewList) -> Result<String, Error> {
    let source = clean(&new.source);
    if source.is_empty() || source.chars().count() > 50 {
        return Err(Error::field(
            "source_malformed",
            "请填写名单来源（50 字以内）",
            "source",
        ));
    }
    if !reach.has(&source) {
        return Err(Error::Forbidden {
            code: "other_source",
            message: "只能提交本部门的名单",
        });
    }
    if domain::date::parse_wire_month(&new.month).is_none() {
        return Err(Error::field("month_malformed", "月份格式应为 YYYY-MM", "month"));
    }
    if divisions::find(program.db.read(), new.division).await?.is_none() {
        return Err(Error::field("division_unknown", "没有这个区划", "division"));
    }
    match reach.covers(new.kind.name(), new.division) {
        true => Ok(source),
        false => Err(Error::Forbidden {
            code: "list_not_granted",
            message: "该接口客户端未获授权提交这种名单或这个区划的名单",
        }),
    }
}

/// Keeps the file while it arrives: its id, and the digest of its content.
async fn receive(
    program: &Program,
    name: &str,
    mut content: impl AsyncRead + Unpin,
    by: Uuid,
    now: Instant,
) -> Result<(Uuid, Vec<u8>), Error> {
    let (db, keys) = (&program.db, &program.keys);
    let mut file = Writer::begin(db, keys, Purpose::List, name, MOST_TEXT, by, now).await?;
    let id = file.id();
    let arrived = arrive(program, &mut file, &mut content).await;
    if matches!(arrived, Err(Error::Refused { .. })) {
        // A client that is still sending when the answer comes sees a broken line instead.
        let _ = tokio::io::copy(&mut content, &mut tokio::io::sink()).await;
    }
    let end = match arrived {
        Ok(()) => file.finish(db, keys, now, None).await,
        Err(error) => Err(error),
    };
    match end {
        Ok(end) => Ok((id, keys.digest(&[b"list", end.sha256.as_bytes()]).to_vec())),
        Err(error) => {
            db.write(|txn| async move { files::delete(&*txn, id).await })
                .await?;
            Err(error)
        }
    }
}

async fn arrive(
    program: &Program,
    file: &mut Writer,
    content: &mut (impl AsyncRead + Unpin),
) -> Result<(), Error> {
    let refused = |refusal: crate::lists::Refusal| Error::field(refusal.code.name(), refusal.message, "file");
    let mut allowed = None;
    let mut block = Vec::with_capacity(BLOCK);
    loop {
        block.clear();
        let read = (&mut *content).take(BLOCK as u64).read_to_end(&mut block).await;
        let read =
            read.map_err(|_| Error::refused("upload_broken_off", "上传中断，文件没有收全，请重新上传"))?;
        let most = match allowed {
            Some(most) => most,
            None => *allowed.insert(most(&block, read < BLOCK).map_err(refused)?),
        };
        if read == 0 {
            return Ok(());
        }
        if file.size() + read as u64 > most {
            return Err(refused(too_large(most)));
        }
        file.append(&program.db, &program.keys, &block).await?;
    }
}

/// Reads a kept file as a list and shows it once all of it is there.
async fn enter(
    program: &Program,
    reach: &Reach,
    list: &list::Model,
    kind: ListKind,
    now: Instant,
) -> Result<Uploaded, Error> {
    if let Some(earlier) = lists::same(program.db.read(), list).await? {
        return Ok(repeat(earlier.id));
    }
    program
        .db
        .write(|txn| async move { arriving::begin(&*txn, list.clone()).await })
        .await?;
    let file = crate::app::files::find(&program.db, &program.keys, list.file).await?;
    let name = file.name.clone();
    let into = Into {
        list: list.id,
        source: &list.source,
        month: &list.month,
        kind,
        reach,
    };
    let remembering = Remembering::load(program, &list.source, kind).await?;
    let (outline, applied) = read_in(program, &into, file, remembering).await?;
    let (rows, head) = (stored_rows(&outline), head(name, &outline, applied));
    let head = &lists::seal_head(&program.keys, list.id, &head);
    program
        .db
        .write(|txn| async move {
            lists::one_at_a_time(&*txn).await?;
            // Two clerks may hand in the same file at the same moment.
            if let Some(earlier) = lists::same(&*txn, list).await? {
                return Ok(repeat(earlier.id));
            }
            arriving::finish(&*txn, list.id, rows, head.clone()).await?;
            let mut entry = Entry::done("upload_list", list.uploaded_by)
                .on("list", list.id)
                .detail(format!("kind={} month={}", list.kind, list.month));
            entry.count = Some(i64::from(rows));
            audit::insert(&*txn, entry, now.millis()).await?;
            Ok(Uploaded {
                id: list.id,
                repeat: false,
            })
        })
        .await
}

fn repeat(id: Uuid) -> Uploaded {
    Uploaded { id, repeat: true }
}

/// Takes away what a file that is no list left behind.
async fn discard(program: &Program, list: Uuid, file: Uuid) -> Result<(), Error> {
    discard_rows(program, list).await?;
    program
        .db
        .write(|txn| async move { files::delete(&*txn, file).await })
        .await?;
    Ok(())
}

/// Takes away a list that was being read, with its rows.
pub(super) async fn discard_rows(program: &Program, list: Uuid) -> Result<(), Error> {
    let step = || {
        program
            .db
            .write(|txn| async move { arriving::discard(&*txn, list, STEP).await })
    };
    while step().await? > 0 {}
    Ok(())
}

/// Takes away some of the lists whose reading was broken off, as when the program was killed. Answers how many rows.
pub async fn tidy<C: ConnectionTrait>(db: &C, now: i64) -> Result<u64, Error> {
    let Some(list) = arriving::broken_off(db, now - READING).await? else {
        return Ok(0);
    };
    let gone = arriving::discard(db, list.id, STEP).await?;
    // A list that was read again after a correction keeps its file.
    if !arriving::names(db, list.file).await? {
        files::abandon(db, list.file).await?;
    }
    Ok(gone)
}

/// How many rows of a list are kept: each person of a household has one.
pub(super) fn stored_rows(outline: &Outline) -> i32 {
    let rows = match super::household::counts(outline.kind) {
        true => outline.persons,
        false => outline.rows,
    };
    rows as i32
}

/// What is shown of a list beside its rows.
pub(super) fn head(name: String, outline: &Outline, applied: Option<Applied>) -> Head {
    let column = |c: &crate::lists::ColumnMap| Column {
        key: c.key.to_owned(),
        header: c.header.clone(),
        sheet: c.sheet as i32,
        sure: format!("{:?}", c.sure).to_lowercase(),
        filled: c.filled,
        column: Some(c.column),
        why: c.why.clone(),
        samples: c.samples.clone(),
    };
    let unread = |c: &crate::lists::Unread| UnreadColumn {
        header: c.header.clone(),
        sheet: c.sheet as i32,
        column: c.column,
        filled: c.filled,
        samples: c.samples.clone(),
    };
    let tables = || {
        (0_i32..)
            .zip(&outline.sheets)
            .flat_map(|(n, s)| s.tables.iter().map(move |t| (n, t)))
    };
    let questions = tables().flat_map(|(sheet, table)| {
        table.questions.iter().map(move |q| Question {
            sheet,
            row: table.row,
            code: q.code.to_owned(),
            text: q.text.clone(),
            answers: q.answers.clone(),
            identity: q.identity,
        })
    });
    Head {
        name,
        sheets: outline.sheets.iter().map(|s| s.name.clone()).collect(),
        columns: outline.columns.iter().map(column).collect(),
        notes: outline.notes.clone(),
        persons: outline.persons,
        rows: Some(outline.rows),
        unread: outline.unread.iter().map(unread).collect(),
        questions: questions.collect(),
        tables: tables()
            .map(|(sheet, table)| TableRead {
                sheet,
                row: table.row,
                headers: table.headers.clone(),
            })
            .collect(),
        applied,
    }
}
