//! Residents as people at a desk read and correct them, each within the own scope.

pub mod edit;
pub mod history;
pub mod list;
pub mod moves;
pub mod one;
pub mod view;

use crate::actor::{Actor, Scope};
use crate::app::Error;

pub use edit::{ConsoleEdit, edit};
pub use history::{Step, history, history_of};
pub use list::{Filter, count, list};
pub(in crate::app) use moves::put;
pub use moves::{Move, Moved, Together, move_resident, move_residents};
pub use one::one;

/// # Errors
/// `Forbidden` `role_required` for who reads no residents at all.
pub(crate) fn scope(actor: &Actor) -> Result<Scope, Error> {
    match actor.scope() {
        Scope::Nothing => Err(Error::Forbidden {
            code: "role_required",
            message: "您的角色不能查看居民资料",
        }),
        scope => Ok(scope),
    }
}
