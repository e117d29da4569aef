//! Giving and ending grants: what an account may do, where, and from when until when.

use super::{BELOW_TOWN, above_own_rank, managed};
use crate::actor::{Actor, Grant};
use crate::app::budget::{self, Budget};
use crate::app::{Error, hand_over};
use crate::seal::Keyring;
use crate::store::audit::{self, Entry};
use crate::store::db::{Db, Txn};
use crate::store::feeds::News;
use crate::store::grants::{self, DatedGrant};
use crate::store::{divisions, feeds, grids};
use domain::Instant;
use domain::catalogue::{Catalogue, Role};
use domain::code::Level;
use domain::date::parse_wire;
use uuid::Uuid;

/// A grant to give.
pub struct NewGrant<'a> {
    pub grant: Grant,
    /// `YYYY-MM-DD`; `None` is today.
    pub since: Option<&'a str>,
    /// The first day on which it is no more; `None` is open.
    pub until: Option<&'a str>,
    /// So many records the giver knows that the worker will carry, although they are too many for a phone.
    pub records: Option<i64>,
}

/// Gives a grant. The account's epoch rises, so that its phones compare what they hold. Giving what is already
/// given on those days answers the grant that is there.
///
/// # Errors
/// `NotFound`; `Forbidden` `above_own_rank`; `Refused`: `place_needed`, `place_unknown`, `category_unknown`,
/// `department_malformed`, `date_malformed`, `dates_reversed`; `Conflict` `role_mixed` for an account with another
/// role or another department, `over_budget` where a phone would carry too much and [`NewGrant::records`] does not name it.
pub async fn give(
    db: &Db,
    keys: &Keyring,
    budget: &Budget,
    actor: &Actor,
    account: Uuid,
    new: &NewGrant<'_>,
    now: Instant,
) -> Result<DatedGrant, Error> {
    let today = now.date().to_string();
    let since = day(new.since, "since")?.unwrap_or_else(|| today.clone());
    let until = day(new.until, "until")?;
    if until
        .as_ref()
        .is_some_and(|until| *until <= since || *until <= today)
    {
        return Err(Error::field(
            "dates_reversed",
            "结束日期须晚于开始日期和今天",
            "until",
        ));
    }
    let wanted = &DatedGrant {
        id: Uuid::now_v7(),
        account,
        grant: new.grant.clone(),
        since,
        until,
    };
    db.write(|txn| async move {
        let given = give_in(&txn, budget, actor, wanted, new.records, now).await?;
        feeds::publish(&*txn, keys, &[], given.news).await?;
        Ok(given.grant)
    })
    .await
}

/// A grant as it is now, and what the account's phones are to hear of it.
pub(in crate::app) struct Given {
    pub grant: DatedGrant,
    pub news: Vec<News>,
}

/// [`give`] in a transaction of something larger, which publishes the news with its own.
pub(in crate::app) async fn give_in(
    txn: &Txn,
    budget: &Budget,
    actor: &Actor,
    wanted: &DatedGrant,
    records: Option<i64>,
    now: Instant,
) -> Result<Given, Error> {
    let today = now.date().to_string();
    let account = wanted.account;
    managed(&**txn, actor, account, now).await?;
    judge(txn, &wanted.grant).await?;
    within(txn, actor, &wanted.grant).await?;
    let all = grants::of(&**txn, &[account]).await?;
    for there in all.iter().filter(|grant| grant.is_ahead(&today)) {
        if there.grant.role != wanted.grant.role || there.grant.department != wanted.grant.department {
            return Err(Error::conflict(
                "role_mixed",
                "一个账号同时只能有一种角色和一个部门，请先结束原有授权",
            ));
        }
        let open = there.until.is_none() || there.until == wanted.until;
        if there.grant == wanted.grant && there.since <= wanted.since && open {
            return Ok(Given {
                grant: there.clone(),
                news: Vec::new(),
            });
        }
    }
    let mut news = Vec::new();
    if let Some(grid) = wanted.grant.grid {
        let own = all.iter().filter(|grant| grant.is_ahead(&today));
        let grids: Vec<Uuid> = own.filter_map(|grant| grant.grant.grid).chain([grid]).collect();
        budget::may_be_given(&**txn, budget, &grids, records).await?;
        if wanted.is_valid(&today) {
            news = hand_over::grid_given(txn, account, grid).await?;
        }
    }
    grants::insert(&**txn, wanted, Some(actor.account), now.millis()).await?;
    note(txn, actor, "give_grant", wanted, now).await?;
    Ok(Given {
        grant: wanted.clone(),
        news,
    })
}

/// Ends a grant from today on. Ending what is ended is fine.
///
/// # Errors
/// `NotFound`; `Forbidden` `above_own_rank`; `Refused` `own_account`: nobody locks out the last administrator.
pub async fn end_grant(db: &Db, keys: &Keyring, actor: &Actor, id: Uuid, now: Instant) -> Result<(), Error> {
    db.write(|txn| async move {
        let grant = grants::find(&*txn, id).await?.ok_or(Error::NotFound)?;
        if end_in(&txn, actor, &grant, now).await? {
            hand_over::grant_ended(&txn, keys, grant.account, now).await?;
        }
        Ok(())
    })
    .await
}

/// [`end_grant`] in a transaction of something larger, which lets the phones go. Whether there was something to end.
pub(in crate::app) async fn end_in(
    txn: &Txn,
    actor: &Actor,
    grant: &DatedGrant,
    now: Instant,
) -> Result<bool, Error> {
    let today = now.date().to_string();
    managed(&**txn, actor, grant.account, now).await?;
    if grant.account == actor.account {
        return Err(Error::refused("own_account", "不能结束自己的授权"));
    }
    within(txn, actor, &grant.grant).await?;
    if !grant.is_ahead(&today) {
        return Ok(false);
    }
    grants::set_until(&**txn, grant, &today).await?;
    note(txn, actor, "end_grant", grant, now).await?;
    Ok(true)
}

fn day(text: Option<&str>, field: &'static str) -> Result<Option<String>, Error> {
    let read = |text| parse_wire(text).map(|date| date.to_string());
    let malformed = || Error::field("date_malformed", "日期格式应为 YYYY-MM-DD", field);
    text.map(|text| read(text).ok_or_else(malformed)).transpose()
}

/// Whether the grant names what its role needs, and nothing else, and all of it exists.
pub(super) async fn judge(txn: &Txn, grant: &Grant) -> Result<(), Error> {
    let named = [
        ("grid", grant.grid.is_some()),
        ("division", grant.division.is_some()),
        ("category", grant.category.is_some()),
        ("department", grant.department.is_some()),
    ];
    let needed: &[&str] = match grant.role {
        Role::Worker => &["grid"],
        Role::Cadre | Role::TownOfficer => &["division"],
        Role::Department => &["category", "department"],
        Role::BureauAdmin | Role::Auditor => &[],
    };
    if let Some((field, _)) = named.iter().find(|(field, is)| *is != needed.contains(field)) {
        return Err(Error::field(
            "place_needed",
            "授权范围与角色不符：网格员填网格，村居干部填村，镇街填镇，部门填类别和部门，其余不填",
            *field,
        ));
    }
    let unknown = |field: &'static str| Error::field("place_unknown", "区划或网格不存在或已撤销", field);
    if let Some(id) = grant.grid {
        let grid = grids::find(&**txn, id).await?;
        if grid.is_none_or(|grid| grid.until.is_some()) {
            return Err(unknown("grid"));
        }
    }
    if let Some(id) = grant.division {
        let level = match grant.role {
            Role::Cadre => Level::Village,
            _ => Level::Town,
        };
        let division = divisions::find(&**txn, id).await?;
        if !division.is_some_and(|division| division.is_current() && division.level == level) {
            return Err(unknown("division"));
        }
    }
    if let Some(category) = &grant.category {
        let catalogue = Catalogue::built_in();
        if !catalogue.categories.iter().any(|known| known.key == category) {
            return Err(Error::field("category_unknown", "没有这个类别", "category"));
        }
    }
    let odd = |name: &String| name.trim().is_empty() || name.chars().count() > 20;
    if grant.department.as_ref().is_some_and(odd) {
        return Err(Error::field(
            "department_malformed",
            "部门名称须为 1 至 20 个字符",
            "department",
        ));
    }
    Ok(())
}

/// Town officers give and end what is below them, in their own town.
async fn within(txn: &Txn, actor: &Actor, grant: &Grant) -> Result<(), Error> {
    if actor.is_county() {
        return Ok(());
    }
    if !BELOW_TOWN.contains(&grant.role) {
        return Err(above_own_rank());
    }
    let mut places: Vec<Uuid> = grant.division.into_iter().collect();
    if let Some(grid) = grant.grid {
        places.extend(grids::villages_of(&**txn, &[grid]).await?);
    }
    match places.iter().all(|place| actor.villages.contains(place)) {
        true => Ok(()),
        false => Err(Error::NotFound),
    }
}

async fn note(
    txn: &Txn,
    actor: &Actor,
    action: &'static str,
    grant: &DatedGrant,
    now: Instant,
) -> Result<(), Error> {
    let entry = Entry::done(action, actor.account)
        .by_device(actor.device)
        .on("account", grant.account)
        .detail(grant.grant.role.name());
    audit::insert(&**txn, entry, now.millis()).await?;
    Ok(())
}
