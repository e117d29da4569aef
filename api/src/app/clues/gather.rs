//! Reading what rules compare: rows of lists, the register, visits; page by page, keeping of each row only the cells that
//! a rule reads. Whoever stands on no list is kept only where a rule may find them.

use super::person::{Key, Known, People, of_row};
use super::sources::{self, Above, CONFLICTS, OUTCOME, Source, VISITS};
use crate::app::Error;
use crate::app::lists::own;
use crate::app::lists::row::{DEPARTED, contradicts_its_file};
use crate::program::Program;
use crate::store::lists::{self, Part, Row};
use crate::store::{clues, divisions, lookups, merges, register};
use domain::date::Date;
use domain::place::Gazetteer;
use matching::clues::{Line, Ready, Rule, Sheet, Sheets, Truth};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// Rows that are opened at once.
const PAGE: u64 = 1000;

/// Where a row of a list stands; rows of visits stand nowhere.
#[derive(Clone, Copy)]
pub struct At {
    /// Into [`Gathered::sources`].
    pub source: Option<usize>,
    pub sheet: i32,
    pub row: i32,
}

/// A row: where it stands, of which kind of list it is, and what it says by column.
pub type Cells<'a> = (At, &'a str, Vec<(String, String)>);

/// All that some rules run over.
pub struct Gathered {
    pub rules: Vec<Rule>,
    pub sources: Vec<Source>,
    pub sheets: Sheets,
    /// By row of `sheets`.
    pub places: Vec<At>,
    pub people: People,
    /// When what is read was last changed by a list.
    pub changed_at: i64,
    /// Whether there is any register.
    pub registered: bool,
    pub gazetteer: Gazetteer,
    above: Above,
}

/// What whoever runs rules does between two pages: lets others go first, or stops.
pub trait Between {
    fn pause(&self) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Reads everything that `rules` run over.
pub async fn gather(program: &Program, rules: Vec<Rule>, between: &impl Between) -> Result<Gathered, Error> {
    let db = program.db.read();
    let read = sources::of_rules(db, &rules).await?;
    let mut names: BTreeSet<&str> = read.iter().map(|s| s.of.as_str()).collect();
    // These are there whether anybody has made such a row or not.
    names.extend([VISITS, CONFLICTS]);
    let sheets = names.into_iter().map(|of| Sheet {
        columns: columns(&rules, of),
        list: of.to_owned(),
    });
    let mut all = Gathered {
        sheets: Sheets::new(sheets.collect()),
        changed_at: changed_at(program, &read).await?,
        sources: read,
        rules,
        places: Vec::new(),
        people: People::default(),
        registered: register::any(db).await?,
        gazetteer: divisions::gazetteer(db).await?,
        above: sources::above(db).await?,
    };
    for source in 0..all.sources.len() {
        all.list(program, source, between).await?;
    }
    all.visits(program).await?;
    all.residents(program).await?;
    all.conflicts();
    if all.registered {
        all.register(program, between).await?;
    }
    all.people.settle();
    Ok(all)
}

/// When the newest of the lists and of the registers was committed.
async fn changed_at(program: &Program, read: &[Source]) -> Result<i64, Error> {
    let registers = clues::committed_of_kind(program.db.read(), "population").await?;
    let lists = read.iter().map(|source| &source.list).chain(&registers);
    Ok(lists.filter_map(|list| list.committed_at).max().unwrap_or(0))
}

/// Columns of a list that any rule reads.
fn columns(rules: &[Rule], of: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for column in rules.iter().flat_map(|rule| rule.columns(of)) {
        if !out.iter().any(|known| known == column) {
            out.push(column.to_owned());
        }
    }
    out
}

impl Gathered {
    fn sheet(&self, of: &str) -> Option<usize> {
        self.sheets.sheets.iter().position(|sheet| sheet.list == of)
    }

    fn line(&mut self, of: &str, at: At, cell: impl Fn(&str) -> String) -> Option<u32> {
        let sheet = self.sheet(of)?;
        let columns = self.sheets.sheets[sheet].columns.iter();
        let said: Vec<String> = columns.map(|column| cell(column)).collect();
        let cells: Line = said.iter().map(|text| self.sheets.word(text)).collect();
        self.sheets.lines.push((sheet as u16, cells));
        self.places.push(at);
        Some(self.places.len() as u32 - 1)
    }

    async fn list(&mut self, program: &Program, source: usize, between: &impl Between) -> Result<(), Error> {
        let (id, of) = (self.sources[source].list.id, self.sources[source].of.clone());
        let kind = self.sources[source].list.kind.clone();
        let (mut after, mut doubled) = (None, Vec::new());
        // What rows that contradict each other call whom they name by a number, answered or not.
        let named = |row: &Row| {
            let said = of_row(program, row);
            Some((said.number?, said.person?))
        };
        let mut names: BTreeSet<(Key, Key)> = BTreeSet::new();
        loop {
            between.pause().await?;
            let part = Part::of_file(after, Some(PAGE));
            let rows = lists::rows(program.db.read(), &program.keys, id, part).await?;
            let Some(last) = rows.last() else { break };
            after = Some((last.sheet, last.row));
            let twice = rows.iter().filter(|row| contradicts_its_file(&row.content));
            names.extend(twice.clone().filter_map(named));
            doubled.extend(twice.filter(|row| sources::waits(row)).cloned());
            for row in rows.iter().filter(|row| !sources::is_over(&row.content)) {
                self.row(program, (source, &of, &kind), row, false);
            }
        }
        // Somebody whom two rows contradict is who the number says, unless they say two names.
        for row in doubled.iter().filter(|row| !sources::is_over(&row.content)) {
            let one =
                named(row).is_some_and(|(number, _)| names.iter().filter(|n| n.0 == number).count() == 1);
            self.row(program, (source, &of, &kind), row, one);
        }
        Ok(())
    }

    /// Takes in a row; `sure`, although it waits.
    fn row(&mut self, program: &Program, (source, of, kind): (usize, &str, &str), row: &Row, sure: bool) {
        let at = At {
            source: Some(source),
            sheet: row.sheet,
            row: row.row,
        };
        let said = of_row(program, row);
        // A departed person who is named again is who the number says.
        let departed = row.resident.is_none() && row.reason.as_deref() == Some(DEPARTED);
        if sources::waits(row) && !departed && !sure {
            let Some(line) = self.line(of, at, |c| sources::cell(of, kind, c, &row.content)) else {
                return;
            };
            self.people.may_be(line, &said);
            if let Some(number) = said.number {
                self.people.conflicts.push((number, source, (row.sheet, row.row)));
            }
            return;
        }
        let person = self.people.person(&said, row.resident);
        // A person said that nobody of the register is meant.
        self.people.all[person as usize].new |= own::entered_by_a_person(&program.keys, row);
        if self.counted(person, source) {
            return;
        }
        if let Some(line) = self.line(of, at, |c| sources::cell(of, kind, c, &row.content)) {
            self.people.all[person as usize].person.rows.push(line);
        }
    }

    /// Whether a newer list of the same source has the person already, or an earlier report.
    fn counted(&self, person: u32, source: usize) -> bool {
        let new = &self.sources[source];
        let rows = self.people.all[person as usize].person.rows.iter();
        rows.filter_map(|row| self.places[*row as usize].source)
            .any(|there| {
                let known = &self.sources[there];
                known.group.0 == new.group.0
                    && (sources::adds_up(&new.of)
                        || (known.group == new.group
                            && known.list.id != new.list.id
                            && sources::overlap(&self.above, known.list.division, new.list.division)))
            })
    }

    /// What phones told of people: whom nobody found, who died or moved out.
    async fn visits(&mut self, program: &Program) -> Result<(), Error> {
        if !self.rules.iter().any(|rule| rule.inputs().contains(&VISITS)) {
            return Ok(());
        }
        for (resident, said) in clues::told_by_phones(program.db.read(), &program.keys).await? {
            let Some(person) = self.people.find(&Key::Resident(resident)) else {
                continue;
            };
            let at = At {
                source: None,
                sheet: 0,
                row: 0,
            };
            let line = self.line(VISITS, at, |c| match c {
                OUTCOME => said.clone(),
                _ => String::new(),
            });
            self.people.all[person as usize].person.rows.extend(line);
        }
        Ok(())
    }

    /// Residents are known by the hashes of their records too, and by whom were merged into them.
    async fn residents(&mut self, program: &Program) -> Result<(), Error> {
        let ids: Vec<Uuid> = self.people.residents();
        for part in ids.chunks(500) {
            for row in lookups::of_residents(program.db.read(), part).await? {
                let key = match row.kind.as_str() {
                    "id_number" => Key::number(&row.hash),
                    _ => Key::person(&row.hash),
                };
                self.people.also(&Key::Resident(row.resident), key);
            }
            for (was, resident) in merges::absorbed(program.db.read(), part).await? {
                if let Some(at) = self.people.find(&Key::Resident(resident)) {
                    self.people.all[at as usize].was.push(was);
                }
            }
        }
        Ok(())
    }

    /// Rows that name the number of somebody under another name.
    fn conflicts(&mut self) {
        for (number, source, (sheet, row)) in std::mem::take(&mut self.people.conflicts) {
            let Some(person) = self.people.find(&number) else {
                continue;
            };
            let at = At {
                source: Some(source),
                sheet,
                row,
            };
            let line = self.line(CONFLICTS, at, |_| String::new());
            self.people.all[person as usize].person.rows.extend(line);
        }
    }

    /// Goes once through the register.
    async fn register(&mut self, program: &Program, between: &impl Between) -> Result<(), Error> {
        let today = program.clock.now().date();
        let asks = |wanted: fn(&Rule) -> bool| self.rules.iter().any(wanted);
        let all_of_them = asks(|rule| rule.when.asks_register());
        let mut sizes: HashMap<u64, u32> = HashMap::new();
        let mut after = 0;
        loop {
            between.pause().await?;
            let page = register::page(program.db.read(), after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            let wanted = |row: &entity::register_row::Model| {
                all_of_them || self.people.find_any(&keys_of(row)).is_some()
            };
            let (page, wanted): (Vec<_>, Vec<_>) = page
                .into_iter()
                .filter(wanted)
                .map(|row| (keys_of(&row), row))
                .unzip();
            let mut nobodys = Vec::new();
            for (keys, entry) in page.iter().zip(register::opened(&program.keys, wanted)?) {
                let known = Known::of_register(&entry);
                if let Some(household) = known.household {
                    *sizes.entry(household).or_default() += 1;
                }
                match self.people.find_any(keys) {
                    Some(at) => self.people.stands_in_register(at, known),
                    None => nobodys.push((keys.clone(), known)),
                }
            }
            self.may_be_found(nobodys, today);
        }
        self.people.households(&sizes);
        Ok(())
    }

    /// Keeps those of the register who stand on no list and whom a rule may find all the same.
    fn may_be_found(&mut self, nobodys: Vec<(Vec<Key>, Known)>, today: Date) {
        let mut found = Vec::new();
        {
            let ready = Ready::new(&self.rules, &self.sheets, &[], today);
            for (keys, known) in nobodys {
                let person = known.alone(self.people.maybe_of(&keys));
                if ready.truths(&person).any(|(_, truth)| truth != Truth::No) {
                    found.push((keys, known, person));
                }
            }
        }
        for (keys, known, person) in found {
            self.people.enter_from_register(&keys, known, person);
        }
    }

    /// The rules that can run: those that ask the register only where there is one.
    pub fn runs(&self, today: Date) -> Vec<usize> {
        let ready = Ready::new(&self.rules, &self.sheets, &[], today);
        let runs = ready.rules();
        runs.filter(|at| self.registered || !self.rules[*at].when.asks_register())
            .collect()
    }

    /// The rows of a person that a rule reads, with what it reads of each by column.
    pub fn cells(&self, rule: &Rule, rows: &[u32]) -> Vec<Cells<'_>> {
        let one = |row: &u32| {
            let (sheet, line) = &self.sheets.lines[*row as usize];
            let sheet = &self.sheets.sheets[usize::from(*sheet)];
            let read = rule.columns(&sheet.list);
            let cells = sheet.columns.iter().zip(line);
            let cells = cells.filter(|(column, _)| read.contains(&column.as_str()));
            let cells = cells.map(|(column, word)| (column.clone(), self.sheets.text(*word).to_owned()));
            (self.places[*row as usize], sheet.list.as_str(), cells.collect())
        };
        rows.iter().map(one).collect()
    }

    /// What a clue rests on, in one number; never that of a clue that is gone.
    pub fn inputs(&self, clue: &matching::clues::Clue, person: u32) -> i64 {
        let born = self.people.all[person as usize].born_text;
        let hash = matching::record::hash(&[clue.inputs, born]);
        i64::from_le_bytes(hash.max(1).to_le_bytes())
    }
}

fn keys_of(row: &entity::register_row::Model) -> Vec<Key> {
    match &row.id_hash {
        Some(hash) => vec![Key::number(hash), Key::Entry(row.id)],
        None => vec![Key::person(&row.person_hash), Key::Entry(row.id)],
    }
}

/// The committed register's lists with their months.
pub async fn months(program: &Program) -> Result<BTreeMap<Uuid, String>, Error> {
    let all = clues::committed_of_kind(program.db.read(), "population").await?;
    Ok(all.into_iter().map(|list| (list.id, list.month)).collect())
}
