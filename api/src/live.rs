//! Who listens live on this node, and what each has not been told yet.
//!
//! A seat is what one phone's connection needs: the newest number of each of its feeds, and the last one that it was
//! told. Whatever happens while a slow client reads its last poke is kept as those numbers, and nothing more.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Connections of one account at a time, each on a device of its own.
const OF_ACCOUNT: usize = 8;
/// Connections of this node.
const OF_NODE: usize = 20_000;
/// Connections that have not said yet who they are.
const ARRIVING: usize = 512;

/// How long things take on a connection.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Until a client has said who it is.
    pub hello: Duration,
    /// Between two pings; a client that was silent for more than two is gone.
    pub beat: Duration,
    /// Between two looks whether the token still opens.
    pub check: Duration,
    /// Until a client has taken one message.
    pub send: Duration,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            hello: Duration::from_secs(10),
            beat: Duration::from_secs(25),
            check: Duration::from_secs(30),
            send: Duration::from_secs(10),
        }
    }
}

pub struct Live {
    seats: Mutex<Seats>,
    timing: RwLock<Timing>,
    arriving: Arc<Semaphore>,
    /// Somebody has sat down.
    pub come: Notify,
    closing: CancellationToken,
}

#[derive(Default)]
struct Seats {
    by_device: BTreeMap<Uuid, Arc<Seat>>,
    /// Whether somebody looks after the feeds of all.
    watched: bool,
}

/// One phone's connection.
pub struct Seat {
    account: Uuid,
    feeds: Mutex<BTreeMap<Uuid, Told>>,
    bell: Notify,
    replaced: CancellationToken,
}

#[derive(Clone, Copy)]
struct Told {
    told: i64,
    newest: i64,
}

/// A seat that is given up with the value.
pub struct Sitting {
    live: Arc<Live>,
    device: Uuid,
    seat: Arc<Seat>,
}

/// There are as many connections as there may be.
#[derive(Debug, PartialEq, Eq)]
pub struct Full;

impl Default for Live {
    fn default() -> Live {
        Live {
            seats: Mutex::default(),
            timing: RwLock::default(),
            arriving: Arc::new(Semaphore::new(ARRIVING)),
            come: Notify::new(),
            closing: CancellationToken::new(),
        }
    }
}

impl Live {
    pub fn timing(&self) -> Timing {
        *self.timing.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Other times, as a rehearsal needs them.
    pub fn rehearse(&self, timing: Timing) {
        *self.timing.write().unwrap_or_else(PoisonError::into_inner) = timing;
    }

    /// A place for a connection that has not said yet who it is.
    pub fn arrive(&self) -> Result<OwnedSemaphorePermit, Full> {
        self.arriving.clone().try_acquire_owned().map_err(|_| Full)
    }

    /// Takes a seat for a device. One that it had already is given up: phones change networks without a word.
    pub fn sit(
        self: &Arc<Live>,
        device: Uuid,
        account: Uuid,
        feeds: BTreeMap<Uuid, i64>,
    ) -> Result<Sitting, Full> {
        let mut seats = self.seats();
        let others = seats.by_device.iter().filter(|(id, _)| **id != device);
        let own = others.clone().filter(|(_, seat)| seat.account == account);
        if own.count() >= OF_ACCOUNT || others.count() >= OF_NODE {
            return Err(Full);
        }
        let told = |(id, n)| (id, Told { told: n, newest: n });
        let seat = Arc::new(Seat {
            account,
            feeds: Mutex::new(feeds.into_iter().map(told).collect()),
            bell: Notify::new(),
            replaced: CancellationToken::new(),
        });
        if let Some(former) = seats.by_device.insert(device, seat.clone()) {
            former.replaced.cancel();
        }
        Ok(Sitting {
            live: self.clone(),
            device,
            seat,
        })
    }

    /// How many listen.
    pub fn count(&self) -> usize {
        self.seats().by_device.len()
    }

    /// The feeds of all who listen.
    pub fn feeds(&self) -> Vec<Uuid> {
        let seats = self.seats();
        let all = seats.by_device.values().flat_map(|seat| {
            let feeds = seat.feeds();
            feeds.keys().copied().collect::<Vec<_>>()
        });
        let mut all: Vec<Uuid> = all.collect();
        all.sort();
        all.dedup();
        all
    }

    /// Feeds are at these numbers: whoever has not been told is rung.
    pub fn tell(&self, newest: &BTreeMap<Uuid, i64>) {
        for seat in self.seats().by_device.values() {
            let mut ring = false;
            for (id, told) in seat.feeds().iter_mut() {
                if let Some(n) = newest.get(id) {
                    told.newest = told.newest.max(*n);
                }
                ring |= told.newest > told.told;
            }
            if ring {
                seat.bell.notify_one();
            }
        }
    }

    /// Whether nobody looks after the feeds yet: then whoever asks does.
    pub fn begin_watching(&self) -> bool {
        !std::mem::replace(&mut self.seats().watched, true)
    }

    /// Whether nobody listens any more: then nobody need watch.
    pub fn end_watching(&self) -> bool {
        let mut seats = self.seats();
        seats.watched = !seats.by_device.is_empty();
        !seats.watched
    }

    /// The program stops: all connections are told.
    pub fn close(&self) {
        self.closing.cancel();
    }

    pub async fn closed(&self) {
        self.closing.cancelled().await;
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    fn feeds(&self) -> MutexGuard<'_, BTreeMap<Uuid, Told>> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sitting {
    pub fn device(&self) -> Uuid {
        self.device
    }

    /// Comes back when there may be something to tell.
    pub async fn rung(&self) {
        self.seat.bell.notified().await;
    }

    /// Comes back when the device has another connection.
    pub async fn replaced(&self) {
        self.seat.replaced.cancelled().await;
    }

    /// Feeds that are further than this phone was told, with their numbers; it is told with this.
    pub fn take(&self) -> BTreeMap<Uuid, i64> {
        let mut feeds = self.seat.feeds();
        let behind = feeds.iter_mut().filter(|(_, told)| told.newest > told.told);
        let take = behind.map(|(id, told)| {
            told.told = told.newest;
            (*id, told.newest)
        });
        take.collect()
    }

    /// From now on the phone has these feeds; of a new one it has been told nothing.
    pub fn follow(&self, ids: &[Uuid]) {
        let mut feeds = self.seat.feeds();
        feeds.retain(|id, _| ids.contains(id));
        for id in ids {
            feeds.entry(*id).or_insert(Told { told: 0, newest: 0 });
        }
    }
}

impl Drop for Sitting {
    fn drop(&mut self) {
        let mut seats = self.live.seats();
        let own = seats.by_device.get(&self.device);
        if own.is_some_and(|seat| Arc::ptr_eq(seat, &self.seat)) {
            seats.by_device.remove(&self.device);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(all: &[(Uuid, i64)]) -> BTreeMap<Uuid, i64> {
        all.iter().copied().collect()
    }

    #[tokio::test]
    async fn who_is_slow_is_told_the_newest_number_once() {
        let (live, grid, other) = (Arc::new(Live::default()), Uuid::now_v7(), Uuid::now_v7());
        let sitting = live
            .sit(Uuid::now_v7(), Uuid::now_v7(), heads(&[(grid, 3)]))
            .unwrap();
        for n in 4..1000 {
            live.tell(&heads(&[(grid, n), (other, n)]));
        }
        sitting.rung().await;
        assert_eq!(sitting.take(), heads(&[(grid, 999)]));
        assert_eq!(sitting.take(), heads(&[]));
        // Numbers never go back, whatever order they are read in.
        live.tell(&heads(&[(grid, 7)]));
        assert_eq!(sitting.take(), heads(&[]));
        sitting.follow(&[other]);
        live.tell(&heads(&[(grid, 2000), (other, 5)]));
        assert_eq!(sitting.take(), heads(&[(other, 5)]));
    }

    #[tokio::test]
    async fn a_device_has_one_seat_and_an_account_eight() {
        let (live, account, device) = (Arc::new(Live::default()), Uuid::now_v7(), Uuid::now_v7());
        let first = live.sit(device, account, heads(&[])).unwrap();
        let second = live.sit(device, account, heads(&[])).unwrap();
        first.replaced().await;
        drop(first);
        assert_eq!(live.count(), 1, "the later one stays");
        let more: Vec<_> = (0..7)
            .map(|_| live.sit(Uuid::now_v7(), account, heads(&[])).unwrap())
            .collect();
        assert_eq!(live.sit(Uuid::now_v7(), account, heads(&[])).err(), Some(Full));
        assert!(
            live.sit(device, account, heads(&[])).is_ok(),
            "its own seat it may change"
        );
        assert!(live.sit(Uuid::now_v7(), Uuid::now_v7(), heads(&[])).is_ok());
        drop((second, more));
        assert!(live.begin_watching() && !live.begin_watching());
        assert!(live.end_watching(), "all have gone");
    }
}
