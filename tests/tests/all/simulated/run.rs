//! Who does what in a run, and what the line does to it.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::console::Console;
use tests::county::County;
use tests::database::Database;
use tests::dice::Dice;
use tests::phone::{Loss, Phone};
use uuid::Uuid;

/// Worker and grid.
pub const WORKERS: [(&str, &str); 4] = [
    ("梁少芳", "良围一格"),
    ("吕小燕", "良围一格"),
    ("冯国强", "良围二格"),
    ("温志健", "良围二格"),
];
const STEPS: usize = 28;
const PEOPLE: usize = 2;
const PHONES: [&str; 3] = ["13900078411", "13900078412", "13900078413"];
const WORDS: [&str; 4] = ["独居", "已上门", "电话不通", "与女儿同住"];
const NEEDS: [&str; 3] = ["轮椅", "送餐", "护理床"];

pub struct World {
    pub county: County,
    pub phones: Vec<Phone>,
    pub cadre: Console,
    /// Of this run.
    pub people: Vec<Uuid>,
    /// Edits of this run: the phone that made them, and the resident.
    pub made: BTreeMap<Uuid, (usize, Uuid)>,
}

impl World {
    pub async fn start(database: Database) -> World {
        let county = County::start(database).await;
        let mut phones = Vec::new();
        for (worker, _) in WORKERS {
            phones.push(county.phone(worker).await);
        }
        let cadre = county.console("陆桂英").await;
        World {
            county,
            phones,
            cadre,
            people: Vec::new(),
            made: BTreeMap::new(),
        }
    }

    async fn begin(&mut self) {
        (self.people, self.made) = (Vec::new(), BTreeMap::new());
        for n in 0..PEOPLE {
            let (_, grid) = WORKERS[n * 2];
            let person = self.county.a_resident("黎阿妹").in_grid(grid).phone(PHONES[0]);
            self.people.push(person.having("needs", &["轮椅"]).made().await);
        }
        for phone in &mut self.phones {
            phone.sync().await;
        }
    }

    /// One run, one thing after another, until all is quiet.
    pub async fn play(&mut self, dice: &mut Dice) {
        self.begin().await;
        for _ in 0..STEPS {
            let n = dice.roll(self.phones.len());
            match dice.roll(100) {
                0..40 => {
                    let made = says(
                        dice,
                        &mut self.phones[n],
                        &self.people,
                        WORKERS[n].1,
                        &self.county,
                    );
                    self.made.extend(made.map(|(edit, who)| (edit, (n, who))));
                }
                40..76 => exchange(dice, &mut self.phones[n]).await,
                76..86 => decides(dice, &self.cadre, &self.people).await,
                _ => moves(dice, &self.cadre, &self.people, &self.county).await,
            }
        }
        self.settle().await;
    }

    /// One run in which everybody works at the same time.
    pub async fn race(&mut self, seed: u64) {
        self.begin().await;
        self.phones.iter_mut().for_each(Phone::among_others);
        let (people, county, cadre) = (&self.people, &self.county, &self.cadre);
        let phones = self.phones.iter_mut().enumerate().map(|(n, phone)| async move {
            let mut dice = Dice::seeded(seed * 16 + n as u64);
            let mut made = Vec::new();
            for _ in 0..STEPS {
                match dice.roll(2) {
                    0 => {
                        let said = says(&mut dice, phone, people, WORKERS[n].1, county);
                        made.extend(said.map(|(edit, who)| (edit, (n, who))));
                    }
                    _ => exchange(&mut dice, phone).await,
                }
            }
            made
        });
        let desk = async {
            let mut dice = Dice::seeded(seed * 16 + 15);
            for _ in 0..STEPS / 2 {
                match dice.roll(2) {
                    0 => decides(&mut dice, cadre, people).await,
                    _ => moves(&mut dice, cadre, people, county).await,
                }
            }
        };
        let (made, ()) = tokio::join!(futures_util::future::join_all(phones), desk);
        self.made = made.into_iter().flatten().collect();
        self.settle().await;
    }

    /// The line is good: everybody syncs until nobody has anything to say or to hear.
    async fn settle(&mut self) {
        for _ in 0..3 {
            for phone in &mut self.phones {
                phone.sync().await;
            }
        }
    }
}

/// A worker does something on the phone with somebody who is there, or reports somebody new.
fn says(
    dice: &mut Dice,
    phone: &mut Phone,
    people: &[Uuid],
    grid: &str,
    county: &County,
) -> Option<(Uuid, Uuid)> {
    if dice.roll(12) == 0 {
        let edit = phone.create(county.place(grid)).set("name", "温好彩").done();
        return Some((edit, phone.made(edit).resident));
    }
    let there: Vec<Uuid> = people.iter().copied().filter(|id| phone.holds(*id)).collect();
    if there.is_empty() {
        return None;
    }
    let who = there[dice.roll(there.len())];
    let draft = phone.edit(who);
    let word = WORDS[dice.roll(WORDS.len())];
    let draft = match dice.roll(7) {
        0 | 1 => draft.set("phone", PHONES[dice.roll(PHONES.len())]),
        2 => draft.set("remarks", word),
        3 => draft.part(
            "fields",
            json!({ "needs": { "add": [NEEDS[dice.roll(3)]], "remove": [NEEDS[dice.roll(3)]] } }),
        ),
        4 => draft.visit("home", "met", word),
        5 => draft.set("name", "黎阿美"),
        _ => draft.confirm(&["phone", "needs"]),
    };
    Some((draft.done(), who))
}

/// One exchange on a bad line.
async fn exchange(dice: &mut Dice, phone: &mut Phone) {
    match dice.roll(10) {
        0 | 1 => phone.lose_next(Loss::Request),
        2 | 3 => phone.lose_next(Loss::Answer),
        4 => {
            // The same twice: the phone hears the second answer.
            let unsent = phone.unsent();
            phone.lose_next(Loss::Answer);
            phone.send(&unsent).await;
        }
        _ => {}
    }
    phone.exchange().await;
}

/// A cadre writes, or decides what waits, as it is shown.
async fn decides(dice: &mut Dice, cadre: &Console, people: &[Uuid]) {
    let who = people[dice.roll(people.len())];
    let items = cadre.items(who).await;
    if let Some(item) = items.first().filter(|_| dice.roll(2) == 0) {
        let choice = match item["reason"].as_str().unwrap_or_default() {
            "proposal" => ["approve", "reject"][dice.roll(2)],
            "held_fields" => "discard",
            _ => return,
        };
        let edit = item["content"]["sides"][0]["edit"].clone();
        // Somebody may have been there first, or what is shown has changed.
        let done = cadre
            .decide(item, choice, json!({ "edit": edit, "reason": "核实" }))
            .await;
        assert!(matches!(done.status, 200 | 409), "{}", done.text());
        return;
    }
    let seen = cadre.get(&format!("/api/v1/residents/{who}")).await.ok();
    let body = json!({
        "id": Uuid::now_v7(), "base": seen["version"],
        "fields": { "phone": { "was": seen["fields"]["phone"], "now": PHONES[dice.roll(PHONES.len())] } },
    });
    let done = cadre.post(&format!("/api/v1/residents/{who}/edits"), &body).await;
    assert!(matches!(done.status, 200 | 409), "{}", done.text());
}

/// Somebody goes to the other grid.
async fn moves(dice: &mut Dice, cadre: &Console, people: &[Uuid], county: &County) {
    let who = people[dice.roll(people.len())];
    let seen: Value = cadre.get(&format!("/api/v1/residents/{who}")).await.ok();
    let (one, two) = (county.place("良围一格"), county.place("良围二格"));
    let to = if seen["grid"] == json!(one) { two } else { one };
    let body = json!({ "id": Uuid::now_v7(), "from": seen["grid"], "to": to, "reason": "搬家" });
    let done = cadre.post(&format!("/api/v1/residents/{who}/moves"), &body).await;
    assert!(matches!(done.status, 200 | 409), "{}", done.text());
}
