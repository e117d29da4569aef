//! Divisions, grids and jobs over HTTP: who gets which status, and the shapes that come back.

use super::*;
use api::actor::Grant;
use api::app::accounts::{NewAccount, Planted, plant};
use api::config::Config;
use api::http;
use api::program::{Program, Schema};
use api::store::jobs::{self, NewJob};
use reqwest::Client;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio_util::sync::CancellationToken;

tests::on_both!(
    the_bureau_draws_and_others_read_their_part,
    faults_have_one_body,
    jobs_are_seen_by_who_started_them
);

const PASSWORD: &str = "walks-at-dawn-7";

struct Door {
    base: String,
    program: Program,
    client: Client,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The program over a real socket, with the published divisions and the grids of the list in it.
async fn open(database: &Database) -> Door {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let mut env = BTreeMap::from([
        ("HESHAN_DATA".to_owned(), database.folder().display().to_string()),
        ("HESHAN_LISTEN".to_owned(), address.to_string()),
    ]);
    env.extend(
        database
            .postgres_url()
            .map(|url| ("HESHAN_DATABASE".to_owned(), url)),
    );
    let config = Config::from(&env).unwrap();
    let (program, _) = Program::open(&config, Schema::Migrate).await.unwrap();
    divisions::import::csv(&program.db, divisions::import::HESHAN, now())
        .await
        .unwrap();
    grids::import_rows(&program.db, &rows(GRIDS), now())
        .await
        .unwrap();
    let served = program.clone();
    let serving = tokio::spawn(async move {
        http::serve(served, &config, CancellationToken::new(), |_| {})
            .await
            .unwrap();
    });
    let door = Door {
        base: format!("http://{address}/api/v1"),
        program,
        client: Client::builder().no_proxy().build().unwrap(),
        serving,
    };
    let live = format!("http://{address}/health/live");
    while door.client.get(&live).send().await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    door
}

impl Door {
    /// A new account with this role, signed in.
    async fn role(&self, role: Role, division: Option<Uuid>, grid: Option<Uuid>) -> (Uuid, String) {
        let phone = format!("139{:08}", Uuid::now_v7().as_u128() % 100_000_000);
        let department = (role == Role::Department).then(|| "残联".to_owned());
        let category = (role == Role::Department).then(|| "disabled".to_owned());
        let planted = Planted {
            new: NewAccount {
                name: "梁少芳",
                phone: &phone,
                home: None,
            },
            password: Some(PASSWORD),
            grants: vec![Grant {
                role,
                division,
                grid,
                category,
                department,
            }],
        };
        let at = self.program.clock.now();
        let (id, _) = plant(&self.program.db, &self.program.keys, &planted, at)
            .await
            .unwrap();
        let body = json!({ "phone": phone, "password": PASSWORD });
        let (status, answer) = self.call("POST", "/sign-in", "", Some(&body)).await;
        assert_eq!(status, 200, "{answer}");
        (id, answer["access_token"].as_str().unwrap().to_owned())
    }

    async fn call(&self, method: &str, path: &str, token: &str, body: Option<&Value>) -> (u16, Value) {
        let mut request = self
            .client
            .request(method.parse().unwrap(), format!("{}{path}", self.base))
            .bearer_auth(token);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        (
            answer.status().as_u16(),
            serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap(),
        )
    }
}

async fn the_bureau_draws_and_others_read_their_part(database: Database) {
    let door = open(&database).await;
    let db = &door.program.db;
    let (town, village) = (id(db, "沙坪街道").await, id(db, "良围村").await);
    let grid = grids::list(db, &bureau(), &all()).await.unwrap()[0].grid.id;
    let far = grids::list(db, &bureau(), &all()).await.unwrap()[34].grid.id;
    let roles = [
        (Role::BureauAdmin, None, None),
        (Role::TownOfficer, Some(town), None),
        (Role::Cadre, Some(village), None),
        (Role::Worker, None, Some(grid)),
        (Role::Department, None, None),
        (Role::Auditor, None, None),
    ];
    let mut tokens = Vec::new();
    for (role, division, grid) in roles {
        tokens.push(door.role(role, division, grid).await.1);
    }
    let new_division = json!({ "name": "新村", "parent": town });
    let new_grid = json!({ "code": "G90000", "village": village, "ranges": [{ "natural_village": "新围", "from": 1, "to": 9999 }] });
    let village_path = format!("/divisions/{village}");
    let (grid_path, far_path) = (format!("/grids/{grid}"), format!("/grids/{far}"));
    let rename = json!({ "name": "旧围一格" });
    let cases: [(&str, &str, Option<&Value>, [u16; 6]); 9] = [
        ("GET", "/divisions", None, [200, 200, 200, 200, 200, 403]),
        ("GET", &village_path, None, [200, 200, 200, 200, 200, 403]),
        ("GET", "/grids", None, [200, 200, 200, 200, 403, 403]),
        ("GET", &grid_path, None, [200, 200, 200, 200, 403, 403]),
        ("GET", &far_path, None, [200, 404, 404, 404, 403, 403]),
        (
            "POST",
            "/divisions",
            Some(&new_division),
            [200, 403, 403, 403, 403, 403],
        ),
        ("POST", "/grids", Some(&new_grid), [200, 403, 403, 403, 403, 403]),
        ("PATCH", &grid_path, Some(&rename), [200, 403, 403, 403, 403, 403]),
        ("GET", "/jobs", None, [200, 200, 200, 200, 200, 403]),
    ];
    for (method, path, body, expected) in cases {
        for ((token, status), (role, ..)) in tokens.iter().zip(expected).zip(&roles) {
            let (got, answer) = door.call(method, path, token, body).await;
            assert_eq!(got, status, "{method} {path} as {role:?}: {answer}");
        }
        let (got, answer) = door.call(method, path, "", body).await;
        assert_eq!(got, 401, "{method} {path} as nobody: {answer}");
    }
    let (_, shown) = door.call("GET", &grid_path, &tokens[3], None).await;
    let expected = json!({
        "id": grid, "code": "G00001", "name": "旧围一格", "village": village, "since": "2026-11-25",
        "ranges": [{ "natural_village": "后尾", "from": 1, "to": 60 }], "residents": 0,
    });
    assert_eq!(shown, expected);
    let (_, tree) = door.call("GET", "/divisions", &tokens[3], None).await;
    assert_eq!(tree[2]["name"], "良围村");
    assert_eq!(tree.as_array().unwrap().len(), 3);
    let (_, first) = door.call("GET", "/grids?limit=20", &tokens[0], None).await;
    let next = first["next"].as_str().unwrap();
    let (_, rest) = door
        .call("GET", &format!("/grids?limit=20&after={next}"), &tokens[0], None)
        .await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 16);
    assert_eq!(rest.get("next"), None);
}

async fn faults_have_one_body(database: Database) {
    let door = open(&database).await;
    let (_, token) = door.role(Role::BureauAdmin, None, None).await;
    let village = id(&door.program.db, "良围村").await;
    let patch = format!("/divisions/{village}");
    let cases = [
        (
            "PATCH",
            patch.as_str(),
            json!({ "until": "2020-13-01" }),
            422,
            "date_malformed",
            vec!["until"],
        ),
        (
            "PATCH",
            &patch,
            json!({ "until": "2020-12-01" }),
            422,
            "until_before_since",
            vec!["until"],
        ),
        (
            "PATCH",
            &patch,
            json!({ "code": "440784" }),
            422,
            "code_level",
            vec!["code"],
        ),
        (
            "PATCH",
            &patch,
            json!({ "code": null, "since": null }),
            200,
            "",
            vec![],
        ),
        (
            "PATCH",
            &patch,
            json!({ "until": "2020-01-01" }),
            409,
            "division_in_use",
            vec![],
        ),
        (
            "POST",
            "/grids",
            json!({ "code": "G00001", "village": village }),
            409,
            "code_taken",
            vec![],
        ),
        (
            "POST",
            "/grids",
            json!({ "code": "", "village": village }),
            422,
            "code_malformed",
            vec!["code"],
        ),
        (
            "GET",
            "/grids?limit=0",
            Value::Null,
            400,
            "invalid_parameter",
            vec!["limit"],
        ),
        (
            "GET",
            "/grids?after=x",
            Value::Null,
            400,
            "invalid_parameter",
            vec!["after"],
        ),
        (
            "GET",
            "/divisions/00000000-0000-0000-0000-000000000000",
            Value::Null,
            404,
            "not_found",
            vec![],
        ),
    ];
    for (method, path, body, status, code, fields) in cases {
        let body = (!body.is_null()).then_some(&body);
        let (got, answer) = door.call(method, path, &token, body).await;
        assert_eq!(got, status, "{method} {path} {body:?}: {answer}");
        if status != 200 {
            assert_eq!(
                (answer["code"].as_str(), &answer["fields"]),
                (Some(code), &json!(fields))
            );
        }
    }
    let import = door
        .client
        .post(format!("{}/divisions/import", door.base))
        .bearer_auth(&token)
        .header("content-type", "text/csv")
        .body("区划代码,名称\n440784001299,新围村\n4407,江门市\n");
    let answer: Value = serde_json::from_slice(&import.send().await.unwrap().bytes().await.unwrap()).unwrap();
    let expected = json!({
        "rows": 2, "created": 1, "changed": 0, "same": 0,
        "issues": [{ "row": 3, "why": "code_malformed", "field": "code" }],
    });
    assert_eq!(answer, expected);
}

async fn jobs_are_seen_by_who_started_them(database: Database) {
    let door = open(&database).await;
    let (_, admin) = door.role(Role::BureauAdmin, None, None).await;
    let (owner, department) = door.role(Role::Department, None, None).await;
    let (_, other) = door.role(Role::Department, None, None).await;
    let new = &NewJob {
        id: Uuid::now_v7(),
        kind: "commit_list",
        subject: None,
        total: 5000,
        created_by: owner,
    };
    let db = &door.program.db;
    db.write(|txn| async move { jobs::insert(&*txn, new).await })
        .await
        .unwrap();
    let path = format!("/jobs/{}", new.id);
    for (token, listed, status) in [(&admin, 1, 200), (&department, 1, 200), (&other, 0, 404)] {
        let (_, page) = door
            .call("GET", "/jobs?state=queued&kind=commit_list", token, None)
            .await;
        assert_eq!(page["items"].as_array().unwrap().len(), listed);
        let (got, job) = door.call("GET", &path, token, None).await;
        assert_eq!(got, status, "{job}");
    }
    let (_, job) = door.call("GET", &path, &department, None).await;
    assert_eq!(
        (&job["state"], &job["total"], &job["progress"]),
        (&json!("queued"), &json!(5000), &json!(0))
    );
    let (_, page) = door.call("GET", "/jobs?state=done", &admin, None).await;
    assert_eq!(page, json!({ "items": [] }));
}
