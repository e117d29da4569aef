//! The access table: operation × role → status, and the requests that try it.

use crate::client::Answer;
use crate::contract::Operation;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What the policy says, as a text table: a heading with the roles, then one operation a line.
pub struct Table {
    pub roles: Vec<String>,
    rows: BTreeMap<String, Vec<u16>>,
}

impl Table {
    /// Blank lines and lines that begin with `#` say nothing.
    pub fn parse(text: &str) -> Table {
        let mut lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let heading = lines.next().expect("the table has a heading");
        let roles: Vec<String> = heading.split_whitespace().skip(1).map(str::to_owned).collect();
        let mut rows = BTreeMap::new();
        for line in lines {
            let mut words = line.split_whitespace();
            let operation = words
                .next()
                .expect("a line that is not blank has a word")
                .to_owned();
            let statuses: Vec<u16> = words
                .map(|word| word.parse().unwrap_or_else(|_| panic!("{line}")))
                .collect();
            assert_eq!(statuses.len(), roles.len(), "a status for each role: {line}");
            assert!(rows.insert(operation, statuses).is_none(), "twice: {line}");
        }
        Table { roles, rows }
    }

    pub fn operations(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().map(String::as_str)
    }

    /// Nothing when the operation has no row.
    pub fn expected(&self, operation: &str, role: &str) -> Option<u16> {
        let column = self.roles.iter().position(|known| known == role)?;
        Some(self.rows.get(operation)?[column])
    }
}

/// The things of a seeded county by the names under which paths and bodies speak of them: `resident`, `grid`, …
pub struct Things(pub BTreeMap<&'static str, Uuid>);

/// What a list that is handed in is called.
const LIST: &[(&str, &str)] = &[
    ("kind", "disabled"),
    ("source", "残联"),
    ("month", "2026-11"),
    ("name", "list.csv"),
];

impl Things {
    /// A request that would succeed for whoever may make it: path with query, content type and body.
    pub fn request(&self, operation: &Operation<'_>) -> (String, Option<(String, Vec<u8>)>) {
        let mut path = operation.path.to_owned();
        for parameter in operation.parameters("path") {
            let name = parameter["name"].as_str().expect("a parameter has a name");
            let place = format!("{{{name}}}");
            // What an `id` is of, the step before it says: `/accounts/{id}`.
            let before = operation.path.split('/').take_while(|step| *step != place);
            let of = if name == "id" { before.last() } else { Some(name) };
            let value = of.and_then(|of| self.named(of)).map(|id| id.to_string());
            let value = value.or_else(|| example(parameter));
            let value = value.unwrap_or_else(|| panic!("{}: nothing known for {name}", operation.id));
            path = path.replace(&place, &value);
        }
        let mut separator = '?';
        for parameter in operation
            .parameters("query")
            .filter(|parameter| parameter["required"] == true)
        {
            let name = parameter["name"].as_str().expect("a parameter has a name");
            let value = self
                .named(name)
                .map(|id| id.to_string())
                .or_else(|| example(parameter))
                .or_else(|| {
                    LIST.iter()
                        .find(|(n, _)| *n == name)
                        .map(|(_, v)| (*v).to_owned())
                });
            let value = value.unwrap_or_else(|| panic!("{}: no example of {name}", operation.id));
            path.push_str(&format!("{separator}{name}={value}"));
            separator = '&';
        }
        let body = operation.example_body().map(|(kind, example)| {
            let example = self.in_place(example);
            (kind.to_owned(), example.to_string().into_bytes())
        });
        (path, body)
    }

    /// `resident`, `resident_id` and `residents` mean the same thing.
    fn named(&self, name: &str) -> Option<Uuid> {
        let name = name.trim_end_matches("_id").trim_end_matches('s');
        self.0.get(name).copied()
    }

    /// The example with the county's ids where members are named after its things and hold an id.
    fn in_place(&self, example: Value) -> Value {
        let Value::Object(members) = example else {
            return example;
        };
        let members = members.into_iter().map(|(name, value)| {
            let is_id = value.as_str().is_some_and(|text| text.parse::<Uuid>().is_ok());
            let value = match self.named(&name) {
                Some(id) if is_id => id.to_string().into(),
                _ => self.in_place(value),
            };
            (name, value)
        });
        Value::Object(members.collect::<Map<_, _>>())
    }
}

fn example(parameter: &Value) -> Option<String> {
    let example = parameter
        .get("example")
        .or_else(|| parameter["schema"].get("example"))?;
    Some(
        example
            .as_str()
            .map_or_else(|| example.to_string(), str::to_owned),
    )
}

/// What is wrong with an answer, seen from the table and from the contract.
pub fn faults(operation: &Operation<'_>, role: &str, expected: u16, answer: &Answer) -> Vec<String> {
    let mut faults = Vec::new();
    let told = || answer.text().chars().take(200).collect::<String>();
    if answer.status != expected {
        faults.push(format!(
            "{} {role}: expected {expected}, got {}: {}",
            operation.id,
            answer.status,
            told()
        ));
    }
    if !operation.statuses().contains(&answer.status) {
        faults.push(format!(
            "{} {role}: the contract does not name {}",
            operation.id, answer.status
        ));
    }
    if answer.status >= 400 {
        let body: Value = serde_json::from_slice(&answer.bytes).unwrap_or_default();
        let whole = body["code"].is_string() && body["message"].is_string() && body["fields"].is_array();
        if !whole {
            faults.push(format!(
                "{} {role}: no code, message and fields: {}",
                operation.id,
                told()
            ));
        }
    }
    faults
}
