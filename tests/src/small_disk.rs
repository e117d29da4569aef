//! A program whose data folder lies on a file system of a few megabytes, which a test fills up and frees.
//!
//! The file system is made in a mount namespace of the program's own, as an ordinary user may where the kernel lets
//! him. Where it does not, there is nothing to test with, and the test says so loudly.

use crate::database::Database;
use crate::postgres;
use crate::process::{Served, configured, program};
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;
use uuid::Uuid;

pub struct SmallDisk {
    pub served: Served,
    folder: PathBuf,
}

impl SmallDisk {
    /// Copies a database's folder to a new file system of `megabytes` in its place, and serves it there. `None` where
    /// that is not permitted.
    pub fn start(database: &Database, megabytes: u32) -> Option<SmallDisk> {
        let folder = database.folder().to_owned();
        if !permitted() {
            eprintln!(
                "\n!!! SKIPPED: a full disk is not tested here: no file system may be mounted (unshare -rm mount)\n"
            );
            return None;
        }
        let script = "d=$HESHAN_DATA; cp -a \"$d\" \"$d.copy\" && mount -t tmpfs -o size=$HESHAN_TEST_SIZE tmpfs \"$d\" \
            && chmod 700 \"$d\" && cp -a \"$d.copy/.\" \"$d\" && rm -r \"$d.copy\" && exec \"$0\" serve";
        let inner = configured(database);
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", script]).arg(program());
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("HESHAN_TEST_SIZE", format!("{megabytes}m"));
        Some(SmallDisk {
            served: Served::listening(command),
            folder,
        })
    }

    /// Takes all the space that is left.
    pub fn fill(&self) {
        // It ends with an error, which is what it is for.
        self.inside("sh", &["-c", "cat /dev/zero > \"$HESHAN_DATA/filler\""]);
    }

    pub fn free(&self) {
        let done = self.inside("sh", &["-c", "rm \"$HESHAN_DATA/filler\""]);
        assert!(done.status.success());
    }

    /// A command of the program beside the one that serves.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.inside(&program().display().to_string(), arguments)
    }

    fn inside(&self, what: &str, arguments: &[&str]) -> Output {
        let id = self.served.id().to_string();
        Command::new("nsenter")
            .args(["-t", &id, "-U", "-m", "--preserve-credentials", what])
            .args(arguments)
            .env("HESHAN_DATA", &self.folder)
            .output()
            .unwrap()
    }
}

/// A tablespace of the test command's server on a file system of a few megabytes. Gone with the value, which must
/// outlive its databases.
pub struct SmallTablespace {
    pub name: String,
    folder: TempDir,
}

impl SmallTablespace {
    /// `None` where no file system may be mounted in the server's sight.
    pub async fn start(megabytes: u32) -> Option<SmallTablespace> {
        let folder = tempfile::Builder::new()
            .prefix("heshan-small")
            .tempdir_in("/tmp")
            .unwrap();
        let owner = std::fs::metadata(postgres::server_files()).unwrap();
        let options = format!(
            "size={megabytes}m,mode=700,uid={},gid={}",
            owner.uid(),
            owner.gid()
        );
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(folder.path())
            .output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            eprintln!(
                "\n!!! SKIPPED: a full disk of PostgreSQL is not tested here: only root may mount one for it\n"
            );
            return None;
        }
        let name = format!("small_{}", Uuid::now_v7().simple());
        let location = folder.path().display();
        let sql = format!("CREATE TABLESPACE {name} LOCATION '{location}'");
        postgres::execute(&postgres::server(), &sql).await;
        Some(SmallTablespace { name, folder })
    }

    /// Takes all the space that is left.
    pub fn fill(&self) {
        let zeros = vec![0; 1 << 16];
        let mut filler = std::fs::File::create(self.folder.path().join("filler")).unwrap();
        while filler.write_all(&zeros).is_ok() {}
    }

    pub fn free(&self) {
        std::fs::remove_file(self.folder.path().join("filler")).unwrap();
    }

    /// To be called once its databases are gone.
    pub async fn end(self) {
        let sql = format!("DROP TABLESPACE {}", self.name);
        postgres::execute(&postgres::server(), &sql).await;
    }
}

impl Drop for SmallTablespace {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}

fn permitted() -> bool {
    let tried = Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .output();
    tried.is_ok_and(|output| output.status.success())
}
