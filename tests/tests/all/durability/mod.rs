//! What was answered is kept, whatever happens to the processes; and what is kept gives nobody's name away.

mod commit;
mod ledger;
mod nodes;
mod nothing_plain;
mod storm;
mod synced;
