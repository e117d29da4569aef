//! What became of an edit, and what a person must decide because of it.

use automerge::ChangeHash;
use domain::{EditId, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// In order of gravity: an edit's outcome is the gravest of its fields'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Merged,
    /// Merged, and a field waits for a decision.
    Conflict,
    Proposed,
    /// Kept for a person because it could not be applied.
    Held,
}

impl Outcome {
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Merged => "merged",
            Outcome::Conflict => "conflict",
            Outcome::Proposed => "proposed",
            Outcome::Held => "held",
        }
    }
}

/// Why something was held, as the device is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub code: String,
    pub message: String,
    #[serde(default)]
    pub fields: Vec<String>,
}

/// What a person must decide, or look at.
#[derive(Clone)]
pub enum Ask {
    /// A value that its writer may not decide: all three values are shown.
    Proposal {
        key: String,
        was: Value,
        now: Value,
        present: Value,
    },
    /// Concurrent changes of a note of which one deleted: each author's whole text.
    MergedNote {
        key: String,
        texts: Vec<(EditId, String)>,
    },
    /// A note at an unknown base, not written.
    NoteBeside {
        key: String,
        was: Value,
        now: Value,
        present: Value,
    },
    NewResident,
    /// A report that the person died, moved out or is not to be found.
    Departure {
        kind: &'static str,
        date: Option<String>,
        place: Option<String>,
        text: Option<String>,
    },
    /// Fields that policy refused: what was typed, and the code of the refusal.
    HeldFields {
        fields: BTreeMap<String, (serde_json::Value, &'static str)>,
    },
    /// An address was written: the program looks whether it reads as another grid.
    Address {
        key: String,
        text: Option<String>,
    },
}

/// One field before and after, for the history.
#[derive(Clone)]
pub struct FieldChange {
    pub key: String,
    pub from: Value,
    pub to: Value,
}

/// What taking an edit gave. A held one left the record as it was.
pub struct Taken {
    pub outcome: Outcome,
    pub fields: BTreeMap<String, Outcome>,
    pub problem: Option<Problem>,
    pub asks: Vec<Ask>,
    pub changes: Vec<ChangeHash>,
    pub history: Vec<FieldChange>,
    /// Keys confirmed, with the keyed digest of the value that the base showed.
    pub confirmed: Vec<(String, [u8; 16])>,
    /// A fact that is no longer what a console saw: the request as a whole is refused with the present value.
    pub changed_meanwhile: Option<(String, Value)>,
    /// What the changes of a full client write, as far as it can be told; where they were understood, in the shapes
    /// of `fields`.
    pub writes: Option<serde_json::Value>,
    /// The changes of a full client are not in the document: its device must fetch that document anew.
    pub rebuild: bool,
}

impl Taken {
    pub fn held(code: &'static str, message: impl Into<String>) -> Taken {
        Taken {
            outcome: Outcome::Held,
            problem: Some(Problem {
                code: code.into(),
                message: message.into(),
                fields: Vec::new(),
            }),
            ..Taken::nothing()
        }
    }

    pub fn nothing() -> Taken {
        Taken {
            outcome: Outcome::Merged,
            fields: BTreeMap::new(),
            problem: None,
            asks: Vec::new(),
            changes: Vec::new(),
            history: Vec::new(),
            confirmed: Vec::new(),
            changed_meanwhile: None,
            writes: None,
            rebuild: false,
        }
    }
}
