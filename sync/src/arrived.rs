//! One edit as it arrived: either understood whole, or kept with its bytes and the reason.

pub use crate::task::{Finding, TaskAnswer};
use crate::{canonical, strict};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::catalogue::LIMITS;
use domain::{EditId, GridId, Instant, ResidentId};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What one person did in one sitting with one record.
#[derive(Clone)]
pub struct Edit {
    pub id: EditId,
    /// The device's own count, from 1.
    pub seq: i64,
    /// By the device's clock: evidence only, nothing is ordered by it.
    pub made_at: Instant,
    pub resident: ResidentId,
    /// The catalogue version it was made with.
    pub catalogue: u32,
    /// The record's version that the author saw.
    pub base: Option<String>,
    /// This device's previous edit on the record, where `base` does not include it.
    pub after: Option<EditId>,
    pub fields: BTreeMap<String, FieldWrite>,
    pub confirm: BTreeSet<String>,
    pub create: Option<GridId>,
    pub visit: Option<VisitPart>,
    pub report: Option<Report>,
    /// What a full client did, as changes, instead of `fields`: see [`crate::gate`].
    pub changes: Vec<Vec<u8>>,
    /// The canonical form and its SHA-256: what makes a repeated edit known.
    pub canonical: String,
    pub digest: [u8; 32],
    /// Fields that a later catalogue has under another key: by that key, the one that was sent. See [`crate::translate()`].
    pub moved: BTreeMap<String, Moved>,
}

/// What a field was called when it was written, and the catalogue version that reads its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    pub from: String,
    pub version: u32,
}

/// One field as its author saw it and wrote it, still as JSON: the catalogue reads it field by field.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum FieldWrite {
    Value(ValueWrite),
    Set(SetWrite),
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueWrite {
    pub was: Value,
    pub now: Value,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetWrite {
    #[serde(default)]
    pub add: Vec<String>,
    #[serde(default)]
    pub remove: Vec<String>,
}

/// A visit 走访; its id is its edit's.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VisitPart {
    pub means: Means,
    pub outcome: VisitOutcome,
    pub at: Instant,
    pub text: Option<String>,
    pub needs: Option<Vec<String>>,
    /// The visit task that it answers.
    pub task: Option<TaskAnswer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// 上门: the only one that proves residence.
    Home,
    Phone,
    Video,
    ThirdParty,
    Neighbour,
}

impl Means {
    pub const fn name(self) -> &'static str {
        match self {
            Means::Home => "home",
            Means::Phone => "phone",
            Means::Video => "video",
            Means::ThirdParty => "third_party",
            Means::Neighbour => "neighbour",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitOutcome {
    Met,
    NotAtHome,
    Refused,
    Unreachable,
    NotFound,
}

impl VisitOutcome {
    pub const fn name(self) -> &'static str {
        match self {
            VisitOutcome::Met => "met",
            VisitOutcome::NotAtHome => "not_at_home",
            VisitOutcome::Refused => "refused",
            VisitOutcome::Unreachable => "unreachable",
            VisitOutcome::NotFound => "not_found",
        }
    }
}

/// What a worker reports for a cadre to decide.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    pub kind: ReportKind,
    pub date: Option<String>,
    pub place: Option<String>,
    pub text: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    Died,
    MovedOut,
    NotFound,
}

impl ReportKind {
    /// The life status that the report asks for.
    pub const fn status(self) -> &'static str {
        match self {
            ReportKind::Died => "died",
            ReportKind::MovedOut => "moved_out",
            ReportKind::NotFound => "not_found",
        }
    }
}

/// Why bytes are no edit: a stable code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    TooLarge,
    NotJson,
    /// An object names a member twice: neither of the two values is more meant than the other.
    DuplicateMember,
    /// A member is missing, unknown, or of another type.
    Malformed,
    /// `seq` is not positive.
    BadSeq,
    /// Carries changes of a full client that are no list of base64, or too many.
    Changes,
    Empty,
}

impl Unreadable {
    pub const fn code(self) -> &'static str {
        match self {
            Unreadable::TooLarge => "edit_too_large",
            Unreadable::NotJson => "not_json",
            Unreadable::DuplicateMember => "duplicate_member",
            Unreadable::Malformed => "malformed",
            Unreadable::BadSeq => "bad_seq",
            Unreadable::Changes => "changes_malformed",
            Unreadable::Empty => "empty_edit",
        }
    }

    pub const fn message(self) -> &'static str {
        match self {
            Unreadable::TooLarge => "单条修改超过大小限制，已原样保留",
            Unreadable::NotJson => "内容无法解析，已原样保留",
            Unreadable::DuplicateMember => "同一项内容出现了两次，已原样保留",
            Unreadable::Malformed => "修改的格式不符合约定，已原样保留",
            Unreadable::BadSeq => "修改的序号无效，已原样保留",
            Unreadable::Changes => "完整客户端的变更格式不符合约定，已原样保留",
            Unreadable::Empty => "修改没有任何内容，已原样保留",
        }
    }
}

pub enum Arrived {
    Edit(Box<Edit>),
    Unreadable {
        why: Unreadable,
        /// SHA-256 of the bytes: how it is known where it has no readable id.
        digest: [u8; 32],
        /// What could be read all the same.
        id: Option<EditId>,
        seq: Option<i64>,
        resident: Option<ResidentId>,
        /// Whether it carries changes of a full client, whose document now has what the server has not.
        full: bool,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    id: String,
    seq: i64,
    made_at: Instant,
    resident: String,
    catalogue: u32,
    base: Option<String>,
    after: Option<String>,
    #[serde(default)]
    fields: BTreeMap<String, FieldWrite>,
    #[serde(default)]
    confirm: BTreeSet<String>,
    create: Option<WireCreate>,
    visit: Option<VisitPart>,
    report: Option<Report>,
    changes: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireCreate {
    grid: String,
}

impl Arrived {
    /// Reads the bytes of one edit, strictly. What is not understood is kept as it came.
    ///
    /// ```
    /// # use sync::arrived::{Arrived, Unreadable};
    /// let Arrived::Unreadable { why, .. } = Arrived::parse(b"{\"id\":\"\\ud83d\"}") else { panic!() };
    /// assert_eq!(why, Unreadable::NotJson);
    /// ```
    pub fn parse(bytes: &[u8]) -> Arrived {
        if bytes.len() > LIMITS.edit_bytes {
            return unreadable(bytes, Unreadable::TooLarge, None);
        }
        let why = match strict::read(bytes) {
            // The fields of a full client's edit are read from its changes, and from nothing else.
            Ok(json) if json.get("fields").is_some() && json.get("changes").is_some() => {
                Unreadable::Malformed
            }
            Ok(json) => match read(&json) {
                Ok(edit) => return Arrived::Edit(Box::new(edit)),
                Err(why) => why,
            },
            Err(strict::Fault::DuplicateMember) => Unreadable::DuplicateMember,
            Err(strict::Fault::NotJson) => Unreadable::NotJson,
        };
        // Whatever can be read of it all the same: by its id its phone knows it best.
        unreadable(bytes, why, serde_json::from_slice(bytes).ok().as_ref())
    }
}

impl Edit {
    /// An edit that the program makes itself, of the same form as one that comes over the wire.
    ///
    /// # Errors
    /// As [`Arrived::parse`] would tell.
    pub fn made(json: &Value) -> Result<Edit, Unreadable> {
        let edit = read(json)?;
        match edit.canonical.len() > LIMITS.edit_bytes {
            true => Err(Unreadable::TooLarge),
            false => Ok(edit),
        }
    }

    /// Reads an edit again that was stored in canonical form.
    ///
    /// # Errors
    /// It is none, or one of a form that is no longer taken.
    pub fn stored(canonical: &Value) -> Result<Edit, Unreadable> {
        read(&canonical::wire(canonical))
    }
}

fn read(json: &Value) -> Result<Edit, Unreadable> {
    let wire = Wire::deserialize(json).map_err(|_| Unreadable::Malformed)?;
    if wire.seq < 1 {
        return Err(Unreadable::BadSeq);
    }
    let long = |text: &Option<String>| {
        text.as_ref()
            .is_some_and(|t| t.chars().count() > LIMITS.visit_characters)
    };
    let report_long = wire
        .report
        .as_ref()
        .is_some_and(|r| long(&r.text) || long(&r.place));
    if wire.visit.as_ref().is_some_and(|v| long(&v.text)) || report_long {
        return Err(Unreadable::TooLarge);
    }
    let dated = |r: &Report| {
        r.date
            .as_deref()
            .is_none_or(|d| domain::date::parse_wire(d).is_some())
    };
    if !wire.report.as_ref().is_none_or(dated) {
        return Err(Unreadable::Malformed);
    }
    let changes = wire.changes.as_ref().map_or(Ok(Vec::new()), changes)?;
    let empty = changes.is_empty()
        && wire.fields.is_empty()
        && wire.confirm.is_empty()
        && wire.visit.is_none()
        && wire.report.is_none();
    if empty && wire.create.is_none() {
        return Err(Unreadable::Empty);
    }
    let after = wire
        .after
        .map(|a| EditId::parse(&a).ok_or(Unreadable::Malformed))
        .transpose()?;
    let create = wire
        .create
        .map(|c| GridId::parse(&c.grid).ok_or(Unreadable::Malformed))
        .transpose()?;
    let canonical = canonical::form(json);
    Ok(Edit {
        id: EditId::parse(&wire.id).ok_or(Unreadable::Malformed)?,
        seq: wire.seq,
        made_at: wire.made_at,
        resident: ResidentId::parse(&wire.resident).ok_or(Unreadable::Malformed)?,
        catalogue: wire.catalogue,
        base: wire.base,
        after,
        fields: wire.fields,
        confirm: wire.confirm,
        create,
        visit: wire.visit,
        report: wire.report,
        changes,
        digest: canonical::digest(&canonical),
        canonical,
        moved: BTreeMap::new(),
    })
}

/// The bytes of each change.
fn changes(json: &Value) -> Result<Vec<Vec<u8>>, Unreadable> {
    let all = json.as_array().ok_or(Unreadable::Changes)?;
    if all.len() > LIMITS.changes {
        return Err(Unreadable::Changes);
    }
    let bytes = |change: &Value| STANDARD.decode(change.as_str()?).ok();
    let all = all.iter().map(|change| bytes(change).ok_or(Unreadable::Changes));
    all.collect()
}

fn unreadable(bytes: &[u8], why: Unreadable, json: Option<&Value>) -> Arrived {
    let text = |key: &str| json.and_then(|j| j.get(key)).and_then(Value::as_str);
    Arrived::Unreadable {
        why,
        digest: canonical::digest_bytes(bytes),
        id: text("id").and_then(EditId::parse),
        seq: json
            .and_then(|j| j.get("seq"))
            .and_then(Value::as_i64)
            .filter(|s| *s > 0),
        resident: text("resident").and_then(ResidentId::parse),
        full: json.is_some_and(|j| j.get("changes").is_some()),
    }
}

#[cfg(test)]
mod tests;
