//! Clues as the contract shows them.

use crate::app::clues::see::View;
use crate::store::clues::{Seen, Step};
use crate::store::lists::in_file;
use domain::Instant;
use poem_openapi::payload::Binary;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A row of a list that a clue rests on.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct ClueRow {
    /// The list; absent for what phones told.
    list: Option<Uuid>,
    /// Its kind, or `visits` and `conflicts`.
    kind: String,
    /// Who handed it in.
    source: String,
    /// Its month, `YYYY-MM`.
    month: String,
    /// The sheet, counted from 0.
    sheet: i32,
    /// As the spreadsheet counts.
    row: i32,
    /// What the rule read of it, by column.
    cells: BTreeMap<String, String>,
}

/// A state that a clue was in.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct ClueStep {
    /// `open`, `sent`, `confirmed`, `refuted` or `closed`.
    state: String,
    /// Since when (RFC 3339, UTC).
    at: String,
    /// By whom, by name; absent for what the rules did themselves.
    by: Option<String>,
    /// Why, as far as anybody said.
    reason: Option<String>,
}

/// What a rule found of one person.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct ClueView {
    /// The same for its rule and person, for ever.
    id: Uuid,
    /// Its version: it grows with every state.
    n: i32,
    /// Code of the rule.
    rule: String,
    /// Number of the rule in the county's table of comparisons.
    number: i32,
    /// What the rule says.
    says: String,
    /// `entitled` (somebody may go without what is due), `overpaid`, `data`.
    severity: String,
    /// The provision that the rule rests on; empty where practice alone asks for it.
    basis: String,
    /// `open`, `sent`, `confirmed`, `refuted` or `closed`.
    state: String,
    /// Kind of the list that is answered for.
    kind: String,
    /// Key of the category that is answered for; absent where no department is.
    category: Option<String>,
    /// The resident; absent for who is none.
    resident: Option<Uuid>,
    /// Where the person lives, as far as it is known.
    village: Option<Uuid>,
    /// The town above.
    town: Option<Uuid>,
    /// Who it is: `name`, `sex`, `birth_date`, `id_number`, `address`, `phone`, as far as they are known and may be seen.
    person: BTreeMap<String, String>,
    /// Both sides, as far as lists tell them.
    rows: Vec<ClueRow>,
    /// Month of the population register that knows the person; absent where none does.
    register_month: Option<String>,
    /// Months in which money may have been paid without reason.
    months: Option<u32>,
    /// Fen in all of them.
    fen: Option<i64>,
    /// The day whose data were compared, `YYYY-MM-DD`.
    at: String,
    /// All states, the latest last.
    history: Vec<ClueStep>,
    /// When it was first found (RFC 3339, UTC).
    opened_at: String,
    /// When it last changed.
    changed_at: String,
}

impl From<View> for ClueView {
    fn from(view: View) -> ClueView {
        let (row, body) = (view.row, view.body);
        let at = |ms: i64| Instant::from_millis(ms).to_string();
        ClueView {
            id: row.id,
            n: row.n,
            rule: row.rule,
            number: body.number.into(),
            says: body.says,
            severity: body.severity,
            basis: body.basis,
            state: row.state,
            kind: row.kind,
            category: row.category,
            resident: row.resident,
            village: row.village,
            town: row.town,
            person: body.person,
            rows: body.rows.into_iter().map(ClueRow::from).collect(),
            register_month: body.register.map(|(_, month)| month),
            months: body.stake.map(|(months, _)| months),
            fen: body.stake.map(|(_, fen)| fen),
            at: body.at,
            history: body.history.into_iter().map(ClueStep::from).collect(),
            opened_at: at(row.opened_at),
            changed_at: at(row.changed_at),
        }
    }
}

impl From<Seen> for ClueRow {
    fn from(seen: Seen) -> ClueRow {
        ClueRow {
            list: (!seen.list.is_nil()).then_some(seen.list),
            kind: seen.kind,
            source: seen.source,
            month: seen.month,
            sheet: in_file(seen.sheet).0,
            row: seen.row,
            cells: seen.cells.into_iter().collect(),
        }
    }
}

impl From<Step> for ClueStep {
    fn from(step: Step) -> ClueStep {
        ClueStep {
            state: step.state,
            at: step.at,
            by: step.by,
            reason: step.reason,
        }
    }
}

/// One page of clues.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct CluePage {
    /// One page of them, in order.
    pub items: Vec<ClueView>,
    /// To give as `after` for the next page; absent on the last.
    pub next: Option<String>,
}

/// Which clues are wanted as a file, and what for.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(super) struct ClueExport {
    /// 1 to 200 characters; kept in the audit trail, so it names nobody.
    #[oai(validator(max_length = 400))]
    pub purpose: String,
    /// One state only.
    #[oai(validator(max_length = 20))]
    pub state: Option<String>,
    /// One rule only.
    #[oai(validator(max_length = 60))]
    pub rule: Option<String>,
    /// One kind of list only.
    #[oai(validator(max_length = 40))]
    pub kind: Option<String>,
    /// One category only.
    #[oai(validator(max_length = 60))]
    pub category: Option<String>,
    /// One village only.
    pub village: Option<Uuid>,
}

impl Example for ClueExport {
    fn example() -> Self {
        ClueExport {
            purpose: "月度疑点核查".into(),
            state: Some("confirmed".into()),
            rule: None,
            kind: None,
            category: None,
            village: None,
        }
    }
}

/// Where a clue shall go.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(super) struct ClueChange {
    /// `closed`, `refuted`, `confirmed` or `open`.
    #[oai(validator(max_length = 20))]
    pub state: String,
    /// The version that was seen.
    pub n: i32,
    /// Why, 1 to 500 characters.
    #[oai(validator(max_length = 1000))]
    pub reason: String,
}

impl Example for ClueChange {
    fn example() -> Self {
        ClueChange {
            state: "closed".into(),
            n: 3,
            reason: "已停发并追回".into(),
        }
    }
}

/// A file of clues.
#[derive(ApiResponse)]
pub(super) enum ClueFile {
    /// UTF-8 with BOM, lines ended by CR LF.
    #[oai(status = 200, content_type = "text/csv; charset=utf-8")]
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
