//! Who asks: tokens at the edge become an actor, or the request ends there.

use super::error::{ApiError, Problem};
use crate::actor::Actor;
use crate::app::inbox::Decider;
use crate::app::{Error, devices, sign_in, sync::Phone};
use crate::program::Program;
use crate::store::inbox::Reach;
use domain::catalogue::Role;
use poem::Request;
use poem_openapi::SecurityScheme;
use poem_openapi::auth::ApiKey;
use uuid::Uuid;

/// Who may use the sync door: a signed-in phone, or a phone that only hands in.
pub enum Door {
    Phone(Phone),
    HandIn { device: Uuid, account: Uuid },
}

/// 手机的访问令牌；登录或授权终止后改用设备密钥（`Device 设备编号.密钥`），只能交回未发送的修改
#[derive(SecurityScheme)]
#[oai(
    ty = "api_key",
    key_name = "Authorization",
    key_in = "header",
    checker = "at_the_door"
)]
pub struct SyncDoor(pub Door);

async fn at_the_door(request: &Request, key: ApiKey) -> poem::Result<Door> {
    let program = request
        .data::<Program>()
        .expect("the program is given to every route");
    // The name of a scheme is read in capitals and small letters alike, as at every other door.
    let (scheme, rest) = key.key.split_once(' ').unwrap_or_default();
    if scheme.eq_ignore_ascii_case("Device") {
        let unknown = || {
            ApiError::from(Error::Unauthorized {
                code: "device_unknown",
                message: "设备未登记",
            })
        };
        let (device, secret) = rest.split_once('.').ok_or_else(unknown)?;
        let device = Uuid::try_parse(device).map_err(|_| unknown())?;
        let found = devices::hand_in(&program.db, device, secret)
            .await
            .map_err(ApiError::from)?;
        return Ok(Door::HandIn {
            device: found.device,
            account: found.account,
        });
    }
    let token = if scheme.eq_ignore_ascii_case("Bearer") {
        rest
    } else {
        ""
    };
    if token.is_empty() {
        return Err(ApiError::Unauthorized(Problem::new("unauthorized", "请先登录")).into());
    }
    let actor = sign_in::recognise(program, token).await;
    Ok(Door::Phone(
        actor.and_then(|a| Phone::of(&a)).map_err(ApiError::from)?,
    ))
}

/// What of the inbox an actor may see and decide.
pub fn decider(actor: &Actor) -> Result<Decider, Error> {
    actor.ready()?;
    actor.must_be(&[Role::Cadre, Role::TownOfficer, Role::BureauAdmin])?;
    let reach = match actor.role() {
        Some(Role::BureauAdmin) => Reach::County,
        Some(Role::Cadre | Role::TownOfficer) => Reach::Places {
            villages: actor.villages.clone(),
            towns: actor.towns.clone(),
        },
        _ => Reach::Nothing,
    };
    Ok(Decider {
        account: actor.account,
        name: actor.name.clone(),
        reach,
        may_decide: true,
    })
}
