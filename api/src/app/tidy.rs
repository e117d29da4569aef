//! Removing what nobody needs any more, each kind after a term of its own.

use crate::app::files::{self, Purpose};
use crate::app::rosters::changes;
use crate::app::{Error, guard, lists};
use crate::store::{backups, clues, epochs, retention, rosters, sessions};
use matching::clues::state::State;
use sea_orm::ConnectionTrait;

const DAY: i64 = 24 * 3600 * 1000;
/// Rows of one step.
const STEP: u64 = 500;
/// What nobody has to answer any more.
const SETTLED: [&str; 3] = [
    State::Confirmed.name(),
    State::Refuted.name(),
    State::Closed.name(),
];
/// Clues of one step, each with its items and tasks.
const CLUES: u64 = 50;
/// Chunks of files of one step: 16 MiB of them.
const CHUNKS: u64 = 64;

/// For how many days things are kept. Configured; what is not configurable is what nobody ever asks for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Files as they were handed in, and lists that nobody committed.
    pub uploads: u32,
    /// Rows of the population register after its commit.
    pub register: u32,
    /// Sessions that are over. Their tokens open nothing either way.
    pub sessions: u32,
    /// What phones that have ended were to hear, and held edits that were decided: at least 400 days.
    pub receipts: u32,
    /// The audit trail: at least 180 days, which the law asks for.
    pub audit: u32,
    /// Clues that are settled and that no rule finds any more, with their visit tasks.
    pub clues: u32,
    /// History inside a record's document; edit rows keep it for as long as there is the person.
    pub documents: u32,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms {
            uploads: 400,
            register: 400,
            sessions: 90,
            receipts: 400,
            audit: 1095,
            clues: 1095,
            documents: 1095,
        }
    }
}

/// The kinds of things that are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Counters,
    Sessions,
    Uploads,
    Nobodys,
    Broken,
    Uncommitted,
    Register,
    Unread,
    Held,
    Audit,
    Jobs,
    Backups,
    Steps,
    Readings,
    PastDocuments,
    Clues,
    Tasks,
}

impl What {
    pub const ALL: [What; 17] = [
        What::Counters,
        What::Sessions,
        What::Uploads,
        What::Nobodys,
        What::Broken,
        What::Uncommitted,
        What::Register,
        What::Unread,
        What::Held,
        What::Audit,
        What::Jobs,
        What::Backups,
        What::Steps,
        What::Readings,
        What::PastDocuments,
        What::Clues,
        What::Tasks,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            What::Counters => "counters",
            What::Sessions => "sessions",
            What::Uploads => "uploads",
            What::Nobodys => "nobodys_files",
            What::Broken => "files",
            What::Uncommitted => "uncommitted",
            What::Register => "register",
            What::Unread => "unread",
            What::Held => "held",
            What::Audit => "audit",
            What::Jobs => "jobs",
            What::Backups => "backups",
            What::Steps => "roster_steps",
            What::Readings => "readings",
            What::PastDocuments => "past_documents",
            What::Clues => "clues",
            What::Tasks => "visit_tasks",
        }
    }
}

/// One step of one kind; answers how many were removed, 0 when nothing is left to do.
pub async fn step<C: ConnectionTrait>(db: &C, what: What, terms: &Terms, now: i64) -> Result<u64, Error> {
    let ago = |days: u32| now - i64::from(days) * DAY;
    Ok(match what {
        What::Counters => guard::tidy(db, now).await?,
        What::Sessions => sessions::forget(db, ago(terms.sessions), STEP).await?,
        What::Uploads => retention::files(db, Purpose::List.name(), ago(terms.uploads)).await?,
        // An upload takes minutes; what is a day old has no list coming.
        What::Nobodys => retention::nobodys(db, ago(1)).await?,
        // Never finished, expired, or given up by the kinds before.
        What::Broken => files::tidy(db, now, CHUNKS).await?,
        What::Uncommitted => retention::uncommitted(db, ago(terms.uploads), STEP).await?,
        What::Register => retention::register(db, ago(terms.register), STEP).await?,
        What::Unread => retention::unread(db, ago(terms.receipts), STEP).await?,
        What::Held => retention::held(db, ago(terms.receipts), STEP).await?,
        What::Audit => retention::audit(db, ago(terms.audit), STEP).await?,
        What::Jobs => retention::jobs(db, ago(90), STEP).await?,
        What::Backups => backups::forget(db, ago(400), STEP).await?,
        What::Steps => rosters::forget(db, now - changes::KEPT, STEP).await?,
        What::Readings => lists::tidy(db, now).await?,
        // A phone whose receipts are kept no longer has handed in long ago.
        What::PastDocuments => epochs::forget(db, ago(terms.receipts), STEP).await?,
        What::Clues => clues::forget(db, &SETTLED, ago(terms.clues), CLUES).await?,
        What::Tasks => clues::tasks::forget(db, ago(terms.clues), CLUES).await?,
    })
}
