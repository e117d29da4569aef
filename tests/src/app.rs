//! The program in process, over a real socket, on a database of one test's own.

use crate::client::Client;
use crate::database::Database;
use api::app::backup::restore;
use api::app::erasure::ledger;
use api::config::Config;
use api::http;
use api::program::{Program, Schema};
use domain::catalogue::Catalogue;
use poem::Server;
use poem::listener::TcpAcceptor;
use sea_orm::ConnectionTrait;
use std::ops::Deref;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Ends with the value.
pub struct TestApp {
    /// What the running program holds, for builders that write rows and for looking behind the door.
    pub program: Program,
    /// Signed in as nobody.
    pub client: Client,
    database: Arc<Database>,
    _serving: Serving,
}

/// The server's task, which ends with the value.
struct Serving(JoinHandle<()>);

impl TestApp {
    /// Starts it as `serve` would with nothing configured but the database.
    pub async fn start(database: Database) -> TestApp {
        TestApp::start_with(database, &[]).await
    }

    /// Starts it with further settings, as the environment names them.
    pub async fn start_with(database: Database, settings: &[(&str, &str)]) -> TestApp {
        TestApp::serve(Arc::new(database), settings, None).await
    }

    /// Another node on the same database, which must be PostgreSQL.
    pub async fn start_beside(&self) -> TestApp {
        TestApp::serve(self.database.clone(), &[], None).await
    }

    /// Starts it under another catalogue than the built-in one, as a later release has it.
    pub async fn start_under(database: Database, catalogue: Catalogue) -> TestApp {
        TestApp::serve(Arc::new(database), &[], Some(catalogue)).await
    }

    async fn serve(
        database: Arc<Database>,
        settings: &[(&str, &str)],
        catalogue: Option<Catalogue>,
    ) -> TestApp {
        let mut environment = database.environment();
        environment.extend(
            settings
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string())),
        );
        let config = Config::from(&environment).unwrap_or_else(|faults| panic!("{faults:?}"));
        let (mut program, _) = Program::open(&config, Schema::Serve).await.unwrap();
        if let Some(catalogue) = catalogue {
            program.catalogue = Arc::new(catalogue);
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::new_with_acceptor(TcpAcceptor::from_tokio(listener).unwrap());
        let app = http::app(program.clone(), &config);
        let serving = tokio::spawn(async move { server.run(app).await.unwrap() });
        let client = Client::new(format!("http://{address}{}", config.base_path));
        TestApp {
            program,
            client,
            database,
            _serving: Serving(serving),
        }
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    /// A copy of the embedded database as it is now, with its keys: a backup that is put in place somewhere else.
    pub async fn backed_up(&self) -> Database {
        let (from, copy) = (self.database.folder(), Database::empty_sqlite());
        let keys = copy.folder().join("keys");
        std::fs::create_dir_all(&keys).unwrap();
        for name in ["master.key", "lookup.key"] {
            std::fs::copy(from.join("keys").join(name), keys.join(name)).unwrap();
        }
        let sql = format!("VACUUM INTO '{}'", copy.folder().join("heshan.db").display());
        self.program.db.schema().execute_unprepared(&sql).await.unwrap();
        copy
    }

    /// Starts a program on a backup, as the database's next life, which hears from what is noted in its folder who was
    /// erased.
    pub async fn restored(backup: Database) -> TestApp {
        let app = TestApp::start(backup).await;
        restore::mark(&app.program.db).await.unwrap();
        let file = ledger::in_folder(app.database().folder());
        ledger::after_restore(&app.program, &[file]).await.unwrap();
        app
    }

    /// Ends the program and answers its database, for a process of its own to go on with. Nobody may have talked
    /// to it over HTTP: an open connection would keep the database in use.
    pub async fn end(self) -> Database {
        let TestApp {
            program,
            database,
            mut _serving,
            ..
        } = self;
        _serving.0.abort();
        let _ = (&mut _serving.0).await;
        let db = program.db.clone();
        drop(program);
        db.schema().clone().close().await.unwrap();
        db.read().clone().close().await.unwrap();
        Arc::into_inner(database).expect("no other node runs on it")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The app is used as the client that nobody has signed in to.
impl Deref for TestApp {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}
