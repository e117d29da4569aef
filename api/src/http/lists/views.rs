//! Lists, their rows and their jobs as the contract shows them.

use super::row::RowView;
use crate::app::lists::{self, ListView};
use crate::lists::ListKind;
use crate::store::jobs;
use crate::store::lists::{Column, Question, UnreadColumn};
use domain::Instant;
use poem_openapi::payload::Binary;
use poem_openapi::{ApiResponse, Enum, Object};
use std::collections::BTreeMap;
use uuid::Uuid;

/// 名单种类
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "snake_case")]
pub(super) enum Kind {
    /// 人口底册
    Population,
    /// 残疾人名单
    Disabled,
    /// 低保、低保边缘、特困名单
    LowIncome,
    /// 高龄津贴名单
    OldAgeAllowance,
    /// 死亡登记
    Deaths,
    /// 网格划分
    Grids,
    /// 机动车登记；本种类和以下各种只用于比对，不写入档案
    Vehicles,
    /// 不动产登记
    Property,
    /// 工商登记（企业负责人、股东）
    Business,
    /// 户口迁出、注销登记
    MovedOut,
    /// 服刑、强制隔离戒毒名单
    Custody,
    /// 孤儿、事实无人抚养儿童名单
    Orphans,
    /// 关爱走访名单
    Care,
}

/// How a column was understood.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct ColumnView {
    /// The standard key; one that begins with a dot is read beyond the standard ones.
    key: String,
    /// The header as the file writes it.
    header: String,
    /// The sheet, counted from 0.
    sheet: i32,
    /// Its place in the sheet, from 0; absent for lists of before it was kept.
    column: Option<u32>,
    /// `certain`, `likely` or `doubtful`.
    sure: String,
    /// Why, in Chinese.
    why: String,
    /// Rows in which it says something.
    filled: u32,
    /// Up to three of its values, as written; not in pages of lists.
    samples: Vec<String>,
}

/// A column that is not read.
#[derive(Object)]
#[oai(rename = "UnreadListColumn")]
pub(super) struct UnreadView {
    /// The header as the file writes it.
    header: String,
    /// The sheet, counted from 0.
    sheet: i32,
    /// Its place in the sheet, from 0.
    column: u32,
    /// Rows in which it says something.
    filled: u32,
    /// Up to three of its values, as written; not in pages of lists.
    samples: Vec<String>,
}

/// What the reader cannot know and asks.
#[derive(Object)]
#[oai(rename = "ListQuestion")]
pub(super) struct QuestionView {
    /// The sheet, counted from 0.
    sheet: i32,
    /// The row of the header that it is about.
    row: u32,
    /// A stable code: `which_id_number`, `which_name`, `unnamed_id_number`, `sex_codes`, `age_without_birth_date`,
    /// `month_without_year`.
    code: String,
    /// The question, in Chinese.
    text: String,
    /// The answers that there are.
    answers: Vec<PossibleAnswer>,
    /// Nobody knows who the rows are about without an answer: the list cannot be committed (409 `questions_open`).
    identity: bool,
}

/// A possible answer.
#[derive(Object)]
#[oai(rename = "PossibleListAnswer")]
struct PossibleAnswer {
    /// What to answer; `YYYY` stands for a year.
    answer: String,
    /// What it means, in Chinese.
    text: String,
}

/// What was said of such headers before, and was applied.
#[derive(Object)]
#[oai(rename = "AppliedListMapping")]
pub(super) struct AppliedView {
    /// The list at which it was said.
    list: Uuid,
    /// That list's month.
    month: String,
    /// When (RFC 3339, UTC).
    made_at: String,
}

#[derive(Object)]
#[oai(skip_serializing_if_is_none, rename = "List")]
pub(super) struct ListBody {
    /// Its id.
    id: Uuid,
    /// The department that hands it in.
    source: String,
    /// The kind of list.
    kind: String,
    /// The division concerned.
    division: Uuid,
    /// `YYYY-MM`.
    month: String,
    /// `uploaded`, `committing`, `committed`, `undoing` or `undone`.
    state: String,
    /// Whether it names everybody of its division: only then is somebody missing from it.
    complete: bool,
    /// Its name.
    name: String,
    /// Rows found in the file.
    rows: i32,
    /// People found in the file.
    persons: usize,
    /// Sheets that hold data.
    sheets: Vec<String>,
    /// Columns found, with their headers.
    columns: Vec<ColumnView>,
    /// Columns that have a header and are not read.
    unread: Vec<UnreadView>,
    /// What the reader cannot know; answered with `correct_list_columns`.
    questions: Vec<QuestionView>,
    /// What was said of such headers before and was applied; absent where nothing was.
    applied: Option<AppliedView>,
    /// What a clerk should know about the file.
    notes: Vec<String>,
    /// Rows by verdict, as far as the commit has come.
    verdicts: BTreeMap<String, i64>,
    /// Rows by what the newest dry run says of them; empty before one.
    planned: BTreeMap<String, i64>,
    /// When the newest dry run came to its end (RFC 3339, UTC).
    planned_at: Option<String>,
    /// When it was handed in (RFC 3339, UTC).
    uploaded_at: String,
    /// When it was committed; absent before.
    committed_at: Option<String>,
    /// The job that commits it.
    job: Option<JobView>,
    /// The job of the newest dry run.
    dry_run: Option<JobView>,
    /// The job that undoes it.
    undo: Option<JobView>,
}

#[derive(Object)]
#[oai(skip_serializing_if_is_none, rename = "ListJob")]
pub(super) struct JobView {
    /// Its id.
    id: Uuid,
    /// `queued`, `running`, `done` or `failed`.
    state: String,
    /// Steps done.
    progress: i32,
    /// Steps in all.
    total: i32,
    /// A stable code.
    error: Option<String>,
}

#[derive(Object)]
#[oai(skip_serializing_if_is_none, rename = "ListPage")]
pub(super) struct Page {
    /// One page of them, in order.
    pub(super) items: Vec<ListBody>,
    /// To give as `after` for the next page; absent on the last.
    pub(super) next: Option<String>,
}

#[derive(Object)]
#[oai(rename = "ListUploaded")]
pub(super) struct UploadedView {
    /// Its id.
    pub(super) id: Uuid,
    /// The same file was there already.
    pub(super) repeat: bool,
}

#[derive(Object)]
#[oai(rename = "ListCommit")]
pub(super) struct Started {
    /// The job that does the work.
    job: Uuid,
    /// The same had been asked for before.
    repeat: bool,
}

#[derive(Object)]
#[oai(skip_serializing_if_is_none, rename = "ListRows")]
pub(super) struct Rows {
    /// One page of them, in order.
    pub(super) items: Vec<RowView>,
    /// To give as `after` for the next page; absent on the last.
    pub(super) next: Option<String>,
}

impl From<lists::Started> for Started {
    fn from(started: lists::Started) -> Started {
        Started {
            job: started.job,
            repeat: started.repeat,
        }
    }
}

impl From<jobs::Job> for JobView {
    fn from(job: jobs::Job) -> JobView {
        JobView {
            id: job.id,
            state: job.state,
            progress: job.progress,
            total: job.total,
            error: job.last_error,
        }
    }
}

/// A workbook with its name.
#[derive(ApiResponse)]
pub(super) enum Workbook {
    /// The workbook.
    #[oai(
        status = 200,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )]
    Made(
        Binary<Vec<u8>>,
        /// Its name (RFC 6266).
        #[oai(header = "Content-Disposition")]
        String,
        /// `no-store`: it names people.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

impl From<Kind> for ListKind {
    fn from(kind: Kind) -> ListKind {
        match kind {
            Kind::Population => ListKind::Population,
            Kind::Disabled => ListKind::Disabled,
            Kind::LowIncome => ListKind::LowIncome,
            Kind::OldAgeAllowance => ListKind::OldAgeAllowance,
            Kind::Deaths => ListKind::Deaths,
            Kind::Grids => ListKind::Grids,
            Kind::Vehicles => ListKind::Vehicles,
            Kind::Property => ListKind::Property,
            Kind::Business => ListKind::Business,
            Kind::MovedOut => ListKind::MovedOut,
            Kind::Custody => ListKind::Custody,
            Kind::Orphans => ListKind::Orphans,
            Kind::Care => ListKind::Care,
        }
    }
}

impl From<ListView> for ListBody {
    fn from(view: ListView) -> ListBody {
        let (row, head) = (view.row, view.head);
        let at = |ms: i64| Instant::from_millis(ms).to_string();
        ListBody {
            id: row.id,
            source: row.source,
            kind: row.kind,
            division: row.division,
            month: row.month,
            state: row.state,
            complete: row.complete,
            name: head.name,
            rows: head.rows.map_or(row.rows, |rows| rows as i32),
            persons: head.persons,
            sheets: head.sheets,
            columns: head.columns.into_iter().map(ColumnView::from).collect(),
            unread: head.unread.into_iter().map(UnreadView::from).collect(),
            questions: head.questions.into_iter().map(QuestionView::from).collect(),
            applied: head.applied.map(|applied| AppliedView {
                list: applied.list,
                month: applied.month,
                made_at: at(applied.made_at),
            }),
            notes: head.notes,
            verdicts: view.verdicts,
            uploaded_at: at(row.uploaded_at),
            committed_at: row.committed_at.map(at),
            planned: view.planned,
            planned_at: row.planned_at.map(at),
            job: view.job.map(JobView::from),
            dry_run: view.dry_run.map(JobView::from),
            undo: view.undo.map(JobView::from),
        }
    }
}

impl ListBody {
    /// Without what its columns say: a page of lists shows no one's values.
    pub(super) fn without_samples(mut self) -> ListBody {
        self.columns.iter_mut().for_each(|c| c.samples.clear());
        self.unread.iter_mut().for_each(|c| c.samples.clear());
        self
    }
}

impl From<Column> for ColumnView {
    fn from(c: Column) -> ColumnView {
        ColumnView {
            key: c.key,
            header: c.header,
            sheet: c.sheet,
            column: c.column,
            sure: c.sure,
            why: c.why,
            filled: c.filled,
            samples: c.samples,
        }
    }
}

impl From<UnreadColumn> for UnreadView {
    fn from(c: UnreadColumn) -> UnreadView {
        UnreadView {
            header: c.header,
            sheet: c.sheet,
            column: c.column,
            filled: c.filled,
            samples: c.samples,
        }
    }
}

impl From<Question> for QuestionView {
    fn from(q: Question) -> QuestionView {
        let answer = |(answer, text)| PossibleAnswer { answer, text };
        QuestionView {
            sheet: q.sheet,
            row: q.row,
            code: q.code,
            text: q.text,
            answers: q.answers.into_iter().map(answer).collect(),
            identity: q.identity,
        }
    }
}
