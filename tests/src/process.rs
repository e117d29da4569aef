//! The program as a process of its own, for tests that kill it, stop it, or read what it prints.

use crate::client::Client;
use crate::database::Database;
use crate::workspace;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// The program's file, built as `make run` builds it.
pub fn program() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
        let status = Command::new(cargo)
            .args([
                "build",
                "--quiet",
                "--locked",
                "--offline",
                "--workspace",
                "--bin",
                "heshan-grid",
            ])
            .current_dir(workspace::root())
            .status()
            .unwrap();
        assert!(status.success(), "the program does not build");
        // Tests lie in the folder `deps` beside it.
        let tests = std::env::current_exe().unwrap();
        tests.parent().unwrap().with_file_name("heshan-grid")
    });
    built.clone()
}

/// Runs a command of the program to its end, on this database.
pub fn run(database: &Database, arguments: &[&str]) -> Output {
    configured(database).args(arguments).output().unwrap()
}

/// The same, with a text on its standard input.
pub fn run_told(database: &Database, arguments: &[&str], text: &str) -> Output {
    let mut process = configured(database)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    // A command that does not ask has ended by now, perhaps.
    let _ = input.write_all(text.as_bytes());
    drop(input);
    process.wait_with_output().unwrap()
}

/// Runs a command that must not go on: answers what it says, in Chinese, before it gives up.
pub fn refused(database: &Database, arguments: &[&str]) -> String {
    let mut process = configured(database)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    while process.try_wait().unwrap().is_none() {
        if Instant::now() > until {
            process.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = process.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?} is refused: {said}");
    said
}

/// As [`run`] with nothing configured: for commands that need no database.
pub fn run_bare(arguments: &[&str]) -> Output {
    bare().args(arguments).output().unwrap()
}

fn bare() -> Command {
    let mut command = Command::new(program());
    let ours = std::env::vars()
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("HESHAN_"));
    for name in ours {
        command.env_remove(name);
    }
    command.current_dir(workspace::root());
    command
}

/// The program with its settings for a database, to which arguments are added.
pub fn configured(database: &Database) -> Command {
    let mut command = bare();
    command.envs(database.environment());
    command
}

/// `heshan-grid serve`, killed with the value.
pub struct Served {
    process: Child,
    /// Signed in as nobody.
    pub client: Client,
    output: Arc<Mutex<String>>,
}

impl Served {
    /// Starts it on a free port and waits until it says that it listens. `environment` is set on top.
    pub fn start(database: &Database, environment: &[(&str, &str)]) -> Served {
        let mut command = configured(database);
        command.arg("serve").envs(environment.iter().copied());
        Served::listening(command)
    }

    /// The same by a command of the caller's own that ends in the program.
    pub fn listening(mut command: Command) -> Served {
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = Arc::new(Mutex::new(String::new()));
        collect(process.stderr.take().unwrap(), output.clone());
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let mut said = String::new();
        let base = loop {
            let read = lines.read_line(&mut said).unwrap();
            assert!(read > 0, "the program ended: {said}{}", output.lock().unwrap());
            if let Some(base) = address(&said) {
                break base;
            }
        };
        output.lock().unwrap().push_str(&said);
        collect(lines, output.clone());
        Served {
            process,
            client: Client::new(base),
            output,
        }
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// All that it has printed and logged so far.
    pub fn output(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    /// kill -9, and nothing of the process is left.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// SIGTERM. Answers the exit code once it has ended by itself.
    pub fn stop(self) -> Option<i32> {
        self.tell_to_stop();
        self.ended()
    }

    /// SIGTERM, and no waiting.
    pub fn tell_to_stop(&self) {
        let term = Command::new("kill")
            .args(["-TERM", &self.process.id().to_string()])
            .status()
            .unwrap();
        assert!(term.success());
    }

    /// The exit code once it has ended by itself.
    pub fn ended(mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The address in the line that the program prints once it listens.
fn address(said: &str) -> Option<String> {
    let start = said.find("http://")?;
    let address: String = said[start..]
        .chars()
        .take_while(|c| c.is_ascii_graphic())
        .collect();
    Some(address.trim_end_matches('/').to_owned())
}

fn collect(mut from: impl Read + Send + 'static, into: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(read @ 1..) = from.read(&mut bytes) {
            into.lock()
                .unwrap()
                .push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
    });
}
