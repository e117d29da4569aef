//! Every test that crosses crates, in one binary.

#![allow(clippy::unwrap_used)]

mod access;
mod accounts;
mod arrows;
mod audit;
mod clients;
mod clues;
mod compaction;
mod contacts;
mod contract;
mod deciding;
mod departments_page;
mod divisions;
mod durability;
mod erasure;
mod exports;
mod files;
mod frame;
mod hand_over;
mod hostile;
mod imports;
mod jobs;
mod lengths;
mod licences;
mod linking;
mod list_arriving;
mod list_files;
mod list_hostile;
mod list_mapping;
mod list_shapes;
mod list_tables;
mod lists;
mod live;
mod merging;
mod operating;
mod operator;
mod phones;
mod process;
mod reading;
mod schema;
mod simulated;
mod stories;
mod tidying;
mod verify;
mod whole_path;
