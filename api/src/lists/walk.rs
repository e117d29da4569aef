//! Walking down a sheet: finds its headers as they come, tells data from everything else, fills down what stands
//! once for several rows, and hands over one row after the other. Holds a window of rows, never the sheet.

use super::around::{Place, Roster};
use super::cell::{Cell, GridRow, Merge, SheetHead};
use super::classify::{Class, classify};
use super::find;
use super::plan::Plan;
use super::reading::Order;
use super::refusal::Refusal;
use super::row::{Context, Row};
use super::words;
use domain::text::{normal, squeezed};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Rows that are looked at below a header to understand its columns.
const WINDOW: usize = 80;
/// Longest text of a cell, in characters.
const LONGEST_CELL: usize = 32_767;
/// Most lines above a header that are kept.
const MOST_TITLES: usize = 8;
/// Most headers of different shape in one sheet; beyond that it is no list.
const MOST_TABLES: usize = 200;

/// Takes the rows that are read, each with the plan by which it was.
pub type Out<'o> = dyn FnMut(Row, &Plan) -> Result<(), Refusal> + 'o;

/// What a sheet holds beside its rows.
pub struct Found {
    pub plans: Vec<Arc<Plan>>,
    pub titles: Vec<String>,
    pub hidden_rows: u32,
}

/// One sheet while it is read.
pub struct Walk<'a> {
    order: &'a Order<'a>,
    sheet: usize,
    system_1904: bool,
    merges: &'a [Merge],
    next_merge: usize,
    /// Merged ranges that reach down over the present row, with the cell at their top.
    active: Vec<(Merge, Cell)>,
    window: VecDeque<GridRow>,
    plan: Option<Arc<Plan>>,
    fresh: bool,
    /// The last value of columns that are filled once for several rows.
    above: HashMap<u32, Cell>,
    in_household: bool,
    address_above: Option<String>,
    section: Option<Arc<str>>,
    /// What the sheet's name and the lines over the header say of its place, and the heading of the present block.
    around: Place,
    block: Place,
    around_roster: Roster,
    block_roster: Roster,
    /// What the file's name says of them.
    of_file: Place,
    of_file_roster: Roster,
    pub found: Found,
}

impl<'a> Walk<'a> {
    pub fn new(order: &'a Order<'a>, sheet: usize, head: &'a SheetHead, system_1904: bool) -> Walk<'a> {
        Walk {
            order,
            sheet,
            system_1904,
            merges: &head.merges,
            next_merge: 0,
            active: Vec::new(),
            window: VecDeque::with_capacity(WINDOW + 1),
            plan: None,
            fresh: true,
            above: HashMap::new(),
            in_household: false,
            address_above: None,
            section: None,
            around: Place::within(&head.name),
            block: Place::default(),
            around_roster: Roster::within(&head.name),
            block_roster: Roster::Unsaid,
            of_file: Place::within(order.file_name),
            of_file_roster: Roster::within(order.file_name),
            found: Found {
                plans: Vec::new(),
                titles: Vec::new(),
                hidden_rows: 0,
            },
        }
    }

    /// Takes the next row of the sheet.
    pub fn push(&mut self, mut row: GridRow, out: &mut Out<'_>) -> Result<(), Refusal> {
        row.cells.iter_mut().for_each(|(_, cell)| shorten(cell));
        if row.is_blank() {
            return Ok(());
        }
        self.window.push_back(row);
        while self.window.len() > WINDOW {
            self.step(out)?;
        }
        Ok(())
    }

    /// Reads what is left in the window.
    pub fn finish(&mut self, out: &mut Out<'_>) -> Result<(), Refusal> {
        while !self.window.is_empty() {
            self.step(out)?;
        }
        Ok(())
    }

    fn step(&mut self, out: &mut Out<'_>) -> Result<(), Refusal> {
        if self.heading()? {
            return Ok(());
        }
        let Some(row) = self.pop() else { return Ok(()) };
        let Some(plan) = self.plan.clone() else {
            self.title(&row);
            return Ok(());
        };
        match classify(&row, &plan, self.fresh) {
            Class::Data => {
                let built = self.data(row, &plan);
                self.fresh = false;
                out(built, &plan)?;
            }
            Class::Section => {
                self.in_household = false;
                let text = row
                    .cells
                    .iter()
                    .map(|(_, c)| normal(&c.shown()))
                    .find(|t| !t.is_empty());
                self.block_of(text.as_deref().unwrap_or_default());
                self.section = text.map(Arc::from);
            }
            Class::Total | Class::Footer => self.in_household = false,
            Class::Hint | Class::Nothing => {}
        }
        Ok(())
    }

    /// Takes in a header that begins here. Says whether rows were used up.
    fn heading(&mut self) -> Result<bool, Refusal> {
        let Some(first) = self.window.front() else {
            return Ok(false);
        };
        let suspected = self.plan.is_none() || has_header_words(first);
        let long = has_long_number(first);
        if !suspected {
            // The upper row of a header that is printed again has other words.
            let next_is = self
                .window
                .get(1)
                .is_some_and(|r| r.number == first.number + 1 && has_header_words(r));
            if next_is && self.repeats_at(1) && !self.repeats_at(0) && !long {
                self.pop();
                return Ok(true);
            }
            if !next_is {
                return Ok(false);
            }
        }
        let rows = self.window.make_contiguous();
        let head = find::header(self.order.kind, rows, self.merges).or_else(|| match self.plan {
            None => find::above_numbers(self.order.kind, rows, self.merges),
            Some(_) => None,
        });
        let Some(head) = head else { return Ok(false) };
        let signature: Vec<(u32, String)> =
            head.cells.iter().map(|c| (c.column, squeezed(&c.text))).collect();
        let known = self
            .plan
            .as_ref()
            .is_some_and(|plan| same(&plan.signature, &signature));
        if !known {
            if self.found.plans.len() >= MOST_TABLES {
                return Err(Refusal::too_large("的表头过多"));
            }
            let plan = Plan::make(
                self.order.kind,
                &head,
                rows[0].number,
                &rows[head.rows..],
                self.order.known,
            );
            let plan = Arc::new(plan);
            self.found.plans.push(plan.clone());
            self.plan = Some(plan);
            self.above.clear();
            self.fresh = true;
        }
        self.in_household = false;
        for _ in 0..head.rows {
            self.pop();
        }
        Ok(true)
    }

    /// Whether the header that is in force is printed again from this row of the window on.
    fn repeats_at(&mut self, at: usize) -> bool {
        let rows = &self.window.make_contiguous()[at..];
        let Some(head) = find::header(self.order.kind, rows, self.merges) else {
            return false;
        };
        let signature: Vec<(u32, String)> =
            head.cells.iter().map(|c| (c.column, squeezed(&c.text))).collect();
        self.plan
            .as_ref()
            .is_some_and(|plan| same(&plan.signature, &signature))
    }

    /// The next row; merged ranges that begin in it are remembered.
    fn pop(&mut self) -> Option<GridRow> {
        let row = self.window.pop_front()?;
        self.active.retain(|(merge, _)| merge.last_row >= row.number);
        while let Some(merge) = self
            .merges
            .get(self.next_merge)
            .filter(|m| m.first_row <= row.number)
        {
            self.next_merge += 1;
            let top = row
                .at(merge.first_column)
                .filter(|_| merge.first_row == row.number);
            if let Some(cell) = top.filter(|_| merge.last_row > merge.first_row) {
                self.active.push((*merge, cell.clone()));
            }
        }
        self.found.hidden_rows += u32::from(row.hidden && self.plan.is_some());
        Some(row)
    }

    fn title(&mut self, row: &GridRow) {
        if self.found.titles.len() < MOST_TITLES {
            let text: Vec<String> = row
                .cells
                .iter()
                .take(20)
                .map(|(_, c)| normal(&c.shown()))
                .collect();
            let text = text.join(" ");
            self.around = self.around.or(&Place::within(&text));
            self.around_roster = self.around_roster.or(Roster::within(&text));
            self.found.titles.push(text.chars().take(200).collect());
        }
    }

    /// Takes in what a heading says of the rows below it. A village's heading stands below its town's, and an age band
    /// or a roster inside a village says nothing new of the place.
    fn block_of(&mut self, text: &str) {
        let (place, roster) = (Place::within(text), Roster::within(text));
        let somewhere = place != Place::default();
        let kept = words::holds("band", text);
        self.block = match (place.town.is_some(), somewhere) {
            (false, true) => Place {
                town: self.block.town.take(),
                ..place
            },
            (false, false) if kept || roster != Roster::Unsaid => std::mem::take(&mut self.block),
            _ => place,
        };
        if !(roster == Roster::Unsaid && (somewhere || kept)) {
            self.block_roster = roster;
        }
    }

    fn data(&mut self, row: GridRow, plan: &Arc<Plan>) -> Row {
        let mut full = row.clone();
        let person = ["name", "id_number", "certificate_number"].map(|key| plan.column(key));
        for (merge, cell) in &self.active {
            let own = plan.kind.of_people() && person.contains(&Some(merge.first_column));
            if merge.first_row < row.number && !own {
                full.fill(merge.first_column, cell.clone());
            }
        }
        let household = self.continues_household(&full, plan);
        for column in plan
            .in_blocks
            .iter()
            .chain(plan.of_household.iter().filter(|_| household))
        {
            if let Some(cell) = self.above.get(column) {
                full.fill(*column, cell.clone());
            }
        }
        for column in plan.in_blocks.iter().chain(&plan.of_household) {
            match full.at(*column).filter(|c| !c.is_blank()) {
                Some(cell) => {
                    self.above.insert(*column, cell.clone());
                }
                None => {
                    self.above.remove(column);
                }
            }
        }
        self.in_household = !plan.of_household.is_empty();
        let context = Context {
            sheet: self.sheet,
            table: self.found.plans.len() - 1,
            system_1904: self.system_1904,
            year: self.order.year,
            section: self.section.clone(),
            place: self.block.or(&self.around).or(&self.of_file),
            roster: self.block_roster.or(self.around_roster).or(self.of_file_roster),
            address_above: self.address_above.take(),
        };
        let built = Row::build(&row, &full, plan, context);
        self.address_above = built.values.get("address").cloned();
        built
    }

    /// Whether a row belongs to the household of the row above: its household's cells are blank, and something
    /// says that this is meant and not forgotten.
    fn continues_household(&self, row: &GridRow, plan: &Plan) -> bool {
        if !self.in_household || plan.of_household.is_empty() {
            return false;
        }
        let blank = |c: u32| row.shown(c).trim().is_empty();
        let anchors: Vec<u32> = ["household_number", ".head_name", ".head_id_number"]
            .iter()
            .filter_map(|key| plan.column(key))
            .collect();
        if !anchors.iter().all(|c| blank(*c)) {
            return false;
        }
        let relation = plan
            .column("relation")
            .map(|c| squeezed(&row.shown(c)))
            .unwrap_or_default();
        let relation = super::values::label(&relation);
        if words::text("head").contains(&relation) {
            return false;
        }
        let serial_blank = plan.column(".serial").is_some_and(blank);
        serial_blank || !relation.is_empty() || plan.household_in_blocks
    }
}

/// No spreadsheet holds longer cells; what is longer came from elsewhere and is no value.
fn shorten(cell: &mut Cell) {
    if let Cell::Text(text) = cell
        && text.len() > LONGEST_CELL * 4
    {
        *text = text.chars().take(LONGEST_CELL).collect();
    }
}

/// Texts that only headers hold.
fn has_header_words(row: &GridRow) -> bool {
    row.cells.iter().any(|(_, cell)| match cell {
        Cell::Text(text) if text.len() <= 60 => {
            words::holds("header_word", text) || text.contains(' ') && squeezed(text).contains("姓名")
        }
        _ => false,
    }) && !words::text("footer")
        .iter()
        .any(|w| row.cells[0].1.shown().starts_with(w) && row.cells.len() < 3)
}

fn has_long_number(row: &GridRow) -> bool {
    row.cells
        .iter()
        .any(|(_, cell)| cell.shown().bytes().filter(u8::is_ascii_digit).count() >= 11)
}

/// Most cells of two headers agree, column by column.
fn same(a: &[(u32, String)], b: &[(u32, String)]) -> bool {
    let agree = b.iter().filter(|cell| a.contains(cell)).count();
    agree * 10 >= a.len().max(b.len()) * 9
}
