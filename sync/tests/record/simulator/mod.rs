//! The whole protocol in one thread: a model of the store and the rules of `POST /api/v1/sync`, phones of both kinds,
//! a cadre, lists, moves, ended grants, new epochs, a bad line, restarts and restored backups. A run is its seed; after each run
//! what the design promises is checked.
//!
//! `SIM_RUNS` plays more runs, `SIM_SEED` begins elsewhere, and one failing seed is played by `SIM_SEED=n SIM_RUNS=1`.

mod check;
mod decided;
mod device;
mod laws;
mod person;
mod pull;
mod push;
mod run;
mod said;
mod server;

/// A promise of the design that a run broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// Phones and server end with the same records, and full clients with the same heads.
    Convergence,
    /// The same edits in another order that respects what each had seen give the same record.
    Order,
    ExactlyOnce,
    NothingLost,
    /// No answer holds, and no edit touches, what is not the worker's.
    Scope,
    /// Only what the catalogue takes is in a document.
    Policy,
    /// What is stored as a record's item is what its document and facts show.
    Projection,
}

/// Which law was broken, and how it showed.
pub type Broken = (Law, String);
