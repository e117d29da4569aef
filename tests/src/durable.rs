//! A PostgreSQL server of one test's own with fsync on, which can be killed and started again.

use crate::standby::started_as;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// It ends with the value, and with this process however that ends: the script waits on a pipe that we hold.
pub struct DurableServer {
    pub url: String,
    /// Its data and its log (`server.log`).
    pub files: PathBuf,
    script: Child,
    /// After a crash we started the server ourselves.
    started: Option<Child>,
}

impl DurableServer {
    pub fn start() -> DurableServer {
        let said = "echo \"$HESHAN_TEST_POSTGRES\"; echo \"$HESHAN_TEST_POSTGRES_FILES\"; cat";
        let mut script = Command::new(crate::workspace::root().join("scripts/with-postgres"))
            .args(["sh", "-c", said])
            .env_remove("HESHAN_TEST_POSTGRES")
            .env("HESHAN_TEST_POSTGRES_FSYNC", "on")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(script.stdout.as_mut().unwrap()).lines();
        let lines: Vec<String> = lines.take(2).map(Result::unwrap).collect();
        let [url, files] = lines.as_slice() else {
            panic!("the server said: {lines:?}")
        };
        assert!(url.starts_with("postgres://"), "the server said: {url}");
        DurableServer {
            url: url.clone(),
            files: files.into(),
            script,
            started: None,
        }
    }

    /// The server's processes by id: the first one, then those that it made.
    pub fn processes(&self) -> Vec<u32> {
        let pid_file = std::fs::read_to_string(self.files.join("postmaster.pid")).unwrap();
        let first: u32 = pid_file.lines().next().unwrap().trim().parse().unwrap();
        let mut all = vec![first];
        all.extend(children(first));
        all
    }

    /// kill -9 to all of the server's processes at once: nobody writes or tidies anything any more.
    pub fn crash(&mut self) {
        // Stopped first, so that it makes no process that is not counted.
        signal("-STOP", &self.processes()[..1]);
        let processes = self.processes();
        signal("-KILL", &processes);
        if let Some(mut child) = self.started.take() {
            child.wait().unwrap();
        }
        for id in processes {
            while alive(id) {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        // A dead process that nobody has buried yet still has its number: the next server would take it for alive.
        std::fs::remove_file(self.files.join("postmaster.pid")).unwrap();
    }

    /// Starts it after a crash, on the same files and the same port, as it was started first.
    pub fn restart(&mut self) {
        let (program, arguments) = started_as(&self.files);
        let owner = std::fs::metadata(&self.files).unwrap();
        let log = std::fs::OpenOptions::new()
            .append(true)
            .open(self.files.join("server.log"))
            .unwrap();
        let server = Command::new(program)
            .args(arguments)
            .uid(owner.uid())
            .gid(owner.gid())
            .current_dir(&self.files)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let id = server.id().to_string();
        let server = self.started.insert(server);
        // The eighth line says so once recovery is over and it takes connections; the first whose file it is.
        let ready = |text: String| {
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            lines.first() == Some(&id.as_str()) && lines.get(7) == Some(&"ready")
        };
        while !std::fs::read_to_string(self.files.join("postmaster.pid")).is_ok_and(ready) {
            let ended = server.try_wait().unwrap();
            assert!(ended.is_none(), "the server does not start again: {ended:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for DurableServer {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let _ = self.script.wait();
        if let Some(mut child) = self.started.take() {
            let _ = child.wait();
        }
    }
}

/// Host and port of a server's URL.
pub fn host(url: &str) -> String {
    let behind = url.rsplit('@').next().unwrap();
    behind.split('/').next().unwrap().to_owned()
}

fn signal(name: &str, processes: &[u32]) {
    let ids = processes.iter().map(u32::to_string);
    let mut kill = Command::new("kill");
    // One that has just ended by itself is no failure.
    let _ = kill.arg(name).args(ids).stderr(Stdio::null()).status().unwrap();
}

/// Whether there is such a process that is not merely waiting to be buried.
fn alive(id: u32) -> bool {
    status(id).is_some_and(|(state, _)| state != "Z" && state != "X")
}

fn children(of: u32) -> Vec<u32> {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id| status(*id).is_some_and(|(_, parent)| parent == of))
        .collect()
}

/// State and parent of a process.
fn status(id: u32) -> Option<(String, u32)> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(id.to_string()).join("stat")).ok()?;
    // The name stands in brackets and may hold blanks.
    let mut words = stat.rsplit_once(") ")?.1.split(' ');
    Some((words.next()?.to_owned(), words.next()?.parse().ok()?))
}
