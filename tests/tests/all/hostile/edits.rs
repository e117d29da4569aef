//! Edits that no phone should make: each stands alone, none breaks the request, none is lost.

use super::bench::{Bench, MADE_AT};
use domain::catalogue::{Catalogue, Type};
use serde_json::{Map, Value, json};
use tests::database::Database;

tests::on_both!(
    edits_that_are_none,
    parts_that_make_no_sense,
    values_of_every_type,
    one_bad_edit_among_two_hundred,
    two_hundred_edits_that_confirm_everything,
);

/// Sends one edit, which gets this outcome, is kept, is known when it comes again, and hinders nothing after it.
async fn check(bench: &mut Bench, what: &str, raw: String, expected: &str) {
    let edits = std::slice::from_ref(&raw);
    let answer = bench.sync(what, edits, 1).await;
    let receipt = &answer["receipts"][0];
    let told = bench.told(receipt).await;
    assert_eq!(told, expected, "{what}: {receipt}");
    let message = receipt["problem"]["message"].as_str();
    assert!(
        message.is_none_or(|m| m.chars().any(|c| c > '\u{4E00}')),
        "{what}: {receipt}"
    );
    bench.kept(what, &raw, receipt).await;
    let again = bench.sync(what, edits, 0).await;
    assert_eq!(
        bench.told(&again["receipts"][0]).await,
        format!("{told} again"),
        "{what}"
    );
    bench.goes_on(what, 0).await;
}

/// An edit in which one text stands for another.
fn instead(bench: &Bench, from: &str, to: &str) -> String {
    let usual = r#"{"id":"ID","seq":SEQ,"made_at":"2026-11-25T01:00:00.000Z","resident":"MINE","catalogue":1,"fields":{"phone_other":{"was":null,"now":"13900078499"}}}"#;
    assert!(usual.contains(from), "{from}");
    bench.filled(&usual.replacen(from, to, 1))
}

/// What, the text of a good edit that gives way, what stands there instead, and what is told of it.
const NO_EDITS: &str = r##"
an id that is none | "id":"ID" | "id":"17" | held malformed
an id that is a number | "id":"ID" | "id":17 | held malformed
an id in capitals | "id":"ID" | "id":"01930000-0000-7000-8000-00000000000A" | held malformed
an id in braces | "id":"ID" | "id":"{ID}" | held malformed
no id | "id":"ID", | | held malformed
no number | "seq":SEQ, | | held malformed
number nought | SEQ | 0 | held bad_seq
a number below nought | SEQ | -7 | held bad_seq
a number as text | SEQ | "7" | held malformed
half a number | SEQ | 7.5 | held malformed
a number beyond all numbers | SEQ | 18446744073709551615 | held malformed
a number beyond all floats | SEQ | 1e999 | held not_json
a number of a thousand digits | SEQ | NINES | held not_json
the greatest number | SEQ | 9223372036854775807 | merged
no time | "made_at":"2026-11-25T01:00:00.000Z", | | held malformed
a time without zone | 01:00:00.000Z | 01:00:00.000 | held malformed
the 31st of November | 11-25 | 11-31 | held malformed
a time in 1970 | 2026-11-25 | 1970-01-01 | merged
a time before Christ | 2026-11-25 | -000400-11-25 | held malformed
a time in the year 9999 | 2026-11-25 | 9999-11-25 | merged
a leap second | 01:00:00.000Z | 23:59:60Z | merged
a resident that is no id | MINE | 梁少芳 | held malformed
no resident | "resident":"MINE", | | held malformed
the nil resident | MINE | 00000000-0000-0000-0000-000000000000 | held not_in_scope
catalogue nought | "catalogue":1 | "catalogue":0 | held catalogue_too_old
a catalogue to come | "catalogue":1 | "catalogue":9 | held catalogue_unknown
a catalogue below nought | "catalogue":1 | "catalogue":-1 | held malformed
a catalogue beyond | "catalogue":1 | "catalogue":99999999999 | held malformed
a member that nobody knows | "catalogue":1 | "catalogue":1,"surprise":1 | held malformed
a member twice | "catalogue":1 | "catalogue":1,"catalogue":1 | held duplicate_member
a field twice | "fields":{ | "fields":{"phone_other":{"was":null,"now":"13900078498"}, | held duplicate_member
a value twice | "was":null | "was":null,"now":"13900078497" | held duplicate_member
half a character in a value | 13900078499 | \ud800 | held not_json
half a character in a key | phone_other | \udc00 | held not_json
NUL in a key | phone_other | phone\u0000 | held fields_held unknown_field
fields as a list | {"phone_other":{"was":null,"now":"13900078499"}} | [] | held malformed
fields that are null | {"phone_other":{"was":null,"now":"13900078499"}} | null | held malformed
no fields | {"phone_other":{"was":null,"now":"13900078499"}} | {} | held empty_edit
a field without was | "was":null, | | held malformed
a field with more | "was":null, | "was":null,"why":"", | held malformed
a field of both shapes | "was":null, | "was":null,"add":[], | held malformed
a field that is a text | {"was":null,"now":"13900078499"} | "13900078499" | held malformed
changes of a full client | "fields": | "changes":["AAAA"],"fields": | held malformed
a base that is no text | "fields": | "base":7,"fields": | held malformed
an after that is no id | "fields": | "after":"x","fields": | held malformed
"##;

async fn edits_that_are_none(database: Database) {
    let mut bench = Bench::start(database).await;
    for [what, from, to, expected] in rows(NO_EDITS) {
        let to = to.replace("NINES", &"9".repeat(1000));
        let raw = instead(&bench, from, &to);
        check(&mut bench, what, raw, expected).await;
    }
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    for (what, raw, expected) in [
        ("null", "null", "held malformed"),
        ("a number", "17", "held malformed"),
        ("a text", "\"edit\"", "held malformed"),
        ("an edit written as text", r#""{\"id\":7}""#, "held malformed"),
        ("true", "true", "held malformed"),
        ("a list", "[1,2]", "held malformed"),
        ("an empty object", "{}", "held malformed"),
        ("lists of 10,000 levels", &deep, "held not_json"),
        ("objects of 10,000 levels", &objects, "held not_json"),
    ] {
        check(&mut bench, what, raw.to_owned(), expected).await;
    }
}

/// What, the members of an edit beside its usual ones, and what is told of it. `«7»` are seven characters.
const PARTS: &str = r##"
a visit by horse | "visit":{"means":"horse","outcome":"met","at":"AT"} | held malformed
a visit without result | "visit":{"means":"home","at":"AT"} | held malformed
a visit of another result | "visit":{"means":"home","outcome":"Met","at":"AT"} | held malformed
a visit at no time | "visit":{"means":"home","outcome":"met","at":""} | held malformed
a visit with more | "visit":{"means":"home","outcome":"met","at":"AT","photo":"x"} | held malformed
a visit that is a list | "visit":[] | held malformed
a visit of the future | "visit":{"means":"home","outcome":"met","at":"9999-12-30T00:00:00Z"} | merged
a visit of the year 1 | "visit":{"means":"home","outcome":"met","at":"0001-01-01T00:00:00Z"} | merged
4,000 characters of a visit | "visit":{"means":"home","outcome":"met","at":"AT","text":"«4000»"} | merged
4,001 characters of a visit | "visit":{"means":"home","outcome":"met","at":"AT","text":"«4001»"} | held edit_too_large
NUL in a visit | "visit":{"means":"home","outcome":"met","at":"AT","text":"a\u0000b"} | merged
half a character in a visit | "visit":{"means":"home","outcome":"met","at":"AT","text":"\ud83d"} | held not_json
1,000 characters of a note | "fields":{"remarks":{"was":null,"now":"«1000»"}} | merged
1,001 characters of a note | "fields":{"remarks":{"was":null,"now":"«1001»"}} | held fields_held too_long
NUL in a note | "fields":{"remarks":{"was":null,"now":"a\u0000b"}} | conflict
an edit beyond 256 KiB | "fields":{"remarks":{"was":null,"now":"«90000»"}} | held edit_too_large
a report of another kind | "report":{"kind":"dead"} | held malformed
a report without kind | "report":{"text":"x"} | held malformed
a report of no day | "report":{"kind":"died","date":"2026-02-30"} | held malformed
a report with more | "report":{"kind":"died","by":"x"} | held malformed
a report of 4,001 characters | "report":{"kind":"died","text":"«4001»"} | held edit_too_large
an unknown field confirmed | "confirm":["nothing"] | held fields_held unknown_field
a field with NUL confirmed | "confirm":["phone\u0000"] | held fields_held unknown_field
two unknown ones confirmed | "confirm":["a","b","phone"] | held fields_held unknown_field
an unknown one written and confirmed | "fields":{"a":{"was":1,"now":2}},"confirm":["a","b"] | held fields_held unknown_field
a confirmation of a number | "confirm":[7] | held malformed
a confirmation twice | "confirm":["phone","phone"] | merged
an empty base | "base":"","confirm":["phone"] | merged
a base that is none | "base":"游标","confirm":["phone"] | merged
a base of another record | "base":"AAEAAAABAAAAAAAAAAA","confirm":["phone"] | merged
a base of other signs | "base":"!!!!!!!!!!!!!!!!!!!","confirm":["phone"] | merged
a base with NUL | "base":"\u0000","confirm":["phone"] | merged
a base without end | "base":"«60000»","confirm":["phone"] | merged
after an edit that never comes | "after":"NOBODY","confirm":["phone"] | held waits_for_earlier
after itself | "after":"ID","confirm":["phone"] | held waits_for_earlier
a create in no grid | "create":{} | held malformed
a create in a grid that is no id | "create":{"grid":"良围一格"} | held malformed
a create of who is there | "create":{"grid":"GRID"} | held already_there
"##;

/// The cells of a table, line by line.
fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    let lines = table.lines().filter(|line| !line.is_empty());
    lines.map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        cells.try_into().unwrap_or_else(|_| panic!("{line}"))
    })
}

fn lengthened(text: &str) -> String {
    let Some((before, rest)) = text.split_once('«') else {
        return text.to_owned();
    };
    let (length, after) = rest.split_once('»').unwrap();
    format!("{before}{}{after}", "长".repeat(length.parse().unwrap()))
}

async fn parts_that_make_no_sense(database: Database) {
    let mut bench = Bench::start(database).await;
    for [what, rest, expected] in rows(PARTS) {
        let rest = lengthened(&rest.replace("\"AT\"", &format!("\"{MADE_AT}\"")));
        let raw = bench.edit(&rest);
        check(&mut bench, what, raw, expected).await;
    }
}

/// Values that are wrong for a type, and the code of each.
fn wrong(kind: Type) -> Vec<(Value, &'static str)> {
    let text = |t: &str| json!(t);
    let no_text = [json!(7), json!(true), json!(["a"]), json!({ "a": 1 }), json!(1.5)];
    let typed: Vec<(Value, &str)> = no_text.into_iter().map(|v| (v, "wrong_type")).collect();
    let own: Vec<(Value, &str)> = match kind {
        Type::Text | Type::Place => vec![(json!("长".repeat(201)), "too_long")],
        Type::Note => vec![(json!("长".repeat(1_001)), "too_long")],
        Type::Integer | Type::Amount => vec![
            (json!(-1), "out_of_range"),
            (json!(i64::MAX), "out_of_range"),
            (json!(u64::MAX), "wrong_type"),
            (json!(1.5), "wrong_type"),
            (json!(1e300), "wrong_type"),
            (text("845"), "wrong_type"),
            (json!([]), "wrong_type"),
        ],
        Type::Date => [
            "2026-02-30",
            "2026/11/25",
            "昨天",
            "2026-11",
            "+002026-11-25",
            "2026-11-25T00:00:00Z",
        ]
        .map(|t| (text(t), "not_a_date"))
        .into(),
        Type::Month => ["2026-13", "2026-00", "2026-11-25", "十一月", "26-11"]
            .map(|t| (text(t), "not_a_month"))
            .into(),
        Type::Code => vec![
            (text("没有这一项"), "unknown_code"),
            (text("a\0b"), "unknown_code"),
        ],
        Type::Set => vec![],
        Type::Phone => ["139", "abc", "139000784411390007844113900078441", "无"]
            .map(|t| (text(t), "not_a_phone"))
            .into(),
        Type::IdNumber => [
            "440784195106184848",
            "4407841951061848",
            "无",
            "44078419510618484X9",
        ]
        .map(|t| (text(t), "not_an_id_number"))
        .into(),
    };
    match kind {
        Type::Integer | Type::Amount | Type::Set => own,
        _ => own.into_iter().chain(typed).collect(),
    }
}

async fn values_of_every_type(database: Database) {
    let mut bench = Bench::start(database).await;
    let catalogue = Catalogue::built_in();
    // Every field of the catalogue gets every value that is wrong for it, one round of values an edit.
    let most = catalogue
        .fields
        .iter()
        .map(|f| wrong(f.kind).len())
        .max()
        .unwrap();
    for round in 0..most {
        let mut fields = Map::new();
        let mut codes: Vec<&str> = Vec::new();
        for field in catalogue.fields.iter().filter(|f| f.kind != Type::Set) {
            let values = wrong(field.kind);
            let (value, code) = values[round % values.len()].clone();
            // Where a field is narrower than its type.
            fields.insert(field.key.into(), json!({ "was": null, "now": value }));
            codes.push(code);
        }
        codes.sort_unstable();
        codes.dedup();
        let raw = bench.edit(&format!(r#""fields":{}"#, Value::Object(fields)));
        check(
            &mut bench,
            &format!("round {round}"),
            raw,
            &format!("held fields_held {}", codes.join(" ")),
        )
        .await;
    }
    let sets: [(&str, Value, &str); 7] = [
        (
            "a value for a set",
            json!({ "was": null, "now": ["送餐"] }),
            "held fields_held wrong_type",
        ),
        (
            "a need that is none",
            json!({ "add": ["月亮"] }),
            "held fields_held unknown_code",
        ),
        (
            "a need that is empty",
            json!({ "add": [""] }),
            "held fields_held unknown_code",
        ),
        (
            "a need with NUL",
            json!({ "add": ["轮椅\0轮椅"] }),
            "held fields_held unknown_code",
        ),
        ("a need that is a number", json!({ "add": [7] }), "held malformed"),
        ("nothing added", json!({ "add": [], "remove": [] }), "merged"),
        (
            "what is not there, removed",
            json!({ "remove": ["月亮", "", "\0"] }),
            "merged",
        ),
    ];
    for (what, write, expected) in sets {
        let raw = bench.edit(&format!(r#""fields":{{"needs":{write}}}"#));
        check(&mut bench, what, raw, expected).await;
    }
    let raw = bench.edit(r#""fields":{"phone":{"add":["13900078499"]}}"#);
    check(
        &mut bench,
        "an element for a register",
        raw,
        "held fields_held wrong_type",
    )
    .await;
    let raw = bench.edit(
        r#""fields":{"":{"was":null,"now":1},"phone.":{"was":null,"now":1},"住址":{"was":null,"now":"x"}}"#,
    );
    check(
        &mut bench,
        "fields that are not there",
        raw,
        "held fields_held unknown_field",
    )
    .await;
    // The good field of an edit is written, whatever its neighbours are.
    let raw = bench
        .edit(r#""fields":{"phone_other":{"was":null,"now":"13900078499"},"sex":{"was":null,"now":"?"}}"#);
    let answer = bench.sync("beside", &[raw], 1).await;
    let receipt = &answer["receipts"][0];
    assert_eq!(bench.told(receipt).await, "held fields_held unknown_code");
    assert_eq!(receipt["fields"], json!({ "phone_other": "merged" }));
    assert!(answer["items"].to_string().contains("13900078499"));
}

async fn one_bad_edit_among_two_hundred(database: Database) {
    let mut bench = Bench::start(database).await;
    for (round, bad) in [r#"{"id":"\ud800"}"#, "null", r#"{"id":"ID","seq":1e999}"#]
        .into_iter()
        .enumerate()
    {
        let mut edits = Vec::new();
        let first = bench.next_seq();
        for n in 0..199 {
            let rest =
                format!(r#""visit":{{"means":"phone","outcome":"met","at":"{MADE_AT}","text":"第{n}次"}}"#);
            let edit = bench.edit(&rest);
            edits.push(edit.replacen(
                &format!(r#""seq":{first}"#),
                &format!(r#""seq":{}"#, first + n),
                1,
            ));
        }
        edits.insert(round * 99, bench.filled(bad));
        let answer = bench.sync(bad, &edits, 200).await;
        for (place, receipt) in answer["receipts"].as_array().unwrap().iter().enumerate() {
            let expected = if place == round * 99 { "held" } else { "merged" };
            assert_eq!(receipt["outcome"], expected, "{bad}: {place}: {receipt}");
            bench.kept(bad, &edits[place], receipt).await;
        }
        bench.goes_on(bad, 0).await;
    }
}

/// A worker who confirms every field on every visit of a month: more values than one statement may hold.
async fn two_hundred_edits_that_confirm_everything(database: Database) {
    let mut bench = Bench::start(database).await;
    let keys: Vec<&str> = Catalogue::built_in().fields.iter().map(|f| f.key).collect();
    let first = bench.next_seq();
    let edits: Vec<String> = (0..200)
        .map(|n| {
            let edit = bench.edit(&format!(r#""confirm":{}"#, json!(keys)));
            edit.replacen(
                &format!(r#""seq":{first}"#),
                &format!(r#""seq":{}"#, first + n),
                1,
            )
        })
        .collect();
    let answer = bench.sync("confirmations", &edits, 200).await;
    for receipt in answer["receipts"].as_array().unwrap() {
        assert_eq!(receipt["outcome"], "merged", "{receipt}");
    }
    bench.goes_on("confirmations", 0).await;
}
