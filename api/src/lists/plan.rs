//! Which column holds what: the header's words weighed against the values below them.

use super::candidate::{Candidate, cost, own_key, weigh_numbers, whose};
use super::cell::GridRow;
use super::evidence::Evidence;
use super::find::Head;
use super::kind::ListKind;
use super::words::Role;
use domain::text::squeezed;

/// How sure a column's meaning is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sure {
    /// The header's word is the usual one and the values agree, or there are none.
    Certain,
    /// A rarer word, or one of several columns that could be meant.
    Likely,
    /// The values do not look like it: a person should look.
    Doubtful,
}

/// A column that is read.
#[derive(Clone, Debug)]
pub struct Column {
    pub key: &'static str,
    pub column: u32,
    pub header: String,
    pub sure: Sure,
}

/// Columns of one further member of a household: key and column.
pub type MemberColumns = Vec<(&'static str, u32)>;

/// How the rows below a header are to be read.
#[derive(Clone, Debug)]
pub struct Plan {
    pub kind: ListKind,
    pub columns: Vec<Column>,
    /// Members that stand in columns of their own beside the head: one entry each.
    pub members: Vec<MemberColumns>,
    /// Columns that hold all members of a household in one cell: names, and numbers where there are.
    pub members_in_cell: Option<(u32, Option<u32>)>,
    /// Columns filled at the top of each block only.
    pub in_blocks: Vec<u32>,
    /// Columns of the household, blank in the rows of its further members.
    pub of_household: Vec<u32>,
    /// The household's number or head stands once at the top of its rows.
    pub household_in_blocks: bool,
    /// Sex as 0 man, 1 woman, where numbers say so.
    pub sex_from_zero: bool,
    /// Every column's header, as written.
    pub headers: Vec<(u32, String)>,
    pub header_row: u32,
    /// The header's texts without blanks, to know it again when it is printed once more.
    pub signature: Vec<(u32, String)>,
}

impl Plan {
    pub fn column(&self, key: &str) -> Option<u32> {
        self.columns.iter().find(|c| c.key == key).map(|c| c.column)
    }

    /// Decides on the columns. `rows` are the first rows below the header.
    pub fn make(kind: ListKind, head: &Head, header_row: u32, rows: &[GridRow]) -> Plan {
        let signature: Vec<(u32, String)> =
            head.cells.iter().map(|c| (c.column, squeezed(&c.text))).collect();
        let data = likely_data(head, rows);
        let mut candidates: Vec<Candidate> = head
            .cells
            .iter()
            .filter_map(|cell| {
                Some(Candidate {
                    meaning: cell.meaning?,
                    evidence: Evidence::of(&data, cell.column),
                    cell: cell.clone(),
                    against: 0,
                })
            })
            .collect();
        let mut plan = Plan {
            kind,
            columns: Vec::new(),
            members: Vec::new(),
            members_in_cell: None,
            in_blocks: Vec::new(),
            of_household: Vec::new(),
            household_in_blocks: false,
            sex_from_zero: false,
            headers: head.cells.iter().map(|c| (c.column, c.text.clone())).collect(),
            header_row,
            signature,
        };
        if kind.of_people() {
            whose(&mut candidates);
            plan.household(&mut candidates);
            weigh_numbers(&mut candidates, &data);
        }
        plan.choose(&candidates);
        if kind.of_people() {
            plan.certificate_as_number(&candidates);
            plan.sex_from_zero = super::values::sex_counts_from_zero(&plan, &data);
        }
        plan.blocks(&candidates);
        plan
    }

    /// Finds out who the person of a row is where heads and members have columns of their own.
    fn household(&mut self, candidates: &mut [Candidate]) {
        let named = |role: fn(Role) -> bool, c: &[Candidate]| {
            c.iter().any(|c| c.meaning.key == "name" && role(c.meaning.role))
        };
        let numbered = named(|r| matches!(r, Role::Member(n) if n > 0), candidates);
        let member = candidates
            .iter()
            .position(|c| c.meaning.key == "name" && c.meaning.role == Role::Member(0));
        let several = member.is_some_and(|n| {
            let e = &candidates[n].evidence;
            e.several * 5 >= e.stated.max(1)
        });
        if let Some(n) = member.filter(|_| several && !numbered) {
            let names = candidates[n].cell.column;
            let is_ids = |c: &&Candidate| c.meaning.key == "id_number" && c.meaning.role == Role::Member(0);
            self.members_in_cell = Some((names, candidates.iter().find(is_ids).map(|c| c.cell.column)));
        }
        if numbered {
            self.members = numbered_members(candidates);
        }
        if member.is_some() && !several && !numbered {
            // One row a member: the member is the person, and an unmarked name beside it is the head's.
            let head_named = named(|r| r == Role::Head, candidates);
            let has_ids = candidates
                .iter()
                .any(|c| c.meaning.key == "id_number" && c.meaning.role == Role::Member(0));
            for c in candidates.iter_mut() {
                c.meaning.role = match (c.meaning.role, c.meaning.key) {
                    (Role::Member(0), _) => Role::Person,
                    (Role::Person, "name") if !head_named => Role::Head,
                    (Role::Person, "id_number") if has_ids => Role::Head,
                    (role, _) => role,
                };
            }
        }
        if !named(|r| r == Role::Person, candidates) {
            // Nobody else is named: the head is the person.
            for c in candidates.iter_mut().filter(|c| c.meaning.role == Role::Head) {
                c.meaning.role = Role::Person;
            }
            let spouse: MemberColumns = candidates
                .iter()
                .filter(|c| c.meaning.role == Role::Spouse)
                .map(|c| (c.meaning.key, c.cell.column))
                .collect();
            if member.is_none() && spouse.iter().any(|(key, _)| *key == "name") {
                self.members.insert(0, spouse);
            }
        }
    }

    fn choose(&mut self, candidates: &[Candidate]) {
        let mut keys: Vec<&'static str> = Vec::new();
        for c in candidates {
            if let Some(key) = own_key(c.meaning, &c.cell.text)
                && !keys.contains(&key)
            {
                keys.push(key);
            }
        }
        for key in keys {
            let mut able: Vec<(u32, &Candidate)> = candidates
                .iter()
                .filter(|c| own_key(c.meaning, &c.cell.text) == Some(key))
                .map(|c| (cost(key, c), c))
                .collect();
            // The first column wins among equals.
            able.sort_by_key(|(cost, c)| (*cost, c.cell.column));
            let Some((cost, c)) = able.first() else { continue };
            let twin = able.get(1).is_some_and(|(other, _)| *other < cost + 10);
            let sure = match cost {
                30.. => Sure::Doubtful,
                0..=19 if !twin => Sure::Certain,
                _ => Sure::Likely,
            };
            self.columns.push(Column {
                key,
                column: c.cell.column,
                header: c.cell.text.clone(),
                sure,
            });
            if key == "phone" || key == "address" || key == "amount" {
                let second = match key {
                    "phone" => ".phone_other",
                    "address" => ".address_other",
                    _ => ".amount_other",
                };
                if let Some((_, other)) = able.get(1) {
                    self.columns.push(Column {
                        key: second,
                        column: other.cell.column,
                        header: other.cell.text.clone(),
                        sure: Sure::Likely,
                    });
                }
            }
        }
        if let Some(path) = self.columns.iter().find(|c| c.key == ".path").cloned() {
            for key in ["town", "village"] {
                if self.column(key).is_none() {
                    self.columns.push(Column {
                        key,
                        sure: Sure::Likely,
                        ..path.clone()
                    });
                }
            }
        }
    }

    /// A column of ID numbers whose values are certificate numbers is both.
    fn certificate_as_number(&mut self, candidates: &[Candidate]) {
        if self.kind != ListKind::Disabled || self.column("certificate_number").is_some() {
            return;
        }
        let Some(id) = self.columns.iter().find(|c| c.key == "id_number").cloned() else {
            return;
        };
        let holds = candidates.iter().any(|c| {
            c.cell.column == id.column
                && c.evidence.share(c.evidence.certificates) >= 50
                && c.evidence.stated > 0
        });
        if holds {
            self.columns.push(Column {
                key: "certificate_number",
                sure: Sure::Likely,
                ..id
            });
        }
    }

    /// Finds columns that are filled once for several rows.
    fn blocks(&mut self, candidates: &[Candidate]) {
        const PLACES: [&str; 4] = ["town", "village", ".path", ".group"];
        const HOUSEHOLD: [&str; 6] = [
            "household_number",
            ".head_name",
            ".head_id_number",
            ".head_phone",
            ".household_size",
            "category",
        ];
        const GRID: [&str; 6] = ["town", "village", ".path", ".leader", ".leader_phone", "worker"];
        let grids = self.kind == ListKind::Grids;
        for column in &self.columns {
            let Some(c) = candidates.iter().find(|c| c.cell.column == column.column) else {
                continue;
            };
            let places: &[&str] = if grids { &GRID } else { &PLACES };
            if places.contains(&column.key) && c.evidence.is_in_blocks() {
                self.in_blocks.push(column.column);
            }
            if !grids && HOUSEHOLD.contains(&column.key) {
                self.of_household.push(column.column);
                let anchor = matches!(column.key, "household_number" | ".head_name");
                self.household_in_blocks |= anchor && c.evidence.is_in_blocks();
            }
        }
        let anchored = self.column(".head_name").is_some() || self.column("household_number").is_some();
        if !anchored || self.kind == ListKind::Disabled {
            self.of_household.clear();
        }
    }
}

/// Rows that are surely no header, title or total, for looking at values.
fn likely_data<'a>(head: &Head, rows: &'a [GridRow]) -> Vec<&'a GridRow> {
    let width = head.cells.len();
    rows.iter()
        .filter(|row| row.cells.len() * 3 >= width.min(9) && row.cells.len() > 1)
        .filter(|row| {
            let same = head
                .cells
                .iter()
                .filter(|c| row.shown(c.column) == c.text.as_str())
                .count();
            same * 3 < width.max(3)
        })
        .filter(|row| !super::classify::is_total(row))
        .collect()
}

fn numbered_members(candidates: &[Candidate]) -> Vec<MemberColumns> {
    let mut numbers: Vec<u8> = candidates
        .iter()
        .filter_map(|c| match c.meaning.role {
            Role::Member(n) if n > 0 => Some(n),
            _ => None,
        })
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
        .into_iter()
        .map(|n| {
            candidates
                .iter()
                .filter(|c| c.meaning.role == Role::Member(n))
                .map(|c| (c.meaning.key, c.cell.column))
                .collect()
        })
        .collect()
}
