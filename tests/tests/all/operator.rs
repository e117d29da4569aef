//! What an operator does at the machine itself.

use api::app::sign_in::{self, SignIn};
use api::app::signing;
use api::app::tokens::{self, Access};
use api::program::Program;
use api::seal::SigningKeys;
use api::seal::master::Secrets;
use api::seal::signing::RIPENING;
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr};
use tests::client::Client;
use tests::county::{County, PASSWORD};
use tests::database::Database;
use tests::process::{self, Served};
use uuid::Uuid;

tests::on_both!(
    the_first_administrator,
    signing_keys_rotate_while_tokens_live,
    signing_keys_rotate_by_command
);

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

/// Another node on the county's database, which has its keys and its clock.
async fn node(county: &County) -> Program {
    let known = &county.program.secrets;
    let secrets = Secrets {
        master: known.master,
        lookup: known.lookup,
    };
    let db = county.database().open().await;
    Program::over(db, secrets, county.program.clock.clone())
        .await
        .unwrap()
}

/// An access token that a node gives to the county's administrator.
async fn token_of(node: &Program) -> String {
    let asked = SignIn {
        phone: "13900070501",
        password: PASSWORD,
        installation: None,
        label: "",
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let now = node.clock.now();
    let done = sign_in::sign_in(&node.db, &node.keys, &node.signing, &asked, now).await;
    done.unwrap().access
}

async fn signing_keys_rotate_while_tokens_live(database: Database) {
    let county = County::start(database).await;
    county.account("区划管理员").await;
    let told = async |token: &str| county.client.with_token(token).get("/api/v1/me").await.code();
    let node = node(&county).await;
    let before = token_of(&node).await;
    assert_eq!(told(&before).await, "200");

    let id = signing::rotate(&node).await.unwrap();
    let ripening = token_of(&node).await;
    assert_eq!(
        tokens::key_id(&ripening),
        tokens::key_id(&before),
        "a new key only verifies at first"
    );
    node.clock.advance(RIPENING);
    let after = token_of(&node).await;
    assert_eq!(tokens::key_id(&after), Some(id));
    // The county's own node has not read its keys since it started.
    assert!(county.program.signing.get(id).is_none());
    for token in [&before, &ripening, &after] {
        assert_eq!(told(token).await, "200");
    }
    assert!(county.program.signing.get(id).is_some());

    // Whoever writes a key's id has not got the key.
    let of = Access {
        account: Uuid::now_v7(),
        session: Uuid::now_v7(),
    };
    for forged in [id, id + 1, 1, 0, -1, i32::MAX] {
        let keys = SigningKeys::new([(forged, [7; 32], 0)]);
        let token = tokens::access(&keys, of, node.clock.now()).unwrap();
        assert_eq!(told(&token).await, "401 token_invalid", "{forged}");
    }
    // Readings that strangers cause are far between, and a new key is found all the same.
    let next = signing::rotate(&node).await.unwrap();
    let keys = SigningKeys::new([(next, node.signing.get(next).unwrap(), 0)]);
    let session = tokens::read_access(&node.signing, &after, node.clock.now()).unwrap();
    let early = tokens::access(&keys, session, node.clock.now()).unwrap();
    assert_eq!(told(&early).await, "401 token_invalid");
    signing::follow(&county.program).await.unwrap();
    assert_eq!(told(&early).await, "200");

    // In the end the former key is forgotten, with every token that it signed long expired.
    node.clock.advance(2 * 3600 * 1000);
    signing::follow(&county.program).await.unwrap();
    assert!(county.program.signing.get(id).is_none());
    assert_eq!(told(&after).await, "401 token_invalid");
    assert_eq!(told(&token_of(&node).await).await, "200");
}

async fn signing_keys_rotate_by_command(database: Database) {
    let phone = "13900070901";
    let (_, printed, _) = run(&database, &create_admin(phone, &[]));
    let served = Served::start(&database, &[]);
    let asked = json!({ "phone": phone, "password": code(&printed) });
    let tokens = served.client.post("/api/v1/sign-in", &asked).await.ok();
    let admin = served.client.with_token(tokens["access_token"].as_str().unwrap());
    let (exit, printed, said) = run(&database, &["keys", "rotate-signing"]);
    if database.is_postgres() {
        assert_eq!(
            (exit, printed.contains("新的签名密钥")),
            (Some(0), true),
            "{said}"
        );
        assert_eq!(admin.get("/api/v1/me").await.status, 200);
        return;
    }
    assert_eq!((exit, said.contains("停止服务")), (Some(1), true), "{said}");
    let session = tokens["refresh_token"].clone();
    served.stop();
    let (exit, printed, said) = run(&database, &["keys", "rotate-signing"]);
    assert_eq!(
        (exit, printed.contains("新的签名密钥")),
        (Some(0), true),
        "{said}"
    );
    let served = Served::start(&database, &[]);
    let admin = served.client.with_token(tokens["access_token"].as_str().unwrap());
    assert_eq!(admin.get("/api/v1/me").await.status, 200);
    let renewed = json!({ "refresh_token": session });
    assert_eq!(
        served
            .client
            .post("/api/v1/sessions/refresh", &renewed)
            .await
            .status,
        200
    );
}
