//! Accounts and their grants, for administrators and town officers.

mod shapes;

use super::auth::{Done, SignedIn};
use super::contract::Tag;
use super::error::Answer;
use super::json::Json;
use crate::actor::Grant;
use crate::app::Error;
use crate::app::accounts::{self, Filter, NewAccount, NewGrant};
use crate::program::Program;
use crate::store::accounts::State;
use domain::phone::Phone;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use shapes::*;
use uuid::Uuid;

pub struct Accounts;

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
            records: body.records,
        };
        let given = accounts::give(
            &program.db,
            &program.keys,
            &program.budget,
            &who.0,
            *id,
            &new,
            program.clock.now(),
        )
        .await?;
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
        accounts::end_grant(&program.db, &program.keys, &who.0, *id, program.clock.now()).await?;
        Ok(Done::Done)
    }
}

fn fifty() -> u64 {
    50
}
