//! Tokens that are none, not any more, or another's: who they do not open for hears why in one code, and no more.

use super::bench::another_phone;
use api::app::tokens::{self, Access};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Instant;
use serde_json::{Value, json};
use tests::client::Answer;
use tests::county::County;
use tests::database::Database;
use uuid::Uuid;

tests::on_both!(
    tokens_that_open_nothing,
    tokens_of_what_has_ended,
    roles_at_doors_of_others,
    refresh_tokens_that_are_none,
);

const MINUTE: i64 = 60 * 1000;

async fn ask(county: &County, method: &str, path: &str, authorization: &[u8]) -> Answer {
    let headers: &[(&str, &[u8])] = &[
        ("authorization", authorization),
        ("content-type", b"application/json"),
    ];
    let body = if method == "POST" {
        b"{}".to_vec()
    } else {
        Vec::new()
    };
    county.client.send_under(method, path, headers, body).await
}

/// What the account's own page and the sync door say to one header.
async fn told(county: &County, authorization: &[u8]) -> [String; 2] {
    let mut told = Vec::new();
    for (method, path) in [("GET", "/api/v1/me"), ("POST", "/api/v1/sync")] {
        let answer = ask(county, method, path, authorization).await;
        if answer.status >= 400 {
            let body = answer.json();
            let message = body["message"].as_str().unwrap();
            assert!(message.chars().any(|c| c > '\u{4E00}'), "{path}: {message}");
            assert_eq!(body["fields"], json!([]), "{path}");
            assert_eq!(
                answer.header("www-authenticate").is_some(),
                answer.status == 401,
                "{path}"
            );
        }
        told.push(answer.code());
    }
    [told.remove(0), told.remove(0)]
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

async fn tokens_that_open_nothing(database: Database) {
    let county = County::start(database).await;
    let signed_in = county.sign_in("梁少芳", Some("phone-of-the-worker")).await;
    let access = signed_in["access_token"].as_str().unwrap().to_owned();
    let refresh = signed_in["refresh_token"].as_str().unwrap().to_owned();
    let device = signed_in["device"].clone();
    let of = Access {
        account: signed_in["account"].as_str().unwrap().parse().unwrap(),
        session: signed_in["session"].as_str().unwrap().parse().unwrap(),
    };
    let program = &county.program;
    let made = |of: Access, ago: i64| {
        let then = Instant::from_millis(program.clock.now().millis() - ago);
        tokens::access(&program.signing, of, then).unwrap()
    };
    let [header, claims, signature] = access.split('.').collect::<Vec<_>>()[..] else {
        panic!("a token has three parts")
    };
    let with = |header: &Value, signature: &str| format!("{}.{claims}.{signature}", part(header));
    let admin = Uuid::now_v7();
    let of_admin =
        json!({ "typ": "access", "sub": admin, "sid": of.session, "iat": 0, "exp": 9_999_999_999_i64 });
    let nobody = Access {
        account: admin,
        session: of.session,
    };
    let no_session = Access {
        account: of.account,
        session: admin,
    };
    let (_, other) = another_phone(&county, "梁少芳").await;
    let secret = device["secret"].as_str().unwrap();
    let (none, invalid, unknown) = ("401 unauthorized", "401 token_invalid", "401 device_unknown");
    let cases: Vec<(&str, Vec<u8>, [&str; 2])> = vec![
        ("its own", format!("Bearer {access}").into(), ["200", "200"]),
        (
            "in small letters",
            format!("bearer {access}").into(),
            ["200", "200"],
        ),
        (
            "old, within the leeway",
            format!("Bearer {}", made(of, 15 * MINUTE)).into(),
            ["200", "200"],
        ),
        (
            "expired",
            format!("Bearer {}", made(of, 17 * MINUTE)).into(),
            ["401 token_expired"; 2],
        ),
        ("nothing", Vec::new(), [none; 2]),
        ("a word", b"Bearer".to_vec(), [none; 2]),
        ("no token", b"Bearer ".to_vec(), [none; 2]),
        ("another scheme", b"Basic YTpi".to_vec(), [none; 2]),
        ("a naked token", access.clone().into(), [none; 2]),
        ("garbage", b"Bearer a.b.c".to_vec(), [invalid; 2]),
        ("no text", b"Bearer \xff\xfe\x80".to_vec(), [none; 2]),
        ("Chinese", "Bearer 令牌".into(), [none; 2]),
        (
            "100 kB",
            format!("Bearer {}", "A".repeat(100_000)).into(),
            [invalid; 2],
        ),
        (
            "two tokens",
            format!("Bearer {access}, Bearer {access}").into(),
            [invalid; 2],
        ),
        (
            "a token and more",
            format!("Bearer {access}A").into(),
            [invalid; 2],
        ),
        (
            "another signature",
            format!(
                "Bearer {header}.{claims}.{}",
                &signature.chars().rev().collect::<String>()
            )
            .into(),
            [invalid; 2],
        ),
        (
            "no signature",
            format!("Bearer {header}.{claims}.").into(),
            [invalid; 2],
        ),
        (
            "other claims",
            format!("Bearer {header}.{}.{signature}", part(&of_admin)).into(),
            [invalid; 2],
        ),
        (
            "alg none",
            format!(
                "Bearer {}",
                with(&json!({ "typ": "JWT", "alg": "none", "kid": "1" }), "")
            )
            .into(),
            [invalid; 2],
        ),
        (
            "alg None",
            format!(
                "Bearer {}",
                with(&json!({ "typ": "JWT", "alg": "None", "kid": "1" }), signature)
            )
            .into(),
            [invalid; 2],
        ),
        (
            "another algorithm",
            format!(
                "Bearer {}",
                with(&json!({ "typ": "JWT", "alg": "RS256", "kid": "1" }), signature)
            )
            .into(),
            [invalid; 2],
        ),
        (
            "another key",
            format!(
                "Bearer {}",
                with(&json!({ "typ": "JWT", "alg": "HS256", "kid": "999" }), signature)
            )
            .into(),
            [invalid; 2],
        ),
        (
            "a key by its path",
            format!(
                "Bearer {}",
                with(&json!({ "alg": "HS256", "kid": "../../dev/null" }), signature)
            )
            .into(),
            [invalid; 2],
        ),
        (
            "an account that is not there",
            format!("Bearer {}", made(nobody, 0)).into(),
            [invalid; 2],
        ),
        (
            "a session that is not there",
            format!("Bearer {}", made(no_session, 0)).into(),
            ["401 session_ended"; 2],
        ),
        (
            "a refresh token",
            format!("Bearer {refresh}").into(),
            [invalid; 2],
        ),
        (
            "the device's secret",
            format!("Device {}.{secret}", device["id"].as_str().unwrap()).into(),
            [none, "200"],
        ),
        (
            "another secret",
            format!("Device {}.{}", device["id"].as_str().unwrap(), "A".repeat(43)).into(),
            [none, unknown],
        ),
        (
            "the secret of another device",
            format!("Device {other}.{secret}").into(),
            [none, unknown],
        ),
        (
            "a device that is not there",
            format!("Device {}.{secret}", Uuid::now_v7()).into(),
            [none, unknown],
        ),
        (
            "a device that is no id",
            format!("Device phone.{secret}").into(),
            [none, unknown],
        ),
        (
            "a device without secret",
            format!("Device {other}.").into(),
            [none, unknown],
        ),
        (
            "a device alone",
            format!("Device {other}").into(),
            [none, unknown],
        ),
    ];
    let mut wrong = Vec::new();
    for (what, authorization, expected) in cases {
        let told = told(&county, &authorization).await;
        if told != expected {
            wrong.push(format!("{what}: {told:?} instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn tokens_of_what_has_ended(database: Database) {
    let county = County::start(database).await;
    let admin = county.console("区划管理员").await;
    for what in [
        "signed out",
        "session ended",
        "device ended",
        "account disabled",
        "grant ended",
    ] {
        let installation = Uuid::now_v7().simple().to_string();
        let signed_in = county.sign_in("梁少芳", Some(&installation)).await;
        let of = |value: &Value| value.as_str().unwrap().to_owned();
        let access = of(&signed_in["access_token"]);
        let (session, account) = (of(&signed_in["session"]), of(&signed_in["account"]));
        let (device, secret) = (of(&signed_in["device"]["id"]), of(&signed_in["device"]["secret"]));
        let own = county.client.with_token(&access);
        let nothing = json!({});
        let ended = match what {
            "signed out" => own.post("/api/v1/sign-out", &nothing).await,
            "session ended" => {
                own.send("DELETE", &format!("/api/v1/sessions/{session}"), None)
                    .await
            }
            "device ended" => {
                admin
                    .post(&format!("/api/v1/devices/{device}/end"), &nothing)
                    .await
            }
            "account disabled" => {
                admin
                    .post(&format!("/api/v1/accounts/{account}/disable"), &nothing)
                    .await
            }
            _ => {
                let shown = admin.get(&format!("/api/v1/accounts/{account}")).await.ok();
                let grant = of(&shown["grants"][0]["id"]);
                admin
                    .send("DELETE", &format!("/api/v1/grants/{grant}"), None)
                    .await
            }
        };
        assert_eq!(ended.code(), "204", "{what}: {}", ended.text());
        let expected = match what {
            "grant ended" => ["200", "403 role_required"],
            _ => ["401 session_ended"; 2],
        };
        assert_eq!(
            told(&county, format!("Bearer {access}").as_bytes()).await,
            expected,
            "{what}"
        );
        // What the phone still holds can be handed in, and nothing can be read.
        let bare = format!("Device {device}.{secret}");
        let answer = ask(&county, "POST", "/api/v1/sync", bare.as_bytes()).await.ok();
        assert_eq!(
            answer["items"],
            json!([{ "kind": "drop_everything", "reason": "grant_ended" }]),
            "{what}"
        );
        if what == "account disabled" {
            let enabled = admin
                .post(&format!("/api/v1/accounts/{account}/enable"), &nothing)
                .await;
            assert_eq!(enabled.code(), "204");
        }
    }
}

async fn roles_at_doors_of_others(database: Database) {
    let county = County::start(database).await;
    for (name, expected) in [
        ("残联", "403 role_required"),
        ("陆桂英", "403 role_required"),
        ("谭志成", "403 role_required"),
        ("区划管理员", "403 role_required"),
        ("审计员", "403 role_required"),
        ("梁少芳", "403 device_needed"),
    ] {
        let console = county.console(name).await;
        let answer = console.post("/api/v1/sync", &json!({})).await;
        assert_eq!(answer.code(), expected, "{name}");
    }
    // Somebody of another role on a phone is no worker either.
    let (phone, _) = another_phone(&county, "残联").await;
    let answer = phone.post("/api/v1/sync", &json!({})).await;
    assert_eq!(answer.code(), "403 role_required");
}

async fn refresh_tokens_that_are_none(database: Database) {
    let county = County::start(database).await;
    let signed_in = county.sign_in("梁少芳", Some("phone-of-the-worker")).await;
    let refresh = signed_in["refresh_token"].as_str().unwrap().to_owned();
    let (family, rest) = refresh.split_once('.').unwrap();
    let (_, mac) = rest.split_once('.').unwrap();
    let access = signed_in["access_token"].as_str().unwrap().to_owned();
    let same = Some("phone-of-the-worker");
    let cases: Vec<(&str, String, Option<&str>, &str)> = vec![
        ("an access token", access, same, "400 invalid_fields"),
        ("nothing", String::new(), same, "401 token_invalid"),
        ("garbage", "a.b.c".into(), same, "401 token_invalid"),
        ("NUL", "\0.\0.\0".into(), same, "401 token_invalid"),
        ("100 kB", "A".repeat(100_000), same, "400 invalid_fields"),
        (
            "another generation",
            format!("{family}.2.{mac}"),
            same,
            "401 token_invalid",
        ),
        (
            "a generation beyond",
            format!("{family}.99999999999.{mac}"),
            same,
            "401 token_invalid",
        ),
        (
            "another family",
            format!("{}.1.{mac}", Uuid::now_v7().simple()),
            same,
            "401 token_invalid",
        ),
        (
            "another phone",
            refresh.clone(),
            Some("phone-of-somebody"),
            "401 session_ended",
        ),
        ("no phone", refresh.clone(), None, "200"),
        ("its own", refresh.clone(), same, "200"),
    ];
    for (what, token, installation, expected) in cases {
        let asked = json!({ "refresh_token": token, "installation": installation });
        let answer = county.client.post("/api/v1/sessions/refresh", &asked).await;
        assert_eq!(answer.code(), expected, "{what}: {}", answer.text());
        assert!(
            token.is_empty() || answer.status == 200 || !answer.text().contains(&token),
            "{what}"
        );
    }
}
