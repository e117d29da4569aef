//! The page for departments says what is true: its commands and its program are run as they stand there, against a
//! demo county that is served.

use api::app::demo;
use domain::catalogue::Role;
use std::process::{Command, Stdio};
use tests::database::Database;
use tests::process::{self, Served};
use tests::workspace;

/// All blocks of one language, in their order.
fn blocks(page: &str, language: &str) -> String {
    let fence = format!("```{language}\n");
    let parts = page.split(fence.as_str()).skip(1);
    parts.map(|part| part.split("```").next().unwrap()).collect()
}

fn is_here(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    let here = found.is_ok_and(|status| status.success());
    if !here {
        eprintln!("SKIPPED: {program} is not here, so docs/departments.md was not tried");
    }
    here
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_department_follows_its_page() {
    if !["bash", "curl", "jq", "python3"].into_iter().all(is_here) {
        return;
    }
    let database = Database::empty_sqlite();
    let made = process::run(&database, &["demo", "--size", "60"]);
    assert!(made.status.success(), "{made:?}");
    let served = Served::start(&database, &[]);
    let page = workspace::read("docs/departments.md");
    let (shell, python) = (blocks(&page, "sh"), blocks(&page, "python"));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("departments.py"), python).unwrap();
    let script =
        format!("set -euo pipefail\n{shell}\nexport BASE CLIENT_ID CLIENT_SECRET\npython3 departments.py\n");
    let phone = demo::printed()
        .into_iter()
        .find(|(role, _)| *role == Role::BureauAdmin)
        .unwrap()
        .1;
    let mut command = Command::new("bash");
    command
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("BASE", served.client.base())
        .env("ADMIN_PHONE", phone)
        .env("ADMIN_PASSWORD", demo::PASSWORD)
        .env("PYTHONIOENCODING", "utf-8")
        .env("no_proxy", "*");
    let ran = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    let (said, wrong) = (
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr),
    );
    assert!(ran.status.success(), "{said}\n{wrong}");
    assert!(said.contains("\"verdict\": \"new\""), "{said}");
    let people = said.split("底册 ").last().unwrap().split(' ').next().unwrap();
    let people: usize = people.parse().unwrap();
    let csv = std::fs::read_to_string(folder.path().join("roster.csv")).unwrap();
    assert!(
        people > 1 && csv.lines().count() == people + 1,
        "{people}: {said}"
    );
    let verdicts = std::fs::read(folder.path().join("verdicts.xlsx")).unwrap();
    assert!(verdicts.starts_with(b"PK"));
}
