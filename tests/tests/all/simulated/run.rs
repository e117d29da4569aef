//! Who does what in a run, and what the line and the machine do to it.

use super::desk::{self, Listed};
use super::said::{PHONES, exchange, says};
use api::app::erasure::ledger;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tests::app::TestApp;
use tests::console::Console;
use tests::county::County;
use tests::database::Database;
use tests::dice::Dice;
use tests::phone::Phone;
use uuid::Uuid;

/// Worker, grid, and whether the phone is a full client.
pub const WORKERS: [(&str, &str, bool); 4] = [
    ("梁少芳", "良围一格", false),
    ("吕小燕", "良围一格", true),
    ("冯国强", "良围二格", true),
    ("温志健", "良围二格", false),
];
const STEPS: usize = 28;
const PEOPLE: usize = 2;
const ADDRESSES: [&str; 2] = ["沙坪街道良围村旧围村3号", "沙坪街道良围村旧围村103号"];

/// What somebody works on.
pub struct Ground<'a> {
    /// Of the one who works; any for a desk.
    pub grid: Uuid,
    pub grids: [Uuid; 2],
    pub people: &'a [Uuid],
}

pub struct World {
    pub county: County,
    /// A second node, where there is one.
    beside: Option<TestApp>,
    pub phones: Vec<Phone>,
    pub cadre: Console,
    admin: Console,
    /// Of this run: whom lists know, and who was reported since.
    pub people: Vec<Uuid>,
    listed: Vec<Listed>,
    pub erased: BTreeSet<Uuid>,
    /// Edits of this run: the phone that made them, and the resident.
    pub made: BTreeMap<Uuid, (usize, Uuid)>,
    /// Requests that the line delivers when nobody waits for their answer any more.
    late: Vec<(usize, Value)>,
    backup: Option<Database>,
    /// Somebody was sent what is not theirs.
    pub leaked: Option<String>,
    runs: usize,
    lists: usize,
}

impl World {
    pub async fn start(database: Database) -> World {
        let county = County::start(database).await;
        let mut phones = Vec::new();
        for (worker, _, full) in WORKERS {
            let phone = county.phone(worker).await;
            phones.push(if full { phone.with_documents() } else { phone });
        }
        let cadre = county.console("陆桂英").await;
        let admin = county.console("区划管理员").await;
        // Accounts are in every backup.
        for name in ["何伟民", "残联"] {
            county.account(name).await;
        }
        let beside = match county.database().is_postgres() {
            true => Some(county.start_beside().await),
            false => None,
        };
        World {
            county,
            beside,
            phones,
            cadre,
            admin,
            people: Vec::new(),
            listed: Vec::new(),
            erased: BTreeSet::new(),
            made: BTreeMap::new(),
            late: Vec::new(),
            backup: None,
            leaked: None,
            runs: 0,
            lists: 0,
        }
    }

    async fn begin(&mut self) {
        (self.people, self.listed, self.made) = (Vec::new(), Vec::new(), BTreeMap::new());
        (self.late, self.backup, self.erased) = (Vec::new(), None, BTreeSet::new());
        for n in 0..PEOPLE {
            let (_, grid, _) = WORKERS[n * 2];
            let number = desk::number(self.runs * PEOPLE + n);
            let person = self.county.a_resident("黎阿妹").in_grid(grid).phone(PHONES[0]);
            let person = person.number(&number).having("needs", &["轮椅"]);
            self.people.push(person.made().await);
            self.listed.push(Listed {
                number,
                address: ADDRESSES[n],
            });
        }
        self.runs += 1;
        for phone in &mut self.phones {
            phone.sync().await;
        }
    }

    fn grids(&self) -> [Uuid; 2] {
        [self.county.place("良围一格"), self.county.place("良围二格")]
    }

    fn grid_of(&self, n: usize) -> Uuid {
        self.county.place(WORKERS[n].1)
    }

    /// One run, one thing after another, until all is quiet.
    pub async fn play(&mut self, dice: &mut Dice) {
        self.begin().await;
        for _ in 0..STEPS {
            self.step(dice).await;
        }
        self.settle().await;
    }

    async fn step(&mut self, dice: &mut Dice) {
        let n = dice.roll(self.phones.len());
        let people = self.people.clone();
        let ground = Ground {
            grid: self.grid_of(n),
            grids: self.grids(),
            people: &people,
        };
        match dice.roll(200) {
            0..72 => {
                if let Some((edit, who)) = says(dice, &mut self.phones[n], &ground) {
                    self.made.insert(edit, (n, who));
                    if !people.contains(&who) {
                        self.people.push(who);
                    }
                }
            }
            72..134 => exchange(dice, &mut self.phones[n]).await,
            134..138 => self.late.push((n, self.phones[n].as_sent())),
            138..144 => self.deliver(dice.roll(8)).await,
            144..172 => desk::decides(dice, &self.cadre, &ground).await,
            172..178 => desk::moves(dice, &self.cadre, &ground).await,
            178..182 => desk::merges_or_parts(dice, &self.cadre, &ground).await,
            182..187 => desk::dies_or_lives(dice, &self.cadre, &ground).await,
            187..189 => self.erase(dice).await,
            189..191 => self.list(dice).await,
            191..195 => self.backup = Some(self.county.backed_up().await),
            195..199 => self.restored().await,
            _ => self.started_anew().await,
        }
        self.watch(n);
    }

    /// Nobody may have what is of another grid.
    pub fn watch(&mut self, n: usize) {
        let mine = self.grid_of(n).to_string();
        let foreign = self.phones[n]
            .records()
            .find(|(_, record)| record["grid"] != mine.as_str());
        if let Some((id, _)) = foreign {
            self.leaked = Some(format!("phone {n} was sent {id}"));
        }
    }

    async fn deliver(&mut self, place: usize) {
        if place < self.late.len() {
            let (n, request) = self.late.remove(place);
            self.phones[n].send_raw(&request).await.ok();
        }
    }

    pub async fn erase(&mut self, dice: &mut Dice) {
        let ground = Ground {
            grid: self.grid_of(0),
            grids: self.grids(),
            people: &self.people,
        };
        let erased = desk::erases(dice, &self.admin, &ground).await;
        self.erased.extend(erased);
    }

    async fn list(&mut self, dice: &mut Dice) {
        let month = format!("{}-{:02}", 2001 + self.lists / 12, 1 + self.lists % 12);
        self.lists += 1;
        desk::hands_in(dice, &self.county, &month, &self.listed).await;
    }

    /// The disk dies: the last backup goes on as the database's next life, and phones send again what they have.
    async fn restored(&mut self) {
        let Some(backup) = self.backup.take() else { return };
        self.keep_erasures(&backup);
        self.goes_back_to(backup).await;
    }

    pub async fn goes_back_to(&mut self, backup: Database) {
        let app = TestApp::restored(backup).await;
        self.goes_on_with(app);
        self.phones.iter_mut().for_each(Phone::send_again);
    }

    /// What is noted beside the database stays where it is.
    fn keep_erasures(&self, next: &Database) {
        let file = ledger::in_folder(self.county.database().folder());
        if file.exists() {
            std::fs::copy(file, ledger::in_folder(next.folder())).unwrap();
        }
    }

    /// The program ends, and another goes on with what is in the database: nothing else is left of the first.
    async fn started_anew(&mut self) {
        let next = self.county.backed_up().await;
        self.keep_erasures(&next);
        self.goes_on_with(TestApp::start(next).await);
    }

    fn goes_on_with(&mut self, app: TestApp) {
        let client = app.client.clone();
        self.phones.iter_mut().for_each(|phone| phone.moved_to(&client));
        self.cadre.moved_to(&client);
        self.admin.moved_to(&client);
        self.county.goes_on_with(app);
    }

    /// One run in which everybody works at the same time, on two nodes.
    pub async fn race(&mut self, seed: u64) {
        self.begin().await;
        self.phones.iter_mut().for_each(Phone::among_others);
        let [one, two] = self.grids();
        let beside = self.beside.as_ref().unwrap().client.clone();
        let month = format!("{}-{:02}", 2001 + self.lists / 12, 1 + self.lists % 12);
        let (people, county, cadre, admin) = (&self.people, &self.county, &self.cadre, &self.admin);
        let phones = self.phones.iter_mut().enumerate().map(|(n, phone)| {
            let nodes = [&county.client, &beside];
            async move {
                let mut dice = Dice::seeded(seed * 16 + n as u64);
                let (mut mine, mut made) = (people.clone(), Vec::new());
                for _ in 0..STEPS {
                    let ground = Ground {
                        grid: county.place(WORKERS[n].1),
                        grids: [one, two],
                        people: &mine,
                    };
                    match dice.roll(9) {
                        0..4 => {
                            let said = says(&mut dice, phone, &ground);
                            mine.extend(said.map(|(_, who)| who));
                            made.extend(said.map(|(edit, who)| (edit, (n, who))));
                        }
                        4 => phone.moved_to(nodes[dice.roll(2)]),
                        _ => exchange(&mut dice, phone).await,
                    }
                }
                made
            }
        });
        let desk = async {
            let mut dice = Dice::seeded(seed * 16 + 15);
            let ground = Ground {
                grid: one,
                grids: [one, two],
                people,
            };
            for _ in 0..STEPS / 2 {
                match dice.roll(10) {
                    0..5 => desk::decides(&mut dice, cadre, &ground).await,
                    5 => desk::merges_or_parts(&mut dice, cadre, &ground).await,
                    6..9 => desk::moves(&mut dice, cadre, &ground).await,
                    _ => desk::dies_or_lives(&mut dice, cadre, &ground).await,
                }
            }
            match seed % 5 {
                0 => desk::erases(&mut dice, admin, &ground).await,
                _ => Vec::new(),
            }
        };
        let list = async {
            if seed.is_multiple_of(3) {
                let mut dice = Dice::seeded(seed * 16 + 14);
                desk::hands_in(&mut dice, county, &month, &self.listed).await;
            }
        };
        let (made, erased, ()) = tokio::join!(futures_util::future::join_all(phones), desk, list);
        self.lists += 1;
        self.erased.extend(erased);
        self.made = made.into_iter().flatten().collect();
        for (_, who) in self.made.values() {
            if !self.people.contains(who) {
                self.people.push(*who);
            }
        }
        self.settle().await;
    }

    /// The line is good: everybody syncs until nobody has anything to say or to hear.
    pub async fn settle(&mut self) {
        while !self.late.is_empty() {
            self.deliver(0).await;
        }
        for _ in 0..3 {
            for n in 0..self.phones.len() {
                self.phones[n].sync().await;
                self.watch(n);
            }
        }
    }
}
