//! The built-in catalogue with what only later versions will have: later notes and sets, withdrawn codes.

use domain::catalogue::{Catalogue, Code, Field};

const fn code(code: &'static str, until: Option<u32>, successor: Option<&'static str>) -> Code {
    Code {
        code,
        since: 1,
        until,
        successor,
    }
}

/// What catalogue 8 makes of living arrangements: one code is replaced, one is dropped.
const LIVING: &[Code] = &[
    code("独居", None, None),
    code("空巢", Some(8), Some("仅与配偶同住")),
    code("与子女同住", None, None),
    code("寄养", Some(8), None),
    Code {
        since: 8,
        ..code("仅与配偶同住", None, None)
    },
];

/// Catalogue `version`: the built-in rows, `night_visits` (note) and `tools` (set) since 4, codes withdrawn in 8.
pub fn at(version: u32) -> Catalogue {
    let mut catalogue = Catalogue::built_in();
    let row = |key: &str| catalogue.fields.iter().find(|f| f.key == key).unwrap().clone();
    let later = |key, like: &str, order| Field {
        key,
        order,
        since: 4,
        ..row(like)
    };
    let added = [
        later("night_visits", "remarks", 9_001),
        later("tools", "needs", 9_002),
    ];
    catalogue.fields.extend(added);
    let living = catalogue
        .fields
        .iter_mut()
        .find(|f| f.key == "living_arrangement");
    living.unwrap().codes = LIVING;
    catalogue.version = version;
    catalogue
}
