//! Phones as who looks after them sees them: the list, the report of one that was lost, the gap after a restore.

use super::auth::SignedIn;
use super::contract::Tag;
use super::error::Answer;
use super::page;
use crate::app::phones::{self, Filter, Phone};
use crate::program::Program;
use domain::Instant;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

pub struct Phones;

/// A range of numbers, both ends included.
#[derive(Object)]
struct Numbers {
    /// The first.
    from: i64,
    /// The last.
    to: i64,
}

/// One registration of a worker's phone and how it stands.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct PhoneView {
    /// The registration's id.
    id: Uuid,
    /// The worker's account.
    account: Uuid,
    /// The worker's name.
    worker: String,
    /// What its owner calls it.
    label: String,
    /// `active` or `ended`.
    state: String,
    /// Grids that the worker has today.
    grids: Vec<Uuid>,
    /// Edits that were received from it.
    received: i64,
    /// Number up to which its edits came without a gap.
    through: i64,
    /// Number up to which they are in a backup.
    safe: i64,
    /// Numbers that the phone has given to edits that are not here; at most 20 ranges.
    missing: Vec<Numbers>,
    /// Edits that it said were not sent yet.
    unsent: Option<i64>,
    /// RFC 3339: when it last had everything that there was for it.
    in_sync_at: Option<String>,
    /// RFC 3339, up to half a minute late.
    last_contact_at: Option<String>,
    /// The app's version, as the device last said it.
    app: Option<String>,
    /// The catalogue version that it last had.
    catalogue: Option<i32>,
    /// Bytes that it said were free.
    storage_free: Option<i64>,
    /// Records that it is thought to carry.
    records: i64,
    /// Of these, records that it was told to remove and has not said that it did.
    undropped: i64,
    /// RFC 3339: since when the oldest of these waits.
    undropped_since: Option<String>,
    /// RFC 3339: since when two phones are known to use this registration.
    cloned_at: Option<String>,
}

/// One page of phones.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct PhonePage {
    /// One page of them, in order.
    items: Vec<PhoneView>,
    /// To give as `after` for the next page; absent on the last.
    next: Option<String>,
}

/// A record that was on a phone.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct CarriedView {
    /// The holding's number, as drops name it.
    holding: i64,
    /// The person.
    resident: Uuid,
    /// The person's name.
    name: String,
    /// RFC 3339: when it was sent to the phone.
    from: String,
    /// RFC 3339: when the phone was told to remove it.
    to: Option<String>,
    /// Why: `moved`, `departed`, `rejected`, `withdrawn`, `grant_ended`, `registration_ended`.
    why: Option<String>,
    /// RFC 3339: when the phone said that it had.
    dropped: Option<String>,
}

/// Something that arrived from a phone.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ArrivedView {
    /// The edit's id, where it can be read.
    edit: Option<Uuid>,
    /// The person, where that can be read.
    resident: Option<Uuid>,
    /// `merged`, `conflict`, `proposed` or `held`.
    outcome: String,
    /// RFC 3339.
    received_at: String,
    /// RFC 3339, by the phone's clock.
    made_at: Option<String>,
}

/// What was on a phone, and what came from it.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct LostView {
    /// The registration's id.
    id: Uuid,
    /// The worker's account.
    account: Uuid,
    /// `active` or `ended`.
    state: String,
    /// RFC 3339, up to half a minute late.
    last_contact_at: Option<String>,
    /// One page of the records that were on it.
    records: Vec<CarriedView>,
    /// To give as `after` for the next page; absent on the last.
    next: Option<String>,
    /// What arrived from it after `at`, at most 1,000; empty without `at`.
    arrived: Vec<ArrivedView>,
}

/// A record that a phone knows in a later state.
#[derive(Object)]
struct KnownView {
    /// The person.
    resident: Uuid,
    /// The phone that said so.
    device: Uuid,
    /// The number of the record's last change on the phone.
    there: i64,
    /// The same here, when the phone said so; 0: the record was not here.
    here: i64,
    /// RFC 3339.
    seen_at: String,
}

/// What a restored database does not have, as far as phones have said.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct GapView {
    /// RFC 3339: when it was restored; absent if never.
    restored_at: Option<String>,
    /// RFC 3339: what it holds up to.
    restored_to: Option<String>,
    /// Phones that have numbered edits which are not here.
    phones: Vec<PhoneView>,
    /// One page of records of which a phone knows a later state: what cadres decided and lists wrote since the backup
    /// shows here, and only here.
    records: Vec<KnownView>,
    /// To give as `after` for the next page; absent on the last.
    next: Option<String>,
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Devices")]
impl Phones {
    /// Phones of the workers in the actor's scope, oldest registration first
    ///
    /// Also of workers whose grant has ended, as long as their registration is known. With `undropped` the phones
    /// that were told to remove records and have not confirmed it.
    #[oai(path = "/phones", method = "get", operation_id = "list_phones")]
    #[allow(clippy::too_many_arguments)]
    async fn list_phones(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// Of workers who have or had a grid in this village.
        village: Query<Option<Uuid>>,
        /// Of workers who have or had this grid.
        grid: Query<Option<Uuid>>,
        /// `true`: only such as still carry what they were told to remove.
        #[oai(default)]
        undropped: Query<bool>,
        /// `next` of the page before.
        after: Query<Option<String>>,
        /// 1 to 200, 50 by default.
        limit: Query<Option<u64>>,
    ) -> Answer<Json<PhonePage>> {
        let filter = Filter {
            village: *village,
            grid: *grid,
            undropped: *undropped,
        };
        let (after, limit) = (page::after(after.as_deref())?, page::limit(*limit)?);
        let found = phones::list(&program, &who.0, &filter, after, limit).await?;
        let next = page::next(&found, limit, |phone| phone.row.id);
        Ok(Json(PhonePage {
            items: found.into_iter().map(PhoneView::from).collect(),
            next,
        }))
    }

    /// Whose data is or was on a phone, and what came from it since it was lost
    ///
    /// For the bureau, and for town officers of their own accounts. Reading it is noted in the audit trail.
    #[oai(
        path = "/devices/:id/report",
        method = "get",
        operation_id = "get_device_report"
    )]
    async fn get_device_report(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// The registration.
        id: Path<Uuid>,
        /// RFC 3339: when the phone was lost. Absent: what it carries now.
        at: Query<Option<String>>,
        /// `next` of the page before.
        after: Query<Option<String>>,
        /// 1 to 200, 50 by default.
        limit: Query<Option<u64>>,
    ) -> Answer<Json<LostView>> {
        let (after, limit) = (page::after(after.as_deref())?, page::limit(*limit)?);
        let instant = |text: &String| Instant::parse(text).ok_or_else(|| page::bad("at", "时间格式有误"));
        let at = at.as_ref().map(instant).transpose()?;
        let lost = phones::lost(&program, &who.0, *id, at, after, limit).await?;
        let next = page::next(&lost.records, limit, |was| was.number);
        let records = lost.records.into_iter().map(|was| CarriedView {
            holding: was.number,
            resident: was.resident,
            name: was.name,
            from: was.from.to_string(),
            to: was.to.map(|at| at.to_string()),
            why: was.why,
            dropped: was.dropped.map(|at| at.to_string()),
        });
        let arrived = lost.arrived.into_iter().map(|one| ArrivedView {
            edit: one.edit,
            resident: one.resident,
            outcome: one.outcome,
            received_at: one.received.to_string(),
            made_at: one.made.map(|at| at.to_string()),
        });
        Ok(Json(LostView {
            id: lost.device.id,
            account: lost.device.account,
            state: lost.device.state,
            last_contact_at: lost.device.last_contact_at.map(phones::at),
            records: records.collect(),
            next,
            arrived: arrived.collect(),
        }))
    }

    /// What a restored database is known to lack
    ///
    /// For the bureau. Edits come back from the phones by themselves; what cadres decided and lists wrote does not.
    #[oai(path = "/restored", method = "get", operation_id = "get_restore_gap")]
    async fn get_restore_gap(
        &self,
        program: Data<&Program>,
        who: SignedIn,
        /// `next` of the page before.
        after: Query<Option<String>>,
        /// 1 to 200, 50 by default.
        limit: Query<Option<u64>>,
    ) -> Answer<Json<GapView>> {
        let (after, limit) = (page::after(after.as_deref())?, page::limit(*limit)?);
        let gap = phones::gap(&program, &who.0, after, limit).await?;
        let next = page::next(&gap.records, limit, |known| known.resident);
        let records = gap.records.into_iter().map(|known| KnownView {
            resident: known.resident,
            device: known.device,
            there: known.n,
            here: known.here,
            seen_at: phones::at(known.seen_at),
        });
        Ok(Json(GapView {
            restored_at: gap.restored_at.map(|at| at.to_string()),
            restored_to: gap.restored_to.map(|at| at.to_string()),
            phones: gap.phones.into_iter().map(PhoneView::from).collect(),
            records: records.collect(),
            next,
        }))
    }
}

impl From<Phone> for PhoneView {
    fn from(phone: Phone) -> PhoneView {
        let row = phone.row;
        PhoneView {
            id: row.id,
            account: row.account,
            worker: phone.worker,
            label: row.label,
            state: row.state,
            grids: phone.grids,
            received: row.received,
            through: row.through,
            safe: row.safe,
            missing: phone
                .missing
                .into_iter()
                .map(|(from, to)| Numbers { from, to })
                .collect(),
            unsent: row.unsent,
            in_sync_at: row.in_sync_at.map(phones::at),
            last_contact_at: row.last_contact_at.map(phones::at),
            app: row.app,
            catalogue: row.catalogue,
            storage_free: row.storage_free,
            records: phone.carries.records,
            undropped: phone.carries.undropped,
            undropped_since: phone.carries.since.map(phones::at),
            cloned_at: row.cloned_at.map(phones::at),
        }
    }
}
