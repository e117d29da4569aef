//! How long the program's own spans (target `timing`) were at work, and how long they were open.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tracing::span::{Attributes, Id};
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// What all spans of one name add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// A thread was in it.
    pub busy: Duration,
    /// From its beginning to its end; beyond `busy` it waited, here for the database.
    pub open: Duration,
    pub count: usize,
}

/// One open span.
struct Open {
    began: Instant,
    entered: Instant,
    busy: Duration,
}

struct Summing;

fn sums() -> &'static Mutex<BTreeMap<&'static str, Sum>> {
    static SUMS: OnceLock<Mutex<BTreeMap<&'static str, Sum>>> = OnceLock::new();
    SUMS.get_or_init(Mutex::default)
}

/// Begins to add up, for the rest of this process.
///
/// # Errors
/// When something else listens to this process's spans already.
pub fn listen() -> Result<(), TryInitError> {
    let ours = Targets::new().with_target("timing", Level::DEBUG);
    tracing_subscriber::registry()
        .with(Summing.with_filter(ours))
        .try_init()
}

/// What was added up since the last call.
pub fn take() -> BTreeMap<&'static str, Sum> {
    std::mem::take(&mut sums().lock().unwrap_or_else(PoisonError::into_inner))
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Summing {
    fn on_new_span(&self, _: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let now = Instant::now();
            span.extensions_mut().insert(Open {
                began: now,
                entered: now,
                busy: Duration::ZERO,
            });
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        with(id, &context, |open| open.entered = Instant::now());
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        with(id, &context, |open| open.busy += open.entered.elapsed());
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let extensions = span.extensions();
        let Some(open) = extensions.get::<Open>() else {
            return;
        };
        let mut sums = sums().lock().unwrap_or_else(PoisonError::into_inner);
        let sum = sums.entry(span.name()).or_default();
        sum.busy += open.busy;
        sum.open += open.began.elapsed();
        sum.count += 1;
    }
}

fn with<S: Subscriber + for<'a> LookupSpan<'a>>(
    id: &Id,
    context: &Context<'_, S>,
    work: impl FnOnce(&mut Open),
) {
    if let Some(span) = context.span(id)
        && let Some(open) = span.extensions_mut().get_mut::<Open>()
    {
        work(open);
    }
}
