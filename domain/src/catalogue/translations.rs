//! What became of fields between versions, so that edits made with an older catalogue are read: rows, like the fields
//! themselves. Codes that are withdrawn name their successor in their own row.

use super::{Catalogue, Field};

/// One row: from `since` on, what was written to `from` (where `when` is named: only that code) is a write to `to`, of
/// `value` where that is named.
///
/// A renamed field is one row; fields that became one are a row each with the same `to`; a field that was split has a
/// row for each code, and one without `when` for all others, where there is such a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translation {
    pub since: u32,
    pub from: &'static str,
    pub when: Option<&'static str>,
    pub to: &'static str,
    pub value: Option<&'static str>,
}

/// Where a write goes today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    pub key: String,
    /// Another value than was written.
    pub value: Option<&'static str>,
}

impl Catalogue {
    /// Follows a write of catalogue `version` through every version since. `None` where it stays what it is.
    ///
    /// ```
    /// use domain::catalogue::{Catalogue, Translation};
    /// let mut catalogue = Catalogue::built_in();
    /// catalogue.version = 3;
    /// catalogue.translations = vec![
    ///     Translation { since: 2, from: "phone", when: None, to: "mobile", value: None },
    ///     Translation { since: 3, from: "mobile", when: None, to: "contact", value: None },
    /// ];
    /// assert_eq!(catalogue.follow("phone", 1, None).unwrap().key, "contact");
    /// assert_eq!(catalogue.follow("mobile", 2, None).unwrap().key, "contact");
    /// assert_eq!(catalogue.follow("phone", 3, None), None);
    /// ```
    pub fn follow(&self, key: &str, version: u32, said: Option<&str>) -> Option<Followed> {
        let mut rows: Vec<&Translation> = self.translations.iter().collect();
        // Of one version the row that names a code comes before the one for all others.
        rows.sort_by_key(|row| (row.since, row.when.is_none()));
        rows.retain(|row| version < row.since && row.since <= self.version);
        let (mut at, mut said, mut done) = (key, said, 0);
        let mut value = None;
        for row in rows {
            let meant = row.when.is_none() || row.when == said;
            if row.since > done && row.from == at && meant {
                (at, done) = (row.to, row.since);
                value = row.value.or(value);
                said = row.value.or(said);
            }
        }
        (done > 0).then(|| Followed {
            key: at.to_owned(),
            value,
        })
    }
}

impl Field {
    /// Whether this catalogue version has the field no longer.
    pub fn ended(&self, version: u32) -> bool {
        self.until.is_some_and(|until| until <= version)
    }
}
