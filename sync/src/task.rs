//! What a visit says of the task that it answers.

use serde::Deserialize;

/// What a visit found of the clue that its task asks about.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskAnswer {
    /// The task's id.
    pub id: String,
    pub finding: Finding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// 属实.
    Confirmed,
    /// 不属实.
    Refuted,
    /// Could not be found out: the cadre decides how to go on.
    Unclear,
}

impl Finding {
    pub const fn name(self) -> &'static str {
        match self {
            Finding::Confirmed => "confirmed",
            Finding::Refuted => "refuted",
            Finding::Unclear => "unclear",
        }
    }
}
