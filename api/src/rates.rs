//! How much one phone and one worker may ask of this node: so many requests a minute, and so many at work at a time.
//!
//! It protects and decides nothing: each node counts by itself, and what it forgets at its end nobody misses.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use uuid::Uuid;

/// Requests a minute; as many may come at once after a quiet minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    pub device: u32,
    pub account: u32,
}

impl Default for Rates {
    fn default() -> Rates {
        Rates {
            device: 600,
            account: 1200,
        }
    }
}

/// Requests of one worker that are at work at a time: who has fifty phones waits behind himself and not before others.
const AT_WORK: usize = 2;
/// Requests of one worker that wait for their turn, each with its body in memory; further ones come again.
const IN_LINE: usize = 64;
/// Counters that are kept before those that say nothing are thrown away.
const MOST: usize = 20_000;
const MINUTE: Duration = Duration::from_secs(60);

/// How long work in the background waits for phones at most before it goes on a little.
const GIVES_WAY: Duration = Duration::from_millis(50);
/// Phones that were at work so lately will soon be again.
const LATELY: Duration = Duration::from_secs(1);

/// A request's turn; it ends with the value.
pub struct Turn {
    busy: watch::Sender<AtWork>,
    _permit: OwnedSemaphorePermit,
}

/// How many requests of phones are at work on this node, and when the last one ended.
#[derive(Clone, Copy, Default)]
struct AtWork {
    now: usize,
    last: Option<Instant>,
}

pub struct Limiter {
    rates: Rates,
    busy: watch::Sender<AtWork>,
    /// Per device and account: when what it has asked for is worked off at its rate.
    until: Mutex<HashMap<Uuid, Instant>>,
    turns: Mutex<HashMap<Uuid, Arc<Semaphore>>>,
}

/// Which bound was passed, and the seconds after which it is worth asking again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    Device(u64),
    Account(u64),
}

impl Limiter {
    pub fn new(rates: Rates) -> Limiter {
        Limiter {
            rates,
            busy: watch::Sender::default(),
            until: Mutex::default(),
            turns: Mutex::default(),
        }
    }

    /// Counts one request. One that is refused is not counted.
    pub fn count(&self, device: Uuid, account: Uuid, now: Instant) -> Result<(), Over> {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.len() > MOST {
            until.retain(|_, at| *at > now);
        }
        let bounds = [(device, self.rates.device), (account, self.rates.account)];
        let next = bounds.map(|(id, rate)| {
            let from = until.get(&id).copied().unwrap_or(now).max(now);
            from + MINUTE / rate
        });
        for (place, at) in next.iter().enumerate() {
            let ahead = at.duration_since(now);
            if ahead > MINUTE {
                let wait = (ahead - MINUTE).as_secs() + 1;
                return Err(match place {
                    0 => Over::Device(wait),
                    _ => Over::Account(wait),
                });
            }
        }
        for ((id, _), at) in bounds.into_iter().zip(next) {
            until.insert(id, at);
        }
        Ok(())
    }

    /// Waits for the worker's turn. Nothing where too many wait already.
    pub async fn turn(&self, account: Uuid) -> Option<Turn> {
        let line = {
            let mut turns = self.turns();
            if turns.len() > MOST {
                turns.retain(|_, line| Arc::strong_count(line) > 1);
            }
            turns
                .entry(account)
                .or_insert_with(|| Arc::new(Semaphore::new(AT_WORK)))
                .clone()
        };
        // The map's own, one for each at work or waiting, and this one.
        if Arc::strong_count(&line) > 1 + AT_WORK + IN_LINE + 1 {
            return None;
        }
        let permit = line.acquire_owned().await.ok()?;
        self.busy.send_modify(|busy| busy.now += 1);
        Some(Turn {
            busy: self.busy.clone(),
            _permit: permit,
        })
    }

    /// Work in the background lets phones go first, between two parts of it: waits until none is at work, and not for
    /// ever. Answers whether any was at work lately, so that the next part should be a small one.
    pub async fn give_way(&self) -> bool {
        let mut busy = self.busy.subscribe();
        let quiet = busy.wait_for(|busy| busy.now == 0);
        let waited = tokio::time::timeout(GIVES_WAY, quiet).await;
        waited.is_err()
            || self
                .busy
                .borrow()
                .last
                .is_some_and(|last| last.elapsed() < LATELY)
    }

    fn turns(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Semaphore>>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.busy.send_modify(|busy| {
            busy.now -= 1;
            busy.last = Some(Instant::now());
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_at_once_and_then_at_the_rate() {
        let limiter = Limiter::new(Rates {
            device: 60,
            account: 100,
        });
        let (device, other, account) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        let begun = Instant::now();
        for _ in 0..60 {
            assert_eq!(limiter.count(device, account, begun), Ok(()));
        }
        assert_eq!(limiter.count(device, account, begun), Err(Over::Device(1 + 1)));
        for _ in 0..40 {
            assert_eq!(limiter.count(other, account, begun), Ok(()));
        }
        assert!(matches!(
            limiter.count(other, account, begun),
            Err(Over::Account(1))
        ));
        // Somebody else is not touched by it.
        assert_eq!(limiter.count(Uuid::now_v7(), Uuid::now_v7(), begun), Ok(()));
        let later = begun + Duration::from_secs(2);
        assert_eq!(limiter.count(device, account, later), Ok(()));
        assert_eq!(limiter.count(device, account, later), Ok(()));
        assert_eq!(limiter.count(device, account, later), Err(Over::Device(1 + 1)));
        for _ in 0..60 {
            limiter.count(device, account, begun + 2 * MINUTE).unwrap();
        }
    }

    #[tokio::test]
    async fn two_of_one_worker_are_at_work() {
        let limiter = Limiter::new(Rates::default());
        let (heavy, light) = (Uuid::now_v7(), Uuid::now_v7());
        let (first, _second) = (limiter.turn(heavy).await, limiter.turn(heavy).await);
        let third = limiter.turn(heavy);
        tokio::pin!(third);
        let waits = tokio::time::timeout(Duration::from_millis(20), &mut third).await;
        assert!(waits.is_err());
        assert!(limiter.turn(light).await.is_some());
        drop(first);
        assert!(third.await.is_some());
    }

    #[tokio::test]
    async fn background_goes_on_behind_phones_and_in_spite_of_them() {
        let limiter = Limiter::new(Rates::default());
        assert!(!limiter.give_way().await);
        let turn = limiter.turn(Uuid::now_v7()).await;
        // It ends although the phone is at work.
        assert!(limiter.give_way().await);
        drop(turn);
        assert!(limiter.give_way().await, "one was at work a moment ago");
    }
}
