//! What was found, as CSV files.

use super::folder::{Done, Folder};
use matching::clues::{Clue, Rule};
use matching::county::{Answer, Judged};
use std::path::Path;

/// A file that is being written.
struct Table {
    csv: csv::Writer<std::fs::File>,
    failed: String,
}

impl Table {
    fn new(out: &Path, name: &str, header: &[&str]) -> Done<Table> {
        let file = out.join(name);
        let failed = format!("{}：无法写入。", file.display());
        let csv = csv::Writer::from_path(&file).map_err(|_| failed.clone())?;
        let mut table = Table { csv, failed };
        table.line(header)?;
        Ok(table)
    }

    fn line<T: AsRef<[u8]>>(&mut self, cells: &[T]) -> Done<()> {
        self.csv.write_record(cells).map_err(|_| self.failed.clone())
    }

    fn end(mut self) -> Done<()> {
        self.csv.flush().map_err(|_| self.failed)
    }
}

/// `links.csv` (source, record_id, roster_id, weight, margin): what is linked without asking; `asks.csv` (source,
/// record_id, candidates, why, weight).
pub fn links(folder: &Folder, out: &Path, judged: &[Judged]) -> Done<()> {
    let mut links = Table::new(
        out,
        "links.csv",
        &["source", "record_id", "roster_id", "weight", "margin"],
    )?;
    let mut asks = Table::new(
        out,
        "asks.csv",
        &["source", "record_id", "candidates", "why", "weight"],
    )?;
    for (at, said) in judged.iter().enumerate() {
        let (source, key) = (folder.source(at), &*folder.row_keys[at]);
        if let Some(first) = said.linked() {
            let known = &*folder.register.keys[first.at as usize];
            let (weight, margin) = (format!("{:.2}", first.weight), format!("{:.2}", said.margin));
            links.line(&[source, key, known, &weight, &margin])?;
        }
        if let Answer::Asks(why) = said.answer {
            let shown = said.shown().iter().map(|c| &*folder.register.keys[c.at as usize]);
            let shown: Vec<&str> = shown.collect();
            let weight = said.candidates.first().map_or(0.0, |first| first.weight);
            asks.line(&[source, key, &shown.join("|"), why.code(), &format!("{weight:.1}")])?;
        }
    }
    links.end()?;
    asks.end()
}

/// `clusters.csv` (source, record_id, cluster): who is one person over all files.
pub fn people(folder: &Folder, out: &Path, person: &[u32]) -> Done<()> {
    let mut table = Table::new(out, "clusters.csv", &["source", "record_id", "cluster"])?;
    let base = folder.register.keys.len();
    for (at, key) in folder.register.keys.iter().enumerate() {
        table.line(&["roster", key, &format!("P{}", person[at])])?;
    }
    for (at, key) in folder.row_keys.iter().enumerate() {
        table.line(&[folder.source(at), key, &format!("P{}", person[base + at])])?;
    }
    table.end()
}

/// `clues.csv` (rule, record_ids, months, yuan): rows of lists first, then those of the register.
pub fn clues(folder: &Folder, out: &Path, rules: &[Rule], clues: &[Clue]) -> Done<()> {
    let mut table = Table::new(out, "clues.csv", &["rule", "record_ids", "months", "yuan"])?;
    for clue in clues {
        let rows = clue
            .evidence
            .rows
            .iter()
            .map(|row| &*folder.row_keys[*row as usize]);
        let register = clue.evidence.register.iter();
        let register = register.map(|row| &*folder.register.keys[*row as usize]);
        let ids: Vec<&str> = rows.chain(register).collect();
        let (months, yuan) = clue.stake.map_or_else(Default::default, |stake| {
            let yuan = format!("{}.{:02}", stake.fen / 100, stake.fen % 100);
            (stake.months.to_string(), yuan)
        });
        table.line(&[
            rules[clue.rule].code.as_ref(),
            ids.join("|").as_str(),
            &months,
            &yuan,
        ])?;
    }
    table.end()
}

/// `grids.csv` (source, record_id, grid_id): the grid of each written address that names one.
pub fn grids(folder: &Folder, out: &Path) -> Done<()> {
    let mut table = Table::new(out, "grids.csv", &["source", "record_id", "grid_id"])?;
    let register = folder.register.keys.iter().zip(&folder.register.grids);
    let register = register.map(|(key, grid)| ("roster", key, grid));
    let rows = folder.row_keys.iter().zip(&folder.row_grids).enumerate();
    let rows = rows.map(|(at, (key, grid))| (folder.source(at), key, grid));
    for (source, key, grid) in register.chain(rows) {
        if let Some(grid) = grid {
            table.line(&[source, key, &folder.grids[grid]])?;
        }
    }
    table.end()
}
