//! What people said of the columns below a header: which value a column holds, and what the reader could not know.
//! It is kept for the next file whose headers agree.

use super::kind::ListKind;
use super::reading::STANDARD_KEYS;
use domain::text::squeezed;
use std::collections::BTreeMap;

/// What was said of the columns below one header. Columns are counted as the header's texts are, from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// The key that a column is read as; `None`: it is not read.
    pub columns: BTreeMap<usize, Option<&'static str>>,
    /// Answers by the code of the question.
    pub answers: BTreeMap<String, String>,
}

/// What a file's headers are read by, beside their words: what was said of headers like them.
pub type Known<'k> = dyn Fn(&[String]) -> Option<Mapping> + 'k;

/// The texts of a header without blanks, in order: headers that agree in them are the same to a clerk.
pub fn signature(headers: &[(u32, String)]) -> Vec<String> {
    headers.iter().map(|(_, text)| squeezed(text)).collect()
}

/// The keys that a column of this kind of list may be read as.
pub fn keys(kind: ListKind) -> impl Iterator<Item = &'static str> {
    const OF_BOTH: [&str; 3] = ["town", "village", "name"];
    const OF_GRIDS: [&str; 7] = [
        "code",
        "place",
        "house_range",
        "house_from",
        "house_to",
        "worker",
        "worker_phone",
    ];
    STANDARD_KEYS.into_iter().filter(move |key| match kind {
        ListKind::Grids => OF_BOTH.contains(key) || OF_GRIDS.contains(key),
        _ => !OF_GRIDS.contains(key) && *key != "other",
    })
}
