//! The proof that the checks can fail: what a mistake of the program would leave behind is done to the database in the
//! midst of a run.

use super::check::{self, Law};
use super::run::World;
use sea_orm::{ConnectionTrait, Statement};
use tests::database::Database;
use tests::dice::Dice;

/// What a mistake leaves behind.
#[derive(Clone, Copy, Debug)]
enum Mistake {
    /// A change is not entered into the grid's feed, and not counted.
    SkipsFeed,
    /// An acknowledged edit is not in the database.
    LosesEdit,
    /// A held copy of an applied edit stays.
    AppliesTwice,
    /// What is shown is of an earlier version.
    ForgetsToProject,
    /// A person moves, and no phone hears.
    MovesSilently,
    /// A holding is never closed.
    KeepsHolding,
}

const ALL: [(Mistake, &[Law]); 6] = [
    (Mistake::SkipsFeed, &[Law::Projection, Law::Convergence]),
    (Mistake::LosesEdit, &[Law::NothingLost, Law::Projection]),
    (Mistake::AppliesTwice, &[Law::ExactlyOnce]),
    (Mistake::ForgetsToProject, &[Law::Projection]),
    (Mistake::MovesSilently, &[Law::Projection, Law::Convergence]),
    (Mistake::KeepsHolding, &[Law::Scope]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mistake_is_found() {
    for (n, (mistake, laws)) in ALL.into_iter().enumerate() {
        let mut world = World::start(Database::sqlite().await).await;
        world.play(&mut Dice::seeded(n as u64)).await;
        assert_eq!(check::all(&world).await, None, "{mistake:?}");
        make(&world, mistake).await;
        let found = check::all(&world).await;
        let law = found.as_ref().map(|(law, _)| *law);
        assert!(
            law.is_some_and(|law| laws.contains(&law)),
            "{mistake:?}: {found:?}"
        );
    }
}

async fn make(world: &World, mistake: Mistake) {
    let who = world.people[0];
    let edit = *world.made.keys().next().expect("every run makes edits");
    let sql = match mistake {
        Mistake::SkipsFeed => "DELETE FROM feed_entry WHERE subject = $1",
        Mistake::LosesEdit => "DELETE FROM edit WHERE id = $2",
        Mistake::AppliesTwice => {
            "INSERT INTO held (id, edit, sha256, reason, state, sealed, received_at)
             SELECT id, id, digest, 'twice', 'waiting', sealed, 0 FROM edit WHERE id = $2"
        }
        Mistake::ForgetsToProject => {
            "UPDATE projection SET open = (SELECT open FROM projection WHERE resident <> $1 LIMIT 1)
             WHERE resident = $1"
        }
        Mistake::MovesSilently => {
            "UPDATE resident SET grid = (SELECT id FROM grid WHERE id <> resident.grid LIMIT 1) WHERE id = $1"
        }
        Mistake::KeepsHolding => "UPDATE holding SET to_at = 1 WHERE resident = $1",
    };
    let db = world.county.program.db.schema();
    let parts: Vec<sea_orm::Value> = if sql.contains("$2") {
        vec![edit.into()]
    } else {
        vec![who.into()]
    };
    let sql = sql.replace("$2", "$1");
    let done = db
        .execute_raw(Statement::from_sql_and_values(
            db.get_database_backend(),
            sql,
            parts,
        ))
        .await;
    assert!(done.unwrap().rows_affected() > 0, "{mistake:?} changed nothing");
}
