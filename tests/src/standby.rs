//! A standby of a PostgreSQL server of a test's own, as PostgreSQL's own tools make it: `pg_basebackup`, streaming,
//! synchronous commits, promotion.

use crate::durable::DurableServer;
use crate::postgres::execute;
use sea_orm::{ConnectionTrait, Database, Statement};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// It ends with the value.
pub struct Standby {
    /// Of the server's own database, as the primary's user.
    pub url: String,
    pub address: SocketAddr,
    server: Child,
    _folder: TempDir,
}

impl Standby {
    /// Copies the primary while it works and follows it. From now on the primary acknowledges nothing that the standby
    /// does not have.
    pub async fn of(primary: &DurableServer) -> Standby {
        let owner = std::fs::metadata(&primary.files).unwrap();
        let owner = (owner.uid(), owner.gid());
        // Not inside a folder that only we may enter.
        let folder = tempfile::Builder::new()
            .prefix("heshan-standby.")
            .tempdir_in("/tmp")
            .unwrap();
        chown(folder.path(), Some(owner.0), Some(owner.1)).unwrap();
        let data = folder.path().join("data");
        let (program, mut arguments) = started_as(&primary.files);
        let copy = Command::new(program.with_file_name("pg_basebackup"))
            .args(["--pgdata", data.to_str().unwrap(), "--dbname", &primary.url])
            .args([
                "--checkpoint=fast",
                "--wal-method=stream",
                "--write-recovery-conf",
            ])
            .uid(owner.0)
            .gid(owner.1)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(copy.status.success(), "{}", String::from_utf8_lossy(&copy.stderr));
        let port = free_port();
        // As the primary was started, with another folder and another port.
        for (flag, value) in [("-D", data.display().to_string()), ("-p", port.to_string())] {
            let place = arguments.iter().position(|argument| argument == flag).unwrap();
            arguments[place + 1] = value;
        }
        let log = std::fs::File::create(folder.path().join("standby.log")).unwrap();
        let server = Command::new(&program)
            .args(&arguments)
            .uid(owner.0)
            .gid(owner.1)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let url = primary
            .url
            .replace(&crate::durable::host(&primary.url), &address.to_string());
        let standby = Standby {
            url,
            address,
            server,
            _folder: folder,
        };
        execute(&primary.url, "ALTER SYSTEM SET synchronous_standby_names = '*'").await;
        execute(&primary.url, "SELECT pg_reload_conf()").await;
        let follows = "SELECT CAST(count(*) AS TEXT) FROM pg_stat_replication WHERE sync_state = 'sync'";
        until(&primary.url, follows, "1").await;
        standby
    }

    /// It becomes the primary.
    pub async fn promote(&self) {
        execute(&self.url, "SELECT pg_promote(true, 60)").await;
        until(&self.url, "SELECT CAST(pg_is_in_recovery() AS TEXT)", "false").await;
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        // SIGQUIT: at once, with all of its processes; nothing of it is wanted any more.
        let id = self.server.id().to_string();
        let _ = Command::new("kill").args(["-QUIT", &id]).status();
        let _ = self.server.wait();
    }
}

/// Program and arguments of a server, as it writes them down: `program "argument" "argument" …`.
pub(crate) fn started_as(files: &Path) -> (PathBuf, Vec<String>) {
    let line = std::fs::read_to_string(files.join("postmaster.opts")).unwrap();
    let (program, arguments) = line.trim().split_once(' ').unwrap();
    let arguments = arguments.trim_matches('"').split("\" \"");
    (program.into(), arguments.map(str::to_owned).collect())
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Asks until the answer is this one.
async fn until(url: &str, sql: &str, wanted: &str) {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let said = ask(url, sql).await;
        if said.as_deref() == Some(wanted) {
            return;
        }
        assert!(Instant::now() < end, "{sql}: {said:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn ask(url: &str, sql: &str) -> Option<String> {
    let db = Database::connect(url).await.ok()?;
    let row = db
        .query_one_raw(Statement::from_string(db.get_database_backend(), sql))
        .await;
    let said = row.ok()??.try_get_by_index(0).ok();
    db.close().await.ok()?;
    said
}
