//! How many addresses of lists of an invented county are placed in the grid that they name.

#![allow(clippy::unwrap_used)]

use domain::place::{Falls, Gazetteer, GridRange, Hint, Town, Village};
use domain::{DivisionId, GridId};
use std::collections::BTreeMap;
use uuid::Uuid;

const GRIDS: &str = include_str!("data/grids.csv");
const ADDRESSES: &str = include_str!("data/addresses.csv");

fn id(n: usize) -> Uuid {
    Uuid::from_u128(n as u128 + 1)
}

fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().skip(1).map(|line| line.split(',').collect())
}

/// The gazetteer of `grids.csv`, and its grids by code.
fn county() -> (Gazetteer, BTreeMap<String, GridId>) {
    let (mut towns, mut villages): (Vec<Town>, Vec<Village>) = Default::default();
    let (mut ranges, mut grids) = (Vec::new(), BTreeMap::new());
    for (n, row) in rows(GRIDS).enumerate() {
        let town = match towns.iter().find(|t| t.name == row[1]) {
            Some(town) => town.id,
            None => {
                let id = DivisionId::from_uuid(id(1_000 + n));
                towns.push(Town {
                    id,
                    name: row[1].into(),
                    others: vec![],
                });
                id
            }
        };
        let village = match villages.iter().find(|v| v.name == row[2] && v.town == town) {
            Some(village) => village.id,
            None => {
                let id = DivisionId::from_uuid(id(2_000 + n));
                villages.push(Village {
                    id,
                    town,
                    name: row[2].into(),
                    others: vec![],
                });
                id
            }
        };
        let grid = GridId::from_uuid(id(n));
        grids.insert(row[0].to_owned(), grid);
        ranges.push(GridRange {
            grid,
            village,
            natural: row[3].into(),
            from: row[4].parse().unwrap(),
            to: row[5].parse().unwrap(),
        });
    }
    let above = ["广东省", "江门市", "鹤山市"];
    (Gazetteer::new(&above, &towns, &villages, &ranges), grids)
}

#[test]
fn addresses_that_name_a_place_are_placed() {
    let (gazetteer, grids) = county();
    let (mut right, mut wrong, mut unplaced) = (0, 0, 0);
    for row in rows(ADDRESSES).filter(|row| !row[1].is_empty()) {
        match gazetteer.place(row[0], Hint::default()).falls() {
            Falls::Grid(grid) if grid == grids[row[1]] => right += 1,
            Falls::Grid(_) => wrong += 1,
            _ => unplaced += 1,
        }
    }
    let share = f64::from(right) / f64::from(right + wrong + unplaced);
    assert!(
        right > 2_000 && share >= 0.995,
        "{right} right, {wrong} wrong, {unplaced} unplaced"
    );
    assert_eq!(wrong, 0);
}
