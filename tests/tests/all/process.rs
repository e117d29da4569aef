//! The program as its operator starts and stops it.

use sea_orm::{ConnectOptions, ConnectionTrait, Database as Connection};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use tests::database::Database;
use tests::process::{self, Served};

async fn serves_and_stops(database: Database) {
    let served = Served::start(&database, &[]);
    assert_eq!(served.client.get("/health/ready").await.ok()["status"], "ok");
    assert_eq!(served.stop(), Some(0), "a stop by signal is no failure");

    let again = Served::start(&database, &[]);
    assert_eq!(
        again.client.get("/health/ready").await.status,
        200,
        "it starts again on the same data"
    );
    again.kill();
}

/// A request is half sent when the program is told to stop: nobody new is let in, and this one is answered.
async fn finishes_what_it_began(database: Database) {
    let served = Served::start(&database, &[]);
    let host = served.client.host().to_owned();
    let body = r#"{"phone":"13900070199","password":"旧围村口的老榕树-12"}"#;
    let (before, after) = body.split_at(20);
    let mut socket = TcpStream::connect(&host).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = format!(
        "POST /api/v1/sign-in HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).unwrap();
    // It says so when it begins to read the body.
    let mut go_on = [0; 25];
    socket.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    socket.write_all(before.as_bytes()).unwrap();
    served.tell_to_stop();
    while TcpStream::connect(&host).is_ok() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    socket.write_all(after.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 401") && answer.contains("sign_in_failed"),
        "{answer}"
    );
    assert_eq!(served.ended(), Some(0));
}

async fn a_newer_schema_is_refused(database: Database) {
    let mut options = ConnectOptions::new(database.url());
    options.max_connections(1);
    let db = Connection::connect(options).await.unwrap();
    db.execute_unprepared(
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20990101_000001_of_tomorrow', 0)",
    )
    .await
    .unwrap();
    db.close().await.unwrap();
    for command in ["serve", "migrate", "demo"] {
        let said = process::refused(&database, &[command]);
        assert!(said.contains("数据库结构比程序新"), "{command}: {said}");
    }
}

tests::on_both!(
    serves_and_stops,
    finishes_what_it_began,
    a_newer_schema_is_refused
);

#[tokio::test]
async fn a_data_folder_has_one_program() {
    let database = Database::sqlite().await;
    let served = Served::start(&database, &[]);
    for command in ["serve", "migrate", "demo"] {
        let said = process::refused(&database, &[command]);
        assert!(said.contains("数据目录正被另一个进程使用"), "{command}: {said}");
    }
    assert_eq!(served.client.get("/health/ready").await.status, 200);
    // A killed one leaves nothing behind that keeps the next one out.
    served.kill();
    assert_eq!(Served::start(&database, &[]).stop(), Some(0));
}

#[tokio::test]
async fn postgres_is_migrated_by_hand() {
    let database = Database::empty_postgres().await;
    let said = process::refused(&database, &["serve"]);
    assert!(said.contains("heshan-grid migrate"), "{said}");
    let migrated = process::run(&database, &["migrate"]);
    assert!(migrated.status.success(), "{migrated:?}");
    assert_eq!(Served::start(&database, &[]).stop(), Some(0));
}

#[test]
fn faults_of_the_configuration_come_together() {
    let database = Database::empty_sqlite();
    let environment = [("HESHAN_LISTEN", "here"), ("HESHAN_CIPHER", "rot13")];
    let output = std::process::Command::new(process::program())
        .arg("serve")
        .envs(database.environment())
        .envs(environment)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(environment.iter().all(|(name, _)| said.contains(name)), "{said}");
}
