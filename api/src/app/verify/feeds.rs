//! One grid's feed against who stands in the grid.

use super::{Finding, Kind, Of};
use crate::app::Error;
use crate::program::Program;
use crate::store::check;
use domain::ResidentId;
use sea_orm::ConnectionTrait;
use std::cmp::Ordering;
use std::collections::VecDeque;
use uuid::Uuid;

/// Goes through both in the order of ids, in one snapshot.
pub async fn check(
    program: &Program,
    grid: Uuid,
    page: u64,
    tell: &mut impl FnMut(Finding),
) -> Result<(), Error> {
    let snapshot = program.db.snapshot().await?;
    let feed = check::feed(&snapshot, grid).await?;
    let next = feed.as_ref().map_or(1, |f| f.next);
    let mut walk = Walk {
        grid,
        page,
        standing: VecDeque::new(),
        entries: VecDeque::new(),
        last: (None, None),
        over: (false, false),
    };
    let (mut count, mut digest) = (0, [0; 16]);
    while let Some(place) = walk.next(&snapshot).await? {
        let (id, kind) = match place {
            Place::Both(id, version, n) => {
                count += 1;
                sync::digest::toggle(&mut digest, ResidentId::from(id), &version);
                (id, (n >= next).then_some(Kind::FeedEntryAhead))
            }
            Place::Standing(id, version) => {
                count += 1;
                sync::digest::toggle(&mut digest, ResidentId::from(id), &version);
                (id, Some(Kind::FeedEntryMissing))
            }
            Place::Entry(id) => (id, Some(Kind::FeedEntryLeftOver)),
        };
        if let Some(kind) = kind {
            tell(Finding {
                of: Of::Resident(id),
                kind,
            });
        }
    }
    snapshot.commit().await?;
    let whole = match feed {
        // A feed's row is made by the first record that enters it.
        None if count == 0 => return Ok(()),
        None => vec![Kind::FeedMissing],
        Some(feed) => {
            let mut whole = Vec::new();
            if feed.count != count {
                whole.push(Kind::FeedCountDiffers);
            }
            if feed.digest != digest {
                whole.push(Kind::FeedDigestDiffers);
            }
            whole
        }
    };
    for kind in whole {
        tell(Finding {
            of: Of::Grid(grid),
            kind,
        });
    }
    Ok(())
}

/// Who is where.
enum Place {
    Both(Uuid, String, i64),
    Standing(Uuid, String),
    Entry(Uuid),
}

/// Two lists in the order of ids, read page by page.
struct Walk {
    grid: Uuid,
    page: u64,
    standing: VecDeque<(Uuid, String)>,
    entries: VecDeque<(Uuid, i64)>,
    last: (Option<Uuid>, Option<Uuid>),
    over: (bool, bool),
}

impl Walk {
    async fn next<C: ConnectionTrait>(&mut self, db: &C) -> Result<Option<Place>, Error> {
        if self.standing.is_empty() && !self.over.0 {
            self.standing = check::standing(db, self.grid, self.last.0, self.page)
                .await?
                .into();
            self.over.0 = (self.standing.len() as u64) < self.page;
            self.last.0 = self.standing.back().map(|(id, _)| *id).or(self.last.0);
        }
        if self.entries.is_empty() && !self.over.1 {
            self.entries = check::entries(db, self.grid, self.last.1, self.page)
                .await?
                .into();
            self.over.1 = (self.entries.len() as u64) < self.page;
            self.last.1 = self.entries.back().map(|(id, _)| *id).or(self.last.1);
        }
        let order = match (self.standing.front(), self.entries.front()) {
            (None, None) => return Ok(None),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
        };
        let standing = order.is_le().then(|| self.standing.pop_front()).flatten();
        let entry = order.is_ge().then(|| self.entries.pop_front()).flatten();
        Ok(match (standing, entry) {
            (Some((id, version)), Some((_, n))) => Some(Place::Both(id, version, n)),
            (Some((id, version)), None) => Some(Place::Standing(id, version)),
            (None, Some((id, _))) => Some(Place::Entry(id)),
            (None, None) => None,
        })
    }
}
