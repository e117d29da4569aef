//! The conformance kit plays its conversations against this program, and through the second client, which was written
//! from docs/sync.md alone.

use std::path::PathBuf;
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
    let (success, said) = played(&county, None).await;
    assert!(success, "{said}");
    assert!(said.contains("3 of 3 conversations"), "{said}");
    // A kit that cannot find anything would find everything in order.
    let wrong = tempfile::tempdir().unwrap();
    for path in workspace::files("tests/wire", "json") {
        let text = workspace::read(&path).replacen("13900078413", "13900078445", 1);
        let name = path.rsplit('/').next().unwrap();
        std::fs::write(wrong.path().join(name), text).unwrap();
    }
    let (success, said) = played(&county, Some(wrong.path().to_owned())).await;
    assert!(
        !success && said.contains("FAILED v1-edits.json: step 6"),
        "{said}"
    );
}

/// Whether all was as it should be, and what the kit said.
async fn played(county: &County, wire: Option<PathBuf>) -> (bool, String) {
    let base = county.client.base().to_owned();
    let folder = workspace::root().join("tests/python");
    let run = move || {
        let client = format!("python3 {}", folder.join("client.py").display());
        let mut kit = Command::new("python3");
        kit.arg("-B").arg(folder.join("kit.py"));
        kit.args([&base, "13900070101", PASSWORD, "--client", &client]);
        if let Some(wire) = wire {
            kit.arg("--wire").arg(wire);
        }
        kit.output()
            .expect("python3 is needed for the conformance kit; see README, 开始")
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said.into_owned())
}
