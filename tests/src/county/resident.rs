//! Residents that are there before a test begins.

use super::County;
use api::app::Error;
use api::app::desk::{Desk, Origin};
use domain::catalogue::Role;
use domain::{EditId, Instant};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use sync::record::Source;
use sync::{Arrived, Door, State, Writer};
use uuid::Uuid;

/// A resident before the row is written: `county.a_resident("黄秋菊").phone("13900078441").made().await`.
pub struct Builder<'a> {
    county: &'a County,
    grid: Uuid,
    fields: Map<String, Value>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(county: &'a County, name: &str) -> Builder<'a> {
        Builder {
            county,
            grid: county.place("良围一格"),
            fields: Map::new(),
        }
        .with("name", name)
    }

    /// Where nothing is said it is 良围一格.
    pub fn in_grid(self, grid: &str) -> Builder<'a> {
        let grid = self.county.place(grid);
        self.within(grid)
    }

    /// In a grid that was drawn since the county was.
    pub fn within(mut self, grid: Uuid) -> Builder<'a> {
        self.grid = grid;
        self
    }

    pub fn number(self, id_number: &str) -> Builder<'a> {
        self.with("id_number", id_number)
    }

    pub fn phone(self, phone: &str) -> Builder<'a> {
        self.with("phone", phone)
    }

    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Builder<'a> {
        self.fields
            .insert(key.into(), json!({ "was": null, "now": value.into() }));
        self
    }

    /// Elements of a set.
    pub fn having(mut self, key: &str, elements: &[&str]) -> Builder<'a> {
        self.fields.insert(key.into(), json!({ "add": elements }));
        self
    }

    /// Writes the record with all that follows from it, as one edit of a cadre who decides in the village.
    pub async fn made(self) -> Uuid {
        let (program, now) = (&self.county.program, self.county.now());
        let (resident, id) = (Uuid::now_v7(), Uuid::now_v7());
        let cadre = self.county.account("何伟民").await;
        let grid = self.grid;
        let village = village_of(self.county, grid).await;
        let raw = json!({
            "id": id, "seq": 1, "made_at": now, "resident": resident,
            "catalogue": program.catalogue.version, "fields": self.fields,
        });
        let Arrived::Edit(edit) = Arrived::parse(raw.to_string().as_bytes()) else {
            panic!("{raw}")
        };
        let edit = &edit;
        let writer = &Writer {
            account: cadre.into(),
            device: None,
            role: Role::Cadre,
            door: Door::Console,
            name: "何伟民".into(),
        };
        let done = program.db.write(|txn| async move {
            let mut desk = Desk::open(&txn, program, &BTreeSet::from([resident]), &[edit], now).await?;
            desk.create(resident, State::Present, Some(village), Some(grid));
            let (_, receipt) = desk.take(edit, &origin(writer, edit.id, now))?;
            desk.save().await?;
            Ok::<_, Error>(receipt)
        });
        let receipt = done.await.unwrap();
        assert_eq!(receipt["outcome"], "merged", "{receipt}");
        resident
    }
}

fn origin<'a>(writer: &'a Writer, edit: EditId, at: Instant) -> Origin<'a> {
    let source = Source::Edit {
        edit,
        by: writer.name.clone(),
        at,
    };
    Origin {
        writer,
        source,
        kind: "cadre",
        skew: 0,
    }
}

async fn village_of(county: &County, grid: Uuid) -> Uuid {
    let row = api::store::grids::find(county.program.db.read(), grid)
        .await
        .unwrap();
    row.expect("a grid of the county").village
}
