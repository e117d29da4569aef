//! The field catalogue: one table says what can be recorded about a resident.
//!
//! Validation, who may write, who decides, how concurrent values merge, masking, list columns and the
//! phone's form all follow from these rows. The built-in rows are in `person.rs` and `enrolments.rs`.

mod ages;
mod codes;
mod enrolments;
mod person;
mod rows;
mod translations;

pub use ages::{AGE_BANDS, AgeBand};
use serde::Serialize;
pub use translations::{Followed, Translation};

/// Most characters of a note; longer text belongs in a visit.
pub const NOTE_LIMIT: u32 = 1_000;

/// What a request and an edit may be, told to phones so that they refuse first.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Limits {
    /// Bytes of an unpacked sync request.
    pub request_bytes: usize,
    pub edits: usize,
    /// Bytes of one edit.
    pub edit_bytes: usize,
    /// Characters of a visit's text.
    pub visit_characters: usize,
    pub note_characters: u32,
    /// Items of one answer.
    pub items: usize,
    /// Records of one answer that carry their documents.
    pub documents: usize,
    /// Changes of a full client in one edit, bytes of one as sent, and operations of all of them.
    pub changes: usize,
    pub change_bytes: usize,
    pub change_operations: u64,
}

pub const LIMITS: Limits = Limits {
    request_bytes: 8 * 1024 * 1024,
    edits: 200,
    edit_bytes: 256 * 1024,
    visit_characters: 4_000,
    note_characters: NOTE_LIMIT,
    items: 500,
    documents: 100,
    changes: 200,
    change_bytes: 64 * 1024,
    change_operations: 5_000,
};

/// What kind of value a field holds. The wire shape of each is in docs/sync.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    Text,
    Note,
    Integer,
    /// Money in fen.
    Amount,
    Date,
    Month,
    Code,
    Set,
    Phone,
    IdNumber,
    Place,
}

/// How concurrent values of a field merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Merge {
    /// Last causal write wins; concurrent different values are all kept and asked about.
    Register,
    /// Text merged character by character.
    Note,
    /// A map of element to the edit that last said so.
    Set,
    /// A fact: whoever decides the field writes it, whoever only may write it proposes.
    Guarded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    Open,
    Personal,
    Sensitive,
    /// Never sent to phones and never in the document.
    Hidden,
}

/// How a value is shown to a reader without the right to see it whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mask {
    None,
    /// Surname kept, two-character surnames too.
    Name,
    /// First 3 and last 2 characters kept.
    IdNumber,
    /// First 3 and last 4 digits kept.
    Phone,
    /// Kept to town and village.
    Address,
    /// Nothing kept.
    Whole,
}

/// Roles as rows of the access table name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Worker,
    Cadre,
    TownOfficer,
    Department,
    BureauAdmin,
    Auditor,
}

impl Role {
    pub const ALL: [Role; 6] = [
        Role::Worker,
        Role::Cadre,
        Role::TownOfficer,
        Role::Department,
        Role::BureauAdmin,
        Role::Auditor,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Role::Worker => "worker",
            Role::Cadre => "cadre",
            Role::TownOfficer => "town_officer",
            Role::Department => "department",
            Role::BureauAdmin => "bureau_admin",
            Role::Auditor => "auditor",
        }
    }

    pub fn parse(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|r| r.name() == name)
    }
}

/// One code of a code list, with its life in catalogue versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Code {
    /// What is stored and sent; Chinese words are codes here, as on the forms.
    pub code: &'static str,
    pub since: u32,
    /// First catalogue version without it.
    pub until: Option<u32>,
    /// What a withdrawn code is translated to; none means it is kept for a person.
    pub successor: Option<&'static str>,
}

/// One row of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// `phone`, or `category.key` for a field of an enrolment (`disabled.grade`).
    pub key: &'static str,
    /// What a screen says, in Chinese.
    pub label: &'static str,
    /// The category whose enrolment has this field.
    pub category: Option<&'static str>,
    #[serde(rename = "type")]
    pub kind: Type,
    pub merge: Merge,
    pub writers: &'static [Role],
    pub deciders: &'static [Role],
    /// The department whose committed lists decide this field (`残联`, `民政`, …).
    pub owner: Option<&'static str>,
    pub sensitivity: Sensitivity,
    pub mask: Mask,
    pub required: bool,
    /// Most characters (text, note), most elements (set), or largest integer; 0 where it has no meaning.
    pub limit: u32,
    /// A list may empty this field (status, end date, amount).
    pub may_be_emptied: bool,
    pub codes: &'static [Code],
    /// Place in forms and exports.
    pub order: u16,
    /// First catalogue version that has it.
    pub since: u32,
    /// First catalogue version without it.
    pub until: Option<u32>,
    /// Registers only: keys under which documents hold it that were written before it had this one.
    #[serde(skip)]
    pub formerly: &'static [&'static str],
}

impl Field {
    /// Whether the field lives in the shared document (others are facts: sealed rows outside it).
    pub fn in_document(&self) -> bool {
        self.merge != Merge::Guarded && self.sensitivity != Sensitivity::Hidden
    }
}

/// One category 类别 of people looked after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Category {
    pub key: &'static str,
    pub label: &'static str,
    /// The department that owns its enrolments.
    pub owner: &'static str,
    pub since: u32,
    pub until: Option<u32>,
}

/// A catalogue at one version. All look-ups go through it; nothing else knows the rows.
#[derive(Clone, Debug)]
pub struct Catalogue {
    pub version: u32,
    pub fields: Vec<Field>,
    pub categories: Vec<Category>,
    /// What became of fields of earlier versions.
    pub translations: Vec<Translation>,
}

impl Catalogue {
    /// The field of that key that is alive at `version`.
    pub fn field_at(&self, key: &str, version: u32) -> Option<&Field> {
        self.fields
            .iter()
            .find(|f| f.key == key && f.since <= version && f.until.is_none_or(|u| version < u))
    }

    /// The field of that key at this catalogue's own version.
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.field_at(key, self.version)
    }

    /// Edits made with this version or the two before it are read; older ones are held.
    pub fn reads(&self, version: u32) -> bool {
        version >= 1 && version <= self.version && self.version - version <= 2
    }
}
