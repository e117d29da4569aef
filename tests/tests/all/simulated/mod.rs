//! The program itself, simulated: light and full phones, a cadre who decides what comes up, deaths and departures, moves,
//! merges, erasures, lists that come and are taken back, grants that end and are given again, grids that change hands, are split
//! and become one, registrations that end, new epochs, a bad line, restarts and restored backups, all from one seed, over HTTP in
//! one process. After each run what the design promises is looked at (section 11).
//!
//! On SQLite a run is its seed: one thing happens after another. On PostgreSQL phones, cadre, bureau and department work at
//! the same time, on two nodes, so that a run is not the same twice; nothing is restored there. `PROGRAM_RUNS` and `PROGRAM_RACES` play more, `SIM_SEED` begins elsewhere.
//! The layer below, `sync` over a model of the store, is `sync/tests/record/simulator`.

mod check;
mod desk;
mod history;
mod mistakes;
mod places;
mod race;
mod registered;
mod run;
mod said;

use run::World;
use tests::database::Database;
use tests::dice::Dice;
use tests::verify;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// One county serves many runs, each with people of its own.
const RUNS_A_COUNTY: u64 = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_design_promises_holds_on_sqlite() {
    let first = setting("SIM_SEED", 0);
    let seeds: Vec<u64> = (first..first + setting("PROGRAM_RUNS", 100)).collect();
    for part in seeds.chunks(RUNS_A_COUNTY as usize) {
        let mut world = World::start(Database::sqlite().await).await;
        for seed in part {
            world.play(&mut Dice::seeded(*seed)).await;
            let broken = check::all(&world).await;
            assert_eq!(broken, None, "SIM_SEED={seed} PROGRAM_RUNS=1");
        }
        verify::agrees(&world.county.program).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_the_design_promises_holds_while_all_work_at_once() {
    let first = setting("SIM_SEED", 0);
    let mut world = World::start(Database::postgres().await).await;
    for seed in first..first + setting("PROGRAM_RACES", 20) {
        world.race(seed).await;
        let broken = check::all(&world).await;
        assert_eq!(
            broken, None,
            "SIM_SEED={seed} PROGRAM_RACES=1 (not the same twice)"
        );
    }
    verify::agrees(&world.county.program).await;
}
