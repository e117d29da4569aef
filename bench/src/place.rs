//! Where a run keeps its data: a folder and a database of its own, gone with the value.

use crate::Fault;
use api::config::Config;
use api::program::{Program, Schema};
use sea_orm::{ConnectionTrait, Database};
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;
use uuid::Uuid;

pub struct Place {
    folder: TempDir,
    postgres: Option<Own>,
}

/// A database on a server that was named to us.
struct Own {
    server: String,
    name: String,
}

impl Place {
    /// Embedded, or on the PostgreSQL server whose URL is given, of a user who may create databases. The folder lies
    /// in `beside`, whose disk is then the one that is measured.
    pub async fn new(beside: &Path, server: Option<&str>) -> Result<Place, Fault> {
        let folder = tempfile::Builder::new()
            .prefix("heshan-bench")
            .tempdir_in(beside)?;
        let postgres = match server {
            None => None,
            Some(server) => {
                let name = format!("heshan_bench_{}", Uuid::now_v7().simple());
                execute(server, &format!("CREATE DATABASE {name}")).await?;
                Some(Own {
                    server: server.to_owned(),
                    name,
                })
            }
        };
        Ok(Place { folder, postgres })
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The settings with which the program finds it, on a port of the system's choice.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let mut settings = BTreeMap::from([
            ("HESHAN_DATA".to_owned(), self.folder.path().display().to_string()),
            ("HESHAN_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
            // Whatever the size: the stream itself is measured.
            ("HESHAN_EXPORT_STREAM_ROWS".to_owned(), "10000000".to_owned()),
            // What is measured is the work, not the patience of the door.
            ("HESHAN_RATE_DEVICE".to_owned(), "100000".to_owned()),
            ("HESHAN_RATE_ACCOUNT".to_owned(), "100000".to_owned()),
        ]);
        settings.extend(
            self.postgres
                .as_ref()
                .map(|own| ("HESHAN_DATABASE".to_owned(), own.url())),
        );
        settings
    }

    /// Opens it in this process, with the newest schema: nobody else may serve it meanwhile.
    pub async fn open(&self) -> Result<Program, Fault> {
        let config = Config::from(&self.environment()).map_err(|faults| faults.join("; "))?;
        Ok(Program::open(&config, Schema::Migrate).await?.0)
    }

    /// Takes the database away. A folder goes by itself, a server's database does not.
    pub async fn remove(self) -> Result<(), Fault> {
        match self.postgres {
            None => Ok(()),
            Some(own) => {
                let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", own.name);
                execute(&own.server, &sql).await
            }
        }
    }
}

impl Own {
    fn url(&self) -> String {
        let before = self
            .server
            .rsplit_once('/')
            .map_or(self.server.as_str(), |(before, _)| before);
        format!("{before}/{}", self.name)
    }
}

async fn execute(server: &str, sql: &str) -> Result<(), Fault> {
    let db = Database::connect(server).await?;
    db.execute_unprepared(sql).await?;
    db.close().await?;
    Ok(())
}
