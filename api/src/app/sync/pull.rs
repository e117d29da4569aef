//! The pull: what is new for a phone since its cursor, and how its grids compare.

use super::cursor::{self, Cursor};
use super::fitting;
use super::{Phone, Request};
use crate::app::Error;
use crate::program::Program;
use crate::store::meta::Life;
use crate::store::{feeds, holdings, meta, records};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Instant;
use domain::catalogue::LIMITS;
use entity::feed;
use sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

pub struct Pulled {
    /// Items as JSON text.
    pub items: Vec<String>,
    pub cursor: String,
    pub more: bool,
    pub grids: Json,
    pub life: Life,
    /// The phone comes from another life of the database: before it is sent anything it should say what it has.
    pub have_wanted: bool,
}

/// Answers what the phone does not have. Before records leave that are new to the device, its holdings are
/// committed, with those of records that the phone shows that it has and a restored database knows nothing of;
/// otherwise nothing is written. Whoever has left the phone's grids since they were read stays here: nobody would
/// tell the phone to drop what it was not known to carry.
pub async fn pull(
    program: &Program,
    phone: &Phone,
    request: &Request,
    from: Option<Cursor>,
    touched: &[Uuid],
    now: Instant,
) -> Result<Pulled, Error> {
    let txn = program.db.snapshot().await?;
    let page = Page::read(&txn, program, phone, request, from, touched).await?;
    let held: Vec<Uuid> = page.residents.iter().chain(&page.has).copied().collect();
    let carried = holdings::of_device(&txn, phone.device, &held).await?;
    txn.commit().await?;
    let carried: BTreeSet<Uuid> = carried
        .into_iter()
        .filter(|h| h.to_at.is_none())
        .map(|h| h.resident)
        .collect();
    let new: BTreeSet<Uuid> = held.into_iter().filter(|r| !carried.contains(r)).collect();
    let new: Vec<Uuid> = new.into_iter().collect();
    if !new.is_empty() {
        let new = &new;
        let noted = program
            .db
            .write(|txn| async move {
                let staying = holdings::staying(&*txn, new, &phone.grids).await?;
                holdings::begin(&*txn, phone.device, &staying, now.millis()).await?;
                meta::audit(
                    &*txn,
                    now,
                    Some(phone.account),
                    Some(phone.device),
                    "pull",
                    staying.len() as i64,
                )
                .await?;
                Ok::<_, Error>(staying)
            })
            .await;
        match noted {
            // Nothing can be written: what the device does not hold already stays here.
            Err(Error::StorageFull) => return Ok(page.without(new, false)),
            Err(other) => return Err(other),
            Ok(staying) if staying.len() < new.len() => {
                let staying: BTreeSet<Uuid> = staying.into_iter().collect();
                let left: Vec<Uuid> = new.iter().copied().filter(|r| !staying.contains(r)).collect();
                return Ok(page.without(&left, true));
            }
            Ok(_) => {}
        }
    }
    Ok(page.answer)
}

struct Page {
    residents: Vec<Uuid>,
    /// Residents whom the phone shows that it has.
    has: Vec<Uuid>,
    /// Items before those of residents.
    news: usize,
    answer: Pulled,
    /// The cursor that passes over no record.
    stays: String,
}

impl Page {
    /// Without some residents: their grids are read from the same place next time. Where they have just left, `again` is
    /// that time now: counts and digests of this page are of a moment that is over. Where nothing can be written, asking
    /// at once would not help.
    fn without(self, left: &[Uuid], again: bool) -> Pulled {
        let mut items = self.answer.items;
        let texts = items.split_off(self.news);
        let kept = self.residents.iter().zip(texts);
        items.extend(kept.filter(|(id, _)| !left.contains(id)).map(|(_, text)| text));
        Pulled {
            items,
            cursor: self.stays,
            more: again,
            grids: self.answer.grids,
            life: self.answer.life,
            have_wanted: self.answer.have_wanted,
        }
    }

    async fn read<C: ConnectionTrait>(
        db: &C,
        program: &Program,
        phone: &Phone,
        request: &Request,
        from: Option<Cursor>,
        touched: &[Uuid],
    ) -> Result<Page, Error> {
        let most = match request.documents {
            true => LIMITS.documents,
            false => LIMITS.items,
        };
        let limit = request.limit.unwrap_or(most).clamp(1, most);
        let life = meta::life(db).await?;
        let incarnation = life.incarnation;
        let have_wanted =
            request.have.is_empty() && from.as_ref().is_some_and(|c| c.incarnation != incarnation);
        let ids: Vec<Uuid> = phone.grids.iter().copied().chain([phone.device]).collect();
        let rows = feeds::rows(db, &ids).await?;
        let rows: BTreeMap<Uuid, feed::Model> = rows.into_iter().map(|f| (f.id, f)).collect();
        let newest = |id: &Uuid| rows.get(id).map_or(0, |f| f.next - 1);
        let from = continues(from, phone, incarnation, &newest);
        let (fit, left) = fitting::grids(db, program, phone, &from).await?;
        let phone = &Phone {
            grids: fit,
            ..phone.clone()
        };
        let behind = phone.grids.iter().map(|grid| {
            let had = from.grids.get(grid).copied().unwrap_or(0);
            newest(grid) - had
        });
        program
            .metrics
            .pulled(behind.sum::<i64>() + newest(&phone.device) - from.device);
        let mut next = Cursor {
            incarnation,
            grant_epoch: phone.grant_epoch,
            device: from.device,
            left,
            ..Cursor::default()
        };
        let mut items = Vec::new();
        if next.left != from.left {
            items.push(fitting::notice(&next.left).to_string());
        }
        let mut more = false;
        if newest(&phone.device) > from.device {
            let news = feeds::news(db, &program.keys, phone.device, from.device, limit as u64).await?;
            more |= news.len() == limit;
            for (n, item) in news {
                next.device = n;
                items.push(item.to_string());
            }
            if !more {
                next.device = newest(&phone.device);
            }
        }
        let mut residents: Vec<Uuid> = Vec::new();
        if have_wanted {
            // Nothing is passed over: the next request begins anew, with what the phone has or without.
            more = true;
        }
        let mine = touched.iter().copied().collect::<BTreeSet<_>>();
        let mut has: Vec<Uuid> = Vec::new();
        let wanted = phone.grids.iter().filter(|_| !have_wanted);
        for grid in wanted {
            let start = from.grids.get(grid).copied().unwrap_or(0);
            // A phone whose grid is equal has nothing to reload, whatever became of its cursor.
            if start == 0 && equal(request, grid, rows.get(grid)) {
                next.grids.insert(*grid, newest(grid));
                has.extend(meta::versions(db, *grid).await?.into_keys());
                continue;
            }
            let room = limit.saturating_sub(residents.len() + items.len());
            if newest(grid) <= start || room == 0 {
                more |= newest(grid) > start;
                next.grids.insert(*grid, start);
                continue;
            }
            let entries = feeds::entries(db, *grid, start, room as u64).await?;
            let last = if entries.len() < room {
                newest(grid)
            } else {
                entries.last().map_or(start, |e| e.n)
            };
            more |= last < newest(grid);
            next.grids.insert(*grid, last);
            residents.extend(entries.iter().map(|e| e.subject));
        }
        let paged: BTreeSet<Uuid> = residents.iter().copied().collect();
        // The answer that carries a receipt carries the record's new state too.
        residents.extend(mine.iter().filter(|r| !paged.contains(r)));
        // What a phone says that it lacks is sent along, however far its cursor is.
        let (compare, lacking, equal) = compare(db, phone, request, &rows).await?;
        has.extend(equal);
        let room = limit.saturating_sub(residents.len() + items.len());
        let lacking = lacking
            .into_iter()
            .filter(|r| !paged.contains(r) && !mine.contains(r));
        residents.extend(lacking.take(room));
        let texts = records::items(db, &program.keys, &residents).await?;
        let visible = |text: &str| {
            phone
                .grids
                .iter()
                .any(|g| text.contains(&format!("\"grid\":\"{g}\"")))
                && !text.contains("\"state\":\"departed\"")
        };
        residents.retain(|r| texts.get(r).is_some_and(|t| visible(t)));
        let known: BTreeMap<Uuid, &str> = request
            .have
            .values()
            .flatten()
            .map(|(r, v)| (*r, v.as_str()))
            .collect();
        residents.retain(|r| {
            let same = known
                .get(r)
                .is_some_and(|v| texts[r].contains(&format!("\"version\":\"{v}\"")));
            !same || mine.contains(r)
        });
        let documents = match request.documents {
            true => records::documents(db, &program.keys, &residents).await?,
            false => BTreeMap::new(),
        };
        let news = items.len();
        items.extend(
            residents
                .iter()
                .map(|r| with_document(&texts[r], documents.get(r))),
        );
        let cursor = cursor::write(&program.keys, phone.device, &next);
        next.grids = from.grids;
        Ok(Page {
            residents,
            has,
            news,
            stays: cursor::write(&program.keys, phone.device, &next),
            answer: Pulled {
                items,
                cursor,
                more,
                grids: compare,
                life,
                have_wanted,
            },
        })
    }
}

/// A record item, with the document's bytes where they are asked for. The item is JSON text that stays as it is.
fn with_document(item: &str, document: Option<&Vec<u8>>) -> String {
    match (document, item.strip_suffix('}')) {
        (Some(bytes), Some(open)) => format!("{open},\"document\":\"{}\"}}", STANDARD.encode(bytes)),
        _ => item.to_owned(),
    }
}

/// Where reading goes on. Another life of the database reads all anew; other grants compare the grids anew, and the
/// device's own feed goes on.
fn continues(
    from: Option<Cursor>,
    phone: &Phone,
    incarnation: Uuid,
    newest: &dyn Fn(&Uuid) -> i64,
) -> Cursor {
    let Some(mut from) = from.filter(|c| c.incarnation == incarnation && c.device <= newest(&phone.device))
    else {
        return Cursor::default();
    };
    if from.grant_epoch != phone.grant_epoch || from.grids.iter().any(|(grid, n)| *n > newest(grid)) {
        from.grids.clear();
    }
    from
}

fn equal(request: &Request, grid: &Uuid, row: Option<&feed::Model>) -> bool {
    let (Some(theirs), Some(row)) = (request.digests.get(grid), row) else {
        return false;
    };
    theirs.count == row.count && theirs.digest == sync::digest::hex(&row.digest)
}

/// What an answer says of a grid; nobody was ever in one that has no feed.
pub fn grid_line(row: Option<&feed::Model>) -> Json {
    let (count, digest) = row.map_or((0, &[0; 16][..]), |f| (f.count, &f.digest));
    json!({ "count": count, "digest": sync::digest::hex(digest) })
}

/// Count and digest per grid; for a phone that says what it has, what to remove and what to fetch. Then the records to
/// fetch, and those that the phone has as they are.
async fn compare<C: ConnectionTrait>(
    db: &C,
    phone: &Phone,
    request: &Request,
    rows: &BTreeMap<Uuid, feed::Model>,
) -> Result<(Json, Vec<Uuid>, Vec<Uuid>), Error> {
    let mut out = serde_json::Map::new();
    let (mut lacking, mut equal) = (Vec::new(), Vec::new());
    for grid in &phone.grids {
        let mut line = grid_line(rows.get(grid));
        if let Some(have) = request.have.get(grid) {
            let there = meta::versions(db, *grid).await?;
            let have: BTreeMap<Uuid, &str> = have.iter().map(|(r, v)| (*r, v.as_str())).collect();
            let remove: Vec<_> = have.keys().filter(|r| !there.contains_key(r)).collect();
            let (same, fetch): (Vec<Uuid>, Vec<Uuid>) = there
                .keys()
                .partition(|r| have.get(r) == there.get(r).map(String::as_str).as_ref());
            equal.extend(same);
            line["remove"] = json!(remove);
            line["fetch"] = json!(fetch);
            lacking.extend(fetch);
        }
        out.insert(grid.to_string(), line);
    }
    Ok((out.into(), lacking, equal))
}
