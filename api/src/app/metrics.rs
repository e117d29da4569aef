//! All figures as a scraper reads them: this node's own, and what the database says of the county's work.

use crate::app::Error;
use crate::app::doctor::{LATE, SILENT, wal_length};
use crate::program::Program;
use crate::store::{backups, figures};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use sea_orm::DbBackend;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// A scraper that asks more often gets the same answer again: its questions must not become work.
const FRESH: Duration = Duration::from_secs(5);

/// The last answer. One asks the database at a time.
#[derive(Default)]
pub struct Last(Mutex<Option<(Instant, String)>>);

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Kind {
    kind: String,
}

/// Everything in OpenMetrics text.
pub async fn text(program: &Program, data: &Path, last: &Last) -> Result<String, Error> {
    let mut last = last.0.lock().await;
    if let Some((at, text)) = &*last
        && at.elapsed() < FRESH
    {
        return Ok(text.clone());
    }
    let mut registry = Registry::with_prefix("heshan");
    program.metrics.register(&mut registry);
    county(program, data, &mut registry).await?;
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|_| Error::Damaged("metrics"))?;
    *last = Some((Instant::now(), text.clone()));
    Ok(text)
}

async fn county(program: &Program, data: &Path, registry: &mut Registry) -> Result<(), Error> {
    let (db, now) = (program.db.read(), program.clock.now().millis());
    let mut say = |name: &str, help: &str, value: i64| {
        let gauge: Gauge = Gauge::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    };
    let age = |since: Option<i64>| since.map_or(0, |since| ((now - since) / 1000).max(0));
    let held = figures::held(db).await?;
    say("held_edits", "Edits that wait for a person.", held.count);
    say(
        "held_oldest_seconds",
        "Age of the oldest of them.",
        age(held.since),
    );
    let inbox = figures::inbox(db).await?;
    say("inbox_items", "Items that nobody has decided.", inbox.count);
    say(
        "inbox_oldest_seconds",
        "Age of the oldest of them.",
        age(inbox.since),
    );
    let phones = figures::phones(db, now - SILENT, now - LATE).await?;
    say("phones", "Phones in use.", phones.active);
    say("phones_silent", "Phones not heard of for 30 days.", phones.silent);
    say(
        "phones_undropped",
        "Phones that should have removed records for 7 days and have not said so.",
        phones.undropped,
    );
    let standing = backups::standing(db).await?;
    if standing.good.is_some() {
        let good = age(standing.good);
        say(
            "backup_age_seconds",
            "Since the newest good backup was begun.",
            good,
        );
    }
    let failures = standing.failures;
    say("backup_failures", "Attempts that failed since then.", failures);
    say(
        "database_bytes",
        "Size of the database.",
        figures::size(db).await?,
    );
    if program.db.backend() != DbBackend::Postgres {
        let length = i64::try_from(wal_length(data)).unwrap_or(i64::MAX);
        say("wal_bytes", "Length of the write-ahead log.", length);
    }
    let failed = figures::jobs_failed(db, now - 7 * 24 * 3600 * 1000).await?;
    say(
        "jobs_failed",
        "Jobs that failed for good in the last 7 days.",
        failed,
    );
    let ages: Family<Kind, Gauge> = Family::default();
    for (kind, waiting) in figures::jobs_due(db, now).await? {
        ages.get_or_create(&Kind { kind }).set(age(waiting.since));
    }
    registry.register(
        "job_oldest_seconds",
        "How long the oldest job of a kind has waited for its turn.",
        ages,
    );
    Ok(())
}
