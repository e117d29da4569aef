//! Which column holds what: the header's words weighed against the values below them.

use super::asking::Question;
use super::candidate::{Candidate, cost, own_key, weigh_numbers, whose, whose_by_number};
use super::cell::GridRow;
use super::evidence::Evidence;
use super::find::Head;
use super::kind::ListKind;
use super::legend;
use super::mapping::{Known, signature};
use super::ticks;
use super::values::{SexCodes, sex_codes};
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
    /// Why, in Chinese.
    pub why: String,
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
    /// Columns whose header is a value and whose cells are ticks: key, value, column.
    pub ticks: Vec<(&'static str, &'static str, u32)>,
    /// What codes mean, where the header says it: column, code, label.
    pub legends: Vec<(u32, Vec<(String, String)>)>,
    pub sex_codes: SexCodes,
    /// How ages say when somebody was born, as a person said.
    pub ages: Option<String>,
    /// The year of months that do not name one, as a person said.
    pub year: Option<i16>,
    /// What the reader could not know and nobody has said.
    pub questions: Vec<Question>,
    /// Whether what was said of headers like this one was applied.
    pub told: bool,
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

    /// Whether anything is read from a column.
    pub fn reads(&self, column: u32) -> bool {
        let in_cell = self.members_in_cell;
        self.columns.iter().any(|c| c.column == column)
            || self.ticks.iter().any(|(_, _, c)| *c == column)
            || self.members.iter().flatten().any(|(_, c)| *c == column)
            || in_cell.is_some_and(|(names, ids)| names == column || ids == Some(column))
    }

    /// Decides on the columns. `rows` are the first rows below the header; what is `known` of such headers comes first.
    pub fn make(kind: ListKind, head: &Head, header_row: u32, rows: &[GridRow], known: &Known<'_>) -> Plan {
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
            ticks: Vec::new(),
            legends: legend::of(head, rows),
            sex_codes: SexCodes::Standard,
            ages: None,
            year: None,
            questions: Vec::new(),
            told: false,
            headers: head.cells.iter().map(|c| (c.column, c.text.clone())).collect(),
            header_row,
            signature,
        };
        let said = known(&self::signature(&plan.headers));
        plan.told = said.is_some();
        let said = said.unwrap_or_default();
        if kind.of_people() {
            whose(&mut candidates);
            whose_by_number(&mut candidates);
            plan.household(&mut candidates);
            weigh_numbers(&mut candidates, &data);
        }
        plan.choose(&candidates);
        if kind.of_people() {
            plan.ask_who(&candidates, head, &data, &said);
        }
        plan.apply(&said);
        if kind.of_people() {
            plan.certificate_as_number(&candidates);
            plan.sex_codes = sex_codes(&plan, &data);
            plan.ask_what(&data, &said);
        }
        plan.blocks(&candidates);
        plan.ticks = ticks::of(&plan, head, &data);
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
        if !named(|r| r == Role::Person, candidates) && !self.of_some_member(candidates) {
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

    /// A register of deaths that names the head of the household and how the dead was related to him.
    fn of_some_member(&self, candidates: &[Candidate]) -> bool {
        let says = |key: &str| candidates.iter().any(|c| c.meaning.key == key);
        self.kind == ListKind::Deaths && says("relation") && !says("id_number")
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
            let twin = able.get(1).filter(|(other, _)| *other < cost + 10);
            let (sure, why) = how_sure(*cost, c, twin.map(|(_, c)| *c));
            self.columns.push(Column {
                key,
                column: c.cell.column,
                header: c.cell.text.clone(),
                sure,
                why,
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
                        why: "同类的另一列".to_owned(),
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
                        why: "由区划路径拆分".to_owned(),
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
                why: "身份证号列中是残疾证号".to_owned(),
                ..id
            });
        }
    }

    /// Finds columns that are filled once for several rows.
    fn blocks(&mut self, candidates: &[Candidate]) {
        const PLACES: [&str; 4] = ["town", "village", ".path", ".group"];
        const HOUSEHOLD: [&str; 7] = [
            "household_number",
            ".head_name",
            ".head_id_number",
            ".head_phone",
            ".household_size",
            ".covered",
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

/// How sure a column is by what it costs, and why in words of a clerk.
fn how_sure(cost: u32, c: &Candidate, twin: Option<&Candidate>) -> (Sure, String) {
    match (cost, twin) {
        (30.., _) if c.evidence.stated == 0 => (Sure::Doubtful, "表头少见，列中没有内容".to_owned()),
        (30.., _) => (Sure::Doubtful, "列中的内容与表头不太相符，请核对".to_owned()),
        (_, Some(twin)) => (
            Sure::Likely,
            format!("另一列“{}”也可能是", squeezed(&twin.cell.text)),
        ),
        (0..=19, None) => (Sure::Certain, "表头是常见写法，内容相符".to_owned()),
        (_, None) if c.meaning.rank > 2 => (Sure::Likely, "表头的写法少见".to_owned()),
        (_, None) => (Sure::Likely, "部分内容与表头不太相符".to_owned()),
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
