//! A run in which everybody works at the same time, on two nodes.

use super::desk;
use super::history;
use super::run::{Ground, STEPS, WORKERS, World};
use super::said::{exchange, says};
use std::collections::BTreeSet;
use tests::dice::Dice;
use tests::phone::Phone;
use uuid::Uuid;

impl World {
    /// Phones, the cadre, the bureau and a department work beside each other until all is quiet.
    pub async fn race(&mut self, seed: u64) {
        self.begin(&mut Dice::seeded(seed * 16 + 13)).await;
        self.phones.iter_mut().for_each(Phone::among_others);
        let month = self.next_month();
        let before = self.places.clone();
        let registrations: Vec<String> = (0..WORKERS.len()).map(|n| self.registration(n)).collect();
        let beside = self.beside.as_ref().unwrap().client.clone();
        let (people, county, cadre, listed) = (&self.people, &self.county, &self.cadre, &self.listed);
        let (places, bureau) = (&mut self.places, &mut self.bureau);
        let (before, registrations) = (&before, &registrations);
        let phones = self.phones.iter_mut().enumerate().map(|(n, phone)| {
            let nodes = [&county.client, &beside];
            async move {
                let mut dice = Dice::seeded(seed * 16 + n as u64);
                let (mut mine, mut made) = (people.clone(), Vec::new());
                for _ in 0..STEPS {
                    let ground = Ground {
                        grid: before.some(&mut dice, n),
                        grids: &before.grids,
                        people: &mine,
                    };
                    match dice.roll(9) {
                        0..4 => {
                            let said = says(&mut dice, phone, &ground);
                            mine.extend(said.map(|(_, who)| who));
                            made.extend(said);
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
                grid: before.grids[0],
                grids: &before.grids,
                people,
            };
            for _ in 0..STEPS / 2 {
                let who = people[dice.roll(people.len())];
                match dice.roll(12) {
                    0..5 => desk::decides(&mut dice, cadre, &ground).await,
                    5 => desk::merges_or_parts(&mut dice, cadre, &ground).await,
                    6..9 => desk::moves(&mut dice, cadre, &ground).await,
                    9 | 10 => history::at_once(&county.program, who).await,
                    _ => desk::dies_or_lives(&mut dice, cadre, &ground).await,
                }
            }
        };
        let bureau = async {
            let mut dice = Dice::seeded(seed * 16 + 12);
            let (mut ended, mut erased) = (BTreeSet::new(), Vec::new());
            for _ in 0..STEPS / 7 {
                bureau.changes(&mut dice, places, people).await;
                if dice.roll(8) == 0 {
                    let n = dice.roll(registrations.len());
                    let path = format!("/api/v1/devices/{}/end", registrations[n]);
                    bureau.admin.send("POST", &path, None).await.ok();
                    ended.insert(n);
                }
            }
            if seed.is_multiple_of(5) {
                erased = desk::erases(&mut dice, &bureau.admin, people).await;
            }
            (ended, erased)
        };
        let list = async {
            if seed.is_multiple_of(3) {
                let mut dice = Dice::seeded(seed * 16 + 14);
                let (id, _) = desk::hands_in(&mut dice, county, &month, listed).await;
                if seed.is_multiple_of(2) {
                    let _ = desk::undoes(county, &id).await;
                }
            }
        };
        let (made, (ended, erased), (), ()) =
            tokio::join!(futures_util::future::join_all(phones), bureau, desk, list);
        self.erased.extend(erased);
        self.made = made.into_iter().flatten().collect();
        let reported: BTreeSet<Uuid> = self.made.values().copied().collect();
        let new = reported.into_iter().filter(|who| !self.people.contains(who));
        let new: Vec<Uuid> = new.collect();
        self.people.extend(new);
        for n in ended {
            self.is_replaced(n).await;
        }
        // What came in the midst of it came under the rights of that moment.
        self.phones.iter_mut().for_each(|phone| drop(phone.came()));
        self.settle().await;
    }
}
