//! Every list file in `tests/fixtures` is read as its `expected.json` says. A file without an entry is refused.
#![allow(clippy::unwrap_used)]

use api::cli::import::report;
use api::lists::{self, ListKind};
use serde_json::Value as Json;
use std::fs;
use std::path::PathBuf;

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn fixtures(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/fixtures")
        .join(folder)
}

fn objects(of: &Json) -> impl Iterator<Item = (&String, &Json)> {
    of.as_object().into_iter().flatten()
}

fn items(of: &Json) -> &[Json] {
    of.as_array().map_or(&[], Vec::as_slice)
}

/// What differs between a reading's report and what is expected.
fn differences(got: &Json, expected: &Json) -> Vec<String> {
    let mut wrong = Vec::new();
    if got["rows"] != expected["rows"] {
        wrong.push(format!("rows {} instead of {}", got["rows"], expected["rows"]));
    }
    if expected["list"] != "grids" {
        let persons = match &expected["persons"] {
            Json::Null => &expected["rows"],
            persons => persons,
        };
        if got["persons"] != *persons {
            wrong.push(format!("persons {} instead of {persons}", got["persons"]));
        }
    }
    for fault in items(&expected["reported"]) {
        let found = items(&got["reported"]).iter().any(|r| {
            r["row"] == fault["row"]
                && r["why"] == fault["why"]
                && (fault["sheet"].is_null() || r["sheet"] == fault["sheet"])
        });
        if !found {
            wrong.push(format!("not reported: {fault}"));
        }
    }
    if !expected["sheets"].is_null() && got["sheets"] != expected["sheets"] {
        wrong.push(format!("sheets {}", got["sheets"]));
    }
    for (key, header) in objects(&expected["columns"]).chain(objects(&expected["grid_columns"])) {
        let mut good = vec![squeezed(header.as_str().unwrap())];
        let also = items(&expected["columns_also"][key]);
        good.extend(also.iter().filter_map(Json::as_str).map(squeezed));
        let header = got["columns"][key].as_str().map(squeezed);
        if !header.as_ref().is_some_and(|h| good.contains(h)) {
            wrong.push(format!("column {key}: {header:?} instead of {good:?}"));
        }
    }
    for part in ["people", "values"] {
        for (n, person) in items(&expected[part]).iter().enumerate() {
            for (key, value) in objects(person) {
                if got["sample"][n][key] != *value {
                    wrong.push(format!(
                        "{part} {n} {key}: {} instead of {value}",
                        got["sample"][n][key]
                    ));
                }
            }
        }
    }
    wrong
}

/// Rows that a reading reports and nobody expects.
fn too_many(got: &Json, expected: &Json) -> Vec<String> {
    let expected = items(&expected["reported"]);
    let wanted = |fault: &Json| {
        expected.iter().any(|r| {
            let sheet = r["sheet"].is_null() || r["sheet"] == fault["sheet"];
            r["row"] == fault["row"] && r["why"] == fault["why"] && sheet
        })
    };
    let beside = items(&got["reported"]).iter().filter(|fault| !wanted(fault));
    beside.map(|fault| format!("reported beside: {fault}")).collect()
}

/// Compares every file of a folder with what is expected; `whole` where all that is reported is expected by name.
fn check(folder: &str, whole: bool) {
    let folder = fixtures(folder);
    let expected: Json = serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap();
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "expected.json")
        .collect();
    names.sort();
    assert!(!names.is_empty());
    for name in names {
        let bytes = fs::read(folder.join(&name)).unwrap();
        let Some(expected) = expected.get(&name) else {
            for kind in ListKind::ALL {
                let refusal = lists::read(kind, &name, &bytes).unwrap_err();
                assert!(!refusal.message.is_ascii(), "{name}");
            }
            continue;
        };
        let kind = ListKind::parse(expected["list"].as_str().unwrap()).unwrap();
        let report = report(kind, &name, &bytes.as_slice()).unwrap_or_else(|r| panic!("{name}: {r:?}"));
        let mut wrong = differences(&report, expected);
        if whole {
            wrong.extend(too_many(&report, expected));
        }
        assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
    }
}

#[test]
fn lists_of_the_county() {
    check("lists", false);
}

#[test]
fn header_shapes_that_are_in_use() {
    check("headers", true);
}

#[test]
fn files_of_the_stories() {
    check("stories", false);
}
