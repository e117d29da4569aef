//! Every operation of the contract, tried by everybody, answers what the access table says.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::access::{Table, Things, faults};
use tests::app::TestApp;
use tests::client::Client;
use tests::contract::{Contract, Operation};
use tests::county::{County, IN_ROLE, PASSWORD};
use tests::database::Database;
use tests::workspace;
use uuid::Uuid;

pub(crate) fn table() -> Table {
    Table::parse(&workspace::read("tests/access.txt"))
}

pub(crate) fn contract() -> Contract {
    Contract::parse(&api::http::contract::yaml())
}

#[test]
fn every_operation_has_a_row_and_every_row_an_operation() {
    let (table, contract) = (table(), contract());
    let operations: Vec<String> = contract
        .operations()
        .iter()
        .map(|operation| operation.id.clone())
        .collect();
    let mut wrong: Vec<String> = Vec::new();
    let missing = operations
        .iter()
        .filter(|id| !table.operations().any(|row| row == id.as_str()));
    wrong.extend(missing.map(|id| format!("{id} has no row")));
    let left = table
        .operations()
        .filter(|row| !operations.iter().any(|id| id == row));
    wrong.extend(left.map(|row| format!("{row} is no operation")));
    assert!(wrong.is_empty(), "tests/access.txt: {}", wrong.join("; "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_answered_as_the_table_says() {
    let (table, contract, world) = (table(), contract(), World::seeded(Database::sqlite().await).await);
    let mut wrong = Vec::new();
    for operation in contract.operations() {
        let mut found = Vec::new();
        for role in &table.roles {
            let answer = world.ask(&operation, role).await;
            found.push(answer.status.to_string());
            // An operation without a row has a test of its own, which needs to say what the row would be.
            if let Some(expected) = table.expected(&operation.id, role) {
                wrong.extend(faults(&operation, role, expected, &answer));
            }
        }
        if table.expected(&operation.id, &table.roles[0]).is_none() {
            wrong.push(format!("no row, answered: {} {}", operation.id, found.join(" ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A county in which everybody is signed in and everything exists that a path can name.
pub(crate) struct World {
    pub county: County,
    tokens: BTreeMap<&'static str, String>,
    pub things: Things,
    /// The worker's.
    refresh: String,
    /// The client's.
    secret: String,
    /// The account of the worker who asks.
    worker: Uuid,
    /// The resident's version, and another resident with its own.
    version: String,
    other: (Uuid, String),
}

impl World {
    pub async fn seeded(database: Database) -> World {
        let county = County::start(database).await;
        let resident = county
            .a_resident("黎阿妹")
            .number("440784195106184849")
            .made()
            .await;
        let other = county.a_resident("黎阿美").made().await;
        let mut worker = county.phone("吕小燕").await;
        worker.sync().await;
        let edit = worker.edit(resident).report("moved_out").done();
        worker.sync().await;

        let (mut tokens, mut refresh) = (BTreeMap::new(), String::new());
        let mut things = BTreeMap::from([
            ("resident", resident),
            ("edit", edit),
            // Nothing of these is there: the roles that may ask hear 404.
            ("job", Uuid::now_v7()),
            ("list", Uuid::now_v7()),
            ("list-mapping", Uuid::now_v7()),
            ("export", Uuid::now_v7()),
            ("clue", Uuid::now_v7()),
            ("grid", county.place("良围一格")),
            ("division", county.place("良围村")),
            ("village", county.place("良围村")),
            ("town", county.place("沙坪街道")),
            ("account", county.account("吕小燕").await),
        ]);
        for (role, name) in IN_ROLE {
            // Only phones sync, so the worker has one.
            let signed_in = county
                .sign_in(name, (*role == "worker").then_some("phone-of-the-worker"))
                .await;
            tokens.insert(*role, signed_in["access_token"].as_str().unwrap().to_owned());
            if *role == "worker" {
                things.insert("session", signed_in["session"].as_str().unwrap().parse().unwrap());
                refresh = signed_in["refresh_token"].as_str().unwrap().to_owned();
            }
        }
        let admin = county.client.with_token(&tokens["bureau_admin"]);
        let devices = admin
            .get(&format!("/api/v1/devices?account={}", things["account"]))
            .await;
        things.insert("device", first_id(&devices.ok()));
        let account = admin
            .get(&format!("/api/v1/accounts/{}", things["account"]))
            .await
            .ok();
        things.insert("grant", first_id(&account["grants"]));
        let item = county.console("何伟民").await.items(resident).await.remove(0);
        things.insert("item", first_id(&item));
        things.insert("inbox", things["item"]);
        let new = json!({
            "name": "民政救助系统", "department": "民政", "categories": ["low_income"], "operations": ["export"],
        });
        let made = admin.post("/api/v1/clients", &new).await.ok();
        let id = |id: &Value| id.as_str().unwrap().parse::<Uuid>().unwrap();
        things.insert("client", id(&made["client"]));
        things.insert("secret", id(&made["secret"]["id"]));
        let worker = county.account("梁少芳").await;
        let mut versions = Vec::new();
        for id in [resident, other] {
            let shown = admin.get(&format!("/api/v1/residents/{id}")).await.ok();
            versions.push(shown["version"].as_str().unwrap().to_owned());
        }
        let other = (other, versions.remove(1));
        World {
            worker,
            version: versions.remove(0),
            other,
            county,
            tokens,
            things: Things(things),
            refresh,
            secret: made["secret"]["secret"].as_str().unwrap().to_owned(),
        }
    }

    /// One request in a county of its own: what it changes must not show in what the next is answered.
    async fn ask(&self, operation: &Operation<'_>, role: &str) -> tests::client::Answer {
        let reads = operation.method == "get";
        let copy = match reads {
            true => None,
            false => Some(TestApp::start(self.county.database().copied()).await),
        };
        let client = copy.as_ref().map_or(&self.county.client, |app| &app.client);
        let client = self.in_role(client, role);
        let (path, body) = self.things.request(operation);
        let body = match self.body(&operation.id) {
            Some(body) => Some(("application/json".to_owned(), body.to_string().into_bytes())),
            None => body,
        };
        let body = match operation.id.as_str() {
            "create_token" => {
                let (client, secret) = (self.things.0["client"], &self.secret);
                let form = format!("grant_type=client_credentials&client_id={client}&client_secret={secret}");
                Some(("application/x-www-form-urlencoded".to_owned(), form.into_bytes()))
            }
            _ => body,
        };
        let body = body.as_ref().map(|(kind, bytes)| (kind.as_str(), bytes.clone()));
        client.send_bytes(operation.method, &path, body).await
    }

    pub fn in_role(&self, client: &Client, role: &str) -> Client {
        match role {
            "anonymous" => client.anonymous(),
            role => client.with_token(
                self.tokens
                    .get(role)
                    .unwrap_or_else(|| panic!("nobody is {role}")),
            ),
        }
    }

    /// Bodies that the contract's example cannot be, because they name something of this county.
    pub fn body(&self, operation: &str) -> Option<Value> {
        let things = &self.things.0;
        match operation {
            "decide_inbox_item" => {
                Some(json!({ "id": Uuid::now_v7(), "n": 1, "choice": "approve", "edit": things["edit"] }))
            }
            "sign_in" => Some(json!({ "phone": "13900070101", "password": PASSWORD })),
            "change_password" => {
                Some(json!({ "current_password": PASSWORD, "new_password": "新屋村头的第三座老石桥" }))
            }
            "refresh_session" => {
                Some(json!({ "refresh_token": self.refresh, "installation": "phone-of-the-worker" }))
            }
            "edit_resident" => Some(json!({
                "id": Uuid::now_v7(), "base": "unknown",
                "fields": { "living_arrangement": { "was": null, "now": "独居" } },
            })),
            "move_resident" => Some(json!({
                "id": Uuid::now_v7(), "from": things["grid"], "to": self.county.place("良围二格"),
            })),
            "move_residents" => Some(json!({
                "id": Uuid::now_v7(), "residents": [things["resident"]], "to": self.county.place("良围二格"),
            })),
            "merge_grids" => Some(json!({ "id": Uuid::now_v7(), "into": self.county.place("良围二格") })),
            "reassign_grid" => Some(json!({ "from": things["account"], "to": self.worker })),
            "merge_residents" => Some(json!({
                "id": Uuid::now_v7(), "absorbed": self.other.0, "version": self.version, "absorbed_version": self.other.1,
            })),
            "sync" => Some(json!({ "catalogue": 1, "edits": [] })),
            _ => None,
        }
    }
}

/// The id of a thing, or of the first of a list or page.
fn first_id(found: &Value) -> Uuid {
    let one = found.get("items").unwrap_or(found);
    let one = one.get(0).unwrap_or(one);
    one["id"]
        .as_str()
        .unwrap_or_else(|| panic!("no id in {found}"))
        .parse()
        .unwrap()
}

#[test]
fn tables_are_read() {
    let table = Table::parse("# a note\noperation worker cadre\n\nlist_x 200 403\n");
    assert_eq!(table.roles, ["worker", "cadre"]);
    assert_eq!(table.expected("list_x", "cadre"), Some(403));
    assert_eq!(table.expected("list_y", "cadre"), None);
}
