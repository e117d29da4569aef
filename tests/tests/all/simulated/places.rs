//! Who works where, and what the bureau changes of it: grants that end and are given again, grids that another worker takes
//! over, that are split, and that become one.

use super::run::WORKERS;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::client::Answer;
use tests::console::Console;
use tests::county::County;
use tests::dice::Dice;
use uuid::Uuid;

/// What the bureau has decided so far.
#[derive(Clone)]
pub struct Places {
    /// Grids that there are.
    pub grids: Vec<Uuid>,
    /// Of each of the workers.
    pub rights: Vec<BTreeSet<Uuid>>,
}

/// Who decides it.
pub struct Bureau {
    pub admin: Console,
    /// Of the workers.
    accounts: Vec<Uuid>,
    /// Grids that were ever drawn: each has a code of its own.
    drawn: usize,
}

/// More grids than these are not drawn.
const GRIDS: usize = 4;

impl Places {
    pub fn of(county: &County) -> Places {
        let grid = |n: usize| county.place(WORKERS[n].1);
        Places {
            grids: vec![grid(0), grid(2)],
            rights: (0..WORKERS.len()).map(|n| BTreeSet::from([grid(n)])).collect(),
        }
    }

    /// A grid of a worker; where there is none any more, one of the others'.
    pub fn some(&self, dice: &mut Dice, worker: usize) -> Uuid {
        let own: Vec<Uuid> = self.rights[worker].iter().copied().collect();
        let all = if own.is_empty() { &self.grids } else { &own };
        all[dice.roll(all.len())]
    }

    /// Whether a worker's phones may have who is there.
    pub fn may(&self, worker: usize, grid: Option<Uuid>) -> bool {
        grid.is_some_and(|grid| self.rights[worker].contains(&grid))
    }

    fn ended(&mut self, grid: Uuid) {
        self.grids.retain(|other| *other != grid);
    }
}

impl Bureau {
    pub async fn of(county: &County) -> Bureau {
        let mut accounts = Vec::new();
        for (worker, _, _) in WORKERS {
            accounts.push(county.account(worker).await);
        }
        Bureau {
            admin: county.console("区划管理员").await,
            accounts,
            drawn: 0,
        }
    }

    /// Everybody works somewhere again.
    pub async fn staff(&self, dice: &mut Dice, places: &mut Places) {
        for worker in 0..WORKERS.len() {
            if places.rights[worker].is_empty() {
                self.gives(dice, places, worker).await;
            }
        }
    }

    /// One change of who works where.
    pub async fn changes(&mut self, dice: &mut Dice, places: &mut Places, people: &[Uuid]) {
        let worker = dice.roll(WORKERS.len());
        match dice.roll(9) {
            0 => {
                self.ends(dice, places, worker).await;
            }
            1 => self.gives(dice, places, worker).await,
            2 | 3 => {
                if let Some(grid) = self.ends(dice, places, worker).await {
                    self.gives_this(places, worker, grid).await;
                }
            }
            4 | 5 => self.reassigns(dice, places, worker).await,
            6 | 7 if places.grids.len() < GRIDS => self.splits(dice, places, people).await,
            _ if places.grids.len() > 2 => self.merges(dice, places).await,
            _ => self.splits(dice, places, people).await,
        }
    }

    /// A worker's grant ends. Answers for which grid it was.
    pub async fn ends(&self, dice: &mut Dice, places: &mut Places, worker: usize) -> Option<Uuid> {
        let own: Vec<Uuid> = places.rights[worker].iter().copied().collect();
        let grid = *own.get(dice.roll(own.len().max(1)))?;
        self.ends_this(places, worker, grid).await;
        Some(grid)
    }

    pub async fn ends_this(&self, places: &mut Places, worker: usize, grid: Uuid) {
        let path = format!("/api/v1/accounts/{}", self.accounts[worker]);
        let account = self.admin.get(&path).await.ok();
        let grants = account["grants"].as_array().unwrap().iter();
        let open = |grant: &&Value| grant["grid"] == json!(grid) && grant["until"].is_null();
        for grant in grants.filter(open) {
            let path = format!("/api/v1/grants/{}", grant["id"].as_str().unwrap());
            self.admin.send("DELETE", &path, None).await.ok();
        }
        places.rights[worker].remove(&grid);
    }

    async fn gives(&self, dice: &mut Dice, places: &mut Places, worker: usize) {
        let grid = places.grids[dice.roll(places.grids.len())];
        self.gives_this(places, worker, grid).await;
    }

    async fn gives_this(&self, places: &mut Places, worker: usize, grid: Uuid) {
        let path = format!("/api/v1/accounts/{}/grants", self.accounts[worker]);
        let grant = json!({ "role": "worker", "grid": grid });
        self.admin.post(&path, &grant).await.ok();
        places.rights[worker].insert(grid);
    }

    async fn reassigns(&self, dice: &mut Dice, places: &mut Places, from: usize) {
        let to = dice.roll(WORKERS.len());
        let own: Vec<Uuid> = places.rights[from].iter().copied().collect();
        if from == to || own.is_empty() {
            return;
        }
        let grid = own[dice.roll(own.len())];
        let body = json!({ "from": self.accounts[from], "to": self.accounts[to] });
        let path = format!("/api/v1/grids/{grid}/worker");
        self.admin.post(&path, &body).await.ok();
        places.rights[from].remove(&grid);
        places.rights[to].insert(grid);
    }

    /// A new grid is drawn out of another one, with some of its people, its house numbers or none, and a worker or none.
    async fn splits(&mut self, dice: &mut Dice, places: &mut Places, people: &[Uuid]) {
        let old = places.grids[dice.roll(places.grids.len())];
        let mut goes = Vec::new();
        for id in people {
            let seen = self.admin.get(&format!("/api/v1/residents/{id}")).await;
            // Erased, or not known to a restored database.
            if seen.status != 404 && dice.roll(2) == 0 && stands_in(&seen.ok(), old) {
                goes.push(*id);
            }
        }
        let worker = Some(dice.roll(WORKERS.len())).filter(|_| dice.roll(4) > 0);
        self.splits_off(places, old, &goes, worker, dice.roll(2) == 0)
            .await;
    }

    /// Answers the new grid, where nobody of those who go had left meanwhile.
    pub async fn splits_off(
        &mut self,
        places: &mut Places,
        old: Uuid,
        goes: &[Uuid],
        worker: Option<usize>,
        with_numbers: bool,
    ) -> Option<Uuid> {
        let shown = self.admin.get(&format!("/api/v1/grids/{old}")).await.ok();
        let (mut keep, mut ranges) = (shown["ranges"].as_array().unwrap().clone(), Vec::new());
        if with_numbers && !keep.is_empty() {
            ranges.push(keep.remove(0));
        }
        self.drawn += 1;
        let id = Uuid::now_v7();
        let body = json!({
            "id": id, "code": format!("SIM{}", self.drawn), "ranges": ranges, "keep": keep, "residents": goes,
            "worker": worker.map(|n| self.accounts[n]), "reason": "人数过多",
        });
        let done = self
            .admin
            .post(&format!("/api/v1/grids/{old}/split"), &body)
            .await;
        if gone_meanwhile(&done) {
            return None;
        }
        done.ok();
        places.grids.push(id);
        if let Some(worker) = worker {
            places.rights[worker].insert(id);
        }
        Some(id)
    }

    async fn merges(&self, dice: &mut Dice, places: &mut Places) {
        let from = places.grids[dice.roll(places.grids.len())];
        let into = places.grids[dice.roll(places.grids.len())];
        if from != into {
            self.merges_into(places, from, into, dice.roll(3) > 0).await;
        }
    }

    pub async fn merges_into(&self, places: &mut Places, from: Uuid, into: Uuid, go_along: bool) {
        let body =
            json!({ "id": Uuid::now_v7(), "into": into, "workers_go_along": go_along, "reason": "两格合并" });
        let path = format!("/api/v1/grids/{from}/merge");
        self.admin.post(&path, &body).await.ok();
        places.ended(from);
        for own in &mut places.rights {
            if own.remove(&from) && go_along {
                own.insert(into);
            }
        }
    }
}

fn stands_in(seen: &Value, grid: Uuid) -> bool {
    seen["grid"] == json!(grid) && seen["state"] != "departed"
}

fn gone_meanwhile(done: &Answer) -> bool {
    done.status == 422 && done.code() == "422 resident_elsewhere"
}
