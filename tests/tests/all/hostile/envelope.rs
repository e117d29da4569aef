//! The envelope of a sync request: only this can fail as a request, and then nothing of it was done.

use super::bench::Bench;
use api::app::sync::cursor::{self, Cursor};
use api::store::meta;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use std::io::Write;
use tests::database::Database;
use tests::dice::Dice;

tests::on_both!(
    bodies_that_are_no_request,
    what_an_envelope_may_say_wrongly,
    damaged_bodies,
);

const MIB: usize = 1024 * 1024;

fn packed(text: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::best());
    out.write_all(text).unwrap();
    out.finish().unwrap()
}

/// What is no request: 400 for each.
const BODIES: &str = r##"
nothing |
text | edits
a form | edits=1&edits=2
something behind it | {"edits":[]}{"edits":[]}
NUL as itself | {"edits":["a\0b"]}
a bare word | {"edits":[undefined]}
a comma too many | {"edits":[1,]}
a list | []
a number | 1e999
null | null
edits of another type | {"edits":{}}
edits that are null | {"edits":null}
edits twice | {"edits":[],"edits":[]}
a catalogue below nought | {"catalogue":-1}
a catalogue that is text | {"catalogue":"1"}
a cursor that is a number | {"cursor":7}
a cursor with half a character | {"cursor":"\ud800"}
a limit below nought | {"limit":-1}
documents of another type | {"documents":"yes"}
a clock that is none | {"sent_at":"yesterday"}
dropped without numbers | {"dropped":["x"]}
dropped that is no id | {"dropped":[["x",1]]}
dropped that is null | {"dropped":null}
digests of another type | {"digests":[]}
a digest of no grid | {"digests":{"x":{"count":1,"digest":""}}}
a digest without a count | {"digests":{"GRID":{"digest":""}}}
have of another type | {"have":{"GRID":[["x"]]}}
"##;

async fn bodies_that_are_no_request(database: Database) {
    let mut bench = Bench::start(database).await;
    // Whatever was taken of it would be counted.
    let edit = bench
        .edit(r#""confirm":["phone"]"#)
        .replace(r#""seq":2"#, r#""seq":9000"#);
    let good = bench.request(&[edit]);
    let many: Vec<String> = (0..201).map(|_| bench.edit(r#""confirm":["phone"]"#)).collect();
    let many = bench.request(&many);
    let padded = |size: usize| format!("{}{good}", " ".repeat(size - good.len())).into_bytes();
    let deep = format!(r#"{{"edits":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let mut cases: Vec<(&str, &[u8], Vec<u8>, &str)> = Vec::new();
    for line in BODIES.lines().filter(|line| !line.is_empty()) {
        let [what, body] = line.split('|').map(str::trim).collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let body = bench.filled(body).replace("\\0", "\0").into_bytes();
        cases.push((what, b"", body, "400 bad_request"));
    }
    let half = good.as_bytes()[..good.len() / 2].to_vec();
    let note = "长".repeat(10 * MIB / 3);
    let note = format!(r#""fields":{{"remarks":{{"was":null,"now":"{note}"}}}}"#);
    let note = bench.request(&[bench.edit(&note)]);
    let utf_16 = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    cases.extend([
        ("half of it", b"" as &[u8], half, "400 bad_request"),
        ("UTF-16", b"", utf_16, "400 bad_request"),
        (
            "no UTF-8",
            b"",
            b"{\"edits\":[\"\xff\"]}".to_vec(),
            "400 bad_request",
        ),
        ("edits of endless depth", b"", deep.into_bytes(), "200"),
        ("more than 8 MiB", b"", padded(8 * MIB + 1), "413 too_large"),
        ("just 8 MiB", b"", padded(8 * MIB), "200"),
        ("a note of 10 MB", b"", note.into_bytes(), "413 too_large"),
        ("201 edits", b"", many.into_bytes(), "413 too_many_edits"),
    ]);
    let bomb = packed(&vec![b' '; 300 * MIB]);
    let large = packed(&padded(8 * MIB + 1));
    let half = packed(good.as_bytes())[..40].to_vec();
    let plain = good.clone().into_bytes();
    let twice = packed(&packed(good.as_bytes()));
    cases.extend([
        ("too much once unpacked", b"gzip" as &[u8], large, "413 too_large"),
        ("a bomb in a bomb", b"gzip", packed(&bomb), "400 bad_request"),
        ("a bomb", b"gzip", bomb, "413 too_large"),
        ("half a package", b"gzip", half, "400 unreadable_body"),
        ("no package", b"gzip", plain.clone(), "400 unreadable_body"),
        ("another packing", b"br", plain, "415 unsupported_encoding"),
        ("two packings", b"gzip, gzip", twice, "415 unsupported_encoding"),
    ]);
    for (what, packing, body, expected) in cases {
        let mut headers: Vec<(&str, &[u8])> = vec![("content-type", b"application/json")];
        if !packing.is_empty() {
            headers.push(("content-encoding", packing));
        }
        let answer = bench
            .client
            .send_under("POST", "/api/v1/sync", &headers, body)
            .await;
        let said = match answer.status {
            // One edit that nobody can read is no reason to refuse the request.
            200 => answer.code(),
            _ => {
                let body = answer.json();
                let message = body["message"].as_str().unwrap();
                assert!(message.chars().any(|c| c > '\u{4E00}'), "{what}: {message}");
                assert!(body["fields"].is_array(), "{what}: {body}");
                answer.code()
            }
        };
        assert_eq!(
            said,
            expected,
            "{what}: {}",
            answer.text().chars().take(300).collect::<String>()
        );
        let fresh = match what {
            "just 8 MiB" | "edits of endless depth" => 1,
            _ => 0,
        };
        bench.goes_on(what, fresh).await;
    }
    for kind in ["text/plain", "application/xml", "multipart/form-data", "x", ""] {
        let headers: &[(&str, &[u8])] = &[("content-type", kind.as_bytes())];
        let answer = bench
            .client
            .send_under("POST", "/api/v1/sync", headers, good.clone().into_bytes())
            .await;
        assert_eq!(answer.code(), "415 unsupported_media_type", "{kind}");
    }
}

/// What is answered although it makes no sense: nothing breaks, and the phone goes on from what it is told.
async fn what_an_envelope_may_say_wrongly(database: Database) {
    let mut bench = Bench::start(database).await;
    let (other, _) = super::bench::another_phone(&bench.county, "吕小燕").await;
    let lent = other
        .send(
            "POST",
            "/api/v1/sync",
            Some(&serde_json::json!({ "catalogue": 1 })),
        )
        .await
        .ok();
    let lent = lent["cursor"].as_str().unwrap().to_owned();
    let own = bench.cursor.clone();
    let another_life = Cursor {
        incarnation: uuid::Uuid::now_v7(),
        ..Cursor::default()
    };
    let incarnation = meta::incarnation(bench.county.program.db.read()).await.unwrap();
    let ahead = Cursor {
        incarnation,
        device: 1_000_000,
        grids: [(bench.county.place("良围一格"), 1_000_000)].into(),
        ..Cursor::default()
    };
    // One in which no word stands that is filled in below.
    let written = |read: Cursor| loop {
        let text = cursor::write(&bench.county.program.keys, bench.device, &read);
        if !["ID", "SEQ", "MINE", "GRID"]
            .iter()
            .any(|word| text.contains(word))
        {
            return text;
        }
    };
    let [another_life, ahead] = [another_life, ahead].map(written);
    let mut forged = own.clone().into_bytes();
    forged[20] = if forged[20] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    let nobody = format!(
        "[[\"NOBODY\",1]{}]",
        r#",["MINE",9223372036854775807],["MINE",-1],["GRID",0]"#
    );
    let many: Vec<String> = (0..40_000).map(|n| format!("[\"MINE\",{n}]")).collect();
    let have: Vec<String> = (0..40_000)
        .map(|n| format!("[\"{}\",\"{n}\"]", uuid::Uuid::now_v7()))
        .collect();
    let cases = [
        ("no cursor", r#""limit":500"#.to_owned()),
        ("an empty cursor", r#""cursor":"""#.into()),
        ("a cursor of another phone", format!(r#""cursor":"{lent}""#)),
        ("a forged cursor", format!(r#""cursor":"{forged}""#)),
        (
            "a cursor of another life",
            format!(r#""cursor":"{another_life}""#),
        ),
        ("a cursor ahead of all", format!(r#""cursor":"{ahead}""#)),
        (
            "half a cursor",
            format!(r#""cursor":"{}""#, &own[..own.len() / 2]),
        ),
        ("a cursor and more", format!(r#""cursor":"{own}AAAA""#)),
        ("a cursor of other signs", r#""cursor":"游标\u0000""#.into()),
        (
            "a megabyte of cursor",
            format!(r#""cursor":"{}""#, "A".repeat(MIB)),
        ),
        ("a limit of nothing", r#""limit":0"#.into()),
        ("an endless limit", r#""limit":18446744073709551615"#.into()),
        ("a clock of 1970", r#""sent_at":"1970-01-01T00:00:00Z""#.into()),
        (
            "a clock of the year 9999",
            r#""sent_at":"9999-12-30T00:00:00Z""#.into(),
        ),
        (
            "a catalogue that is not there yet",
            r#""catalogue":4294967295"#.into(),
        ),
        ("dropped that nobody holds", format!(r#""dropped":{nobody}"#)),
        (
            "dropped without end",
            format!(r#""dropped":[{}]"#, many.join(",")),
        ),
        (
            "a digest that is none",
            r#""digests":{"GRID":{"count":-7,"digest":"xyz"}}"#.into(),
        ),
        (
            "a digest of a foreign grid",
            r#""digests":{"FAR_GRID":{"count":1,"digest":""}}"#.into(),
        ),
        (
            "have of a foreign grid",
            r#""have":{"FAR_GRID":[["OTHERS",""]]}"#.into(),
        ),
        (
            "have without sense",
            r#""have":{"GRID":[["OTHERS","\",\""],["NOBODY","AAEAAAABAAAAAAAAAAA"]]}"#.into(),
        ),
        (
            "have without end",
            format!(r#""have":{{"GRID":[{}]}}"#, have.join(",")),
        ),
        (
            "members that nobody knows",
            r#""surprise":{"a":[1,{"b":null}]},"edit":[]"#.into(),
        ),
    ];
    for (what, rest) in cases {
        let rest = bench.filled(&rest);
        let answer = bench.send(format!("{{{rest}}}")).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.text());
        let answer = answer.json();
        bench.adds_up(what, &answer);
        let text = answer.to_string();
        assert!(!text.contains("宋惠贞"), "{what}: a foreign resident");
        // Whoever comes from another life of the database is first asked what it has.
        assert_eq!(
            answer["have_wanted"] == true,
            what == "a cursor of another life",
            "{what}"
        );
        if answer["have_wanted"] == true {
            assert_eq!(
                (&answer["items"], &answer["more"]),
                (&json!([]), &json!(true)),
                "{what}"
            );
            bench.goes_on(what, 0).await;
            continue;
        }
        let fetched = answer["grids"].as_object().unwrap();
        assert_eq!(fetched.len(), 1, "{what}: {fetched:?}");
        // Whoever names no cursor of its own loads anew.
        let reloads = what.contains("cursor") && !what.ends_with("catalogue");
        assert_eq!(
            text.contains("\"name\":\"黄秋菊\""),
            reloads || !rest.contains("cursor"),
            "{what}"
        );
        bench.goes_on(what, 0).await;
    }
}

/// Bodies of this many requests are damaged; `FUZZ_BODIES` plays more.
const DAMAGED: u64 = 150;

/// A good request damaged at random is answered in one of the ways that the contract names, and the program goes on.
async fn damaged_bodies(database: Database) {
    let bench = Bench::start(database).await;
    let (phone, _) = super::bench::another_phone(&bench.county, "吕小燕").await;
    let edit = bench.edit(r#""fields":{"phone":{"was":"13900078441","now":"13900078442"}},"changes":["AAAA"],"confirm":["phone"]"#);
    let good = bench.filled(&format!(
        r#"{{"catalogue":1,"cursor":"{}","limit":5,"documents":true,"sent_at":"2026-11-06T01:00:00Z","edits":[{edit}],"dropped":[["MINE",1]],"digests":{{"GRID":{{"count":1,"digest":""}}}},"have":{{"GRID":[["MINE","x"]]}}}}"#,
        bench.cursor
    ));
    let cases = std::env::var("FUZZ_BODIES").map_or(DAMAGED, |n| n.parse().unwrap());
    for case in 0..cases {
        let mut dice = Dice::seeded(case);
        let mut body = good.clone().into_bytes();
        for _ in 0..1 + dice.roll(3) {
            let at = dice.roll(body.len());
            let end = body.len().min(at + dice.roll(20));
            match dice.roll(4) {
                0 => body[at] ^= 1 << dice.roll(8),
                1 => drop(body.drain(at..end)),
                2 => drop(body.splice(at..at, *b"[{},null,1e9,\"\"]")),
                _ => {
                    let again = body[at..end].to_vec();
                    body.splice(at..at, again);
                }
            }
        }
        let headers: &[(&str, &[u8])] = &[("content-type", b"application/json")];
        let answer = phone.send_under("POST", "/api/v1/sync", headers, body).await;
        let said = answer.code();
        assert!(
            ["200", "400 bad_request"].contains(&said.as_str()),
            "case {case}: {said}"
        );
    }
    let answer = phone
        .post("/api/v1/sync", &serde_json::json!({ "catalogue": 1 }))
        .await
        .ok();
    assert!(answer["items"].to_string().contains("黄秋菊"));
}
