//! What running processes ask of the system, as `strace` sees it: for what a program says of itself is no proof.

use crate::workspace;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStderr, Command, Stdio};
use tempfile::NamedTempFile;

/// Watches processes until [`Strace::end`].
pub struct Strace {
    process: Child,
    stderr: BufReader<ChildStderr>,
    file: NamedTempFile,
}

impl Strace {
    /// Attaches to these processes and to all that they start. `calls` are the names of system calls.
    ///
    /// # Errors
    /// Why it cannot be done here: there is no strace, or the system lets nobody look.
    pub fn attach(processes: &[u32], calls: &str) -> Result<Strace, String> {
        let program = Command::new(workspace::root().join("scripts/strace-bin"))
            .output()
            .unwrap();
        if !program.status.success() {
            return Err(String::from_utf8_lossy(&program.stderr).into_owned());
        }
        let file = NamedTempFile::new().unwrap();
        let mut process = Command::new(String::from_utf8(program.stdout).unwrap().trim())
            // Threads too, what a descriptor stands for, and the first words of what is written.
            .args(["-f", "-yy", "-s", "40", "-e", &format!("trace={calls}"), "-o"])
            .arg(file.path())
            .args(processes.iter().map(|id| format!("-p{id}")))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(process.stderr.take().unwrap());
        let mut said = String::new();
        while said.matches(" attached").count() < processes.len() {
            if stderr.read_line(&mut said).unwrap() == 0 || said.contains("not permitted") {
                let _ = process.kill();
                let _ = process.wait();
                return Err(said);
            }
        }
        Ok(Strace {
            process,
            stderr,
            file,
        })
    }

    /// Lets go of the processes, which go on. Answers the calls as lines, in the order in which they ended.
    pub fn end(mut self) -> String {
        let interrupted = Command::new("kill")
            .args(["-INT", &self.process.id().to_string()])
            .status()
            .unwrap();
        assert!(interrupted.success());
        std::io::copy(&mut self.stderr, &mut std::io::sink()).unwrap();
        self.process.wait().unwrap();
        std::fs::read_to_string(self.file.path()).unwrap()
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Says on the terminal that a test did not run: a skipped test must not look like one that passed.
pub fn skipped(test: &str, why: &str) {
    // Not by `println!`, which the test runner keeps to itself.
    let mut terminal = std::io::stderr().lock();
    writeln!(
        terminal,
        "\n*** SKIPPED: {test}\n*** {}\n",
        why.trim().replace('\n', "\n*** ")
    )
    .unwrap();
}
