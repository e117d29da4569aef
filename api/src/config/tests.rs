use super::*;

/// What configuration answers: `ok`, or the names at fault in their order.
fn check(env: &[(&str, &str)], file: Option<&str>, expected: &str) {
    let mut env: BTreeMap<String, String> = env
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    if let Some(text) = file {
        let path = folder.path().join("heshan.toml");
        std::fs::write(&path, text).unwrap();
        env.insert("HESHAN_CONFIG".into(), path.display().to_string());
    }
    let answer = match Config::from(&env) {
        Ok(_) => "ok".to_owned(),
        Err(faults) => {
            let names: Vec<&str> = faults.iter().filter_map(|f| f.split('：').next()).collect();
            names.join(" ")
        }
    };
    assert_eq!(answer, expected, "{env:?} {file:?}");
}

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

#[test]
fn faults_are_told_together_under_the_name_they_were_given() {
    check(&[], None, "ok");
    check(
        &[("HESHAN_LISTEN", "0.0.0.0:80")],
        Some("listen = \"nowhere\""),
        "ok",
    );
    check(&[("HESHAN_TEST_ANYTHING", "x")], None, "ok");
    check(&[("HESHAN_LISTN", "0.0.0.0:80")], None, "HESHAN_LISTN");
    check(
        &[
            ("HESHAN_LISTEN", "x"),
            ("HESHAN_CIPHER", "des"),
            ("HESHAN_BASE_PATH", "grid"),
        ],
        Some("logs = \"xml\""),
        "HESHAN_LISTEN HESHAN_BASE_PATH HESHAN_CIPHER logs",
    );
    check(&[], Some("listen = "), "HESHAN_CONFIG");
    check(
        &[("HESHAN_CONFIG", "/nowhere/heshan.toml")],
        None,
        "HESHAN_CONFIG",
    );
    check(&[], Some("nonsense = 1"), "nonsense");
    check(&[("HESHAN_MASTER_KEY", KEY)], None, "HESHAN_LOOKUP_KEY");
    check(
        &[("HESHAN_MASTER_KEY", "12"), ("HESHAN_LOOKUP_KEY", KEY)],
        None,
        "HESHAN_MASTER_KEY",
    );
    check(&[("HESHAN_DATABASE", "mysql://x")], None, "HESHAN_DATABASE");
    check(&[("HESHAN_KEEP_AUDIT", "179")], None, "HESHAN_KEEP_AUDIT");
    check(
        &[("HESHAN_KEEP_RECEIPTS", "400")],
        Some("keep_uploads = 70"),
        "ok",
    );
    check(&[("HESHAN_METRICS_TOKEN", "short")], None, "HESHAN_METRICS_TOKEN");
    check(&[("HESHAN_METRICS_FROM", "nowhere")], None, "HESHAN_METRICS_FROM");
    check(&[("HESHAN_TRUSTED_PROXIES", "10.0.0.0/8, ::1")], None, "ok");
    check(
        &[("HESHAN_TRUSTED_PROXIES", "10.0.0.0/40")],
        None,
        "HESHAN_TRUSTED_PROXIES",
    );
    check(&[("HESHAN_CORS", "*")], None, "HESHAN_CORS");
    check(
        &[],
        Some("cors = [\"https://a.example\", \"http://localhost:5173\"]"),
        "ok",
    );
    check(&[], Some("clock_offset = 777600"), "ok");
    check(
        &[("HESHAN_JOB_LEASE", "120")],
        Some("log_level = \"debug\""),
        "ok",
    );
    check(
        &[("HESHAN_LOG_LEVEL", "all")],
        Some("job_lease = 0"),
        "HESHAN_LOG_LEVEL job_lease",
    );
}

#[test]
fn secrets_are_hidden() {
    let env = BTreeMap::from([
        ("HESHAN_MASTER_KEY".to_owned(), KEY.to_owned()),
        ("HESHAN_LOOKUP_KEY".to_owned(), KEY.to_owned()),
        (
            "HESHAN_DATABASE".to_owned(),
            "postgres://u:geheim@db/x".to_owned(),
        ),
    ]);
    let shown = format!("{:?}", Config::from(&env).unwrap());
    assert!(
        !shown.contains("geheim") && !shown.contains("0001") && !shown.contains("[0, 1"),
        "{shown}"
    );
}
