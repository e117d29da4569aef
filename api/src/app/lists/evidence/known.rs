//! Rows, residents and people of the register as `matching` compares them.

use super::super::known_again::as_handed_in;
use super::super::row::full_name;
use super::super::steps::Commit;
use crate::store::lists::{Content, Row};
use crate::store::records::Loaded;
use crate::store::register::Entry;
use domain::catalogue::{Catalogue, Field};
use domain::id_number::IdNumber;
use matching::record::{Raw, Reader, Record};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use uuid::Uuid;

/// A row that evidence is asked about.
pub struct Asked {
    pub record: Record,
    pub name: String,
    pub former: Option<String>,
    pub phone: Option<String>,
    pub village: Option<Uuid>,
}

/// Somebody whom a row may be about.
pub struct Known {
    pub record: Record,
    pub resident: Option<Uuid>,
    pub entry: Option<i64>,
    /// A valid one.
    pub number: Option<String>,
}

/// One reader for all that is compared with each other.
pub fn reader(cx: &Commit<'_>) -> Reader {
    Reader::new(cx.gazetteer.clone())
}

pub fn of_row(reader: &mut Reader, cx: &Commit<'_>, row: &Row) -> Asked {
    let content = &row.content;
    let get = |key: &str| content.get(key);
    let number = get("id_number").or_else(|| as_handed_in(cx.head, row));
    let record = record(reader, number.unwrap_or_default(), content);
    let placed = cx.place(get("town"), get("village"), get("address"));
    Asked {
        record,
        name: get("name").unwrap_or_default().to_owned(),
        former: get(".former_name").map(str::to_owned),
        phone: get("phone").map(str::to_owned),
        village: placed.village.map(|village| village.uuid()),
    }
}

pub fn of_entry(reader: &mut Reader, entry: &Entry) -> Known {
    let content = Content {
        values: entry.values.clone(),
        ..Content::default()
    };
    let number = entry.get("id_number").unwrap_or_default();
    Known {
        record: record(reader, number, &content),
        resident: None,
        entry: Some(entry.id),
        number: valid(number),
    }
}

/// What its facts and its document say: of the survivor, where it was merged into one.
pub fn of_resident(reader: &mut Reader, id: Uuid, loaded: &Loaded) -> Known {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for key in ["name", "sex", "birth_date", "id_number"] {
        let fact = loaded.record.fact(key).as_text().map(str::to_owned);
        values.extend(fact.map(|value| (key.to_owned(), value)));
    }
    for field in HOME.iter() {
        let now = sync::document::now(&loaded.record.doc, field);
        values.extend(
            now.as_text()
                .map(|value| (field.key.to_owned(), value.to_owned())),
        );
    }
    let content = Content {
        values,
        ..Content::default()
    };
    let number = content.get("id_number").unwrap_or_default().to_owned();
    Known {
        record: record(reader, &number, &content),
        resident: Some(loaded.merged_into.unwrap_or(id)),
        entry: None,
        number: valid(&number),
    }
}

fn valid(number: &str) -> Option<String> {
    IdNumber::parse(number).ok().map(|n| n.as_str().to_owned())
}

fn record(reader: &mut Reader, number: &str, content: &Content) -> Record {
    let get = |key: &str| content.get(key).unwrap_or_default();
    let division = format!("{}{}", get("town"), get("village"));
    let raw = Raw {
        number,
        name: &full_name(content),
        born: get("birth_date"),
        sex: get("sex"),
        address: get("address"),
        village: &division,
        phone: get("phone"),
        head: get(".head_name"),
        ..Raw::default()
    };
    reader.read(&raw).0
}

/// Fields of the document that say where somebody is found.
static HOME: LazyLock<Vec<Field>> = LazyLock::new(|| {
    let mut fields = Catalogue::built_in().fields;
    fields.retain(|f| matches!(f.key, "phone" | "address"));
    fields
});
