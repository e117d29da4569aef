//! As many hands as the machine has processors.

use matching::hands::Hands;

pub struct Threads;

impl Hands for Threads {
    fn each<T: Send>(&self, n: usize, least: usize, f: impl Fn(usize, &mut Vec<u32>) -> T + Sync) -> Vec<T> {
        let threads = std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(n / least.max(1));
        let part = n.div_ceil(threads.max(1));
        let run = |from: usize| {
            let mut found = Vec::new();
            (from..(from + part).min(n))
                .map(|at| f(at, &mut found))
                .collect::<Vec<T>>()
        };
        if threads <= 1 {
            return run(0);
        }
        std::thread::scope(|scope| {
            let run = &run;
            let parts: Vec<_> = (0..threads)
                .map(|t| scope.spawn(move || run((t * part).min(n))))
                .collect();
            parts
                .into_iter()
                .flat_map(|part| part.join().expect("comparing does not panic"))
                .collect()
        })
    }
}
