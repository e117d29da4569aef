//! The mark that a file bears: who took it, when, for what, by which request.

use domain::Instant;
use uuid::Uuid;

#[derive(Clone)]
pub struct Mark {
    /// Name of the client, or of the account's person.
    pub by: String,
    pub account: Uuid,
    /// When the export began: the state that it shows.
    pub at: Instant,
    /// The request, by which the audit trail is found.
    pub request: String,
    pub category: &'static str,
    pub purpose: String,
    /// Where changes since go on.
    pub cursor: Option<String>,
}

impl Mark {
    /// Label and value, as a person reads them.
    pub fn lines(&self, rows: u64) -> Vec<(&'static str, String)> {
        vec![
            ("导出人", format!("{}（{}）", self.by, self.account)),
            ("导出时间", self.at.to_string()),
            ("请求号", self.request.clone()),
            ("底册", self.category.to_owned()),
            ("用途", self.purpose.clone()),
            ("行数", rows.to_string()),
        ]
    }
}
