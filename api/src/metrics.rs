//! Figures of this node since it started, for whoever watches it: requests, the queue before the writer, how far
//! phones are behind. Operation names, status classes and numbers; nothing that tells one person from another.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::time::Duration;

/// Upper ends of latency, in seconds.
const SECONDS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0,
];
/// Upper ends of how many entries a phone had not had.
const ENTRIES: [f64; 8] = [0.0, 1.0, 5.0, 20.0, 100.0, 500.0, 2000.0, 10000.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Request {
    /// As the contract calls it; `-` where no operation was met.
    operation: &'static str,
    /// `2xx`
    status: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

type Latency = Family<Operation, Histogram, fn() -> Histogram>;

pub struct Metrics {
    requests: Family<Request, Counter>,
    seconds: Latency,
    behind: Histogram,
    queue: Queue,
}

impl Metrics {
    pub fn new(queue: Queue) -> Metrics {
        Metrics {
            requests: Family::default(),
            seconds: Latency::new_with_constructor(latency),
            behind: Histogram::new(ENTRIES),
            queue,
        }
    }

    pub fn answered(&self, operation: &'static str, status: u16, took: Duration) {
        let status = match status / 100 {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        };
        self.requests.get_or_create(&Request { operation, status }).inc();
        let seconds = self.seconds.get_or_create(&Operation { operation });
        seconds.observe(took.as_secs_f64());
    }

    /// A phone pulled that had not had so many entries of its feeds.
    pub fn pulled(&self, behind: i64) {
        self.behind.observe(behind.max(0) as f64);
    }

    /// Names all of it in `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "Requests answered.", self.requests.clone());
        registry.register(
            "http_request_seconds",
            "From a request's head to its answer.",
            self.seconds.clone(),
        );
        registry.register(
            "feed_lag_entries",
            "Entries of its feeds that a phone had not had when it pulled.",
            self.behind.clone(),
        );
        let Queue { waiting, waited } = &self.queue;
        registry.register(
            "writer_queue",
            "Writes that wait for the writer now.",
            waiting.clone(),
        );
        registry.register(
            "writer_wait_seconds",
            "From asking for the writer to having it.",
            waited.clone(),
        );
    }
}

fn latency() -> Histogram {
    Histogram::new(SECONDS)
}

/// Who waits for the writer, and how long it took. Clones count together.
#[derive(Clone, Debug)]
pub struct Queue {
    waiting: Gauge,
    waited: Histogram,
}

impl Default for Queue {
    fn default() -> Queue {
        Queue {
            waiting: Gauge::default(),
            waited: latency(),
        }
    }
}

impl Queue {
    /// How many stand in line now.
    pub fn length(&self) -> i64 {
        self.waiting.get()
    }

    /// Stands in line until the answer of `work` is there.
    pub async fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        let standing = Standing::begin(&self.waiting);
        let began = std::time::Instant::now();
        let done = work.await;
        drop(standing);
        self.waited.observe(began.elapsed().as_secs_f64());
        done
    }
}

/// Leaves the line also when whoever waits is given up.
struct Standing<'a>(&'a Gauge);

impl Standing<'_> {
    fn begin(gauge: &Gauge) -> Standing<'_> {
        gauge.inc();
        Standing(gauge)
    }
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn counts_and_names_what_it_counts() {
        let queue = Queue::default();
        let metrics = Metrics::new(queue.clone());
        metrics.answered("sync", 200, Duration::from_millis(3));
        metrics.answered("sync", 503, Duration::from_secs(3));
        metrics.pulled(-4);
        queue.wait(async { assert_eq!(queue.waiting.get(), 1) }).await;
        let mut registry = Registry::with_prefix("heshan");
        metrics.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for line in [
            "heshan_http_requests_total{operation=\"sync\",status=\"2xx\"} 1",
            "heshan_http_requests_total{operation=\"sync\",status=\"5xx\"} 1",
            "heshan_http_request_seconds_count{operation=\"sync\"} 2",
            "heshan_feed_lag_entries_bucket{le=\"0.0\"} 1",
            "heshan_writer_queue 0",
            "heshan_writer_wait_seconds_count 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is missing in {text}");
        }
    }
}
