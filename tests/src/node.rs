//! The official JavaScript library as a client: a Node process that does what a test says.

use crate::workspace;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

/// Ends with the value.
pub struct Node {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Node {
    /// Starts `tests/js/driver.mjs` with the library that the lock file there names.
    pub fn start() -> Node {
        let folder = installed();
        let mut process = Command::new("node")
            .arg("driver.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{MISSING} (node: {error})"));
        Node {
            to: process.stdin.take().unwrap(),
            from: BufReader::new(process.stdout.take().unwrap()),
            process,
        }
    }

    /// One command and its answer.
    #[track_caller]
    pub fn tell(&mut self, command: &Value) -> Value {
        writeln!(self.to, "{command}").unwrap();
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("node ended: {line}"));
        assert!(answer.get("error").is_none(), "{command}: {}", answer["error"]);
        answer["ok"].clone()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const MISSING: &str =
    "Node.js 20 or later with npm is needed for the tests of full clients; see README, 开始";

/// The folder with the scripts and the library, which is fetched once for each lock file.
fn installed() -> PathBuf {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let source = workspace::root().join("tests/js");
    // Beside the tests' own program: in the build folder, wherever that is.
    let built = std::env::current_exe().unwrap();
    let folder = built.parent().unwrap().with_file_name("tests-js");
    std::fs::create_dir_all(&folder).unwrap();
    let lock = std::fs::read(source.join("package-lock.json")).unwrap();
    let mark = folder.join("installed-lock.json");
    for name in ["package.json", "package-lock.json", "client.mjs", "driver.mjs"] {
        std::fs::copy(source.join(name), folder.join(name)).unwrap();
    }
    if std::fs::read(&mark).ok().as_deref() != Some(&lock) {
        install(&folder);
        std::fs::write(mark, lock).unwrap();
    }
    folder
}

fn install(folder: &Path) {
    let output = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| panic!("{MISSING} (npm: {error})"));
    assert!(
        output.status.success(),
        "npm could not fetch what tests/js/package-lock.json names: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
