//! One row of a list: what it says by key, what is wrong with it, and the cells as they were handed in.

use super::around::{Place, Roster};
use super::cell::{Cell, GridRow};
use super::household;
use super::kind::ListKind;
use super::plan::Plan;
use super::why::{Said, Why};
use super::{days, legend, numbers, ticks, values, words};
use domain::certificate;
use domain::id_number::IdNumber;
use domain::name::Name;
use domain::phone::Phone;
use domain::text::{normal, squeezed};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Values by key, each in normal form: dates `YYYY-MM-DD` or `YYYY-MM`, money in yuan, numbers of 18 characters.
/// Keys that begin with a dot are read beyond the standard ones.
pub type Values = BTreeMap<&'static str, String>;

/// Who a row is about, as far as its number says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    Known(IdNumber),
    /// No number, or a filler word: the name alone identifies nobody.
    NotStated,
    /// A number that cannot be.
    Faulty(Why),
}

/// A value that cannot be, under its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub key: &'static str,
    pub why: Why,
}

/// A further member of the household whose head the row names.
#[derive(Clone)]
pub struct Member {
    pub values: Values,
    pub identity: Identity,
}

/// One data row.
#[derive(Clone)]
pub struct Row {
    /// Index into the reading's sheets.
    pub sheet: usize,
    /// Index of the header in force, among those of the sheet.
    pub table: usize,
    /// As the spreadsheet counts, from 1; records in a text file.
    pub number: u32,
    pub values: Values,
    pub identity: Identity,
    pub members: Vec<Member>,
    pub faults: Vec<Fault>,
    /// What a clerk should know about the row, in Chinese.
    pub notes: Vec<String>,
    /// The row that says the same about the same person: sheet and row.
    pub same_as: Option<(usize, u32)>,
    /// The heading line above its block, where there is one.
    pub section: Option<Arc<str>>,
    /// The cells as handed in, by column from 0.
    pub raw: Vec<(u32, Cell)>,
}

impl std::fmt::Debug for Row {
    /// Never shows content: rows are personal data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Row({}:{})", self.sheet, self.number)
    }
}

/// What a row needs to know of its place.
pub struct Context {
    pub sheet: usize,
    pub table: usize,
    pub system_1904: bool,
    /// The year of the list.
    pub year: Option<i16>,
    pub section: Option<Arc<str>>,
    /// What stands around the row of its place.
    pub place: Place,
    /// What stands around the row of the roster that it is about.
    pub roster: Roster,
    pub address_above: Option<String>,
}

impl Row {
    /// Reads a row. `full` has the cells that stand once for several rows filled in.
    pub fn build(raw: &GridRow, full: &GridRow, plan: &Plan, context: Context) -> Row {
        let mut row = Row {
            sheet: context.sheet,
            table: context.table,
            number: raw.number,
            values: Values::new(),
            identity: Identity::NotStated,
            members: Vec::new(),
            faults: Vec::new(),
            notes: Vec::new(),
            same_as: None,
            section: context.section,
            raw: raw.cells.clone(),
        };
        let cell = |key: &str| full.at(plan.column(key)?);
        if plan.kind.of_people() {
            row.identify(plan, &cell);
        }
        for column in &plan.columns {
            if !matches!(column.key, "id_number" | "certificate_number")
                && let Some(cell) = full.at(column.column)
            {
                match legend::label(&plan.legends, column.column, &cell.shown()) {
                    Some(label) => row.read(column.key, &Cell::Text(label.into()), plan, context.system_1904),
                    None => row.read(column.key, cell, plan, context.system_1904),
                }
            }
        }
        ticks::read(plan, full, &mut row.values);
        row.born(plan, context.year);
        row.places(plan);
        row.around(plan, &context.place);
        row.roster(plan.kind, context.roster);
        row.head_himself(plan);
        row.address(plan, context.address_above.as_deref());
        if plan.kind == ListKind::Disabled {
            row.disability(&cell);
        }
        if plan.kind == ListKind::Grids {
            row.house_range();
        }
        if plan.kind.of_people() {
            row.members = household::members(full, plan, context.system_1904, &mut row.faults);
            household::without_head(&mut row);
        }
        row
    }

    fn identify<'c>(&mut self, plan: &Plan, cell: &impl Fn(&str) -> Option<&'c Cell>) {
        let shares = plan.column("id_number") == plan.column("certificate_number");
        let own = match plan.column("id_number") {
            Some(_) => numbers::id_number(cell("id_number")),
            None => Said::Nothing,
        };
        let kind = cell(".id_kind").map(|c| normal(&c.shown())).unwrap_or_default();
        let other_document = words::holds("other_document", &kind);
        let by_certificate = match self.certificate_holder(cell("certificate_number")) {
            // A certificate's fault matters only where it is what identifies.
            Said::Fault(_) if own != Said::Nothing && !shares => Said::Nothing,
            said => said,
        };
        self.identity = match (own, by_certificate) {
            (Said::Value(number), _) => Identity::Known(number),
            (Said::Fault(Why::IdLength), _) if other_document => {
                self.notes.push("证件不是居民身份证，号码按原样保留。".to_owned());
                Identity::NotStated
            }
            (Said::Fault(why), _) => self.faulty("id_number", why),
            (Said::Nothing, Said::Value(number)) => Identity::Known(number),
            (Said::Nothing, Said::Fault(why)) if plan.column("id_number").is_none() => {
                self.faulty("certificate_number", why)
            }
            (Said::Nothing, _) => Identity::NotStated,
        };
        if let Identity::Known(number) = &self.identity {
            self.values.insert("id_number", number.as_str().to_owned());
        }
    }

    fn faulty(&mut self, key: &'static str, why: Why) -> Identity {
        self.faults.push(Fault { key, why });
        Identity::Faulty(why)
    }

    fn certificate_holder(&mut self, cell: Option<&Cell>) -> Said<IdNumber> {
        match numbers::certificate(cell) {
            Said::Value(certificate) => {
                self.values.insert("certificate_number", certificate.as_text());
                Said::Value(certificate.holder().clone())
            }
            Said::Fault(why) => Said::Fault(why),
            Said::Nothing => Said::Nothing,
        }
    }

    fn read(&mut self, key: &'static str, cell: &Cell, plan: &Plan, system_1904: bool) {
        match cell {
            Cell::NoResult => return self.notes.push(empty(plan, key, "是没有计算结果的公式")),
            Cell::Error(_) => return self.notes.push(empty(plan, key, "是错误值")),
            _ => {}
        }
        let birth = match &self.identity {
            Identity::Known(number) if key == "birth_date" => Some(number),
            _ => None,
        };
        let value = match key {
            "death_date" if days::moment(cell).is_some() => days::moment(cell),
            "birth_date" | "since" | "death_date" | ".until" => {
                match days::day(Some(&days::with_year(cell, plan.year)), system_1904, birth) {
                    Said::Value(day) => Some(day),
                    Said::Fault(why) if key != ".until" => {
                        self.faults.push(Fault { key, why });
                        None
                    }
                    Said::Fault(_) | Said::Nothing => None,
                }
            }
            "amount" | ".amount_other" => values::yuan(cell),
            key => values::text(plan.kind, key, cell, plan.sex_codes),
        };
        if let Some(value) = value {
            self.values.insert(key, value);
        }
        match key {
            "name" if plan.kind.of_people() => {
                let name = Name::parse(&cell.shown());
                if let Some(former) = name.former {
                    self.values.insert(".former_name", former);
                }
                self.notes
                    .extend(name.notes.into_iter().map(|note| format!("姓名旁注：{note}")));
            }
            "phone" => {
                let mut phones = Phone::all(&cell.shown()).into_iter().skip(1);
                if let Some(second) = phones.next() {
                    self.values.insert(".phone_other", second.as_str().to_owned());
                }
            }
            _ => {}
        }
    }

    /// A nominal age names the year of birth: a child is one year old at birth and one more with each new year.
    fn born(&mut self, plan: &Plan, year: Option<i16>) {
        let age = self
            .values
            .get(".age")
            .map(|age| age.chars().take_while(char::is_ascii_digit).collect::<String>());
        if let (Some("nominal"), Some(year), Some(age)) = (plan.ages.as_deref(), year, age)
            && let Ok(age @ 1..=130) = age.parse::<i16>()
        {
            self.values.insert("birth_date", format!("{:04}", year - age + 1));
        }
    }

    /// The certificate's own digits against the number and the columns beside it.
    fn disability<'c>(&mut self, cell: &impl Fn(&str) -> Option<&'c Cell>) {
        let both = cell(".category_grade").map(|c| normal(&c.shown()));
        if let Some(both) = both.as_deref().filter(|both| several(both)) {
            // 听力一级、言语二级: several at once, of which the heaviest counts.
            let grade = certificate::GRADES.into_iter().find(|grade| both.contains(grade));
            self.values.entry("category").or_insert_with(|| "多重".to_owned());
            if let Some(grade) = grade {
                self.values.entry("grade").or_insert_with(|| grade.to_owned());
            }
        } else if let Some(both) = both {
            if let Some(category) =
                certificate::category(&both).filter(|_| !self.values.contains_key("category"))
            {
                self.values.insert("category", category.to_owned());
            }
            if let Some(grade) = values::grade(&both).filter(|_| !self.values.contains_key("grade")) {
                self.values.insert("grade", grade.to_owned());
            }
        }
        let Said::Value(card) = numbers::certificate(cell("certificate_number")) else {
            if numbers::certificate(cell("certificate_number")) == Said::Fault(Why::CertificateDisagrees) {
                self.disagrees();
            }
            return;
        };
        let number = match &self.identity {
            Identity::Known(number) => number != card.holder(),
            _ => false,
        };
        let differs = |key: &str, own: &str, list: &[&str]| {
            self.values
                .get(key)
                .is_some_and(|said| said != own && list.contains(&said.as_str()))
        };
        if number
            || differs("category", card.category(), &certificate::CATEGORIES)
            || differs("grade", card.grade(), &certificate::GRADES)
        {
            self.disagrees();
        }
    }

    fn disagrees(&mut self) {
        let fault = Fault {
            key: "certificate_number",
            why: Why::CertificateDisagrees,
        };
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

/// Whether a text names several kinds of disability.
fn several(text: &str) -> bool {
    certificate::CATEGORIES
        .into_iter()
        .filter(|category| text.contains(category))
        .count()
        > 1
}

fn empty(plan: &Plan, key: &str, why: &str) -> String {
    let header = plan.columns.iter().find(|c| c.key == key);
    let header = header.map(|c| squeezed(&c.header)).unwrap_or_default();
    format!("“{header}”{why}，按空白处理。")
}
