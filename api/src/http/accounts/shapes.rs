//! Shapes of accounts and grants, out and in.

use crate::app::accounts::{AccountInfo, Code};
use crate::store::accounts::State;
use crate::store::grants::DatedGrant;
use domain::catalogue::Role;
use poem_openapi::types::Example;
use poem_openapi::{Enum, Object};
use uuid::Uuid;

/// What an account may do.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "snake_case")]
pub(super) enum RoleName {
    Worker,
    Cadre,
    TownOfficer,
    Department,
    BureauAdmin,
    Auditor,
}

impl From<RoleName> for Role {
    fn from(role: RoleName) -> Role {
        match role {
            RoleName::Worker => Role::Worker,
            RoleName::Cadre => Role::Cadre,
            RoleName::TownOfficer => Role::TownOfficer,
            RoleName::Department => Role::Department,
            RoleName::BureauAdmin => Role::BureauAdmin,
            RoleName::Auditor => Role::Auditor,
        }
    }
}

impl From<Role> for RoleName {
    fn from(role: Role) -> RoleName {
        match role {
            Role::Worker => RoleName::Worker,
            Role::Cadre => RoleName::Cadre,
            Role::TownOfficer => RoleName::TownOfficer,
            Role::Department => RoleName::Department,
            Role::BureauAdmin => RoleName::BureauAdmin,
            Role::Auditor => RoleName::Auditor,
        }
    }
}

/// Whether an account may sign in.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "snake_case")]
pub(super) enum StateName {
    Active,
    Disabled,
}

/// A grant with its days.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct GrantView {
    /// Its id.
    pub(super) id: Uuid,
    pub(super) role: RoleName,
    /// Village of a cadre, town of a town officer.
    pub(super) division: Option<Uuid>,
    /// Grid of a worker.
    pub(super) grid: Option<Uuid>,
    /// Category that a department may see.
    pub(super) category: Option<String>,
    /// Name of the department.
    pub(super) department: Option<String>,
    /// First day, `YYYY-MM-DD`.
    pub(super) since: String,
    /// The first day on which it is no more.
    pub(super) until: Option<String>,
}

impl From<DatedGrant> for GrantView {
    fn from(grant: DatedGrant) -> GrantView {
        GrantView {
            id: grant.id,
            role: grant.grant.role.into(),
            division: grant.grant.division,
            grid: grant.grant.grid,
            category: grant.grant.category,
            department: grant.grant.department,
            since: grant.since,
            until: grant.until,
        }
    }
}

/// An account.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct AccountView {
    /// Its id.
    pub(super) id: Uuid,
    /// Its name.
    pub(super) name: String,
    /// Mobile number that it signs in with.
    pub(super) phone: String,
    pub(super) state: StateName,
    /// Town or village that looks after it; none is the county.
    pub(super) home: Option<Uuid>,
    /// Has a one-time code that was not changed yet.
    pub(super) must_change: bool,
    /// Until when that code is good, RFC 3339.
    pub(super) code_until: Option<String>,
    /// RFC 3339.
    pub(super) created_at: String,
    /// Grants that are valid or will be.
    pub(super) grants: Vec<GrantView>,
}

impl From<AccountInfo> for AccountView {
    fn from(info: AccountInfo) -> AccountView {
        AccountView {
            id: info.id,
            name: info.name,
            phone: info.phone,
            state: match info.state {
                State::Active => StateName::Active,
                State::Disabled => StateName::Disabled,
            },
            home: info.home,
            must_change: info.must_change,
            code_until: info.code_until.map(|at| at.to_string()),
            created_at: info.created_at.to_string(),
            grants: info.grants.into_iter().map(GrantView::from).collect(),
        }
    }
}

/// One page of accounts.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct AccountPage {
    /// One page of them, in order.
    pub(super) items: Vec<AccountView>,
    /// For `after`; absent on the last page.
    pub(super) next: Option<Uuid>,
}

/// A person to make an account for.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(super) struct NewAccountBody {
    /// 1 to 40 characters.
    #[oai(validator(max_length = 200))]
    pub(super) name: String,
    /// Mobile number of 11 digits, of one account only.
    #[oai(validator(max_length = 40))]
    pub(super) phone: String,
    /// Town or village that looks after the account; town officers must name one of their town.
    pub(super) home: Option<Uuid>,
}

impl Example for NewAccountBody {
    fn example() -> Self {
        NewAccountBody {
            name: "梁少芳".into(),
            phone: "13900078411".into(),
            home: None,
        }
    }
}

/// A one-time code. It is not shown again.
#[derive(Object)]
#[oai(example)]
pub(super) struct CodeView {
    /// The account concerned.
    pub(super) account: Uuid,
    /// To sign in with instead of a password, which must then be set.
    pub(super) code: String,
    /// Until when, RFC 3339.
    pub(super) until: String,
}

impl From<Code> for CodeView {
    fn from(code: Code) -> CodeView {
        CodeView {
            account: code.account,
            code: code.code,
            until: code.until.to_string(),
        }
    }
}

impl Example for CodeView {
    fn example() -> Self {
        CodeView {
            account: Uuid::from_u128(0x019a5f0c_7d3b_7a40_b1c2_d3e4f5a6b7c1),
            code: "k7m2q9x4tv".into(),
            until: "2026-11-28T01:00:00.000Z".into(),
        }
    }
}

/// A grant to give. A worker's names `grid`, a cadre's and a town officer's `division`, a department's
/// `category` and `department`; the others name no place.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
pub(super) struct NewGrantBody {
    pub(super) role: RoleName,
    /// The division concerned.
    pub(super) division: Option<Uuid>,
    /// The grid concerned.
    pub(super) grid: Option<Uuid>,
    /// A category's key in the catalogue.
    #[oai(validator(max_length = 60))]
    pub(super) category: Option<String>,
    /// The department, for that role.
    #[oai(validator(max_length = 60))]
    pub(super) department: Option<String>,
    /// First day, `YYYY-MM-DD`; today when absent.
    #[oai(validator(max_length = 10))]
    pub(super) since: Option<String>,
    /// The first day on which it is no more; open when absent.
    #[oai(validator(max_length = 10))]
    pub(super) until: Option<String>,
    /// Records that the worker will carry, where 409 `over_budget` has named them and it shall be so all the same.
    pub(super) records: Option<i64>,
}

impl Example for NewGrantBody {
    fn example() -> Self {
        NewGrantBody {
            role: RoleName::Department,
            division: None,
            grid: None,
            category: Some("disabled".into()),
            department: Some("残联".into()),
            since: None,
            until: Some("2027-01-01".into()),
            records: None,
        }
    }
}
