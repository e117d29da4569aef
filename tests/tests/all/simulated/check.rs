//! What the design promises, looked at when all is quiet.

use super::run::{WORKERS, World};
use entity::{edit, held, holding, resident};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use std::collections::BTreeSet;
use tests::verify;
use uuid::Uuid;

/// A promise of the design that a run broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// Phones and server end with the same records.
    Convergence,
    ExactlyOnce,
    NothingLost,
    /// Nobody has what is not theirs, and who carries whom is known.
    Scope,
    /// What is stored agrees with itself.
    Projection,
}

/// The first law that does not hold, and how it shows.
pub async fn all(world: &World) -> Option<(Law, String)> {
    if let Some(found) = agrees(world).await {
        return Some((Law::Projection, found));
    }
    if let Some(found) = kept(world).await {
        return Some(found);
    }
    if let Some(found) = converged(world).await {
        return Some((Law::Convergence, found));
    }
    carried(world).await.map(|found| (Law::Scope, found))
}

async fn agrees(world: &World) -> Option<String> {
    let all = verify::findings(&world.county.program).await;
    all.first().map(|finding| format!("{:?}", finding.kind))
}

/// Every edit that was ever made is there once: applied, or kept for a person.
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
    let waiting = held::Entity::find()
        .filter(held::Column::Edit.is_in(ids.iter().copied()))
        .filter(held::Column::State.eq("waiting"));
    let waiting: Vec<Uuid> = waiting
        .all(db)
        .await
        .unwrap()
        .into_iter()
        .filter_map(|row| row.edit)
        .collect();
    for (id, (phone, _)) in &world.made {
        let times = usize::from(rows.contains(id)) + waiting.iter().filter(|held| *held == id).count();
        match times {
            0 => return Some((Law::NothingLost, format!("{id} is nowhere"))),
            1 => {}
            _ => return Some((Law::ExactlyOnce, format!("{id} is there {times} times"))),
        }
        if world.phones[*phone].receipt(*id).is_none() {
            return Some((Law::NothingLost, format!("{id} has no receipt")));
        }
    }
    None
}

/// Every phone has the people of its grid as the server shows them.
async fn converged(world: &World) -> Option<String> {
    let mut people: BTreeSet<Uuid> = world.people.iter().copied().collect();
    people.extend(world.made.values().map(|(_, resident)| *resident));
    for id in people {
        let shown = world.cadre.get(&format!("/api/v1/residents/{id}")).await.ok();
        for (n, phone) in world.phones.iter().enumerate() {
            let mine = shown["grid"] == serde_json::json!(world.county.place(WORKERS[n].1));
            if mine != phone.holds(id) {
                return Some(format!("phone {n} has {id}: {}", phone.holds(id)));
            }
            if mine
                && ["version", "fields", "conflicts"]
                    .iter()
                    .any(|m| phone.record(id)[*m] != shown[*m])
            {
                return Some(format!("phone {n} shows {id} otherwise"));
            }
        }
    }
    None
}

/// Holdings say who carries whom: open ones are of phones of the person's grid, and nothing waits to be dropped.
async fn carried(world: &World) -> Option<String> {
    let db = world.county.program.db.read();
    for id in &world.people {
        let row = resident::Entity::find_by_id(*id).one(db).await.unwrap().unwrap();
        let open = holding::Entity::find()
            .filter(holding::Column::Resident.eq(*id))
            .filter(holding::Column::DroppedAt.is_null());
        let open = open.all(db).await.unwrap();
        if open.iter().any(|holding| holding.to_at.is_some()) {
            return Some(format!("{id} was never confirmed to be dropped"));
        }
        let grid = row.grid.map(|grid| grid == world.county.place("良围一格"));
        let expected = WORKERS
            .iter()
            .filter(|(_, at)| Some(*at == "良围一格") == grid)
            .count();
        if open.len() != expected {
            return Some(format!("{id} is carried by {} phones of {expected}", open.len()));
        }
    }
    None
}
