//! What the design promises, looked at when all is quiet.

use super::run::World;
use api::store::records;
use automerge::Automerge;
use entity::{edit, held, holding, resident};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::Value;
use std::collections::BTreeSet;
use tests::verify;
use uuid::Uuid;

/// A promise of the design that a run broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// Phones and server end with the same records, full clients with the same documents.
    Convergence,
    ExactlyOnce,
    NothingLost,
    /// Nobody has what is not theirs, and who carries whom is known.
    Scope,
    /// What is stored agrees with itself.
    Projection,
    /// Who was erased stays so.
    Erasure,
    /// Each edit is with whom it named, or with whom that one is merged into.
    Naming,
    /// A new epoch shows what the one before showed.
    Epoch,
    /// After a list is taken back everything is as it was before its commit.
    Undone,
    /// Everybody is in a grid that there is.
    Placement,
}

/// The first law that does not hold, and how it shows.
pub async fn all(world: &World) -> Option<(Law, String)> {
    if let Some(broken) = &world.broken {
        return Some(broken.clone());
    }
    if let Some(found) = placed(world).await {
        return Some((Law::Placement, found));
    }
    if let Some(found) = agrees(world).await {
        return Some((Law::Projection, found));
    }
    if let Some(found) = stay_erased(world).await {
        return Some((Law::Erasure, found));
    }
    if let Some(found) = with_whom_they_named(world).await {
        return Some((Law::Naming, found));
    }
    if let Some(found) = kept(world).await {
        return Some(found);
    }
    if let Some(found) = converged(world).await {
        return Some((Law::Convergence, found));
    }
    carried(world).await.map(|found| (Law::Scope, found))
}

async fn placed(world: &World) -> Option<String> {
    for id in &world.people {
        if let Some(grid) = grid_of(world, *id).await
            && !world.places.grids.contains(&grid)
        {
            return Some(format!("{id} is in {grid}, which has ended"));
        }
    }
    None
}

async fn agrees(world: &World) -> Option<String> {
    let all = verify::findings(&world.county.program).await;
    all.first().map(|finding| format!("{:?}", finding.kind))
}

/// Every edit that was ever made is there once: applied, or kept for a person, who may have left it with a reason.
async fn kept(world: &World) -> Option<(Law, String)> {
    let db = world.county.program.db.read();
    let ids: Vec<Uuid> = world.made.keys().copied().collect();
    let rows = edit::Entity::find().filter(edit::Column::Id.is_in(ids.iter().copied()));
    let rows: BTreeSet<Uuid> = rows
        .all(db)
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.id)
        .collect();
    let held = held::Entity::find()
        .filter(held::Column::Edit.is_in(ids.iter().copied()))
        .filter(held::Column::State.is_in(["waiting", "discarded"]));
    let held: Vec<Uuid> = held
        .all(db)
        .await
        .unwrap()
        .into_iter()
        .filter_map(|row| row.edit)
        .collect();
    for (id, who) in &world.made {
        let times = usize::from(rows.contains(id)) + held.iter().filter(|held| *held == id).count();
        match times {
            // What is gone with a person who was erased is gone.
            0 if world.erased.contains(who) => {}
            0 => return Some((Law::NothingLost, format!("{id} is nowhere"))),
            1 => {}
            _ => return Some((Law::ExactlyOnce, format!("{id} is there {times} times"))),
        }
        if world.everybody().all(|phone| phone.receipt(*id).is_none()) {
            return Some((Law::NothingLost, format!("{id} has no receipt")));
        }
    }
    None
}

async fn with_whom_they_named(world: &World) -> Option<String> {
    let db = world.county.program.db.read();
    let ids: Vec<Uuid> = world.made.keys().copied().collect();
    let rows = edit::Entity::find().filter(edit::Column::Id.is_in(ids));
    let people = resident::Entity::find().filter(resident::Column::Id.is_in(world.people.iter().copied()));
    let people = people.all(db).await.unwrap();
    for row in rows.all(db).await.unwrap() {
        let named = world.made[&row.id];
        let of = people.iter().find(|person| person.id == named);
        let now = of.and_then(|person| person.merged_into).unwrap_or(named);
        // A held edit may have been given to another person.
        let assigned = row.named == row.resident && row.resident != named;
        // What was taken before a merge stays where it was.
        let in_place = row.resident == now || row.resident == named;
        if row.named != named || !(in_place || assigned) {
            return Some(format!("{} named {named} and is with {}", row.id, row.resident));
        }
    }
    None
}

async fn stay_erased(world: &World) -> Option<String> {
    let db = world.county.program.db.read();
    let there = resident::Entity::find().filter(resident::Column::Id.is_in(world.erased.iter().copied()));
    let there = there.one(db).await.unwrap();
    there.map(|row| format!("{} was erased and is there", row.id))
}

/// Where somebody is to be found; nobody carries who has departed, or is not known.
pub async fn grid_of(world: &World, id: Uuid) -> Option<Uuid> {
    let db = world.county.program.db.read();
    let row = resident::Entity::find_by_id(id).one(db).await.unwrap()?;
    row.grid.filter(|_| row.state != "departed")
}

/// Every phone has the people of its grid as the server shows them, and full clients the very documents.
async fn converged(world: &World) -> Option<String> {
    let program = &world.county.program;
    for id in &world.people {
        let id = *id;
        let shown = world.cadre.get(&format!("/api/v1/residents/{id}")).await;
        let shown = if shown.status == 404 {
            Value::Null
        } else {
            shown.ok()
        };
        let grid = grid_of(world, id).await;
        let theirs = records::documents(program.db.read(), &program.keys, &[id])
            .await
            .unwrap();
        let theirs = theirs
            .get(&id)
            .map(|bytes| Automerge::load(bytes).unwrap().get_heads());
        for (n, phone) in world.phones.iter().enumerate() {
            let mine = world.places.may(n, grid);
            if mine != phone.holds(id) {
                return Some(format!("phone {n} has {id}: {}", phone.holds(id)));
            }
            let same = |member: &str| phone.record(id)[member] == shown[member];
            if mine && !["version", "fields", "conflicts"].iter().all(|m| same(m)) {
                return Some(format!("phone {n} shows {id} otherwise"));
            }
            let own = phone
                .documents
                .as_ref()
                .map(|all| all.get(&id).map(Automerge::get_heads));
            if let Some(own) = own.filter(|_| mine)
                && own != theirs
            {
                return Some(format!("phone {n} has another document of {id}"));
            }
        }
    }
    None
}

/// Holdings say who carries whom: open ones are of phones of the person's grid, and nothing waits to be dropped.
async fn carried(world: &World) -> Option<String> {
    let db = world.county.program.db.read();
    for id in &world.people {
        let grid = grid_of(world, *id).await;
        let open = holding::Entity::find()
            .filter(holding::Column::Resident.eq(*id))
            .filter(holding::Column::DroppedAt.is_null());
        let open = open.all(db).await.unwrap();
        if let Some(left) = open.iter().find(|holding| holding.to_at.is_some()) {
            let n = (0..world.phones.len()).find(|n| world.registration(*n) == left.device.to_string());
            let (from, to, why) = (left.from_at, left.to_at, &left.why);
            return Some(format!(
                "phone {n:?} never confirmed that it dropped {id}: {from} {to:?} {why:?}"
            ));
        }
        let expected = (0..world.phones.len())
            .filter(|n| world.places.may(*n, grid))
            .count();
        if open.len() != expected {
            let carriers: Vec<Uuid> = open.iter().map(|holding| holding.device).collect();
            return Some(format!(
                "{id} is carried by {carriers:?}, not by {expected} phones"
            ));
        }
    }
    None
}
