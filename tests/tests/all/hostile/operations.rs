//! Every operation of the contract, asked wrongly in every way that its parameters and its body offer: it answers in
//! the one error shape, never with a failure of its own, and never repeats what it was sent.

use crate::access::{World, contract, table};
use serde_json::{Map, Value, json};
use tests::client::Answer;
use tests::contract::Operation;
use tests::database::Database;

tests::on_both!(every_operation_asked_wrongly);

/// Something personal, which no error may repeat.
const SECRET: &str = "黎阿妹440784195106184849";

/// What is asked, and how.
struct Try {
    how: String,
    path: String,
    body: Option<(String, Vec<u8>)>,
}

async fn every_operation_asked_wrongly(database: Database) {
    let (contract, table, world) = (contract(), table(), World::seeded(database).await);
    let mut operations = contract.operations();
    // Whoever guesses passwords is shut out for a while: the doors that count guesses come last.
    operations.sort_by_key(|o| {
        ["sign_in", "change_password", "refresh_session", "create_token"].contains(&o.id.as_str())
    });
    let mut wrong = Vec::new();
    for operation in &operations {
        let may = |best: bool| {
            let fits = |role: &&String| match table.expected(&operation.id, role) {
                Some(status) if best => status < 300,
                Some(status) => !matches!(status, 401 | 403),
                None => false,
            };
            table.roles.iter().find(|role| *role != "anonymous" && fits(role))
        };
        let role = may(true).or_else(|| may(false));
        let role = role.unwrap_or_else(|| panic!("nobody may use {}", operation.id));
        let client = world.in_role(&world.county.client, role);
        let tries = tries(&world, operation);
        for Try { how, path, body } in tries {
            let body = body.as_ref().map(|(kind, bytes)| (kind.as_str(), bytes.clone()));
            let answer = client.send_bytes(operation.method, &path, body).await;
            if let Some(fault) = fault(&answer) {
                let told: String = answer.text().chars().take(200).collect();
                wrong.push(format!(
                    "{} {role} {how}: {fault}: {} {told}",
                    operation.id, answer.status
                ));
            }
        }
        if !wrong.is_empty() {
            continue;
        }
        let still = client.get("/api/v1/me").await;
        assert_eq!(still.code(), "200", "after {}", operation.id);
    }
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is wrong with an answer; a success to a request that turned out to make sense is none.
fn fault(answer: &Answer) -> Option<&'static str> {
    if answer.status < 400 {
        return None;
    }
    if answer.status >= 500 {
        return Some("a failure of the program");
    }
    let Ok(body) = serde_json::from_slice::<Value>(&answer.bytes) else {
        return Some("no JSON");
    };
    let chinese = |text: &str| text.chars().any(|c| c > '\u{4E00}');
    if !body["code"].is_string() || !body["fields"].is_array() || !body["message"].is_string() {
        return Some("another shape");
    }
    if !body["message"].as_str().is_some_and(chinese) {
        return Some("no sentence for people");
    }
    let text = answer.text();
    let repeats = ["黎阿妹", "440784195106184849"]
        .iter()
        .any(|part| text.contains(part));
    repeats.then_some("repeats what was sent")
}

fn tries(world: &World, operation: &Operation<'_>) -> Vec<Try> {
    let (path, body) = world.things.request(operation);
    let body = match world.body(&operation.id) {
        Some(body) => Some(("application/json".to_owned(), body.to_string().into_bytes())),
        None => body,
    };
    let mut tries = Vec::new();
    let mut add = |how: String, path: &str, body: Option<(String, Vec<u8>)>| {
        let path = path.to_owned();
        tries.push(Try { how, path, body });
    };
    let long = "x".repeat(4_000);
    let secret = encoded(SECRET);
    for parameter in operation.parameters("path") {
        let place = format!("{{{}}}", parameter["name"].as_str().unwrap());
        for value in [
            "17",
            "%00",
            &long,
            "..%2F..%2Fetc",
            "%FF%FE",
            &secret,
            "a%0Ab",
            "%7B%7D",
        ] {
            let path = operation.path.replace(&place, value);
            add(
                format!("path {}", &value[..value.len().min(20)]),
                &path,
                body.clone(),
            );
        }
    }
    for parameter in operation.parameters("query") {
        let name = parameter["name"].as_str().unwrap();
        let values = [
            "",
            "%00",
            "-1",
            "0",
            "100000",
            "99999999999999999999",
            "1.5",
            "x",
            &long,
            &secret,
        ];
        let more = [
            "%FF%FE",
            "a%00b",
            "1.01930000-0000-7000-8000-000000000001",
            "-1.-1",
            "null",
            "%F0%9F%92%A5",
        ];
        for value in values.iter().chain(&more) {
            let path = with_query(&path, name, value);
            add(
                format!("{name}={}", &value[..value.len().min(20)]),
                &path,
                body.clone(),
            );
        }
    }
    let Some((kind, bytes)) = body else {
        return tries;
    };
    let sent = |kind: &str, bytes: &[u8]| Some((kind.to_owned(), bytes.to_vec()));
    for other in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
        "x/y; charset=z",
    ] {
        add(format!("as {other}"), &path, sent(other, &bytes));
    }
    let half = format!("{{\"name\":\"{SECRET}");
    let twice = format!("{{\"{SECRET}\":1,\"{SECRET}\":2}}");
    let deep = "[".repeat(20_000);
    for whole in [
        "",
        "{",
        "null",
        "[]",
        "7",
        "\"x\"",
        "{}",
        "{\"\\ud800\":1}",
        &half,
        &twice,
        &deep,
        "\u{feff}{}",
        "[{}]",
    ] {
        let how: String = whole.chars().take(20).collect();
        add(format!("body {how}"), &path, sent(&kind, whole.as_bytes()));
    }
    add("bytes".into(), &path, sent(&kind, b"\xff\xfe\0\x01"));
    let Ok(Value::Object(example)) = serde_json::from_slice(&bytes) else {
        return tries;
    };
    for (name, usual) in members(operation, &example) {
        for value in wrong_values() {
            let mut changed = example.clone();
            changed.insert(name.clone(), value.clone());
            let how: String = value.to_string().chars().take(20).collect();
            let bytes = Value::Object(changed).to_string().into_bytes();
            add(format!("{name} {how}"), &path, sent(&kind, &bytes));
            // The same inside of what holds more.
            for (inner, _) in usual.as_object().into_iter().flatten() {
                let mut changed = Value::Object(example.clone());
                changed[&name][inner] = value.clone();
                add(
                    format!("{name}.{inner} {how}"),
                    &path,
                    sent(&kind, changed.to_string().as_bytes()),
                );
            }
            if usual.is_array() {
                let mut changed = example.clone();
                changed.insert(name.clone(), json!([value, value]));
                let bytes = Value::Object(changed).to_string().into_bytes();
                add(format!("{name}[] {how}"), &path, sent(&kind, &bytes));
            }
        }
    }
    tries
}

fn wrong_values() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1e300),
        json!(0.5),
        json!(""),
        json!("\0"),
        json!(format!("{SECRET}\0")),
        json!(SECRET),
        json!(SECRET.repeat(3_000)),
        json!("0000-00-00"),
        json!([]),
        json!([SECRET]),
        json!({}),
        json!({ SECRET: SECRET }),
    ]
}

/// Members of the example, those that its shape has beside them, and one that nobody knows.
fn members(operation: &Operation<'_>, example: &Map<String, Value>) -> Vec<(String, Value)> {
    let mut members: Vec<(String, Value)> = example.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    for name in operation.body_members() {
        if !example.contains_key(&name) {
            members.push((name, Value::Null));
        }
    }
    members.push(("surprise".into(), Value::Null));
    members
}

fn encoded(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}

/// The path with a parameter said, instead of what it said of it before.
fn with_query(path: &str, name: &str, value: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let kept = query.split('&').filter(|part| !part.is_empty());
    let kept = kept.filter(|part| part.split('=').next() != Some(name));
    let said = format!("{name}={value}");
    let parts: Vec<&str> = kept.chain([said.as_str()]).collect();
    format!("{path}?{}", parts.join("&"))
}
