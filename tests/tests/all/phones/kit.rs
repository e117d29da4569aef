//! The conformance kit plays its conversations against this program, and through the second client, which was written
//! from docs/sync.md alone.

use std::process::Command;
use tests::county::{County, PASSWORD};
use tests::database::Database;
use tests::{on_both, workspace};

on_both!(the_kit_finds_everything_as_it_should_be);

/// Lines that the client may have.
const LINES: usize = 300;

async fn the_kit_finds_everything_as_it_should_be(database: Database) {
    let county = County::start(database).await;
    county.account("梁少芳").await;
    let folder = workspace::root().join("tests/python");
    let client = std::fs::read_to_string(folder.join("client.py")).unwrap();
    assert!(client.lines().count() <= LINES);
    let base = county.client.base().to_owned();
    let run = move || {
        let client = format!("python3 {}", folder.join("client.py").display());
        Command::new("python3")
            .arg("-B")
            .arg(folder.join("kit.py"))
            .args([&base, "13900070101", PASSWORD, "--client", &client])
            .output()
            .expect("python3 is needed for the conformance kit; see README, 开始")
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("3 of 3 conversations"), "{said}");
}
