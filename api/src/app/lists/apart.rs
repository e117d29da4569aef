//! Rows of one step that have nothing to do with each other are judged beside each other: whoever shares a number, a
//! name, or anybody whom the evidence names stays together, in the order of the file.

use super::known_again::Remembered;
use super::row::identity;
use crate::store::lists::Row;
use crate::store::records::Loaded;
use crate::store::register::Entry;
use domain::name::comparable;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use uuid::Uuid;

/// Rows of one part at least: fewer are judged sooner than they are divided.
const LEAST: usize = 16;

/// A digest of something that two rows may share. Where two things have one, rows stay together that need not.
type Key = u64;

fn key(kind: &str, what: impl Hash) -> Key {
    let mut hasher = DefaultHasher::new();
    (kind, what).hash(&mut hasher);
    hasher.finish()
}

/// Divides some rows into at most `most` parts; the second of each are residents who belong to its rows.
pub fn divide(
    rows: &[Row],
    records: &BTreeMap<Uuid, Loaded>,
    register: &BTreeMap<i64, Entry>,
    remembered: &Remembered,
    most: usize,
) -> Vec<(Vec<usize>, Vec<Uuid>)> {
    let of_rows = rows.iter().map(|row| of_row(row, remembered));
    let of_records = records.iter().map(|(id, loaded)| of_record(*id, loaded));
    let of_entries = register.values().map(of_entry);
    let all: Vec<Vec<Key>> = of_rows.chain(of_records).chain(of_entries).collect();
    let group = groups(&all);
    let most = most.min(rows.len() / LEAST).max(1);
    let mut sizes: HashMap<usize, usize> = HashMap::new();
    for group in &group[..rows.len()] {
        *sizes.entry(*group).or_default() += 1;
    }
    let mut parts = vec![(Vec::new(), Vec::new()); most];
    let (mut part_of, mut loads) = (HashMap::new(), vec![0; most]);
    for (at, of_row) in group[..rows.len()].iter().enumerate() {
        let part = *part_of.entry(*of_row).or_insert_with(|| {
            let least = (0..most).min_by_key(|part| loads[*part]).unwrap_or(0);
            loads[least] += sizes[of_row];
            least
        });
        parts[part].0.push(at);
    }
    for (id, group) in records.keys().zip(&group[rows.len()..]) {
        parts[part_of.get(group).copied().unwrap_or(0)].1.push(*id);
    }
    parts
}

fn of_row(row: &Row, remembered: &Remembered) -> Vec<Key> {
    let who = identity(&row.content);
    let mut keys = vec![key("place", (row.sheet, row.row))];
    keys.extend(row.content.same_as.map(|place| key("place", place)));
    keys.extend(who.number().map(|number| key("number", number.as_str())));
    let name = who.name();
    keys.extend(
        [&name.plain]
            .into_iter()
            .chain(&name.former)
            .map(|name| named(name)),
    );
    for seen in row.evidence.iter().flat_map(|evidence| &evidence.seen) {
        keys.extend(seen.resident.map(|id| key("resident", id)));
        keys.extend(seen.entry.map(|id| key("entry", id)));
        keys.extend(seen.number.as_ref().map(|number| key("number", number.as_str())));
    }
    keys.extend(remembered.of_row(row).map(|id| key("resident", id)));
    keys
}

fn of_record(id: Uuid, loaded: &Loaded) -> Vec<Key> {
    let fact = |key: &str| loaded.record.fact(key).as_text().map(str::to_owned);
    let mut keys = vec![key("resident", id)];
    keys.extend(loaded.merged_into.map(|into| key("resident", into)));
    keys.extend(fact("id_number").map(|number| key("number", number.as_str())));
    keys.extend(fact("name").map(|name| named(&name)));
    keys
}

fn of_entry(entry: &Entry) -> Vec<Key> {
    let mut keys = vec![key("entry", entry.id)];
    keys.extend(entry.get("id_number").map(|number| key("number", number)));
    keys.extend(entry.get("name").map(named));
    keys
}

fn named(name: &str) -> Key {
    key("name", comparable(name))
}

/// For each thing the first one that it is together with, directly or through others.
fn groups(all: &[Vec<Key>]) -> Vec<usize> {
    let mut first: Vec<usize> = (0..all.len()).collect();
    let mut holders: HashMap<Key, usize> = HashMap::new();
    for (at, keys) in all.iter().enumerate() {
        for key in keys {
            let (one, other) = (root(&mut first, at), *holders.entry(*key).or_insert(at));
            let other = root(&mut first, other);
            first[one.max(other)] = one.min(other);
        }
    }
    (0..all.len()).map(|at| root(&mut first, at)).collect()
}

fn root(first: &mut [usize], mut at: usize) -> usize {
    while first[at] != at {
        first[at] = first[first[at]];
        at = first[at];
    }
    at
}

#[cfg(test)]
mod tests {
    use super::groups;

    #[test]
    fn whoever_shares_a_key_is_together_directly_or_through_others() {
        let all = [
            vec![1],
            vec![2],
            vec![3, 1],
            vec![4],
            vec![2, 4],
            vec![],
            vec![5, 3],
        ];
        assert_eq!(groups(&all), [0, 1, 0, 1, 1, 5, 0]);
    }
}
