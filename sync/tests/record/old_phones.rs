//! Edits of older catalogues: a field renamed, one split by its codes, two that became one, a code that changed.

use crate::desk::{Desk, edit, phone};
use domain::EditId;
use domain::catalogue::{Catalogue, Code, Field, Translation};
use serde_json::{Value as Json, json};
use sync::{Outcome, State};

const fn code(code: &'static str, since: u32, until: Option<u32>, successor: Option<&'static str>) -> Code {
    Code {
        code,
        since,
        until,
        successor,
    }
}

const STAYS: &[Code] = &[
    code("独居", 1, None, None),
    code("与子女同住", 1, None, None),
    code("空巢", 1, Some(2), Some("独居")),
];
const HOMES: &[Code] = &[
    code("公办", 3, None, None),
    code("民办", 3, None, None),
    code("未分", 3, None, None),
];
const LIVING: &[Code] = &[
    code("独居", 1, None, None),
    code("空巢", 1, Some(2), Some("独居")),
    code("与子女同住", 1, None, None),
    code("养老机构", 1, None, None),
    code("住院", 1, None, None),
];

/// Invented. Version 2: `phone` is called `mobile`, the code 空巢 is called 独居. Version 3: `living_arrangement` was
/// split into `stays_with` and `home_kind`, 住院 has become nothing; `guardian_phone` and `mobile` are one `contact`.
pub fn at(version: u32) -> Catalogue {
    let mut catalogue = Catalogue::built_in();
    let row = |key: &str| catalogue.fields.iter().find(|f| f.key == key).unwrap().clone();
    let (phone, living) = (row("phone"), row("living_arrangement"));
    let later = |key, order, since, like: &Field, codes, formerly| Field {
        key,
        order,
        since,
        codes,
        formerly,
        ..like.clone()
    };
    let added = [
        Field {
            until: Some(3),
            ..later("mobile", 9_001, 2, &phone, &[], &["phone"])
        },
        later("contact", 9_002, 3, &phone, &[], &["mobile", "phone"]),
        later("stays_with", 9_003, 3, &living, STAYS, &["living_arrangement"]),
        later("home_kind", 9_004, 3, &living, HOMES, &[]),
    ];
    for field in &mut catalogue.fields {
        match field.key {
            "phone" => field.until = Some(2),
            "living_arrangement" => (field.until, field.codes) = (Some(3), LIVING),
            _ => {}
        }
    }
    catalogue.fields.extend(added);
    let to = |since, from, when, to, value| Translation {
        since,
        from,
        when,
        to,
        value,
    };
    catalogue.translations = vec![
        to(2, "phone", None, "mobile", None),
        to(3, "mobile", None, "contact", None),
        to(3, "living_arrangement", Some("独居"), "stays_with", None),
        to(3, "living_arrangement", Some("空巢"), "stays_with", None),
        to(3, "living_arrangement", Some("与子女同住"), "stays_with", None),
        to(
            3,
            "living_arrangement",
            Some("养老机构"),
            "home_kind",
            Some("未分"),
        ),
    ];
    catalogue.version = version;
    catalogue
}

/// A record that a phone wrote under version 1, seen under `version`.
fn desk(version: u32) -> Desk {
    let mut desk = Desk::new(at(1), State::Present);
    let first = json!({ "fields": {
        "phone": { "was": null, "now": "13900078411" }, "living_arrangement": { "was": null, "now": "空巢" },
    } });
    assert_eq!(desk.says(&phone(1), None, &first).outcome, Outcome::Merged);
    desk.catalogue = at(version);
    desk
}

/// What an edit of catalogue `made` with this field comes to, sent by another phone at the present version.
fn says(desk: &mut Desk, n: u8, made: u32, key: &str, was: Json, now: Json) -> sync::Taken {
    let version = desk.version();
    let parts = json!({ "fields": { key: { "was": was, "now": now } } });
    desk.take(
        &edit(
            EditId::from_bytes([0x30 + n; 16]),
            i64::from(n),
            made,
            Some(&version),
            &parts,
        ),
        &phone(2),
    )
}

#[test]
fn what_was_written_before_is_shown_under_todays_keys() {
    let now = |version| desk(version).fields();
    assert_eq!(now(1)["phone"], "13900078411");
    assert_eq!(
        (&now(2)["mobile"], now(2).get("phone")),
        (&json!("13900078411"), None)
    );
    let three = now(3);
    assert_eq!(
        (&three["contact"], three.get("mobile")),
        (&json!("13900078411"), None)
    );
    assert!(three.get("living_arrangement").is_none(), "{three}");
}

#[test]
fn two_versions_back_are_translated() {
    let mut desk = desk(3);
    // Renamed twice; the receipt names what was sent.
    let taken = says(
        &mut desk,
        1,
        1,
        "phone",
        json!("13900078411"),
        json!("13900078412"),
    );
    assert_eq!(
        (taken.outcome, taken.fields.contains_key("phone")),
        (Outcome::Merged, true)
    );
    assert_eq!(
        says(
            &mut desk,
            2,
            2,
            "mobile",
            json!("13900078412"),
            json!("13900078413")
        )
        .outcome,
        Outcome::Merged
    );
    assert_eq!(desk.fields()["contact"], "13900078413");
    // Split by what was chosen; one code was changed on the way.
    assert_eq!(
        says(&mut desk, 3, 1, "living_arrangement", Json::Null, json!("空巢")).outcome,
        Outcome::Merged
    );
    assert_eq!(desk.fields()["stays_with"], "独居");
    let taken = says(
        &mut desk,
        4,
        2,
        "living_arrangement",
        json!("独居"),
        json!("养老机构"),
    );
    assert_eq!(taken.outcome, Outcome::Merged);
    assert_eq!(
        (&desk.fields()["stays_with"], &desk.fields()["home_kind"]),
        (&json!("独居"), &json!("未分"))
    );
    // What became of nothing waits for a person, with what was typed.
    let taken = says(&mut desk, 5, 1, "living_arrangement", Json::Null, json!("住院"));
    assert_eq!(taken.outcome, Outcome::Held);
    let open = desk.open();
    let line = open
        .iter()
        .find(|line| line.starts_with("held living_arrangement"))
        .unwrap();
    assert!(
        line.contains("住院") && line.contains("withdrawn_field"),
        "{line}"
    );
    // A field of tomorrow is unknown.
    let taken = says(&mut desk, 6, 2, "contact", Json::Null, json!("13900078414"));
    assert_eq!(taken.outcome, Outcome::Held);
    assert!(desk.open().iter().any(|line| line.contains("unknown_field")));
}

#[test]
fn old_and_new_phones_meet_in_one_field() {
    let mut desk = desk(2);
    let version = desk.version();
    let say = |n: u8, made, key: &str, now: &str| {
        let parts = json!({ "fields": { key: { "was": "13900078411", "now": now } } });
        edit(
            EditId::from_bytes([0x50 + n; 16]),
            1,
            made,
            Some(&version),
            &parts,
        )
    };
    assert_eq!(
        desk.take(&say(1, 1, "phone", "13900078412"), &phone(2)).outcome,
        Outcome::Merged
    );
    assert_eq!(
        desk.take(&say(2, 2, "mobile", "13900078413"), &phone(3)).outcome,
        Outcome::Conflict
    );
    let conflict = desk.projection().open["conflicts"]["mobile"].clone();
    assert_eq!(conflict.as_array().unwrap().len(), 2);
    // A confirmation of the old key is one of the value.
    let version = desk.version();
    let seen = edit(
        EditId::from_bytes([0x60; 16]),
        2,
        1,
        Some(&version),
        &json!({ "confirm": ["phone"] }),
    );
    assert_eq!(desk.take(&seen, &phone(4)).outcome, Outcome::Merged);
    assert!(desk.projection().open["confirmed"].get("mobile").is_some());
}

#[test]
fn three_versions_back_are_held() {
    let mut catalogue = at(3);
    catalogue.version = 4;
    let mut desk = desk(3);
    desk.catalogue = catalogue;
    let taken = says(
        &mut desk,
        1,
        1,
        "phone",
        json!("13900078411"),
        json!("13900078412"),
    );
    assert_eq!(
        (taken.outcome, taken.problem.unwrap().code.as_str()),
        (Outcome::Held, "catalogue_too_old")
    );
    assert_eq!(desk.fields()["contact"], "13900078411");
}
