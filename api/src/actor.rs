//! Who asks, and what they may see: the one value that http, app and store all know.
//!
//! An account has one role at a time, in one or more places. Every read starts from [`Actor::scope`].

use domain::catalogue::Role;
use std::fmt;
use uuid::Uuid;

/// One grant as it is valid today. Which of the places is set follows from the role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub role: Role,
    /// The village of a cadre, the town of a town officer.
    pub division: Option<Uuid>,
    /// The grid of a worker.
    pub grid: Option<Uuid>,
    /// The category that a department may see.
    pub category: Option<String>,
    /// The department itself (`残联`, `民政`, …).
    pub department: Option<String>,
}

/// Residents that somebody may read. What is outside does not exist for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    County,
    Villages(Vec<Uuid>),
    Grids(Vec<Uuid>),
    /// Residents with an enrolment in one of these, and of their enrolments only those.
    Categories {
        categories: Vec<String>,
        department: String,
        /// Of a client that may see some divisions only: their villages, ended ones too.
        villages: Option<Vec<Uuid>>,
    },
    Nothing,
}

/// What a department's program may do at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Hand lists in, try and commit them, read their verdicts.
    HandIn,
    /// Export rosters.
    Export,
    /// Read what has changed in rosters since a cursor.
    Changes,
}

impl Operation {
    pub const ALL: [Operation; 3] = [Operation::HandIn, Operation::Export, Operation::Changes];

    pub const fn name(self) -> &'static str {
        match self {
            Operation::HandIn => "hand_in",
            Operation::Export => "export",
            Operation::Changes => "changes",
        }
    }

    pub fn parse(name: &str) -> Option<Operation> {
        Operation::ALL.into_iter().find(|o| o.name() == name)
    }
}

/// How a client's rights are narrower than those of its department's accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRights {
    /// Kinds of list.
    pub kinds: Vec<String>,
    pub operations: Vec<Operation>,
    /// The granted divisions and all below them, ended ones too; `None` is the whole county.
    pub divisions: Option<Vec<Uuid>>,
    /// The granted ones as they were written down.
    pub granted: Vec<Uuid>,
    pub per_minute: i32,
    pub rows_per_day: i64,
}

/// An account with a live session, or a client with a live secret. Made by `app::sign_in::actor` only, and for one request.
#[derive(Clone)]
pub struct Actor {
    pub account: Uuid,
    pub name: String,
    pub session: Uuid,
    pub device: Option<Uuid>,
    /// Grows with every change in what the account may see, also when a grant begins or ends by its date.
    pub epoch: i32,
    /// Signed in with a one-time code: nothing but a new password is open.
    pub must_change: bool,
    pub grants: Vec<Grant>,
    /// Towns of a town officer.
    pub towns: Vec<Uuid>,
    /// Villages of a cadre, and all villages of a town officer's towns; ended ones too.
    pub villages: Vec<Uuid>,
    /// Of a department's program; `account` is then its id, and `session` its secret's.
    pub client: Option<ClientRights>,
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Actor({}, {:?})", self.account, self.grants)
    }
}

impl Actor {
    pub fn has(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role == role)
    }

    /// The one role of the account; `None` without a valid grant.
    pub fn role(&self) -> Option<Role> {
        self.grants.first().map(|grant| grant.role)
    }

    /// Grids that a worker is granted, in the order in which they were given.
    pub fn grids(&self) -> Vec<Uuid> {
        let own = self.grants.iter().filter(|grant| grant.role == Role::Worker);
        own.filter_map(|grant| grant.grid).collect()
    }

    /// Categories that a department is granted, sorted.
    pub fn categories(&self) -> Vec<String> {
        let own = self.grants.iter().filter(|grant| grant.role == Role::Department);
        let mut all: Vec<String> = own.filter_map(|grant| grant.category.clone()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// The department that the account acts for.
    pub fn department(&self) -> Option<&str> {
        self.grants.iter().find_map(|grant| grant.department.as_deref())
    }

    pub fn is_county(&self) -> bool {
        self.has(Role::BureauAdmin)
    }

    /// What the actor may read of residents. Auditors read the audit trail and no resident.
    pub fn scope(&self) -> Scope {
        match self.role() {
            None | Some(Role::Auditor) => Scope::Nothing,
            Some(Role::BureauAdmin) => Scope::County,
            Some(Role::TownOfficer | Role::Cadre) => Scope::Villages(self.villages.clone()),
            Some(Role::Worker) => Scope::Grids(self.grids()),
            Some(Role::Department) => match self.department() {
                Some(department) => Scope::Categories {
                    categories: self.categories(),
                    department: department.to_owned(),
                    villages: self.client.as_ref().and_then(|c| c.divisions.clone()),
                },
                None => Scope::Nothing,
            },
        }
    }
}
