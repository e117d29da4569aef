//! Device registrations: one's own, and those of accounts that one looks after.

use super::auth::{Done, SignedIn};
use super::contract::Tag;
use super::error::Answer;
use super::json::Json;
use crate::app::devices;
use crate::app::devices::DeviceRow;
use crate::program::Program;
use domain::Instant;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Devices;

/// One registration of (installation, account).
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct DeviceView {
    /// Its id.
    id: Uuid,
    /// The account concerned.
    account: Uuid,
    /// What its owner calls it.
    label: String,
    /// `active` or `ended`.
    state: String,
    /// Edits that were received from it.
    received: i64,
    /// Number up to which its edits came without a gap.
    through: i64,
    /// RFC 3339, up to half a minute late; none when it was not heard of since its registration.
    last_contact_at: Option<String>,
    /// The app's version, as the device last said it.
    app: Option<String>,
    /// The catalogue version that it last had.
    catalogue: Option<i32>,
    /// RFC 3339.
    created_at: String,
}

/// What a phone may carry.
#[derive(Object)]
#[oai(deny_unknown_fields, rename = "DeviceBudget", example)]
struct BudgetBody {
    /// Most records.
    records: Option<i64>,
    /// Most bytes.
    bytes: Option<i64>,
}

impl Example for BudgetBody {
    fn example() -> Self {
        BudgetBody {
            records: Some(4000),
            bytes: None,
        }
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Devices")]
impl Devices {
    /// Registrations of an account, oldest first
    ///
    /// Without `account` the own ones. Administrators and town officers may name an account that they look after.
    #[oai(path = "/devices", method = "get", operation_id = "list_devices")]
    async fn list_devices(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// Whose registrations.
        account: Query<Option<Uuid>>,
    ) -> Answer<Json<Vec<DeviceView>>> {
        let account = account.unwrap_or(who.0.account);
        let rows = devices::list(&program.db, &who.0, account).await?;
        let view = |row: DeviceRow| DeviceView {
            id: row.id,
            account: row.account,
            label: row.label,
            state: row.state,
            received: row.received,
            through: row.through,
            last_contact_at: row.last_contact_at.map(|at| Instant::from_millis(at).to_string()),
            app: row.app,
            catalogue: row.catalogue,
            created_at: Instant::from_millis(row.created_at).to_string(),
        };
        Ok(Json(rows.into_iter().map(view).collect()))
    }

    /// End a registration and its sessions
    ///
    /// The phone can still hand in what it holds; it is then told to drop everything.
    #[oai(path = "/devices/:id/end", method = "post", operation_id = "end_device")]
    async fn end_device(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The registration.
        id: Path<Uuid>,
    ) -> Answer<Done> {
        devices::end(&program.db, &who.0, *id, program.clock.now()).await?;
        Ok(Done::Done)
    }

    /// Say that a registration which two phones seemed to use is one phone
    ///
    /// What was kept meanwhile is taken in its order; edits whose number was used twice wait in the inbox. 409
    /// `not_cloned` where nothing of the kind was found. The other way out is `end_device`.
    #[oai(
        path = "/devices/:id/one-phone",
        method = "post",
        operation_id = "confirm_device"
    )]
    async fn confirm_device(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The registration.
        id: Path<Uuid>,
    ) -> Answer<Done> {
        devices::is_one_phone(&program, &who.0, *id).await?;
        Ok(Done::Done)
    }

    /// Set what one phone may carry
    ///
    /// For the bureau. What is absent is as it is configured for all.
    #[oai(
        path = "/devices/:id/budget",
        method = "put",
        operation_id = "set_device_budget"
    )]
    async fn set_device_budget(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The registration.
        id: Path<Uuid>,
        body: Json<BudgetBody>,
    ) -> Answer<Done> {
        devices::set_budget(&program, &who.0, *id, (body.records, body.bytes)).await?;
        Ok(Done::Done)
    }
}
