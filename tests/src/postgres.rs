//! The PostgreSQL server that the test command started, and databases of one test each in it.

use crate::database;
use sea_orm::{ConnectionTrait, Database as Connection, DatabaseConnection};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// Where tests find their server: `scripts/with-postgres` sets it.
const SERVER: &str = "HESHAN_TEST_POSTGRES";

/// The URL of the server's own database, as a user who may create others.
///
/// Panics when there is no server: a test that needs one and is skipped would look like a test that passed.
pub fn server() -> String {
    std::env::var(SERVER).unwrap_or_else(|_| {
        panic!("{SERVER} is not set. Run `make test`, or `scripts/with-postgres cargo test …`")
    })
}

/// The folder that holds the server's files and its log (`server.log`).
pub fn server_files() -> std::path::PathBuf {
    let variable = "HESHAN_TEST_POSTGRES_FILES";
    std::env::var(variable)
        .unwrap_or_else(|_| {
            panic!("{variable} is not set: the test reads the files of a server that we started")
        })
        .into()
}

/// A database on a server, dropped with the value.
pub struct Own {
    server: String,
    name: String,
}

impl Own {
    /// A database without any table.
    pub async fn empty(server: String) -> Own {
        Own::create(server, "").await
    }

    /// The same in a tablespace of its own.
    pub async fn empty_in(server: String, tablespace: &str) -> Own {
        Own::create(server, &format!("TABLESPACE {tablespace}")).await
    }

    /// A database with the newest schema and no rows, on the server of the test command.
    pub async fn migrated() -> Own {
        static TEMPLATE: OnceCell<String> = OnceCell::const_new();
        let template = TEMPLATE.get_or_init(|| async {
            let template = Own::empty(server()).await;
            database::migrate(&template.url()).await;
            let name = template.name.clone();
            // Others are copied from it for as long as this process runs.
            std::mem::forget(template);
            name
        });
        Own::create(server(), &format!("TEMPLATE {}", template.await)).await
    }

    async fn create(server: String, how: &str) -> Own {
        let name = format!("heshan_{}", Uuid::now_v7().simple());
        execute(&server, &format!("CREATE DATABASE {name} {how}")).await;
        Own { server, name }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn url(&self) -> String {
        let (before, _) = self
            .server
            .rsplit_once('/')
            .expect("a server's URL names a database");
        format!("{before}/{}", self.name)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let (server, sql) = (
            self.server.clone(),
            format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
        );
        // A test's own server may have ended before its databases; then its files have gone with it.
        if !listens(&server) {
            return;
        }
        // A thread with a runtime of its own: the test's may be the one that is ending.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                if let Ok(db) = Connection::connect(&server).await {
                    let _ = db.execute_unprepared(&sql).await;
                }
            });
        });
        let _ = dropping.join();
    }
}

/// Whether somebody listens at a URL's host and port.
fn listens(url: &str) -> bool {
    let address = url.rsplit('@').next().and_then(|rest| rest.split('/').next());
    address.is_some_and(|address| std::net::TcpStream::connect(address).is_ok())
}

/// Runs a statement on a server.
pub async fn execute(server: &str, sql: &str) {
    let db: DatabaseConnection = Connection::connect(server).await.unwrap();
    db.execute_unprepared(sql).await.unwrap();
    db.close().await.unwrap();
}
