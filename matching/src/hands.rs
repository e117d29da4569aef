//! Who does the work. Comparing a million rows is the same on one processor and on many; threads belong to the caller,
//! who lends as many hands as the machine has.

/// Work on numbered pieces.
pub trait Hands: Sync {
    /// Calls `f` for every number below `n`, giving no hand fewer than `least` of them; results in the order of the
    /// numbers. The buffer is for `f` alone and holds anything.
    fn each<T: Send>(&self, n: usize, least: usize, f: impl Fn(usize, &mut Vec<u32>) -> T + Sync) -> Vec<T>;
}

/// One after the other.
#[derive(Clone, Copy, Debug, Default)]
pub struct OneHand;

impl Hands for OneHand {
    fn each<T: Send>(&self, n: usize, _least: usize, f: impl Fn(usize, &mut Vec<u32>) -> T + Sync) -> Vec<T> {
        let mut found = Vec::new();
        (0..n).map(|at| f(at, &mut found)).collect()
    }
}
