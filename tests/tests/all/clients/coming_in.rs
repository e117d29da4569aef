//! Tokens, scopes, secrets and quotas over HTTP.

use super::{asks, bureau, made};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entity::client_use;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use serde_json::{Value, json};
use tests::clerk::{Clerk, Handed, worker};
use tests::county::County;
use tests::database::Database;

tests::on_both!(
    a_token_is_given_as_the_rfc_says,
    a_client_does_what_it_was_given,
    secrets_overlap_and_end_at_once,
    quotas_hold
);

async fn a_token_is_given_as_the_rfc_says(database: Database) {
    let county = &County::start(database).await;
    let own = made(county, json!({})).await;
    let (http, good) = (&county.client, own.form());
    let told = asks(http, &good).await;
    assert_eq!(told.header("cache-control"), Some("no-store"));
    let told = told.ok();
    assert_eq!(
        (&told["token_type"], &told["expires_in"]),
        (&json!("Bearer"), &json!(900))
    );
    assert_eq!(told["scope"], "changes export hand_in");
    for (form, expected) in [
        (format!("{good}&scope=export%20changes"), "200"),
        (format!("{good}&scope=clues"), "400 invalid_scope"),
        (
            good.replace("client_credentials", "password"),
            "400 unsupported_grant_type",
        ),
        (
            good.replace("grant_type=client_credentials&", ""),
            "400 invalid_request",
        ),
        (
            format!("grant_type=client_credentials&client_id={}", own.id),
            "400 invalid_request",
        ),
        (good.replace("hsc_", "hsc_x"), "401 invalid_client"),
        (good.replace(&own.id, &own.secret_id), "401 invalid_client"),
        (good.replace(&own.id, "nobody"), "401 invalid_client"),
    ] {
        let answer = asks(http, &form).await;
        assert_eq!(answer.code(), expected, "{form}");
        if answer.status >= 400 {
            // What standard libraries look at stands beside our own members.
            let body = answer.json();
            assert_eq!(body["error"], body["code"]);
            assert!(body["error_description"].as_str().unwrap().is_ascii());
        }
        assert_eq!(answer.status == 401, answer.header("www-authenticate").is_some());
    }
    let pair = STANDARD.encode(format!("{}:{}", own.id, own.secret));
    let basic = |pair: &str| format!("Basic {pair}");
    for (header, body, expected) in [
        (basic(&pair), "grant_type=client_credentials", "200"),
        (basic(&pair), good.as_str(), "400 invalid_request"),
        (
            basic("bm9ib2R5Ong="),
            "grant_type=client_credentials",
            "401 invalid_client",
        ),
    ] {
        let form: &[u8] = b"application/x-www-form-urlencoded";
        let headers = [("authorization", header.as_bytes()), ("content-type", form)];
        let answer = http
            .send_under("POST", "/api/v1/oauth/token", &headers, body.as_bytes().to_vec())
            .await;
        assert_eq!(answer.code(), expected, "{header} {body}");
        if answer.status == 401 {
            assert!(answer.header("www-authenticate").unwrap().starts_with("Basic"));
        }
    }
}

async fn a_client_does_what_it_was_given(database: Database) {
    let county = &County::start(database).await;
    let runner = worker(&county.program).await;
    let village = county.place("良围村").to_string();
    let own = made(county, json!({ "divisions": [village] })).await;
    let client = own.signed_in().await;
    // What is no matter of lists and rosters is closed to programs.
    for path in [
        "/api/v1/me",
        "/api/v1/residents",
        "/api/v1/accounts",
        "/api/v1/divisions",
        "/api/v1/audit",
    ] {
        assert_eq!(client.get(path).await.code(), "403 client_not_allowed", "{path}");
    }
    assert_eq!(
        client
            .post("/api/v1/sync", &json!({ "catalogue": 1, "edits": [] }))
            .await
            .status,
        403
    );
    let list = |source, kind, division: &str| Handed {
        source,
        kind,
        division: county.place(division),
        month: "2026-11",
        name: "list.csv",
        content: "姓名,身份证号,出生日期,联系电话,现住址,救助类别,保障金额,状态\n\
                  梁一新,440784195106184849,1951-06-18,13900071001,沙坪街道良围村旧围村1号,低保,845,正常\n"
            .into(),
    };
    let clerk = Clerk::new(client.clone());
    for (source, kind, division, expected) in [
        ("残联", "low_income", "良围村", "403 other_source"),
        ("民政", "disabled", "良围村", "403 list_not_granted"),
        ("民政", "low_income", "仙溪村", "403 list_not_granted"),
        ("民政", "low_income", "鹤山市", "403 list_not_granted"),
    ] {
        let answer = clerk.try_upload(&list(source, kind, division)).await;
        assert_eq!(answer.code(), expected, "{source} {kind} {division}");
    }
    // The department's own list of another village does not exist for it.
    let person = Clerk::new((*county.console("民政").await).clone());
    let other = person.upload(&list("民政", "low_income", "仙溪村")).await;
    assert_eq!(clerk.get(&format!("/api/v1/lists/{other}")).await.status, 404);
    let id = clerk.upload(&list("民政", "low_income", "良围村")).await;
    let listed = clerk.get("/api/v1/lists").await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    let committed = clerk.commit(&id).await;
    assert_eq!(committed["verdicts"], json!({ "new": 1 }));
    // Who handed it in is the program, in the trail too.
    let trail = county.console("审计员").await;
    let rows = trail
        .get(&format!("/api/v1/audit?account={}&action=upload_list", own.id))
        .await
        .ok();
    assert_eq!(rows["items"].as_array().unwrap().len(), 1, "{rows}");
    // A token for one operation opens no other.
    let token = asks(&county.client, &format!("{}&scope=export", own.form()))
        .await
        .ok();
    let only = county.client.with_token(token["access_token"].as_str().unwrap());
    assert_eq!(
        only.get("/api/v1/lists").await.code(),
        "403 operation_not_granted"
    );
    // What the bureau takes away is gone with the next request, whatever the token says.
    let change = json!({ "operations": ["export"] });
    let path = format!("/api/v1/clients/{}", own.id);
    bureau(county)
        .await
        .send("PATCH", &path, Some(&change))
        .await
        .ok();
    assert_eq!(
        client.get("/api/v1/lists").await.code(),
        "403 operation_not_granted"
    );
    bureau(county)
        .await
        .send("PATCH", &path, Some(&json!({ "active": false })))
        .await
        .ok();
    assert_eq!(client.get("/api/v1/lists").await.code(), "401 client_ended");
    bureau(county)
        .await
        .send("PATCH", &path, Some(&json!({ "active": true })))
        .await
        .ok();
    assert_eq!(
        client.get("/api/v1/lists").await.code(),
        "403 operation_not_granted"
    );
    bureau(county).await.send("DELETE", &path, None).await.ok();
    assert_eq!(client.get("/api/v1/lists").await.code(), "401 client_ended");
    assert_eq!(
        asks(&county.client, &own.form()).await.code(),
        "401 invalid_client"
    );
    let again = bureau(county).await.send("PATCH", &path, Some(&change)).await;
    assert_eq!(again.code(), "409 client_revoked");
    runner.stop().await;
}

async fn secrets_overlap_and_end_at_once(database: Database) {
    let county = &County::start(database).await;
    let own = made(county, json!({})).await;
    let admin = bureau(county).await;
    let path = format!("/api/v1/clients/{}/secrets", own.id);
    let old = own.signed_in().await;
    let told = admin.post(&path, &json!({ "overlap_days": 7 })).await.ok();
    let next = told["secret"].as_str().unwrap();
    let third = admin.post(&path, &json!({})).await;
    assert_eq!(third.code(), "409 two_secrets");
    for (secret, expected) in [(own.secret.as_str(), 200), (next, 200)] {
        let form = own.form().replace(&own.secret, secret);
        assert_eq!(asks(&county.client, &form).await.status, expected);
    }
    let shown = admin.get(&format!("/api/v1/clients/{}", own.id)).await.ok();
    let secrets = shown["secrets"].as_array().unwrap();
    assert_eq!(secrets.len(), 2);
    assert!(
        secrets[0]["expires_at"].is_string() && secrets[1]["expires_at"].is_null(),
        "{shown}"
    );
    assert!(!shown.to_string().contains("hsc_"));
    assert_eq!(old.get("/api/v1/lists").await.status, 200);
    admin
        .send("DELETE", &format!("{path}/{}", own.secret_id), None)
        .await
        .ok();
    assert_eq!(old.get("/api/v1/lists").await.code(), "401 client_ended");
    assert_eq!(
        asks(&county.client, &own.form()).await.code(),
        "401 invalid_client"
    );
    let form = own.form().replace(&own.secret, next);
    assert_eq!(asks(&county.client, &form).await.status, 200);
    // An overlap of no days: the one before ends as the next begins.
    let told = admin.post(&path, &json!({ "overlap_days": 0 })).await.ok();
    assert_eq!(asks(&county.client, &form).await.code(), "401 invalid_client");
    let form = own.form().replace(&own.secret, told["secret"].as_str().unwrap());
    assert_eq!(asks(&county.client, &form).await.status, 200);
    for body in [
        json!({ "overlap_days": 91 }),
        json!({ "expires_at": "2020-01-01T00:00:00Z" }),
    ] {
        assert_eq!(admin.post(&path, &body).await.status, 422, "{body}");
    }
}

async fn quotas_hold(database: Database) {
    let county = &County::start(database).await;
    let own = made(county, json!({ "requests_per_minute": 3 })).await;
    let client = own.signed_in().await;
    let mut codes = Vec::new();
    for _ in 0..7 {
        codes.push(client.get("/api/v1/lists").await);
    }
    // Seven requests may fall into two minutes.
    let over: Vec<_> = codes.iter().filter(|a| a.status == 429).collect();
    assert!(!over.is_empty() && over.len() <= 4, "{}", over.len());
    for answer in over {
        assert_eq!(answer.code(), "429 rate_quota");
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait));
    }
    // An earlier minute's requests are no matter of this one.
    let db = county.program.db.schema();
    let row = client_use::Entity::find().one(db).await.unwrap().unwrap();
    let mut row = row.into_active_model();
    row.minute = Set(1);
    row.update(db).await.unwrap();
    assert_eq!(client.get("/api/v1/lists").await.status, 200);
    for (more, field) in [
        (json!({ "requests_per_minute": 0 }), "quota_malformed"),
        (json!({ "operations": [] }), "operation_needed"),
        (json!({ "operations": ["clues"] }), "operation_unknown"),
        (json!({ "categories": ["rich"] }), "category_unknown"),
        (json!({ "kinds": ["payroll"] }), "kind_unknown"),
        (json!({ "name": " " }), "name_malformed"),
        (json!({ "divisions": [own.id] }), "place_unknown"),
        (json!({ "expires_at": "2020-01-01T00:00:00Z" }), "expired_already"),
    ] {
        let mut new = json!({ "name": "甲", "department": "民政", "operations": ["export"] });
        for (name, value) in more.as_object().unwrap() {
            new[name] = value.clone();
        }
        let answer = bureau(county).await.post("/api/v1/clients", &new).await;
        assert_eq!(
            answer.json().get("code").and_then(Value::as_str),
            Some(field),
            "{more}"
        );
    }
}
