//! The contract as `openapi.yaml` states it, operation by operation.

use serde_json::{Map, Value};

/// The methods of OpenAPI that an operation can have.
const METHODS: &[&str] = &[
    "get", "put", "post", "delete", "patch", "head", "options", "trace",
];

pub struct Contract {
    document: Value,
}

/// One operation: what is sent where, and what may come back.
pub struct Operation<'a> {
    contract: &'a Contract,
    pub id: String,
    pub method: &'a str,
    /// With `{placeholders}`.
    pub path: &'a str,
    pub body: &'a Value,
}

impl Contract {
    pub fn parse(yaml: &str) -> Contract {
        Contract {
            document: serde_yaml::from_str(yaml).expect("the contract is YAML"),
        }
    }

    pub fn operations(&self) -> Vec<Operation<'_>> {
        let paths = self.document["paths"].as_object().expect("a contract has paths");
        let mut operations = Vec::new();
        for (path, item) in paths {
            for method in METHODS {
                let Some(body) = item.get(method) else { continue };
                let id = body["operationId"].as_str();
                let id = id
                    .unwrap_or_else(|| panic!("{method} {path} has no operation id"))
                    .to_owned();
                operations.push(Operation {
                    contract: self,
                    id,
                    method,
                    path,
                    body,
                });
            }
        }
        operations
    }

    /// Members of shapes without a description.
    pub fn undescribed(&self) -> Vec<String> {
        let schemas = self.document["components"]["schemas"].as_object();
        let mut gaps = Vec::new();
        for (shape, schema) in schemas.into_iter().flatten() {
            for (name, member) in schema["properties"].as_object().into_iter().flatten() {
                let described =
                    has_text(member, "description") || has_text(self.resolve(member), "description");
                if !described {
                    gaps.push(format!("{shape}.{name}"));
                }
            }
        }
        gaps
    }

    /// A schema or response, with its reference followed.
    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let pointer = reference
                    .strip_prefix('#')
                    .expect("references stay in the document");
                self.resolve(
                    self.document
                        .pointer(pointer)
                        .expect("a reference leads somewhere"),
                )
            }
            None => value,
        }
    }
}

impl<'a> Operation<'a> {
    /// Whether it can be called without a token.
    pub fn is_open(&self) -> bool {
        self.body["security"]
            .as_array()
            .is_none_or(|schemes| schemes.is_empty())
    }

    /// The statuses that the contract names.
    pub fn statuses(&self) -> Vec<u16> {
        let responses = self.body["responses"]
            .as_object()
            .expect("an operation has responses");
        responses
            .keys()
            .filter_map(|status| status.parse().ok())
            .collect()
    }

    /// The parameters of one place: `path`, `query`, `header`.
    pub fn parameters(&self, place: &'a str) -> impl Iterator<Item = &'a Value> {
        let all = self.body["parameters"]
            .as_array()
            .map_or(&[] as &[Value], Vec::as_slice);
        all.iter().filter(move |parameter| parameter["in"] == place)
    }

    /// Names of the members that the request's body may have.
    pub fn body_members(&self) -> Vec<String> {
        let content = self.body["requestBody"]["content"].as_object();
        let media = content.into_iter().flatten().next();
        let Some((_, media)) = media else {
            return Vec::new();
        };
        let members = self.contract.resolve(&media["schema"])["properties"].as_object();
        members
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Content type and example of the request's body, where it has one: the example of the whole shape, else
    /// one put together from its members'.
    pub fn example_body(&self) -> Option<(&'a str, Value)> {
        let (kind, media) = self.body["requestBody"]["content"].as_object()?.iter().next()?;
        let example = media
            .get("example")
            .cloned()
            .or_else(|| self.example(&media["schema"]));
        Some((kind, example.unwrap_or(Value::Null)))
    }

    fn example(&self, schema: &Value) -> Option<Value> {
        if let Some(example) = schema.get("example") {
            return Some(example.clone());
        }
        let schema = self.contract.resolve(schema);
        if let Some(example) = schema.get("example").or(schema.get("default")) {
            return Some(example.clone());
        }
        if let Some(parts) = schema["allOf"].as_array() {
            return parts.iter().find_map(|part| self.example(part));
        }
        if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
            return Some(first.clone());
        }
        match schema["type"].as_str()? {
            "object" => {
                let required: Vec<&str> = schema["required"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect();
                let mut object = Map::new();
                for (name, member) in schema["properties"].as_object().into_iter().flatten() {
                    match self.example(member) {
                        Some(example) => drop(object.insert(name.clone(), example)),
                        None if required.contains(&name.as_str()) => return None,
                        None => {}
                    }
                }
                Some(Value::Object(object))
            }
            "array" => Some(Value::Array(self.example(&schema["items"]).into_iter().collect())),
            _ => None,
        }
    }

    /// What the contract leaves unsaid about this operation.
    pub fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        let mut want = |there: bool, what: String| {
            if !there {
                gaps.push(format!("{}: {what}", self.id));
            }
        };
        want(has_text(self.body, "summary"), "no summary".into());
        want(
            self.body["tags"].as_array().is_some_and(|tags| !tags.is_empty()),
            "no tag".into(),
        );
        for parameter in self.body["parameters"].as_array().into_iter().flatten() {
            let described =
                has_text(parameter, "description") || has_text(&parameter["schema"], "description");
            want(
                described,
                format!("parameter {} without a description", parameter["name"]),
            );
        }
        let statuses = self.statuses();
        want(statuses.iter().any(|status| *status < 400), "no success".into());
        want(
            self.is_open() || statuses.contains(&401),
            "asks for a token and has no 401".into(),
        );
        want(
            self.is_open() || statuses.contains(&403),
            "asks for a token and has no 403".into(),
        );
        let has_path = self.parameters("path").next().is_some();
        want(
            !has_path || statuses.contains(&404),
            "names a thing in its path and has no 404".into(),
        );
        let has_body = self.body["requestBody"].is_object();
        want(
            !has_body || statuses.contains(&400),
            "takes a body and has no 400".into(),
        );
        want(
            !has_body || statuses.contains(&413),
            "takes a body and has no 413".into(),
        );
        want(
            self.path.starts_with("/health") || statuses.contains(&500),
            "no 500".into(),
        );
        if let Some((kind, example)) = self.example_body() {
            want(
                kind != "application/json" || !example.is_null(),
                "its body has no example".into(),
            );
        }
        for (status, response) in self.body["responses"].as_object().into_iter().flatten() {
            let response = self.contract.resolve(response);
            // What a success holds is told by its shape.
            let explained = status.starts_with('2') || has_text(response, "description");
            want(explained, format!("{status} without a description"));
        }
        gaps
    }
}

fn has_text(value: &Value, member: &str) -> bool {
    value[member].as_str().is_some_and(|text| !text.trim().is_empty())
}
