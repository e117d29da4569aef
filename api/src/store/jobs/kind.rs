//! Which kinds of background work there are, and how a piece of it is put in line.

use uuid::Uuid;

/// The kinds of background work. A kind that a node has no handler for is left to nodes that have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobKind {
    /// Writes a list's rows into the records; the subject is the list.
    CommitList,
    /// Says what a list's rows would become, and writes nothing into any record; the subject is the list.
    TryList,
    /// Makes a roster's file; the subject is the export.
    ExportRoster,
    /// Takes back what a committed list wrote; the subject is the list.
    UndoList,
    /// Looks again at rows that wait for a person, after a list or an answer has come; the subject is the list.
    LinkAgain,
    /// Removes what nobody needs any more, day after day.
    Tidy,
    /// Seals everything anew with a new data key.
    Reseal,
    /// Runs the comparison rules that read a list which was committed or undone; the subject is the list.
    RunRules,
    /// Runs all comparison rules, night after night.
    RunAllRules,
    /// Gives documents that have grown too long a new epoch, night after night.
    Compact,
}

impl JobKind {
    pub const ALL: [JobKind; 10] = [
        JobKind::CommitList,
        JobKind::TryList,
        JobKind::ExportRoster,
        JobKind::UndoList,
        JobKind::LinkAgain,
        JobKind::Tidy,
        JobKind::Reseal,
        JobKind::RunRules,
        JobKind::RunAllRules,
        JobKind::Compact,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            JobKind::CommitList => "commit_list",
            JobKind::TryList => "try_list",
            JobKind::ExportRoster => "export_roster",
            JobKind::UndoList => "undo_list",
            JobKind::LinkAgain => "link_again",
            JobKind::Tidy => "tidy",
            JobKind::Reseal => "reseal",
            JobKind::RunRules => "run_rules",
            JobKind::RunAllRules => "run_all_rules",
            JobKind::Compact => "compact",
        }
    }

    /// Work that comes round again is one row for ever, and goes back in line after each run: milliseconds from the
    /// end of a run to the next.
    pub const fn every(self) -> Option<i64> {
        match self {
            JobKind::CommitList
            | JobKind::TryList
            | JobKind::ExportRoster
            | JobKind::UndoList
            | JobKind::LinkAgain
            | JobKind::RunRules
            | JobKind::Reseal => None,
            JobKind::Tidy | JobKind::RunAllRules | JobKind::Compact => Some(24 * 3600 * 1000),
        }
    }

    pub fn parse(text: &str) -> Option<JobKind> {
        JobKind::ALL.into_iter().find(|kind| kind.name() == text)
    }
}

/// A job as it is put in line.
#[derive(Clone, Debug)]
pub struct NewJob {
    pub id: Uuid,
    pub kind: &'static str,
    /// What the work is about: a list, a file.
    pub subject: Option<Uuid>,
    /// How many steps are expected; 0 where that is not known yet.
    pub total: i32,
    pub created_by: Uuid,
}

impl NewJob {
    /// A run of the rules that read a list which has come or gone.
    pub fn run_rules(list: Uuid, created_by: Uuid) -> NewJob {
        NewJob {
            kind: JobKind::RunRules.name(),
            ..NewJob::link_again(list, created_by)
        }
    }

    /// A look at the rows that wait, after a list or an answer to one of its rows has come.
    pub fn link_again(list: Uuid, created_by: Uuid) -> NewJob {
        NewJob {
            id: Uuid::now_v7(),
            kind: JobKind::LinkAgain.name(),
            subject: Some(list),
            total: 0,
            created_by,
        }
    }
}
