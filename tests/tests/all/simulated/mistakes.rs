//! The proof that the checks can fail: what a mistake of the program would leave behind is done to the database in the
//! midst of a run.

use super::check::{self, Law};
use super::desk;
use super::run::World;
use entity::edit;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Statement};
use tests::database::Database;
use tests::dice::Dice;
use uuid::Uuid;

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
    /// Workers are sent the people of another grid.
    SendsForeign,
    /// A full client is sent another document than the one that is stored.
    SendsOtherDocument,
    /// Whoever was merged into another stays on the rolls.
    KeepsAbsorbed,
    /// An edit forgets whom it named: it could not be given back.
    ForgetsWhomItNamed,
    /// A backup is restored, and nobody hears who was erased since.
    ForgetsErasure,
}

const ALL: [(Mistake, &[Law]); 11] = [
    (Mistake::SkipsFeed, &[Law::Projection, Law::Convergence]),
    (Mistake::LosesEdit, &[Law::NothingLost, Law::Projection]),
    (Mistake::AppliesTwice, &[Law::ExactlyOnce]),
    (Mistake::ForgetsToProject, &[Law::Projection]),
    (Mistake::MovesSilently, &[Law::Projection, Law::Convergence]),
    (Mistake::KeepsHolding, &[Law::Scope]),
    (Mistake::SendsForeign, &[Law::Scope]),
    (Mistake::SendsOtherDocument, &[Law::Convergence]),
    (Mistake::KeepsAbsorbed, &[Law::Projection]),
    (Mistake::ForgetsWhomItNamed, &[Law::Naming]),
    (Mistake::ForgetsErasure, &[Law::Erasure]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mistake_is_found() {
    for (n, (mistake, laws)) in ALL.into_iter().enumerate() {
        let mut world = World::start(Database::sqlite().await).await;
        let mut who = None;
        for seed in (n as u64..).step_by(ALL.len()) {
            world.play(&mut Dice::seeded(seed)).await;
            assert_eq!(check::all(&world).await, None, "{mistake:?}");
            who = staying(&world).await;
            if who.is_some() {
                break;
            }
        }
        make(&mut world, mistake, who.unwrap()).await;
        let found = check::all(&world).await;
        let law = found.as_ref().map(|(law, _)| *law);
        assert!(
            law.is_some_and(|law| laws.contains(&law)),
            "{mistake:?}: {found:?}"
        );
    }
}

async fn make(world: &mut World, mistake: Mistake, who: Uuid) {
    let edit = applied(world).await;
    let sql = match mistake {
        Mistake::SendsOtherDocument => {
            let full = world.phones.iter_mut().find(|phone| phone.documents.is_some());
            for doc in full
                .unwrap()
                .documents
                .iter_mut()
                .flat_map(|all| all.values_mut())
            {
                doc.empty_commit(automerge::transaction::CommitOptions::default());
            }
            return;
        }
        Mistake::ForgetsErasure => {
            let (backup, mut dice) = (world.county.backed_up().await, Dice::seeded(1));
            while world.erased.is_empty() {
                world.erase(&mut dice).await;
            }
            world.goes_back_to(backup).await;
            world.settle().await;
            return;
        }
        Mistake::KeepsAbsorbed => {
            merge_two(world).await;
            "UPDATE resident SET state = 'present' WHERE merged_into IS NOT NULL AND $1 = $1"
        }
        Mistake::ForgetsWhomItNamed => {
            "UPDATE edit SET named = (SELECT id FROM resident WHERE id <> edit.named LIMIT 1) WHERE id = $2"
        }
        Mistake::SendsForeign => {
            "INSERT INTO account_grant (id, account, role, grid, since, given_at)
             SELECT randomblob(16), account, role, (SELECT id FROM grid WHERE code = 'LW02'), since, given_at
             FROM account_grant WHERE grid = (SELECT id FROM grid WHERE code = 'LW01') AND $1 = $1"
        }
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
    if matches!(mistake, Mistake::SendsForeign) {
        world.phones[0].sync().await;
        world.watch(0);
    }
}

/// Two people of the county become one, and all is quiet again.
async fn merge_two(world: &mut World) {
    let (mut people, mut seen) = (Vec::new(), Vec::new());
    for name in ["麦锦棠", "麦锦堂"] {
        people.push(world.county.a_resident(name).made().await);
    }
    for id in &people {
        let path = format!("/api/v1/residents/{id}");
        seen.push(world.cadre.get(&path).await.ok());
    }
    desk::merges(&world.cadre, (people[0], &seen[0]), (people[1], &seen[1])).await;
    world.settle().await;
    assert_eq!(check::all(world).await, None);
}

/// An edit of the run that was taken.
async fn applied(world: &World) -> Uuid {
    let ids: Vec<Uuid> = world.made.keys().copied().collect();
    let rows = edit::Entity::find().filter(edit::Column::Id.is_in(ids));
    let row = rows.one(world.county.program.db.read()).await.unwrap();
    row.expect("every run makes edits that are taken").id
}

/// Somebody of the run who is in a grid; everybody may have departed.
async fn staying(world: &World) -> Option<Uuid> {
    for id in &world.people {
        if check::grid_of(world, *id).await.is_some() {
            return Some(*id);
        }
    }
    None
}
