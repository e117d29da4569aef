//! Taking a file in: read, kept as it came, its rows stored for the commit.

use super::Reach;
use super::steps::enrols;
use crate::app::Error;
use crate::app::files::{self, Purpose};
use crate::lists::{Identity, ListKind, Reading, handed_in, read};
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::divisions;
use crate::store::lists::{self, Column, Content, Head, Row, state};
use domain::Instant;
use domain::text::clean;
use entity::list;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A file with what it is said to be.
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
    pub content: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uploaded {
    pub id: Uuid,
    /// The same content was there for the same source, kind, division and month.
    pub repeat: bool,
}

/// Reads and keeps a list. Nothing is written into any record yet.
///
/// # Errors
/// `Refused` with the reader's code where the file is no list of its kind, `field` codes for what is said of it;
/// `Forbidden` for another department's source, and for categories that are not granted.
pub async fn upload(
    program: &Program,
    reach: &Reach,
    by: Uuid,
    new: NewList,
    now: Instant,
) -> Result<Uploaded, Error> {
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
    if !reach.covers(new.kind.name(), new.division) {
        return Err(Error::Forbidden {
            code: "list_not_granted",
            message: "该接口客户端未获授权提交这种名单或这个区划的名单",
        });
    }
    if new.content.len() > files::MOST {
        return Err(Error::field("file_too_large", "文件超过 64 MB", "file"));
    }
    let id = Uuid::now_v7();
    let mut row = list::Model {
        id,
        source,
        kind: new.kind.name().to_owned(),
        division: new.division,
        month: new.month,
        state: state::UPLOADED.to_owned(),
        file: Uuid::nil(),
        content_hash: program.keys.digest(&[b"list", &new.content]).to_vec(),
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
    if let Some(earlier) = lists::same(program.db.read(), &row).await? {
        return Ok(Uploaded {
            id: earlier.id,
            repeat: true,
        });
    }
    let (kind, name, content) = (new.kind, files::name(&new.name), new.content);
    // Reading a workbook takes a second of one core: not on a thread that answers requests.
    let reading_name = name.clone();
    let (reading, content) = tokio::task::spawn_blocking(move || {
        let _timed = tracing::debug_span!(target: "timing", "read").entered();
        (read(kind, &reading_name, &content), content)
    })
    .await
    .map_err(|_| Error::Damaged("the reader broke off"))?;
    let reading = reading.map_err(|refusal| Error::field(refusal.code.name(), refusal.message, "file"))?;
    let rows = rows(program, id, &row.source, &reading);
    let category = |row: &Row| super::row::category(kind.name(), &row.content);
    if kind.enrols() && !rows.iter().filter_map(category).all(|c| reach.enrols(c)) {
        return Err(Error::Forbidden {
            code: "other_category",
            message: "名单中有本部门未获授权的类别，不能提交",
        });
    }
    row.rows = rows.len() as i32;
    row.sealed = lists::seal_head(&program.keys, id, &head(name.clone(), &reading));
    row.file = files::keep(
        &program.db,
        &program.keys,
        Purpose::List,
        &name,
        &content,
        by,
        now,
    )
    .await?;
    let (row, rows) = (&row, &rows);
    program
        .db
        .write(|txn| async move {
            lists::one_at_a_time(&*txn).await?;
            // Two clerks may hand in the same file at the same moment.
            if let Some(earlier) = lists::same(&*txn, row).await? {
                crate::store::files::delete(&*txn, row.file).await?;
                return Ok(Uploaded {
                    id: earlier.id,
                    repeat: true,
                });
            }
            lists::insert(&*txn, &program.keys, row.clone(), rows).await?;
            let mut entry = Entry::done("upload_list", by)
                .on("list", id)
                .detail(format!("kind={} month={}", row.kind, row.month));
            entry.count = Some(i64::from(row.rows));
            audit::insert(&*txn, entry, now.millis()).await?;
            Ok(Uploaded { id, repeat: false })
        })
        .await
}

fn head(name: String, reading: &Reading) -> Head {
    let column = |c: &crate::lists::ColumnMap| Column {
        key: c.key.to_owned(),
        header: c.header.clone(),
        sheet: c.sheet as i32,
        sure: format!("{:?}", c.sure).to_lowercase(),
        filled: c.filled,
    };
    Head {
        name,
        sheets: reading.outline.sheets.iter().map(|s| s.name.clone()).collect(),
        columns: reading.outline.columns.iter().map(column).collect(),
        notes: reading.outline.notes.clone(),
        persons: reading.outline.persons,
    }
}

fn rows(program: &Program, list: Uuid, source: &str, reading: &Reading) -> Vec<Row> {
    let owned = |values: &crate::lists::Values| -> BTreeMap<String, String> {
        values.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect()
    };
    let one = |row: &crate::lists::Row| {
        let content = Content {
            values: owned(&row.values),
            number_fault: match row.identity {
                Identity::Faulty(why) => Some(why.code().to_owned()),
                Identity::Known(_) | Identity::NotStated => None,
            },
            faults: row
                .faults
                .iter()
                .map(|f| (f.key.to_owned(), f.why.code().to_owned()))
                .collect(),
            notes: row.notes.clone(),
            same_as: row.same_as.map(|(sheet, row)| (sheet as i32, row as i32)),
            members: row.members.iter().map(|m| owned(&m.values)).collect(),
            handed_in: handed_in(&reading.outline.sheets[row.sheet].tables[row.table].headers, row)
                .map(|(header, cell)| (header.to_owned(), cell))
                .collect(),
        };
        // Over what the row says, not over where it stands: the same row of a later file asks nothing again.
        let said = serde_json::to_vec(&(&content.values, &content.faults)).expect("keys are strings");
        let digest = program.keys.digest(&[
            b"list_row",
            source.as_bytes(),
            reading.outline.kind.name().as_bytes(),
            &said,
        ]);
        Row {
            list,
            sheet: row.sheet as i32,
            row: row.number as i32,
            digest: digest.to_vec(),
            resident: None,
            verdict: None,
            reason: None,
            planned: None,
            planned_reason: None,
            content,
        }
    };
    reading.rows.iter().map(one).collect()
}
