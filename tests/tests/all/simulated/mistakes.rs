//! The proof that the checks can fail: what a mistake of the program would leave behind is done to the database in the
//! midst of a run.

use super::check::{self, Law};
use super::desk;
use super::history;
use super::run::World;
use api::seal::Place;
use api::store::records;
use automerge::transaction::Transactable;
use automerge::{Automerge, ROOT, ReadDoc};
use entity::{document, edit};
use sea_orm::ActiveValue::Set;
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
    /// A record begins an epoch, and its number stays that of the one before.
    ForgetsEpoch,
    /// A new epoch's document has not all that the one before showed.
    EpochLeavesOut,
    /// A grant that was ended goes on.
    GrantGoesOn,
    /// A phone that has handed in is thought to carry somebody.
    HandedInCarries,
    /// A grid becomes part of another, and somebody stays in it.
    KeepsInEndedGrid,
    /// A list is taken back, and something of it stays.
    UndoLeavesBehind,
}

const ALL: [(Mistake, &[Law]); 17] = [
    (Mistake::SkipsFeed, &[Law::Projection, Law::Convergence]),
    (Mistake::LosesEdit, &[Law::NothingLost, Law::Projection]),
    (Mistake::AppliesTwice, &[Law::ExactlyOnce]),
    (Mistake::ForgetsToProject, &[Law::Projection]),
    (
        Mistake::MovesSilently,
        &[Law::Placement, Law::Projection, Law::Convergence],
    ),
    (Mistake::KeepsHolding, &[Law::Scope]),
    (Mistake::SendsForeign, &[Law::Scope]),
    (Mistake::SendsOtherDocument, &[Law::Convergence]),
    (Mistake::KeepsAbsorbed, &[Law::Projection]),
    (Mistake::ForgetsWhomItNamed, &[Law::Naming]),
    (Mistake::ForgetsErasure, &[Law::Erasure]),
    (Mistake::ForgetsEpoch, &[Law::Projection]),
    (Mistake::EpochLeavesOut, &[Law::Projection]),
    (Mistake::GrantGoesOn, &[Law::Scope]),
    (Mistake::HandedInCarries, &[Law::Scope]),
    (Mistake::KeepsInEndedGrid, &[Law::Placement]),
    (Mistake::UndoLeavesBehind, &[Law::Undone]),
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
            let (backup, mut dice) = (world.backed_up().await, Dice::seeded(1));
            while world.erased.is_empty() {
                world.erase(&mut dice).await;
            }
            world.goes_back_to(backup).await;
            world.settle().await;
            return;
        }
        Mistake::UndoLeavesBehind => {
            world.leaves_behind = Some(who);
            history::comes_and_goes(&mut Dice::seeded(1), world).await;
            return;
        }
        Mistake::ForgetsEpoch => {
            renewed(world, who).await;
            "UPDATE resident SET epoch = epoch - 1 WHERE id = $1"
        }
        Mistake::EpochLeavesOut => {
            left_out(world, who).await;
            return;
        }
        Mistake::GrantGoesOn => {
            let (n, grid) = at_work(world, who).await;
            world.bureau.ends_this(&mut world.places, n, grid).await;
            "UPDATE account_grant SET until = NULL WHERE grid = (SELECT grid FROM resident WHERE id = $1)"
        }
        Mistake::HandedInCarries => {
            let (n, _) = at_work(world, who).await;
            world.retires(n).await;
            world.settle().await;
            assert_eq!(check::all(world).await, None);
            "UPDATE holding SET dropped_at = NULL WHERE resident = $1
             AND device IN (SELECT id FROM device WHERE state = 'ended')"
        }
        Mistake::KeepsInEndedGrid => {
            let grid = check::grid_of(world, who).await.unwrap();
            let into = world.places.grids.iter().find(|other| **other != grid);
            let into = *into.unwrap();
            world.bureau.merges_into(&mut world.places, grid, into, true).await;
            world.settle().await;
            assert_eq!(check::all(world).await, None);
            "UPDATE resident SET grid = (SELECT id FROM grid WHERE until IS NOT NULL LIMIT 1) WHERE id = $1"
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
             SELECT randomblob(16), account, role, (SELECT grid FROM resident WHERE id = $1), MIN(since), MIN(given_at)
             FROM account_grant WHERE role = 'worker' AND account NOT IN
             (SELECT account FROM account_grant WHERE until IS NULL AND grid = (SELECT grid FROM resident WHERE id = $1))
             GROUP BY account, role"
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
    if matches!(mistake, Mistake::SendsForeign | Mistake::GrantGoesOn) {
        for n in 0..world.phones.len() {
            world.phones[n].among_others();
            for _ in 0..3 {
                world.phones[n].exchange().await;
            }
            world.watch(n);
        }
    }
}

/// A record in its next epoch, which everybody has heard of.
async fn renewed(world: &mut World, who: Uuid) {
    history::at_once(&world.county.program, who).await;
    world.settle().await;
    assert_eq!(check::all(world).await, None);
}

/// The document is the one of the new epoch with a field that says nothing.
async fn left_out(world: &mut World, who: Uuid) {
    renewed(world, who).await;
    let program = &world.county.program;
    let mut all = records::documents(program.db.read(), &program.keys, &[who])
        .await
        .unwrap();
    let mut doc = Automerge::load(&all.remove(&who).unwrap()).unwrap();
    let mut tx = doc.transaction();
    let (_, fields) = tx.get(ROOT, "fields").unwrap().unwrap();
    tx.put(&fields, "phone", "13900078400").unwrap();
    tx.commit();
    let place = Place {
        table: "document",
        row: who.as_bytes(),
        group: "all",
    };
    let sealed = program.keys.seal(place, &doc.save());
    let row = document::ActiveModel {
        resident: Set(who),
        sealed: Set(sealed),
    };
    document::Entity::update(row)
        .exec(program.db.schema())
        .await
        .unwrap();
}

/// A worker whose phone carries somebody, and in which grid that one is.
async fn at_work(world: &World, who: Uuid) -> (usize, Uuid) {
    let grid = check::grid_of(world, who).await;
    let n = (0..world.phones.len()).find(|n| world.places.may(*n, grid));
    (n.expect("staying people are with somebody"), grid.unwrap())
}

/// Two people of the county become one, and all is quiet again.
async fn merge_two(world: &mut World) {
    let (mut people, mut seen) = (Vec::new(), Vec::new());
    for name in ["麦锦棠", "麦锦堂"] {
        let person = world.county.a_resident(name).within(world.places.grids[0]);
        people.push(person.made().await);
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

/// Somebody of the run who is in a grid at which somebody works; everybody may have departed.
async fn staying(world: &World) -> Option<Uuid> {
    for id in &world.people {
        let grid = check::grid_of(world, *id).await;
        if (0..world.phones.len()).any(|n| world.places.may(n, grid)) {
            return Some(*id);
        }
    }
    None
}
