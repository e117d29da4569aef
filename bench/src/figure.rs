//! Measured values, what was hoped for, and how many measurements stand behind a value.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One line of the published table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// Stable: two result files are compared by it.
    pub key: String,
    pub what: String,
    pub value: f64,
    pub unit: String,
    /// The value is to stay below it; none where it is only shown.
    pub target: Option<f64>,
    /// Measurements behind the value.
    pub count: usize,
}

impl Figure {
    pub fn new(key: &str, what: &str, value: f64, unit: &str) -> Figure {
        Figure {
            key: key.into(),
            what: what.into(),
            value,
            unit: unit.into(),
            target: None,
            count: 1,
        }
    }

    pub fn below(mut self, target: f64) -> Figure {
        self.target = Some(target);
        self
    }

    pub fn of(mut self, count: usize) -> Figure {
        self.count = count;
        self
    }
}

/// Measurements of one thing, in milliseconds.
#[derive(Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    pub fn add(&mut self, took: Duration) {
        self.0.push(millis(took));
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The value that this share of the measurements does not exceed: 0.5 is the median, 1.0 the worst.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1);
        let place = (share * sorted.len() as f64).ceil() as usize;
        sorted
            .get(place.saturating_sub(1).min(last))
            .copied()
            .unwrap_or(0.0)
    }

    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// A figure in milliseconds at this share.
    pub fn figure(&self, key: &str, what: &str, share: f64) -> Figure {
        Figure::new(key, what, self.quantile(share), "ms").of(self.count())
    }
}

/// What the program's threads worked for a request: the mean over readings of its clock before and after each.
/// It is 0 where the system does not tell.
pub fn processor(key: &str, what: &str, readings: &[(Option<Duration>, Option<Duration>)]) -> Figure {
    let worked = readings.iter().filter_map(|(before, after)| after.zip(*before));
    let worked: Vec<f64> = worked
        .map(|(after, before)| millis(after.saturating_sub(before)))
        .collect();
    let mean = worked.iter().sum::<f64>() / worked.len().max(1) as f64;
    let what = format!("{what} (processor time of the program, mean)");
    Figure::new(key, &what, mean, "ms").of(worked.len())
}

pub fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_measured_values() {
        fn check(samples: &[u64], share: f64, expected: f64) {
            let mut all = Samples::default();
            for sample in samples {
                all.add(Duration::from_millis(*sample));
            }
            assert_eq!(all.quantile(share), expected, "{samples:?} {share}");
        }
        check(&[], 0.5, 0.0);
        check(&[7], 0.99, 7.0);
        check(&[3, 1, 2], 0.5, 2.0);
        check(&[4, 3, 1, 2], 0.5, 2.0);
        check(&[4, 3, 1, 2], 0.99, 4.0);
        check(&[4, 3, 1, 2], 1.0, 4.0);
    }
}
