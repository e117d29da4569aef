//! What becomes of history: records begin new epochs, and a committed list is taken back.

use super::check::Law;
use super::desk;
use super::run::World;
use api::app::Error;
use api::app::compaction::{self, Done};
use api::app::desk::Desk;
use api::app::devices::write_contacts;
use api::program::Program;
use api::store::epochs::Candidate;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::console::Console;
use tests::dice::Dice;
use uuid::Uuid;

/// A record gets a new epoch: at night, where no phone is behind, or at once, whoever is.
pub async fn begins_anew(dice: &mut Dice, world: &mut World) {
    let who = world.people[dice.roll(world.people.len())];
    let before = shown(&world.cadre, who).await;
    let program = &world.county.program;
    match dice.roll(2) {
        0 => at_once(program, who).await,
        _ => {
            // Everybody has left it alone for longer than phones were silent.
            write_contacts(&program.db, &program.contacts).await.unwrap();
            let sql = format!(
                "UPDATE resident SET changed_at = changed_at - {}",
                7 * 3600 * 1000
            );
            program.db.schema().execute_unprepared(&sql).await.unwrap();
            at_night(program, who).await;
        }
    }
    let after = shown(&world.cadre, who).await;
    if before != after {
        world.breaks(Law::Epoch, format!("{who} showed {before} and shows {after}"));
    }
}

pub async fn at_night(program: &Program, who: Uuid) -> Done {
    let candidate = Candidate {
        resident: who,
        old: true,
    };
    compaction::renew(program, candidate).await.unwrap()
}

/// As at the hard limit.
pub async fn at_once(program: &Program, who: Uuid) {
    let now = program.clock.now();
    let done = program.db.write(|txn| async move {
        let mut desk = Desk::open(&txn, program, &BTreeSet::from([who]), &[], now).await?;
        // Where something waits for a person the record stays as it is.
        if desk.begin_epoch(who).is_ok() {
            desk.save().await?;
        }
        Ok::<_, Error>(())
    });
    done.await.unwrap();
}

/// Everything that a record shows, its version excepted.
async fn shown(cadre: &Console, who: Uuid) -> Value {
    let answer = cadre.get(&format!("/api/v1/residents/{who}")).await;
    if answer.status == 404 {
        return Value::Null;
    }
    let mut shown = answer.ok();
    shown["version"] = Value::Null;
    shown
}

/// A list is committed and taken back at once: everything is as it was before.
pub async fn comes_and_goes(dice: &mut Dice, world: &mut World) {
    let before = all_shown(world).await;
    let id = world.hands_in(dice).await;
    let undone = desk::undoes(&world.county, &id).await;
    if let Some(who) = world.leaves_behind {
        desk::writes_something(&world.cadre, who).await;
    }
    let after = all_shown(world).await;
    if let Err(why) = undone {
        // Rows of an earlier list may have waited for what this one says.
        if why["present"]["reasons"]["linked"].is_null() {
            world.breaks(Law::Undone, why.to_string());
        }
        return;
    }
    for (was, is) in before.iter().zip(&after) {
        if was != is {
            world.breaks(Law::Undone, format!("showed {was} and shows {is}"));
        }
    }
}

/// What rosters and exports say of everybody of the run, and what waits for a person.
async fn all_shown(world: &World) -> Vec<Value> {
    let mut all = Vec::new();
    for who in &world.people {
        let seen = shown(&world.cadre, *who).await;
        let values = |sides: &Value| {
            let sides = sides.as_array().into_iter().flatten();
            let mut said: Vec<String> = sides
                .map(|side| format!("{}{}", side["value"], side["element"]))
                .collect();
            said.sort();
            said
        };
        let conflicts = seen["conflicts"].as_object().into_iter().flatten();
        let conflicts: Vec<_> = conflicts.map(|(key, sides)| (key, values(sides))).collect();
        let mut items: Vec<String> = Vec::new();
        for item in world.cadre.items(*who).await {
            let sides = values(&item["content"]["sides"]);
            items.push(format!("{} {} {sides:?}", item["reason"], item["key"]));
        }
        items.sort();
        all.push(json!([
            who,
            seen["fields"],
            seen["state"],
            seen["grid"],
            seen["enrolments"],
            conflicts,
            items
        ]));
    }
    all
}
