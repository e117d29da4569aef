//! The program as its operator starts and stops it.

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

tests::on_both!(serves_and_stops);

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
