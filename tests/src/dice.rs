//! Chance for tests that look for trouble at random moments.

use std::time::{SystemTime, UNIX_EPOCH};

/// A small generator (splitmix64).
pub struct Dice(u64);

impl Dice {
    pub const fn seeded(seed: u64) -> Dice {
        Dice(seed)
    }

    /// Falls differently each time; the seed is printed, and given again with `HESHAN_TEST_SEED`.
    pub fn fresh() -> Dice {
        let given = std::env::var("HESHAN_TEST_SEED")
            .ok()
            .map(|seed| seed.parse().unwrap());
        let seed = given.unwrap_or_else(|| {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap()
                .subsec_nanos()
                .into()
        });
        println!("HESHAN_TEST_SEED={seed}");
        Dice::seeded(seed)
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }
}
