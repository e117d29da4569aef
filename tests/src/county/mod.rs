//! The county of the stories: 沙坪街道 with the villages 良围 and 仙溪, their grids, and everybody who works there.
//!
//! Places are there from the start; people get their account when a test first asks for them, and sign in as
//! anybody does. All people are invented.

mod people;
mod resident;

use crate::app::TestApp;
use crate::client::Client;
use crate::console::Console;
use crate::database::Database;
use crate::phone::Phone;
use api::actor::{Actor, Grant};
use api::app::divisions::{self, NewDivision};
use api::app::grids::{self, NewGrid};
use api::store::grids::Range;
use domain::Instant;
use domain::catalogue::{Catalogue, Role};
pub use people::{IN_ROLE, PASSWORD};
pub use resident::Builder;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::Deref;
use uuid::Uuid;

/// Name, code, and the division above.
const DIVISIONS: &[(&str, &str, Option<&str>)] = &[
    ("鹤山市", "440784", None),
    ("沙坪街道", "440784001", Some("鹤山市")),
    ("良围村", "440784001201", Some("沙坪街道")),
    ("仙溪村", "440784001202", Some("沙坪街道")),
    ("雅瑶镇", "440784102", Some("鹤山市")),
    ("陈山村", "440784102201", Some("雅瑶镇")),
];

/// Name, code, village, and the natural village whose house numbers it holds.
const GRIDS: &[(&str, &str, &str, &str, i32, i32)] = &[
    ("良围一格", "LW01", "良围村", "旧围村", 1, 99),
    ("良围二格", "LW02", "良围村", "旧围村", 100, 199),
    ("仙溪一格", "XX01", "仙溪村", "新屋村", 1, 99),
    ("陈山一格", "CS01", "陈山村", "上街村", 1, 99),
];

/// The bureau's administrator before there is any account: who draws the county.
fn bureau() -> Actor {
    Actor {
        account: Uuid::nil(),
        name: "建库".into(),
        session: Uuid::nil(),
        device: None,
        epoch: 0,
        must_change: false,
        grants: vec![Grant {
            role: Role::BureauAdmin,
            division: None,
            grid: None,
            category: None,
            department: None,
        }],
        towns: Vec::new(),
        villages: Vec::new(),
        client: None,
    }
}

pub struct County {
    app: TestApp,
    places: BTreeMap<&'static str, Uuid>,
    accounts: tokio::sync::Mutex<BTreeMap<String, Uuid>>,
}

impl County {
    /// Draws the county in a fresh database and serves it.
    pub async fn start(database: Database) -> County {
        County::on(TestApp::start(database).await).await
    }

    /// Draws the county in a program that runs already.
    pub async fn on(app: TestApp) -> County {
        let (db, now) = (&app.program.db, app.program.clock.now());
        let mut places = BTreeMap::new();
        for (name, code, above) in DIVISIONS {
            let new = NewDivision {
                id: Uuid::now_v7(),
                code: Some(code.to_string()),
                name: name.to_string(),
                parent: above.map(|above| places[above]),
                variants: Vec::new(),
                since: None,
            };
            places.insert(
                *name,
                divisions::create(db, &bureau(), &new, now).await.unwrap().id,
            );
        }
        for (name, code, village, natural_village, from, to) in GRIDS {
            let range = Range {
                natural_village: natural_village.to_string(),
                from: *from,
                to: *to,
            };
            let new = NewGrid {
                id: Uuid::now_v7(),
                code: code.to_string(),
                name: Some(name.to_string()),
                village: places[village],
                since: None,
                ranges: vec![range],
            };
            places.insert(*name, grids::create(db, &bureau(), &new, now).await.unwrap().id);
        }
        County {
            app,
            places,
            accounts: Default::default(),
        }
    }

    /// A division or grid by its name.
    #[track_caller]
    pub fn place(&self, name: &str) -> Uuid {
        *self
            .places
            .get(name)
            .unwrap_or_else(|| panic!("there is no {name}"))
    }

    /// Somebody of the county at a console, signed in.
    pub async fn console(&self, name: &str) -> Console {
        self.account(name).await;
        console_at(&self.app.client, name).await
    }

    /// A worker's phone, signed in on storage of its own, empty.
    pub async fn phone(&self, worker: &str) -> Phone {
        self.phone_with(worker, self.app.program.catalogue.version.into())
            .await
    }

    /// The same for a phone that was away while the catalogue changed: it knows `catalogue` only.
    pub async fn phone_with(&self, worker: &str, catalogue: u64) -> Phone {
        let installation = Uuid::now_v7().simple().to_string();
        let signed_in = self.sign_in(worker, Some(&installation)).await;
        let token = signed_in["access_token"].as_str().unwrap();
        Phone::new(self.app.client.with_token(token), catalogue)
    }

    /// Signs somebody in, whose account is made if this is the first time. Answers the tokens as they came.
    pub async fn sign_in(&self, name: &str, installation: Option<&str>) -> Value {
        self.account(name).await;
        sign_in_at(&self.app.client, name, installation).await
    }

    /// The county goes on with another program: of a restored database, or started anew. Answers the former one.
    pub fn goes_on_with(&mut self, app: TestApp) -> TestApp {
        std::mem::replace(&mut self.app, app)
    }

    /// Ends the program in process: a process of its own goes on with the county. Nobody may have signed in yet.
    pub async fn end(self) -> Database {
        self.app.end().await
    }

    /// Somebody's account, made when it is not there yet.
    pub async fn account(&self, name: &str) -> Uuid {
        let mut accounts = self.accounts.lock().await;
        if let Some(account) = accounts.get(name) {
            return *account;
        }
        let account = people::plant(self, people::called(name)).await;
        accounts.insert(name.to_owned(), account);
        account
    }

    /// Begins a resident of the present state, whose row is written without asking anybody.
    pub fn a_resident(&self, name: &str) -> Builder<'_> {
        Builder::new(self, name)
    }

    fn now(&self) -> Instant {
        self.app.program.clock.now()
    }
}

/// Signs in somebody whose account there is, at whatever program serves the county.
pub async fn sign_in_at(client: &Client, name: &str, installation: Option<&str>) -> Value {
    let mut credentials = json!({ "phone": people::called(name).phone, "password": PASSWORD });
    if let Some(installation) = installation {
        credentials["installation"] = installation.into();
    }
    client.post("/api/v1/sign-in", &credentials).await.ok()
}

/// A worker's phone on storage of its own, empty, signed in at whatever program serves the county.
pub async fn phone_at(client: &Client, worker: &str) -> Phone {
    let installation = Uuid::now_v7().simple().to_string();
    let signed_in = sign_in_at(client, worker, Some(&installation)).await;
    let token = signed_in["access_token"].as_str().unwrap();
    Phone::new(client.with_token(token), Catalogue::built_in().version.into())
}

/// Somebody at a console, signed in at whatever program serves the county.
pub async fn console_at(client: &Client, name: &str) -> Console {
    let signed_in = sign_in_at(client, name, None).await;
    Console::new(client.with_token(signed_in["access_token"].as_str().unwrap()))
}

impl Deref for County {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.app
    }
}
