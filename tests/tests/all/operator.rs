//! What an operator does at the machine itself.

use serde_json::json;
use tests::client::Client;
use tests::database::Database;
use tests::process::{self, Served};

tests::on_both!(the_first_administrator);

/// Exit code, and what was printed and complained of.
fn run(database: &Database, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = process::run(database, arguments);
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn create_admin<'a>(phone: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["account", "create-admin", "--name", "梁局长", "--phone", phone];
    fixed.iter().chain(more).copied().collect()
}

/// The code in what was printed.
fn code(said: &str) -> String {
    let (_, after) = said.split_once("一次性密码：").unwrap();
    after.lines().next().unwrap().to_owned()
}

async fn signs_in_and_changes(client: &Client, phone: &str, code: &str) {
    let asked = json!({ "phone": phone, "password": code });
    let tokens = client.post("/api/v1/sign-in", &asked).await.ok();
    assert_eq!(tokens["must_change"], true);
    let admin = client.with_token(tokens["access_token"].as_str().unwrap());
    assert_eq!(
        admin.get("/api/v1/accounts").await.code(),
        "403 must_change_password"
    );
    let change = json!({ "current_password": code, "new_password": "旧围村口的老榕树-12" });
    assert_eq!(admin.post("/api/v1/password", &change).await.status, 204);
    let accounts = admin.get("/api/v1/accounts").await.ok();
    let own = accounts["items"].as_array().unwrap().iter();
    assert_eq!(own.filter(|a| a["phone"] == phone).count(), 1, "{accounts}");
}

async fn the_first_administrator(database: Database) {
    let (first, second, third) = ("13900070901", "13900070902", "13900070903");
    let (exit, _, said) = run(&database, &create_admin("12345", &[]));
    assert_eq!((exit, said.contains("手机号")), (Some(1), true), "{said}");

    let (exit, printed, said) = run(&database, &create_admin(first, &[]));
    assert_eq!(exit, Some(0), "{said}");
    let code_of_first = code(&printed);

    let (exit, printed, said) = run(&database, &create_admin(second, &[]));
    assert_eq!(exit, Some(1), "{printed}");
    assert!(said.contains("--force") && printed.is_empty(), "{said}");
    let (exit, _, said) = run(&database, &create_admin(first, &["--force"]));
    assert_eq!((exit, said.contains("已有账号")), (Some(1), true), "{said}");
    let (exit, printed, said) = run(&database, &create_admin(second, &["--force"]));
    assert_eq!(exit, Some(0), "{said}");
    let code_of_second = code(&printed);

    let served = Served::start(&database, &[]);
    signs_in_and_changes(&served.client, first, &code_of_first).await;
    signs_in_and_changes(&served.client, second, &code_of_second).await;

    // Beside the running server.
    let (exit, printed, said) = run(&database, &create_admin(third, &["--force"]));
    if database.is_postgres() {
        assert_eq!(exit, Some(0), "{said}");
        signs_in_and_changes(&served.client, third, &code(&printed)).await;
    } else {
        assert_eq!((exit, said.contains("停止服务")), (Some(1), true), "{said}");
    }
    for secret in [first, second, third, &code_of_first, &code_of_second] {
        assert!(!served.output().contains(secret));
    }
}
