//! Lists over HTTP: tried, committed, compared with what was handed in before.

mod dry_run;
