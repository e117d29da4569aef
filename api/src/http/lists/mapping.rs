//! What people say of a list's columns, and what is remembered of it.

use super::views::ListBody;
use crate::app::lists::{self, Answered, Correction, Reach};
use crate::http::auth::{Done, SignedIn};
use crate::http::contract::Tag;
use crate::http::error::Answer;
use crate::http::json::Json as Body;
use crate::program::Program;
use crate::store::lists::mappings::Mapping;
use domain::Instant;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct ListMappings;

/// What a column is to be read as.
#[derive(Object)]
#[oai(deny_unknown_fields, rename = "ListColumnCorrection")]
struct CorrectionBody {
    /// The sheet, counted from 0 as in `columns` and `unread`.
    sheet: u32,
    /// The header as the file writes it; blanks do not matter.
    #[oai(validator(max_length = 1000))]
    header: String,
    /// From 0; needed where the same header stands over several columns.
    column: Option<u32>,
    /// The standard key; absent where the column is not to be read.
    #[oai(validator(max_length = 50))]
    key: Option<String>,
}

/// An answer to one of the list's questions.
#[derive(Object)]
#[oai(deny_unknown_fields, rename = "ListAnswer")]
struct AnswerBody {
    /// The sheet that asks; absent for every sheet that does.
    sheet: Option<u32>,
    /// The question's code.
    #[oai(validator(max_length = 50))]
    code: String,
    /// One of its answers; for a year its four digits.
    #[oai(validator(max_length = 50))]
    answer: String,
}

/// Corrections and answers, applied together.
#[derive(Object)]
#[oai(deny_unknown_fields, rename = "ListColumns", example)]
struct ColumnsBody {
    /// Columns that are to be read otherwise.
    #[oai(default, validator(max_items = 500))]
    columns: Vec<CorrectionBody>,
    /// Answers to questions.
    #[oai(default, validator(max_items = 100))]
    answers: Vec<AnswerBody>,
}

impl Example for ColumnsBody {
    fn example() -> Self {
        ColumnsBody {
            columns: vec![CorrectionBody {
                sheet: 0,
                header: "编码".into(),
                column: Some(3),
                key: Some("household_number".into()),
            }],
            answers: vec![AnswerBody {
                sheet: None,
                code: "sex_codes".into(),
                answer: "zero_man".into(),
            }],
        }
    }
}

/// A column as it was said.
#[derive(Object)]
#[oai(skip_serializing_if_is_none, rename = "RememberedColumn")]
struct RememberedColumn {
    /// The header without blanks.
    header: String,
    /// Its place among the headers, from 0.
    place: u32,
    /// The standard key; absent where the column is not read.
    key: Option<String>,
}

/// An answer as it was given.
#[derive(Object)]
#[oai(rename = "RememberedAnswer")]
struct RememberedAnswer {
    /// The question's code.
    code: String,
    /// What was answered.
    answer: String,
}

/// What was said of the columns below a header, for the next file of that source and kind with the same headers.
#[derive(Object)]
#[oai(rename = "ListMapping", example)]
struct MappingView {
    /// Its id.
    id: Uuid,
    /// The department that hands such files in.
    source: String,
    /// The kind of list.
    kind: String,
    /// All headers, in order, without blanks.
    headers: Vec<String>,
    /// Columns that were said to be something else.
    columns: Vec<RememberedColumn>,
    /// Questions that were answered.
    answers: Vec<RememberedAnswer>,
    /// The list at which it was said last.
    list: Uuid,
    /// That list's month, `YYYY-MM`.
    month: String,
    /// The account that said it.
    made_by: Uuid,
    /// When (RFC 3339, UTC).
    made_at: String,
}

impl Example for MappingView {
    fn example() -> Self {
        let id = |n: u128| Uuid::from_u128(0x0199_a1b2_0000_7000_8000_0000_0000_0000 + n);
        MappingView {
            id: id(1),
            source: "残联".into(),
            kind: "disabled".into(),
            headers: ["序号", "姓名", "身份证号", "编码"].map(str::to_owned).into(),
            columns: vec![RememberedColumn {
                header: "编码".into(),
                place: 3,
                key: Some("household_number".into()),
            }],
            answers: Vec::new(),
            list: id(2),
            month: "2026-10".into(),
            made_by: id(3),
            made_at: "2026-10-09T01:02:03.000Z".into(),
        }
    }
}

impl From<Mapping> for MappingView {
    fn from(mapping: Mapping) -> MappingView {
        let said = mapping.said;
        let columns = said.columns.into_iter().map(|(place, key)| RememberedColumn {
            header: said.headers.get(place).cloned().unwrap_or_default(),
            place: place as u32,
            key,
        });
        MappingView {
            id: mapping.id,
            source: mapping.source,
            kind: mapping.kind,
            columns: columns.collect(),
            answers: said
                .answers
                .into_iter()
                .map(|(code, answer)| RememberedAnswer { code, answer })
                .collect(),
            headers: said.headers,
            list: said.list,
            month: said.month,
            made_by: mapping.made_by,
            made_at: Instant::from_millis(mapping.made_at).to_string(),
        }
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Lists")]
impl ListMappings {
    /// Say what columns hold and answer what the reader asks; the file is read again and the list keeps its id
    ///
    /// Until the commit begins. What a dry run said is void. It is remembered: the next file of the source and kind
    /// with the same headers is read so without asking, and says so (`applied`).
    #[oai(
        path = "/lists/:id/columns",
        method = "put",
        operation_id = "correct_list_columns"
    )]
    async fn correct(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The id of what is meant.
        id: Path<Uuid>,
        body: Body<ColumnsBody>,
    ) -> Answer<Json<ListBody>> {
        let reach = Reach::of(&who.0)?;
        let columns = body.0.columns.into_iter().map(|c| Correction {
            sheet: c.sheet as usize,
            header: c.header,
            column: c.column,
            key: c.key,
        });
        let answers = body.0.answers.into_iter().map(|a| Answered {
            sheet: a.sheet.map(|sheet| sheet as usize),
            code: a.code,
            answer: a.answer,
        });
        let (columns, answers): (Vec<_>, Vec<_>) = (columns.collect(), answers.collect());
        let now = program.clock.now();
        let done = lists::correct(&program, &reach, who.0.account, id.0, &columns, &answers, now).await?;
        Ok(Json(done.into()))
    }

    /// What is remembered of columns, newest first; at most 1,000
    #[oai(path = "/list-mappings", method = "get", operation_id = "list_list_mappings")]
    async fn remembered(&self, program: Data<&Program>, who: SignedIn) -> Answer<Json<Vec<MappingView>>> {
        let reach = Reach::of(&who.0)?;
        let all = lists::remembered(&program, &reach).await?;
        Ok(Json(all.into_iter().map(MappingView::from).collect()))
    }

    /// Forget what is remembered of a header; the next such file is read by its words alone
    #[oai(
        path = "/list-mappings/:id",
        method = "delete",
        operation_id = "forget_list_mapping"
    )]
    async fn forget(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The id of what is meant.
        id: Path<Uuid>,
    ) -> Answer<Done> {
        let reach = Reach::of(&who.0)?;
        lists::forget(&program, &reach, who.0.account, id.0, program.clock.now()).await?;
        Ok(Done::Done)
    }
}
