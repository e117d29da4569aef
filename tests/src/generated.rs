//! A county that is generated with the errors that lists have, and what is true of it.

use domain::catalogue::Mask;
use domain::id_number::IdNumber;
use domain::mask;
use domain::name::Name;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Lists as CSV in a folder that goes away with it, and the truth about them.
pub struct Generated {
    folder: tempfile::TempDir,
    /// Who each row is about, by source and record.
    of: BTreeMap<(String, String), String>,
    /// People by a valid number in the register.
    numbers: BTreeMap<String, BTreeSet<String>>,
    /// What the register calls people, and their numbers: by person.
    registered: BTreeMap<String, Vec<(String, String)>>,
    /// Whom each comparison rule has to find.
    pub rules: BTreeMap<String, BTreeSet<String>>,
}

impl Generated {
    pub fn county(persons: usize, seed: usize) -> Generated {
        let folder = tempfile::tempdir().unwrap();
        let generator = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/county/generate.py");
        let made = Command::new("python3")
            .arg(generator)
            .args(["--persons", &persons.to_string()])
            .args(["--seed", &seed.to_string(), "--out"])
            .arg(folder.path())
            .output()
            .expect("python3 is needed to generate a county; see README, 开始");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let lines = |name: &str| {
            let mut csv = csv::Reader::from_path(folder.path().join(name)).unwrap();
            let all: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
            all
        };
        let truth = lines("truth_entities.csv");
        let of: BTreeMap<_, _> = truth
            .iter()
            .map(|line| ((line[0].to_owned(), line[1].to_owned()), line[2].to_owned()))
            .collect();
        let mut rules: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in lines("truth_rules.csv") {
            let people = rules.entry(line[0].to_owned()).or_default();
            people.insert(line[1].to_owned());
        }
        let mut numbers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut registered: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for line in lines("roster.csv") {
            let person = &of[&("roster".to_owned(), line[0].to_owned())];
            let rows = registered.entry(person.clone()).or_default();
            rows.push((line[4].to_owned(), line[6].to_owned()));
            if let Ok(number) = IdNumber::parse(&line[6]) {
                let of_number = numbers.entry(number.as_str().to_owned()).or_default();
                of_number.insert(person.clone());
            }
        }
        Generated {
            folder,
            of,
            numbers,
            registered,
            rules,
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Who a row is about, by the cells that were handed in.
    pub fn person<'a>(&self, list: &str, mut cells: impl Iterator<Item = (&'a str, &'a str)>) -> &str {
        let (_, record) = cells.find(|(header, _)| *header == "记录号").unwrap();
        &self.of[&(list.to_owned(), record.to_owned())]
    }

    /// Who has a number in the register; none where nobody has, or several do.
    pub fn of_number(&self, number: &str) -> Option<&str> {
        let all = self.numbers.get(number)?;
        all.first().filter(|_| all.len() == 1).map(String::as_str)
    }

    /// Whether the register has a person under a number.
    pub fn is(&self, number: &str, person: &str) -> bool {
        self.numbers.get(number).is_some_and(|all| all.contains(person))
    }

    /// Whether the register has a valid number of the person.
    pub fn numbered(&self, person: &str) -> bool {
        self.numbers.values().any(|all| all.contains(person))
    }

    pub fn registered(&self, person: &str) -> bool {
        self.registered.contains_key(person)
    }

    /// Whether a candidate of an item is a person of the register: by the number, which may be masked, and the name.
    pub fn shows(&self, candidate: &Value, person: &str) -> bool {
        let number = candidate["id_number"].as_str();
        if number.is_some_and(|number| self.is(number, person)) {
            return true;
        }
        let name = Name::parse(candidate["name"].as_str().unwrap_or_default());
        let rows = self.registered.get(person).into_iter().flatten();
        let mut rows = rows.filter(|(own, _)| Name::parse(own).agrees(&name));
        rows.any(|(_, own)| match (IdNumber::parse(own), number) {
            (Ok(own), Some(shown)) => mask::apply(Mask::IdNumber, own.as_str()) == shown,
            (Ok(_), None) | (Err(_), Some(_)) => false,
            (Err(_), None) => true,
        })
    }
}
