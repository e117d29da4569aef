//! The program as a process of its own.

use crate::Fault;
use crate::client::Client;
use crate::place::Place;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// `heshan-grid serve`, killed with the value.
pub struct Server {
    process: Child,
    /// Signed in as nobody.
    pub client: Client,
    /// From starting the process to the first 200 of `/health/ready`.
    pub ready: Duration,
}

impl Server {
    pub async fn start(program: &Path, place: &Place) -> Result<Server, Fault> {
        let began = Instant::now();
        let mut command = Command::new(program);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HESHAN_")) {
            command.env_remove(name);
        }
        let mut process = command
            .arg("serve")
            .envs(place.environment())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let mut said = BufReader::new(process.stdout.take().ok_or("no output")?);
        let mut line = String::new();
        let base = loop {
            if said.read_line(&mut line)? == 0 {
                let _ = process.wait();
                return Err(format!("the program ended before it listened: {line}").into());
            }
            if let Some(address) = address(&line) {
                break address;
            }
        };
        // Nobody reads on; a full pipe would stop the program.
        std::thread::spawn(move || {
            let mut rest = Vec::new();
            let _ = said.read_to_end(&mut rest);
        });
        let client = Client::new(&base)?;
        loop {
            if let Ok(answer) = client.get("/health/ready").await
                && answer.status == 200
            {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(Server {
            process,
            client,
            ready: began.elapsed(),
        })
    }

    /// Processor time of all its threads so far, where the system says so: hardly moved by others on the machine.
    pub fn worked(&self) -> Option<Duration> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.process.id())).ok()?;
        let nanos = tasks.flatten().filter_map(|task| {
            let said = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            said.split(' ').next()?.parse::<u64>().ok()
        });
        Some(Duration::from_nanos(nanos.sum()))
    }

    /// Bytes that the process has given to the disk so far, where the system says so.
    pub fn written(&self) -> Option<u64> {
        let io = std::fs::read_to_string(format!("/proc/{}/io", self.process.id())).ok()?;
        let line = io.lines().find_map(|line| line.strip_prefix("write_bytes: "))?;
        line.trim().parse().ok()
    }

    /// The most memory (bytes) that the process had since its start or [`Server::forget_peak`], where the system says so.
    pub fn peak(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes * 1024)
    }

    /// Begins to measure [`Server::peak`] anew. Where the system does not allow it the peak stays that since the start.
    pub fn forget_peak(&self) {
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.process.id()), "5");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The address in the line that the program prints once it listens.
fn address(said: &str) -> Option<String> {
    let start = said.find("http://")?;
    let address = said[start..].split(|c: char| !c.is_ascii_graphic()).next()?;
    Some(address.trim_end_matches('/').to_owned())
}
