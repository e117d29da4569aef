//! The tables as sea-orm entities, a table a file: columns only, nothing with business meaning.

/// Rows hold sealed and keyed bytes: they print as their table's name and nothing else.
macro_rules! opaque_debug {
    () => {
        impl std::fmt::Debug for Model {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(module_path!(), "(…)"))
            }
        }
    };
}
pub(crate) use opaque_debug;

pub mod account;
pub mod account_grant;
pub mod answer;
pub mod audit;
pub mod backup;
pub mod client;
pub mod client_secret;
pub mod client_use;
pub mod clue;
pub mod clue_rule;
pub mod confirmation;
pub mod data_key;
pub mod decision;
pub mod device;
pub mod device_entry;
pub mod division;
pub mod document;
pub mod edit;
pub mod enrolment;
pub mod export_run;
pub mod facts;
pub mod feed;
pub mod feed_entry;
pub mod file_chunk;
pub mod grid;
pub mod grid_range;
pub mod held;
pub mod holding;
pub mod household;
pub mod inbox_item;
pub mod job;
pub mod kept_apart;
pub mod known_elsewhere;
pub mod lesson;
pub mod list;
pub mod list_mapping;
pub mod list_row;
pub mod lookup;
pub mod meta;
pub mod past_document;
pub mod placement;
pub mod projection;
pub mod register_row;
pub mod resident;
pub mod resident_merge;
pub mod roster_export;
pub mod roster_feed;
pub mod roster_step;
pub mod search_card;
pub mod session;
pub mod sign_in_guard;
pub mod stored_file;
pub mod tombstone;
pub mod tombstone_hash;
pub mod visit;
pub mod visit_task;
