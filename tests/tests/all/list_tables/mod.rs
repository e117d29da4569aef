//! Lists of our own invention, each in every form that a list comes in.
//!
//! `fixtures/tables` holds them as text, a file for each thing that lists do. A case is a line `== kind: keys` (behind
//! it perhaps ` in FORMS` or ` named FILE`), the cells between `|`, one row a line, and `=> ` with what must be
//! read: rows and persons, then the values of each row, its members behind `+`, its faults behind `!`, questions at the
//! end. `[name]` begins a sheet, `\n` is a line break, `@01` to `@99` are valid numbers of people who do not exist.
//! `HESHAN_SHOW_TABLES` prints what is read beside comparing it.
//!
//! Which test shows what a list may do:
//!
//! | lists … | shown by |
//! |---|---|
//! | have every header that is known from counties | `catalogue.txt` |
//! | have shared strings, rich text, a false dimension, are HTML or XML Spreadsheet 2003 called .xls | every case here (`forms`), `list_files` |
//! | have a sheet for each village, town, category, month, with other headers; sheets that are no data | `sheets.txt`, `list_files` |
//! | have titles and units of any depth, hints, column numbers, groups over groups, headers per page, broken words | `headers.txt`, `between.txt` |
//! | have several numbers, names, addresses, dates, amounts; no number but the certificate's | `columns.txt`, `list_shapes::columns_that_look_alike` |
//! | have a household in one row or over many | `households.txt`, `list_shapes`, `lists::household` (each is enrolled) |
//! | name town, village and group in columns, in one path, or around the rows only | `places.txt`, `list_shapes::places_around_the_rows` |
//! | have codes, labels, legends, ticks, units, ages, months, several phones | `values.txt`, `list_shapes::values_of_every_style` |
//! | have subtotals, printed serials, signatures, legends below | `between.txt`, `list_shapes::what_stands_between_and_below` |
//! | are corrected once and remembered; ask what cannot be known | `list_mapping`, `columns.txt` |
//! | are long, broken, cut off | `list_arriving`, `list_hostile`, `hostile::lists` |
#![allow(clippy::unwrap_used)]

mod forms;

use api::lists::{self, ListKind, Member, Reading, Row};
use forms::Sheet;
use std::fs;
use std::path::Path;

struct Case {
    /// File and line.
    place: String,
    kind: ListKind,
    keys: Vec<String>,
    /// All where none is named.
    forms: Vec<String>,
    file_name: String,
    sheets: Vec<Sheet>,
    expected: String,
}

/// A valid number of somebody who does not exist: odd ones are men.
fn number(n: u32) -> String {
    let front = format!(
        "440784{}{:02}{:02}{:03}",
        1935 + n % 60,
        1 + n % 12,
        10 + n % 18,
        100 + n
    );
    let digits: Vec<u32> = front.bytes().map(|b| u32::from(b - b'0')).collect();
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.iter().zip(weights).map(|(d, w)| d * w).sum();
    let check = b"10X98765432"[(sum % 11) as usize] as char;
    format!("{front}{check}")
}

fn with_numbers(text: &str) -> String {
    let mut text = text.replace("\\n", "\n");
    for n in 1..=99 {
        text = text.replace(&format!("@{n:02}"), &number(n));
    }
    text
}

fn without_numbers(mut text: String) -> String {
    for n in 1..=99 {
        text = text.replace(&number(n), &format!("@{n:02}"));
    }
    text
}

fn cases(path: &Path) -> Vec<Case> {
    let text = fs::read_to_string(path).unwrap();
    let file = path.file_name().unwrap().to_string_lossy();
    let mut cases: Vec<Case> = Vec::new();
    for (line, at) in text.lines().zip(1..) {
        if let Some(head) = line.strip_prefix("== ") {
            let (kind, rest) = head.split_once(':').unwrap();
            let (rest, file_name) = rest.split_once(" named ").unwrap_or((rest, "名单"));
            let (keys, forms) = rest.split_once(" in ").unwrap_or((rest, ""));
            cases.push(Case {
                place: format!("{file}:{at}"),
                kind: ListKind::parse(kind).unwrap(),
                keys: keys.split_whitespace().map(str::to_owned).collect(),
                forms: forms.split_whitespace().map(str::to_owned).collect(),
                file_name: file_name.to_owned(),
                sheets: Vec::new(),
                expected: String::new(),
            });
            continue;
        }
        let Some(case) = cases.last_mut().filter(|c| c.expected.is_empty()) else {
            continue;
        };
        if let Some(expected) = line.strip_prefix("=> ") {
            case.expected = expected.to_owned();
        } else if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            case.sheets.push(Sheet {
                name: name.to_owned(),
                rows: Vec::new(),
            });
        } else {
            if case.sheets.is_empty() {
                case.sheets.push(Sheet {
                    name: String::new(),
                    rows: Vec::new(),
                });
            }
            let cells = line.split('|').map(with_numbers).collect();
            case.sheets.last_mut().unwrap().rows.push(cells);
        }
    }
    cases
}

fn shown(case: &Case, reading: &Reading) -> String {
    let rows: Vec<String> = reading
        .rows
        .iter()
        .map(|row| row_shown(case, row, reading.outline.sheets.len() > 1))
        .collect();
    let mut codes: Vec<&str> = reading
        .outline
        .sheets
        .iter()
        .flat_map(|s| &s.tables)
        .flat_map(|t| &t.questions)
        .map(|q| q.code)
        .collect();
    codes.dedup();
    let asked: String = codes.iter().map(|code| format!(" ?{code}")).collect();
    without_numbers(format!(
        "{}/{} {}{asked}",
        reading.rows.len(),
        reading.outline.persons,
        rows.join(" ")
    ))
}

fn row_shown(case: &Case, row: &Row, sheets: bool) -> String {
    let values: Vec<&str> = case
        .keys
        .iter()
        .map(|key| row.values.get(key.as_str()).map_or("-", String::as_str))
        .collect();
    let mut text = match sheets {
        true => format!("{}.{}:{}", row.sheet + 1, row.number, values.join(",")),
        false => format!("{}:{}", row.number, values.join(",")),
    };
    let get = |m: &Member, key| m.values.get(key).cloned().unwrap_or_default();
    for member in &row.members {
        text.push_str(&format!(
            "+{}{}{}",
            get(member, "name"),
            get(member, "relation"),
            get(member, "id_number")
        ));
    }
    for fault in &row.faults {
        text.push_str(&format!("!{}", fault.why.code()));
    }
    text
}

/// What differs, case by case.
fn wrong(path: &Path) -> Vec<String> {
    let show = std::env::var("HESHAN_SHOW_TABLES").is_ok();
    let mut wrong = Vec::new();
    for case in cases(path) {
        let mut told: Vec<String> = Vec::new();
        for (form, bytes) in forms::all(&case.sheets) {
            if !case.forms.is_empty() && !case.forms.iter().any(|f| f == form) {
                continue;
            }
            let got = match lists::read(case.kind, &case.file_name, &bytes) {
                Ok(reading) => shown(&case, &reading),
                Err(refusal) => refusal.code.name().to_owned(),
            };
            if show && !told.contains(&got) {
                println!("{} {form}\n=> {got}", case.place);
                told.push(got.clone());
            }
            if got != case.expected {
                wrong.push(format!(
                    "{} as {form}:\n   {got}\n   instead of\n   {}",
                    case.place, case.expected
                ));
            }
        }
    }
    wrong
}

#[test]
fn our_own_tables_are_read_in_every_form() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tables");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    let wrong: Vec<String> = files.iter().flat_map(|file| wrong(file)).collect();
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}
