//! Everything wrong that can be said on a web socket, and what it is answered.

use super::worker;
use api::live::Timing;
use serde_json::json;
use std::time::Duration;
use tests::county::County;
use tests::database::Database;
use tests::live::Listener;
use tests::on_both;
use tokio_tungstenite::tungstenite::Message;

on_both!(whoever_is_not_known_hears_why, whatever_is_no_word_ends_it);

async fn whoever_is_not_known_hears_why(database: Database) {
    let county = County::start(database).await;
    let (client, _) = worker(&county, "梁少芳").await;
    let cadre = county.console("陆桂英").await;
    let no_phone = county.sign_in("吕小燕", None).await;
    let no_phone = no_phone["access_token"].as_str().unwrap();
    let token = client.token();
    let cases = [
        ("no token at all", "{}".to_owned(), (4400, "malformed")),
        ("not JSON", "token".to_owned(), (4400, "malformed")),
        ("a list", "[]".to_owned(), (4400, "malformed")),
        (
            "half a surrogate",
            r#"{"token": "\ud83d"}"#.to_owned(),
            (4400, "malformed"),
        ),
        ("deep", "[".repeat(5000), (4400, "malformed")),
        (
            "an empty token",
            json!({ "token": "" }).to_string(),
            (4401, "token_invalid"),
        ),
        (
            "a NUL",
            json!({ "token": "\0" }).to_string(),
            (4401, "token_invalid"),
        ),
        (
            "a forged one",
            json!({ "token": format!("{}A", &token[..token.len() - 2]) }).to_string(),
            (4401, "token_invalid"),
        ),
        (
            "a cadre",
            json!({ "token": cadre.token() }).to_string(),
            (4403, "role_required"),
        ),
        (
            "a worker without a phone",
            json!({ "token": no_phone }).to_string(),
            (4403, "device_needed"),
        ),
        (
            "too long",
            json!({ "token": "x".repeat(20_000) }).to_string(),
            (1002, "frame_refused"),
        ),
    ];
    for (name, hello, (code, reason)) in cases {
        let mut listener = Listener::connect(&client, None).await.unwrap();
        listener.say(&hello).await;
        assert_eq!(listener.ended().await, (code, reason.to_owned()), "{name}");
    }
    // The token stands in no URL and no header.
    let plain = client.get("/api/v1/sync/live").await;
    assert_eq!(plain.code(), "400 websocket_needed");
    assert_eq!(
        client
            .send("POST", "/api/v1/sync/live", Some(&json!({})))
            .await
            .code(),
        "405 method_not_allowed"
    );
    // Pages of the own origin may connect, others may not.
    let own = county.client.base().to_owned();
    for (origin, expected) in [
        (own.as_str(), None),
        ("https://elsewhere.example", Some(403)),
        ("null", Some(403)),
        ("http://127.0.0.1", Some(403)),
    ] {
        let asked = Listener::connect(&client, Some(origin)).await;
        assert_eq!(asked.err(), expected, "{origin}");
    }
    assert_eq!(county.program.live.count(), 0);
}

async fn whatever_is_no_word_ends_it(database: Database) {
    let county = County::start(database).await;
    let (client, _) = worker(&county, "梁少芳").await;
    let binary = Message::binary(vec![0xff; 100]);
    let mut listener = Listener::open(&client, None).await;
    listener.send(binary.clone()).await;
    assert_eq!(listener.ended().await, (1003, "text_expected".into()));

    let bytes: &[(&str, &[u8])] = &[
        ("not masked", &[0x81, 0x02, b'h', b'i']),
        ("not UTF-8", &[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe]),
        ("an unknown kind", &[0x83, 0x80, 0, 0, 0, 0]),
        ("reserved bits", &[0xf1, 0x80, 0, 0, 0, 0]),
        ("a ping in parts", &[0x09, 0x80, 0, 0, 0, 0]),
        ("no beginning", &[0x80, 0x80, 0, 0, 0, 0]),
        (
            "an endless frame",
            &[
                0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
            ],
        ),
        ("no frame", b"GET / HTTP/1.1\r\n\r\n"),
    ];
    for (name, bytes) in bytes {
        let mut listener = Listener::open(&client, None).await;
        listener.write(bytes).await;
        let (code, reason) = listener.ended().await;
        assert_eq!((code, reason.as_str()), (1002, "frame_refused"), "{name}");
    }
    // One word in endless parts.
    let mut listener = Listener::open(&client, None).await;
    listener.write(&[0x01, 0x80, 0, 0, 0, 0]).await;
    for _ in 0..300 {
        let mut part = vec![0x00, 0xfd, 0, 0, 0, 0];
        part[1] = 0x80 | 125;
        part.extend([b'x'; 125]);
        listener.write(&part).await;
    }
    assert_eq!(listener.ended().await, (1002, "frame_refused".into()));

    for flood in [
        Message::Ping(vec![1; 100].into()),
        Message::Pong(Vec::new().into()),
    ] {
        let mut listener = Listener::open(&client, None).await;
        for _ in 0..50 {
            listener.send(flood.clone()).await;
        }
        assert_eq!(listener.ended().await, (1008, "too_many_frames".into()));
    }

    // Who says nothing at all, and who does not answer.
    county.program.live.rehearse(Timing {
        hello: Duration::from_millis(100),
        beat: Duration::from_millis(50),
        ..Timing::default()
    });
    let mut listener = Listener::connect(&client, None).await.unwrap();
    assert_eq!(listener.ended().await, (4408, "hello_expected".into()));
    let mut answers = Listener::open(&client, None).await;
    answers.hears_nothing().await;
    let mut silent = Listener::open(&worker(&county, "吕小燕").await.0, None).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(silent.ended().await, (4408, "silent".into()));
    drop(answers);
    // All have left their seats.
    for _ in 0..100 {
        if county.program.live.count() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{} seats are taken still", county.program.live.count());
}
