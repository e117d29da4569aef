//! Who does what in a run, and what the line and the machine do to it.

use super::check::Law;
use super::desk::{self, Listed};
use super::history;
use super::places::{Bureau, Places};
use super::registered::Registered;
use super::said::{PHONES, exchange, says};
use api::app::erasure::ledger;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tests::app::TestApp;
use tests::client::Client;
use tests::console::Console;
use tests::county::County;
use tests::database::Database;
use tests::dice::Dice;
use tests::phone::Phone;
use uuid::Uuid;

/// Worker, the grid in the beginning, and whether the phone is a full client.
pub const WORKERS: [(&str, &str, bool); 4] = [
    ("梁少芳", "良围一格", false),
    ("吕小燕", "良围一格", true),
    ("冯国强", "良围二格", true),
    ("温志健", "良围二格", false),
];
pub const STEPS: usize = 28;
const PEOPLE: usize = 2;
const ADDRESSES: [&str; 2] = ["沙坪街道良围村旧围村3号", "沙坪街道良围村旧围村103号"];

/// What somebody works on.
pub struct Ground<'a> {
    /// Of the one who works; any for a desk.
    pub grid: Uuid,
    pub grids: &'a [Uuid],
    pub people: &'a [Uuid],
}

/// A backup, with what was so when it was made.
pub struct Backup {
    database: Database,
    places: Places,
    registered: BTreeSet<String>,
}

pub struct World {
    pub county: County,
    /// A second node, where there is one.
    pub beside: Option<TestApp>,
    pub phones: Vec<Phone>,
    pub registered: Vec<Registered>,
    /// Phones whose registration has ended.
    pub retired: Vec<(Phone, Registered)>,
    pub cadre: Console,
    pub bureau: Bureau,
    pub places: Places,
    /// Of this run: whom lists know, and who was reported since.
    pub people: Vec<Uuid>,
    pub listed: Vec<Listed>,
    /// The last one that was committed.
    list: Option<String>,
    pub erased: BTreeSet<Uuid>,
    /// Edits of this run with the resident whom they name.
    pub made: BTreeMap<Uuid, Uuid>,
    /// Requests that the line delivers when nobody waits for their answer any more.
    late: Vec<(Client, Value)>,
    backup: Option<Backup>,
    /// What was seen to be wrong at the moment.
    pub broken: Option<(Law, String)>,
    /// A mistake: of what a list wrote of somebody not all is taken back.
    pub leaves_behind: Option<Uuid>,
    runs: usize,
    pub lists: usize,
}

impl World {
    pub async fn start(database: Database) -> World {
        let county = County::start(database).await;
        let (mut phones, mut registered) = (Vec::new(), Vec::new());
        for n in 0..WORKERS.len() {
            let (phone, registration) = Registered::new(&county, n).await;
            phones.push(phone);
            registered.push(registration);
        }
        let cadre = county.console("陆桂英").await;
        let bureau = Bureau::of(&county).await;
        // Accounts are in every backup.
        for name in ["何伟民", "残联"] {
            county.account(name).await;
        }
        let beside = match county.database().is_postgres() {
            true => Some(county.start_beside().await),
            false => None,
        };
        World {
            places: Places::of(&county),
            county,
            beside,
            phones,
            registered,
            retired: Vec::new(),
            cadre,
            bureau,
            people: Vec::new(),
            listed: Vec::new(),
            list: None,
            erased: BTreeSet::new(),
            made: BTreeMap::new(),
            late: Vec::new(),
            backup: None,
            broken: None,
            leaves_behind: None,
            runs: 0,
            lists: 0,
        }
    }

    /// New people, and all that was of the run before is over.
    pub async fn begin(&mut self, dice: &mut Dice) {
        (self.people, self.listed, self.made) = (Vec::new(), Vec::new(), BTreeMap::new());
        (self.late, self.backup, self.erased) = (Vec::new(), None, BTreeSet::new());
        (self.retired, self.list) = (Vec::new(), None);
        self.bureau.staff(dice, &mut self.places).await;
        for (n, address) in ADDRESSES.into_iter().enumerate() {
            let number = desk::number(self.runs * PEOPLE + n);
            let person = self.county.a_resident("黎阿妹").within(self.places.grids[n]);
            let person = person.phone(PHONES[0]).number(&number).having("needs", &["轮椅"]);
            self.people.push(person.made().await);
            self.listed.push(Listed { number, address });
        }
        self.runs += 1;
        for n in 0..self.phones.len() {
            self.phones[n].sync().await;
            self.watch(n);
        }
    }

    /// One run, one thing after another, until all is quiet.
    pub async fn play(&mut self, dice: &mut Dice) {
        self.begin(dice).await;
        for _ in 0..STEPS {
            self.step(dice).await;
        }
        self.settle().await;
    }

    async fn step(&mut self, dice: &mut Dice) {
        let n = dice.roll(self.phones.len());
        let (people, grids) = (self.people.clone(), self.places.grids.clone());
        let ground = Ground {
            grid: self.places.some(dice, n),
            grids: &grids,
            people: &people,
        };
        match dice.roll(220) {
            0..72 => {
                if let Some((edit, who)) = says(dice, &mut self.phones[n], &ground) {
                    self.made.insert(edit, who);
                    if !people.contains(&who) {
                        self.people.push(who);
                    }
                }
            }
            72..134 if self.places.rights[n].is_empty() => self.turned_away(dice, n).await,
            72..134 => exchange(dice, &mut self.phones[n]).await,
            134..138 => {
                let phone = &self.phones[n];
                self.late.push((phone.line().clone(), phone.as_sent()));
            }
            138..144 => self.deliver(dice.roll(8)).await,
            144..172 => desk::decides(dice, &self.cadre, &ground).await,
            172..178 => desk::moves(dice, &self.cadre, &ground).await,
            178..182 => desk::merges_or_parts(dice, &self.cadre, &ground).await,
            182..187 => desk::dies_or_lives(dice, &self.cadre, &ground).await,
            187..189 => self.erase(dice).await,
            189..191 => self.list = Some(self.hands_in(dice).await),
            191..195 => self.backup = Some(self.backed_up().await),
            195..199 => self.restored().await,
            199 => self.started_anew().await,
            200..208 => self.bureau.changes(dice, &mut self.places, &people).await,
            208..210 => self.retires(n).await,
            210..217 => history::begins_anew(dice, self).await,
            217 => history::comes_and_goes(dice, self).await,
            _ => {
                if let Some(list) = self.list.take() {
                    let _ = desk::undoes(&self.county, &list).await;
                }
            }
        }
        self.watch(n);
    }

    /// Nobody may be sent what is of another grid.
    pub fn watch(&mut self, n: usize) {
        for grid in self.phones[n].came() {
            if !self.places.may(n, Some(grid)) {
                self.breaks(Law::Scope, format!("phone {n} was sent somebody of {grid}"));
            }
        }
    }

    async fn deliver(&mut self, place: usize) {
        if place < self.late.len() {
            let (line, request) = self.late.remove(place);
            let line = line.moved_to(&self.county.client);
            let done = line.post("/api/v1/sync", &request).await;
            // Its grant or registration may have ended.
            assert!(matches!(done.status, 200 | 401 | 403), "{}", done.text());
        }
    }

    pub async fn erase(&mut self, dice: &mut Dice) {
        let erased = desk::erases(dice, &self.bureau.admin, &self.people).await;
        self.erased.extend(erased);
    }

    /// Answers the list.
    pub async fn hands_in(&mut self, dice: &mut Dice) -> String {
        let month = self.next_month();
        let (id, rows) = desk::hands_in(dice, &self.county, &month, &self.listed).await;
        assert_eq!(rows, self.listed.len());
        id
    }

    pub fn next_month(&mut self) -> String {
        self.lists += 1;
        format!("{}-{:02}", 2001 + self.lists / 12, 1 + self.lists % 12)
    }

    pub fn breaks(&mut self, law: Law, how: String) {
        self.broken.get_or_insert((law, how));
    }

    async fn turned_away(&mut self, dice: &mut Dice, n: usize) {
        let phone = &self.phones[n];
        let refused = phone.send_raw(&phone.as_sent()).await;
        assert_eq!(refused.code(), "403 role_required");
        if dice.roll(2) == 0 {
            self.hands_in_all(n).await;
        }
    }

    pub async fn backed_up(&self) -> Backup {
        Backup {
            database: self.county.backed_up().await,
            places: self.places.clone(),
            registered: self.known(),
        }
    }

    /// The disk dies: the last backup goes on as the database's next life, and phones send again what they have.
    async fn restored(&mut self) {
        let Some(backup) = self.backup.take() else { return };
        self.keep_erasures(&backup.database);
        self.goes_back_to(backup).await;
    }

    pub async fn goes_back_to(&mut self, backup: Backup) {
        let app = TestApp::restored(backup.database).await;
        self.goes_on_with(app);
        self.places = backup.places;
        self.signs_in_again(&backup.registered).await;
        self.phones.iter_mut().for_each(Phone::send_again);
        self.retired.iter_mut().for_each(|(phone, _)| phone.send_again());
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
        self.bureau.admin.moved_to(&client);
        self.county.goes_on_with(app);
    }

    /// The line is good: everybody syncs until nobody has anything to say or to hear.
    pub async fn settle(&mut self) {
        while !self.late.is_empty() {
            self.deliver(0).await;
        }
        self.hand_in().await;
        for _ in 0..3 {
            for n in 0..self.phones.len() {
                if !self.places.rights[n].is_empty() {
                    self.phones[n].sync().await;
                }
                self.watch(n);
            }
        }
    }
}
