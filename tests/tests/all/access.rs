//! Every operation of the contract, tried by everybody, answers what the access table says.

use std::collections::BTreeMap;
use tests::access::{Table, Things, faults};
use tests::app::TestApp;
use tests::client::Client;
use tests::contract::Contract;
use tests::database::Database;
use tests::workspace;

fn table() -> Table {
    Table::parse(&workspace::read("tests/access.txt"))
}

#[test]
fn every_operation_has_a_row_and_every_row_an_operation() {
    let (table, contract) = (table(), Contract::parse(&api::http::contract::yaml()));
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
    let (table, contract) = (table(), Contract::parse(&api::http::contract::yaml()));
    let mut wrong = Vec::new();
    for operation in contract.operations() {
        for role in &table.roles {
            let Some(expected) = table.expected(&operation.id, role) else {
                continue;
            };
            let (app, things) = county().await;
            let (path, body) = things.request(&operation);
            let client = in_role(&app, role).await;
            let body = body.as_ref().map(|(kind, bytes)| (kind.as_str(), bytes.clone()));
            let answer = client.send_bytes(operation.method, &path, body).await;
            wrong.extend(faults(&operation, role, expected, &answer));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A county of its own for each request: what one may change must not show in what the next is answered.
async fn county() -> (TestApp, Things) {
    let app = TestApp::start(Database::sqlite().await).await;
    (app, Things(BTreeMap::new()))
}

async fn in_role(app: &TestApp, role: &str) -> Client {
    match role {
        "anonymous" => app.client.anonymous(),
        other => panic!("nobody is {other}"),
    }
}

#[test]
fn tables_are_read() {
    let table = Table::parse("# a note\noperation worker cadre\n\nlist_x 200 403\n");
    assert_eq!(table.roles, ["worker", "cadre"]);
    assert_eq!(table.expected("list_x", "cadre"), Some(403));
    assert_eq!(table.expected("list_y", "cadre"), None);
}
