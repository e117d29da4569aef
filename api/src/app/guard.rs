//! Lock-out after failed sign-ins, by account and by address, that a stranger cannot turn against the owner.
//!
//! Three counters: of an account from one address (strong: it stops guessing), of an account from anywhere and of
//! an address for whatever account (mild: they slow those who spread their guesses). The mild ones do not hold
//! for an address from which the account was signed in before, so a stranger elsewhere delays its owner by a
//! minute at most, and not at all where the owner usually is.

use crate::app::Error;
use crate::seal::Keyring;
use crate::store::guards::{self, Counter};
use sea_orm::ConnectionTrait;
use std::net::IpAddr;

const SECOND: i64 = 1000;
const DAY: i64 = 24 * 3600 * SECOND;
/// How long an address stays known after a sign-in.
const KNOWN: i64 = 60 * DAY;

struct Rule {
    /// Failures without consequence.
    free: i32,
    /// First lock; doubles with each further failure.
    first: i64,
    longest: i64,
    /// Quiet time after which the counter starts anew.
    forget: i64,
}

const PAIR: Rule = Rule {
    free: 5,
    first: 30 * SECOND,
    longest: 3600 * SECOND,
    forget: DAY,
};
const ACCOUNT: Rule = Rule {
    free: 20,
    first: 5 * SECOND,
    longest: 60 * SECOND,
    forget: 3600 * SECOND,
};
const ADDRESS: Rule = Rule {
    free: 50,
    first: 30 * SECOND,
    longest: 900 * SECOND,
    forget: 3600 * SECOND,
};

impl Rule {
    fn count(&self, counter: &mut Counter, now: i64) {
        if counter.updated_at.max(counter.locked_until) + self.forget < now {
            counter.failures = 0;
        }
        counter.failures += 1;
        counter.updated_at = now;
        if counter.failures >= self.free {
            let doubled = (counter.failures - self.free).min(20);
            counter.locked_until = now + (self.first << doubled).min(self.longest);
        }
    }
}

/// One attempt, already counted as a failure: a hundred at once are a hundred, not one.
pub struct Attempt {
    pair: Counter,
    /// Empty where the address is known.
    mild: Vec<Counter>,
    known: Vec<u8>,
}

/// Counts an attempt before anything is compared.
///
/// # Errors
/// `TooMany` while a lock runs: then nothing is counted.
pub async fn begin<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    phone_hash: &[u8],
    address: IpAddr,
    now: i64,
) -> Result<Attempt, Error> {
    let address = network(address);
    let known = key(keys, phone_hash, "known", &address);
    let mut wanted = vec![key(keys, phone_hash, "pair", &address)];
    let trusted = guards::updated_at(db, &known).await?;
    if trusted.is_none_or(|at| at + KNOWN < now) {
        wanted.push(key(keys, phone_hash, "account", &[]));
        wanted.push(keys.lookup("sign_in_address", &hex(&address)));
    }
    let mut counters = guards::lock(db, &wanted, now).await?;
    let until = counters.iter().map(|c| c.locked_until).max().unwrap_or(0);
    if until > now {
        return Err(Error::TooMany {
            seconds: ((until - now) as u64).div_ceil(1000),
        });
    }
    for (counter, rule) in counters.iter_mut().zip([PAIR, ACCOUNT, ADDRESS]) {
        rule.count(counter, now);
        guards::save(db, counter).await?;
    }
    let pair = counters.remove(0);
    Ok(Attempt {
        pair,
        mild: counters,
        known,
    })
}

/// The attempt was its owner's: it does not count, and the address is known from now on.
pub async fn succeeded<C: ConnectionTrait>(db: &C, attempt: &Attempt, now: i64) -> Result<(), Error> {
    guards::clear(db, &attempt.pair.key).await?;
    let mut wanted: Vec<Vec<u8>> = attempt.mild.iter().map(|c| c.key.clone()).collect();
    wanted.push(attempt.known.clone());
    let mut counters = guards::lock(db, &wanted, now).await?;
    let mut known = counters.pop().ok_or(Error::Damaged("sign-in guard"))?;
    for mut counter in counters {
        counter.failures = (counter.failures - 1).max(0);
        counter.locked_until = 0;
        guards::save(db, &counter).await?;
    }
    known.updated_at = now;
    guards::save(db, &known).await?;
    Ok(())
}

/// Takes all locks off an account, whatever addresses they came from.
pub async fn unlock<C: ConnectionTrait>(db: &C, keys: &Keyring, phone_hash: &[u8]) -> Result<(), Error> {
    guards::clear(db, &prefix(keys, phone_hash)).await?;
    Ok(())
}

/// Removes counters that nobody needs any more; answers how many.
pub async fn tidy<C: ConnectionTrait>(db: &C, now: i64) -> Result<u64, Error> {
    Ok(guards::tidy(db, now - KNOWN).await?)
}

/// All of an account's counters start with the same bytes, so that they can be found together.
fn prefix(keys: &Keyring, phone_hash: &[u8]) -> [u8; 16] {
    keys.derive(&[b"sign-in guard", phone_hash])
}

fn key(keys: &Keyring, phone_hash: &[u8], kind: &str, address: &[u8]) -> Vec<u8> {
    let own = keys.derive(&[b"sign-in guard of", phone_hash, kind.as_bytes(), address]);
    [prefix(keys, phone_hash), own].concat()
}

/// Who has one IPv6 address has its whole /64.
fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets()[..8].to_vec(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
