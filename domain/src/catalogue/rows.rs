//! The built-in catalogue: version 1 of every row, and the limits that phones must know.

use super::{Catalogue, Field, Mask, Merge, Role, Sensitivity, Type};
use super::{enrolments, person};

pub(super) const CADRE: &[Role] = &[Role::Cadre];
const VISITORS: &[Role] = &[Role::Worker, Role::Cadre];

/// A row with the defaults that most rows share.
pub(super) const fn field(key: &'static str, label: &'static str, kind: Type, order: u16) -> Field {
    Field {
        key,
        label,
        category: None,
        kind,
        merge: Merge::Register,
        writers: VISITORS,
        deciders: &[],
        owner: None,
        sensitivity: Sensitivity::Personal,
        mask: Mask::None,
        required: false,
        limit: match kind {
            Type::Text | Type::Place => 200,
            Type::Integer => 1_000_000,
            // Fen: ten million yuan.
            Type::Amount => 1_000_000_000,
            _ => 0,
        },
        may_be_emptied: false,
        codes: &[],
        order,
        since: 1,
        until: None,
        formerly: &[],
    }
}

/// A register that workers and cadres write at once.
pub(super) const fn in_village(row: Field) -> Field {
    Field {
        deciders: VISITORS,
        ..row
    }
}

impl Catalogue {
    /// The catalogue of this program.
    pub fn built_in() -> Catalogue {
        let fields = person::ROWS.iter().chain(enrolments::ROWS).cloned().collect();
        Catalogue {
            version: 1,
            fields,
            categories: enrolments::CATEGORIES.to_vec(),
            translations: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sound() {
        let catalogue = Catalogue::built_in();
        for (n, row) in catalogue.fields.iter().enumerate() {
            assert!(
                catalogue.fields[..n].iter().all(|r| r.key != row.key),
                "{} twice",
                row.key
            );
            assert!(
                catalogue.fields[..n].iter().all(|r| r.order != row.order),
                "{} shares its place",
                row.key
            );
            let named = row.key.split_once('.').map(|(category, _)| category);
            assert_eq!(named, row.category, "{}", row.key);
            assert!(
                row.category
                    .is_none_or(|c| catalogue.categories.iter().any(|k| k.key == c))
            );
            assert_eq!(row.kind == Type::Set, row.merge == Merge::Set);
            assert_eq!(row.kind == Type::Note, row.merge == Merge::Note);
            assert_eq!(
                row.kind == Type::Code,
                !row.codes.is_empty() && row.kind != Type::Set,
                "{}",
                row.key
            );
            assert!(!matches!(row.kind, Type::Text | Type::Note | Type::Set | Type::Place) || row.limit > 0);
        }
    }
}
