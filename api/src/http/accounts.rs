//! Accounts and their grants, for administrators and town officers.

use super::auth::{Done, SignedIn};
use super::contract::Tag;
use super::error::Answer;
use super::json::Json;
use crate::actor::Grant;
use crate::app::Error;
use crate::app::accounts::{self, AccountInfo, Code, Filter, NewAccount, NewGrant};
use crate::program::Program;
use crate::store::accounts::State;
use crate::store::grants::DatedGrant;
use domain::catalogue::Role;
use domain::phone::Phone;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::types::Example;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

pub struct Accounts;

/// What an account may do.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "snake_case")]
enum RoleName {
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
enum StateName {
    Active,
    Disabled,
}

/// A grant with its days.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct GrantView {
    id: Uuid,
    role: RoleName,
    /// Village of a cadre, town of a town officer.
    division: Option<Uuid>,
    /// Grid of a worker.
    grid: Option<Uuid>,
    /// Category that a department may see.
    category: Option<String>,
    /// Name of the department.
    department: Option<String>,
    /// First day, `YYYY-MM-DD`.
    since: String,
    /// The first day on which it is no more.
    until: Option<String>,
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
struct AccountView {
    id: Uuid,
    name: String,
    /// Mobile number that it signs in with.
    phone: String,
    state: StateName,
    /// Town or village that looks after it; none is the county.
    home: Option<Uuid>,
    /// Has a one-time code that was not changed yet.
    must_change: bool,
    /// Until when that code is good, RFC 3339.
    code_until: Option<String>,
    /// RFC 3339.
    created_at: String,
    /// Grants that are valid or will be.
    grants: Vec<GrantView>,
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
struct AccountPage {
    items: Vec<AccountView>,
    /// For `after`; absent on the last page.
    next: Option<Uuid>,
}

/// A person to make an account for.
#[derive(Object)]
#[oai(deny_unknown_fields, example)]
struct NewAccountBody {
    /// 1 to 40 characters.
    #[oai(validator(max_length = 200))]
    name: String,
    /// Mobile number of 11 digits, of one account only.
    #[oai(validator(max_length = 40))]
    phone: String,
    /// Town or village that looks after the account; town officers must name one of their town.
    home: Option<Uuid>,
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
struct CodeView {
    account: Uuid,
    /// To sign in with instead of a password, which must then be set.
    code: String,
    /// Until when, RFC 3339.
    until: String,
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
struct NewGrantBody {
    role: RoleName,
    division: Option<Uuid>,
    grid: Option<Uuid>,
    /// A category's key in the catalogue.
    #[oai(validator(max_length = 60))]
    category: Option<String>,
    #[oai(validator(max_length = 60))]
    department: Option<String>,
    /// First day, `YYYY-MM-DD`; today when absent.
    #[oai(validator(max_length = 10))]
    since: Option<String>,
    /// The first day on which it is no more; open when absent.
    #[oai(validator(max_length = 10))]
    until: Option<String>,
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
        }
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Accounts")]
impl Accounts {
    /// Accounts that the actor looks after, in the order of making
    #[oai(path = "/accounts", method = "get", operation_id = "list_accounts")]
    async fn list_accounts(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// Only accounts in this state.
        state: Query<Option<StateName>>,
        /// Only the account with this number.
        phone: Query<Option<String>>,
        /// The last account of the page before.
        after: Query<Option<Uuid>>,
        /// 1 to 200.
        #[oai(default = "fifty", validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<u64>,
    ) -> Answer<Json<AccountPage>> {
        let malformed = || Error::field("phone_malformed", "请填写 11 位手机号", "phone");
        let phone = phone.0.map(|text| Phone::parse(&text).ok_or_else(malformed));
        let filter = Filter {
            state: state.0.map(|state| match state {
                StateName::Active => State::Active,
                StateName::Disabled => State::Disabled,
            }),
            phone: phone.transpose()?,
        };
        // One more than asked for says whether there is a next page.
        let (limit, now) = (*limit, program.clock.now());
        let found = accounts::list(
            &program.db,
            &program.keys,
            &who.0,
            &filter,
            *after,
            limit + 1,
            now,
        );
        let mut items: Vec<AccountView> = found.await?.into_iter().map(AccountView::from).collect();
        let more = items.len() as u64 > limit;
        items.truncate(limit as usize);
        let next = items.last().filter(|_| more).map(|last| last.id);
        Ok(Json(AccountPage { items, next }))
    }

    /// Make an account and its one-time code
    #[oai(path = "/accounts", method = "post", operation_id = "create_account")]
    async fn create_account(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        body: Json<NewAccountBody>,
    ) -> Answer<Json<CodeView>> {
        let new = NewAccount {
            name: &body.name,
            phone: &body.phone,
            home: body.home,
        };
        let now = program.clock.now();
        let code = accounts::create(&program.db, &program.keys, &who.0, &new, now).await?;
        Ok(Json(code.into()))
    }

    /// One account: the own, or one that the actor looks after
    #[oai(path = "/accounts/:id", method = "get", operation_id = "get_account")]
    async fn get_account(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The account.
        id: Path<Uuid>,
    ) -> Answer<Json<AccountView>> {
        let now = program.clock.now();
        let info = accounts::get(&program.db, &program.keys, &who.0, *id, now).await?;
        Ok(Json(info.into()))
    }

    /// Bar an account and end its sessions
    #[oai(
        path = "/accounts/:id/disable",
        method = "post",
        operation_id = "disable_account"
    )]
    async fn disable_account(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The account.
        id: Path<Uuid>,
    ) -> Answer<Done> {
        accounts::disable(&program.db, &who.0, *id, program.clock.now()).await?;
        Ok(Done::Done)
    }

    /// Let a disabled account sign in again
    #[oai(
        path = "/accounts/:id/enable",
        method = "post",
        operation_id = "enable_account"
    )]
    async fn enable_account(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The account.
        id: Path<Uuid>,
    ) -> Answer<Done> {
        accounts::enable(&program.db, &who.0, *id, program.clock.now()).await?;
        Ok(Done::Done)
    }

    /// Take the locks of failed sign-ins off an account
    #[oai(
        path = "/accounts/:id/unlock",
        method = "post",
        operation_id = "unlock_account"
    )]
    async fn unlock_account(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The account.
        id: Path<Uuid>,
    ) -> Answer<Done> {
        let now = program.clock.now();
        accounts::unlock(&program.db, &program.keys, &who.0, *id, now).await?;
        Ok(Done::Done)
    }

    /// Replace a forgotten password by a one-time code
    ///
    /// Ends all sessions of the account and takes its locks off.
    #[oai(path = "/accounts/:id/reset", method = "post", operation_id = "reset_account")]
    async fn reset_account(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The account.
        id: Path<Uuid>,
    ) -> Answer<Json<CodeView>> {
        let now = program.clock.now();
        let code = accounts::reset(&program.db, &program.keys, &who.0, *id, now).await?;
        Ok(Json(code.into()))
    }

    /// Give a grant
    ///
    /// An account has one role at a time, in one or more places. What is already given is answered as it is.
    #[oai(path = "/accounts/:id/grants", method = "post", operation_id = "give_grant")]
    async fn give_grant(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The account.
        id: Path<Uuid>,
        body: Json<NewGrantBody>,
    ) -> Answer<Json<GrantView>> {
        let body = body.0;
        let new = NewGrant {
            grant: Grant {
                role: body.role.into(),
                division: body.division,
                grid: body.grid,
                category: body.category,
                department: body.department,
            },
            since: body.since.as_deref(),
            until: body.until.as_deref(),
        };
        let given = accounts::give(&program.db, &who.0, *id, &new, program.clock.now()).await?;
        Ok(Json(given.into()))
    }

    /// End a grant from today on
    #[oai(path = "/grants/:id", method = "delete", operation_id = "end_grant")]
    async fn end_grant(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The grant.
        id: Path<Uuid>,
    ) -> Answer<Done> {
        accounts::end_grant(&program.db, &who.0, *id, program.clock.now()).await?;
        Ok(Done::Done)
    }
}

fn fifty() -> u64 {
    50
}
