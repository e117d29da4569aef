//! One row of a roster: a projection read in place, without a tree, into cells as somebody may see them.

use super::plan::Plan;
use crate::app::Error;
use crate::app::residents::view::Sight;
use crate::store::rosters;
use domain::catalogue::{Field, Type};
use domain::date::parse_wire;
use domain::mask;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;
use uuid::Uuid;

/// A value as the projection has it. Texts lie in the opened bytes wherever they need no unescaping.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    Text(Cow<'a, str>),
    Integer(i64),
    Yes(bool),
    Many(Vec<Cow<'a, str>>),
}

/// One row, as somebody may see it.
pub struct Row<'a> {
    pub resident: Uuid,
    pub village_id: Option<Uuid>,
    pub grid_id: Option<Uuid>,
    pub town: &'a str,
    pub village: &'a str,
    pub grid: &'a str,
    /// In the order of the plan's columns.
    pub cells: Vec<Option<Cell<'a>>>,
    pub source: &'a str,
    pub since: &'a str,
    pub source_status: &'a str,
    pub village_status: &'a str,
    /// Labels of fields in conflict.
    pub disputed: Vec<&'static str>,
    /// Since the export began.
    pub changed: bool,
}

/// Reads one line; `None` for who is not of the wanted age.
///
/// # Errors
/// `Damaged` for a projection that does not parse.
pub fn read<'a>(
    plan: &'a Plan,
    line: &'a rosters::Line,
    plain: &'a [u8],
    changed: bool,
) -> Result<Option<Row<'a>>, Error> {
    let text = std::str::from_utf8(plain).map_err(|_| Error::Damaged("projection"))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let item = ItemOf(plan).deserialize(&mut reader);
    let item = item.map_err(|_| Error::Damaged("projection"))?;
    if let Some(ages) = &plan.ages {
        let born = item.born.as_deref().and_then(parse_wire);
        if !born.is_some_and(|born| ages.hold(born)) {
            return Ok(None);
        }
    }
    let (town, village) = line
        .village
        .and_then(|v| plan.villages.get(&v))
        .map_or(("", ""), |(town, village)| (town, village));
    let grid = line.grid.and_then(|g| plan.grids.get(&g));
    let mut cells = item.cells;
    for (cell, column) in cells.iter_mut().zip(&plan.columns) {
        if let (Sight::Masked(how), Some(value)) = (column.sight, cell.as_mut()) {
            let masked = match value {
                Cell::Text(text) => mask::apply(how, text),
                _ => "***".to_owned(),
            };
            *value = Cell::Text(masked.into());
        }
    }
    Ok(Some(Row {
        resident: line.id,
        village_id: line.village,
        grid_id: line.grid,
        town,
        village,
        grid: grid.map_or("", String::as_str),
        cells,
        source: &line.source,
        since: &line.since,
        source_status: &line.source_status,
        village_status: &line.village_status,
        disputed: plan
            .columns
            .iter()
            .enumerate()
            .filter(|(n, _)| item.disputed.contains(n))
            .map(|(_, c)| c.field.label)
            .collect(),
        changed,
    }))
}

/// A value as people write it: money in yuan, states in words.
pub fn written<'c>(field: &Field, cell: &'c Cell<'_>) -> Cow<'c, str> {
    match (field.kind, cell) {
        (Type::Amount, Cell::Integer(fen)) => yuan(*fen).into(),
        (Type::Code, Cell::Text(code)) => word(code).into(),
        (_, Cell::Text(text)) => Cow::Borrowed(text),
        (_, Cell::Integer(n)) => n.to_string().into(),
        (_, Cell::Yes(yes)) => yes.to_string().into(),
        (_, Cell::Many(items)) => items.join("、").into(),
    }
}

fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    match fen % 100 {
        0 => format!("{sign}{}", fen / 100),
        rest => format!("{sign}{}.{rest:02}", fen / 100),
    }
}

/// Codes that are not words already.
pub fn word(code: &str) -> &str {
    match code {
        "active" => "在册",
        "suspended" => "暂停",
        "ended" => "终止",
        "none" => "无名单",
        "confirmed" => "已核定",
        "unconfirmed" => "待核定",
        "disputed" => "有异议",
        "living" => "在世",
        "died" => "已去世",
        "moved_out" => "已迁出",
        "not_found" => "查无此人",
        word => word,
    }
}

/// What of an item a roster's row needs.
struct Item<'a> {
    cells: Vec<Option<Cell<'a>>>,
    /// Columns in conflict.
    disputed: Vec<usize>,
    /// The birth date, whoever may see it: ages are asked by it.
    born: Option<Cow<'a, str>>,
}

struct ItemOf<'p>(&'p Plan);

impl<'de> DeserializeSeed<'de> for ItemOf<'_> {
    type Value = Item<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Item<'de>, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ItemOf<'_> {
    type Value = Item<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record item")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item<'de>, A::Error> {
        let mut item = Item {
            cells: vec![None; self.0.columns.len()],
            disputed: Vec::new(),
            born: None,
        };
        while let Some(Name(name)) = map.next_key()? {
            match &*name {
                "fields" => map.next_value_seed(FieldsInto(self.0, &mut item))?,
                "conflicts" => map.next_value_seed(KeysInto(self.0, &mut item.disputed))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(item)
    }
}

struct FieldsInto<'p, 'i, 'a>(&'p Plan, &'i mut Item<'a>);

impl<'de> DeserializeSeed<'de> for FieldsInto<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FieldsInto<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            let (place, born) = (self.0.place(&name), self.0.ages.is_some() && name == "birth_date");
            if place.is_none() && !born {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = map.next_value::<Value>()?.0;
            if let (true, Some(Cell::Text(text))) = (born, &value) {
                self.1.born = Some(text.clone());
            }
            if let Some(place) = place {
                self.1.cells[place] = value;
            }
        }
        Ok(())
    }
}

struct KeysInto<'p, 'i>(&'p Plan, &'i mut Vec<usize>);

impl<'de> DeserializeSeed<'de> for KeysInto<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for KeysInto<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            map.next_value::<IgnoredAny>()?;
            self.1.extend(self.0.place(&name));
        }
        Ok(())
    }
}

/// A member's name, read in place.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

struct Value<'a>(Option<Cell<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Value<'a>, D::Error> {
        from.deserialize_any(AnyValue).map(Value)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Option<Cell<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cell::Text(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cell::Text(Cow::Owned(text.to_owned()))))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Self::Value, E> {
        Ok(Some(Cell::Integer(n)))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Self::Value, E> {
        Ok(Some(Cell::Integer(i64::try_from(n).unwrap_or(i64::MAX))))
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Self::Value, E> {
        Ok(Some(Cell::Yes(yes)))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Name(text)) = seq.next_element()? {
            all.push(text);
        }
        Ok(Some(Cell::Many(all)))
    }
}
