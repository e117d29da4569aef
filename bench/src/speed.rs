//! How fast the machine is at the moment, by two things that have nothing to do with the program: the same machine may be
//! half as fast an hour later when its host has other guests, and then so is everything that is measured on it.

use crate::figure::Samples;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

/// Numbers that are sorted: larger than a core's own caches.
const NUMBERS: usize = 4_000_000;
const WORDS: usize = 5_000;

/// What one thread takes to sort 4,000,000 invented numbers, in milliseconds: the median of three.
pub fn sorting() -> f64 {
    let mut samples = Samples::default();
    for _ in 0..3 {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut numbers: Vec<u64> = (0..NUMBERS)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state
            })
            .collect();
        let began = Instant::now();
        numbers.sort_unstable();
        samples.add(began.elapsed());
        std::hint::black_box(&numbers);
    }
    samples.median()
}

/// What a word to another thread that sleeps, and its answer, take in microseconds: the median. A statement of the
/// database is at least one such exchange; on a guest whose cores are put to sleep it is most of a short one.
pub fn exchange() -> f64 {
    let (ask, asked) = channel::<()>();
    let (answer, answered) = channel::<()>();
    let other = thread::spawn(move || {
        while asked.recv().is_ok() {
            if answer.send(()).is_err() {
                return;
            }
        }
    });
    let mut samples = Samples::default();
    for _ in 0..WORDS {
        // Both have gone to sleep by then, as they have between two statements.
        thread::sleep(Duration::from_micros(20));
        let began = Instant::now();
        if ask.send(()).is_err() || answered.recv().is_err() {
            break;
        }
        samples.add(began.elapsed());
    }
    drop(ask);
    // A thread that only answers does not panic.
    let _ = other.join();
    samples.median() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_take_some_time() {
        assert!(exchange() > 0.0);
    }
}
