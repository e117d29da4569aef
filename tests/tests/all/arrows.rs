//! One direction of flow: http, jobs → app → { sync, matching, lists, store } → entity, domain. None points back.

use std::collections::BTreeSet;
use tests::source::{code, named_after};
use tests::workspace;

/// Which of our crates a crate may use.
const CRATES: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("sync", &["domain"]),
    ("matching", &["domain"]),
    ("entity", &[]),
    // Entities change, history must not.
    ("migration", &[]),
    ("api", &["domain", "sync", "matching", "entity", "migration"]),
    (
        "tests",
        &["domain", "sync", "matching", "entity", "migration", "api"],
    ),
    (
        "bench",
        &[
            "domain",
            "sync",
            "matching",
            "entity",
            "migration",
            "api",
            "tests",
        ],
    ),
];

/// All that the crates without I/O may use from outside.
const PURE: &[(&str, &[&str])] = &[
    (
        "domain",
        &[
            "fast2s",
            "jiff",
            "pinyin",
            "serde",
            "serde_json",
            "thiserror",
            "unicode-normalization",
            "uuid",
        ],
    ),
    (
        "sync",
        &[
            "automerge",
            "base64",
            // Unpacks bytes that are there, within bounds.
            "flate2",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
            "unicode-normalization",
        ],
    ),
    ("matching", &["pinyin", "serde", "serde_json", "thiserror"]),
];

/// What no pure crate's code may name: the outside world, the clock, chance.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::io::stdin",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "new_v4",
    "now_v7",
    "println!",
    "eprintln!",
];

/// The rooms of the program by height: a room may name itself and what lies lower, skipping is allowed.
const ROOMS: &[(&str, u8)] = &[
    ("http", 3),
    ("jobs", 3),
    ("app", 2),
    ("lists", 1),
    ("store", 1),
    // Known to all of them.
    ("actor", 0),
    ("seal", 0),
];

/// Crates whose types must stay out of a room.
const KEPT_OUT: &[(&str, &[&str])] = &[
    ("http", &["sea_orm", "entity", "migration"]),
    ("app", &["poem", "poem_openapi"]),
    ("store", &["poem", "poem_openapi"]),
    ("lists", &["poem", "poem_openapi", "sea_orm", "entity", "tokio"]),
    ("seal", &["poem", "poem_openapi", "sea_orm", "entity"]),
];

/// What stands above the rooms: the program's entry, its command line, its configuration.
fn height(room: &str) -> u8 {
    ROOMS
        .iter()
        .find(|(name, _)| *name == room)
        .map_or(u8::MAX, |(_, height)| *height)
}

/// Every crate of the workspace with the crates that it uses outside its own tests.
fn dependencies() -> Vec<(String, BTreeSet<String>)> {
    let metadata = workspace::metadata();
    let members = metadata["workspace_members"].as_array().unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| members.contains(&package["id"]))
        .map(|package| {
            let used = package["dependencies"].as_array().unwrap().iter();
            let used = used
                .filter(|used| used["kind"] != "dev")
                .map(|used| text(&used["name"]));
            (text(&package["name"]), used.collect())
        })
        .collect()
}

#[test]
fn crates_use_only_what_lies_below() {
    let dependencies = dependencies();
    let ours: BTreeSet<&str> = dependencies.iter().map(|(name, _)| name.as_str()).collect();
    let mut wrong = Vec::new();
    for (name, used) in &dependencies {
        let Some((_, allowed)) = CRATES.iter().find(|(row, _)| row == name) else {
            wrong.push(format!("{name} has no row in CRATES"));
            continue;
        };
        let back = used
            .iter()
            .filter(|used| ours.contains(used.as_str()) && !allowed.contains(&used.as_str()));
        wrong.extend(back.map(|used| format!("{name} uses {used}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_crates_do_no_io() {
    let dependencies = dependencies();
    let mut wrong = Vec::new();
    for (name, allowed) in PURE {
        let (_, used) = dependencies
            .iter()
            .find(|(row, _)| row == name)
            .expect("a pure crate is a member");
        let outside = used
            .iter()
            .filter(|used| *used != "domain" && !allowed.contains(&used.as_str()));
        wrong.extend(outside.map(|used| format!("{name} uses {used}")));
        for file in workspace::files(&format!("{name}/src"), "rs") {
            let code = code(&workspace::read(&file));
            let code = code.split("#[cfg(test)]").next().unwrap_or_default();
            let named = IMPURE.iter().filter(|impure| code.contains(**impure));
            wrong.extend(named.map(|impure| format!("{file} names {impure}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rooms_of_the_program_name_only_what_lies_below() {
    let mut wrong = Vec::new();
    for file in workspace::files("api/src", "rs") {
        let room = room_of(&file);
        let code = code(&workspace::read(&file));
        let named = named_after("crate", &code)
            .into_iter()
            .chain(named_after("super", &code));
        let back = named.filter(|named| {
            ROOMS.iter().any(|(name, _)| name == named) && *named != room && height(named) >= height(&room)
        });
        wrong.extend(back.map(|named| format!("{file} names {named}")));
        let kept_out = KEPT_OUT
            .iter()
            .filter(|(name, _)| *name == room)
            .flat_map(|(_, crates)| *crates);
        let named = kept_out.filter(|kept_out| !named_after(kept_out, &code).is_empty());
        wrong.extend(named.map(|kept_out| format!("{file} names {kept_out}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `api/src/app/sync/take_in.rs` lies in `app`; `api/src/main.rs` lies above the rooms.
fn room_of(file: &str) -> String {
    let below = file.strip_prefix("api/src/").unwrap();
    below
        .split('/')
        .next()
        .unwrap()
        .trim_end_matches(".rs")
        .to_owned()
}

#[test]
fn names_are_read_from_source() {
    fn check(source: &str, expected: &[&str]) {
        assert_eq!(named_after("crate", &code(source)), expected, "{source}");
    }
    check("use crate::app::sync;", &["app"]);
    check(
        "use crate::{app, store::{db::Db, feeds}, seal};",
        &["app", "store", "seal"],
    );
    check("use crate::{\n    http::x,\n    app,\n};", &["http", "app"]);
    check("let x = crate::store::db::open();", &["store"]);
    check("// use crate::http;", &[]);
    check("pub(crate) use mycrate::x;", &[]);
}
