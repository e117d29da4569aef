//! Who had seen what: the changes of a document and their pasts, without unpacking what they say.
//!
//! Unpacking a change costs as much as loading a record. Only changes that stand beside another can leave anything
//! to decide, so only those are unpacked.

use crate::write::edit_of;
use automerge::legacy::{ObjectId, Op};
use automerge::{Automerge, ChangeHash, ObjId};
use domain::EditId;
use std::collections::BTreeMap;

pub(crate) struct Graph {
    /// Every change in an order in which each comes after what it has seen; skeleton and extensions have no edit.
    changes: Vec<(ChangeHash, Option<EditId>)>,
    places: BTreeMap<ChangeHash, usize>,
    /// By place, the places of a change's past and of itself, one bit each.
    past: Vec<Vec<u64>>,
}

impl Graph {
    /// `None` where everybody had seen everything before: then nothing stands beside anything.
    pub fn of(doc: &Automerge) -> Option<Graph> {
        let metas = doc.get_changes_meta(&[]);
        let words = metas.len().div_ceil(64);
        let (mut places, mut past) = (BTreeMap::new(), Vec::<Vec<u64>>::with_capacity(metas.len()));
        let (mut changes, mut alone) = (Vec::with_capacity(metas.len()), true);
        for (n, meta) in metas.iter().enumerate() {
            let mut seen = vec![0; words];
            for dep in meta.deps.iter().filter_map(|dep| places.get(dep)) {
                let theirs: &Vec<u64> = &past[*dep];
                seen.iter_mut()
                    .zip(theirs)
                    .for_each(|(mine, theirs)| *mine |= theirs);
            }
            seen[n / 64] |= 1 << (n % 64);
            alone &= seen.iter().map(|word| word.count_ones() as usize).sum::<usize>() == n + 1;
            places.insert(meta.hash, n);
            past.push(seen);
            changes.push((meta.hash, edit_of(&meta.actor)));
        }
        (!alone).then_some(Graph {
            changes,
            places,
            past,
        })
    }

    pub fn place(&self, hash: &ChangeHash) -> Option<usize> {
        self.places.get(hash).copied()
    }

    pub fn hash(&self, place: usize) -> ChangeHash {
        self.changes[place].0
    }

    pub fn edit(&self, place: usize) -> Option<EditId> {
        self.changes[place].1
    }

    /// Whether the author of `late` had seen `early`, or is its author.
    pub fn saw(&self, late: usize, early: usize) -> bool {
        self.past[late][early / 64] >> (early % 64) & 1 == 1
    }

    /// Edits' changes that stand beside another edit's.
    pub fn side(&self) -> Vec<usize> {
        let edits: Vec<usize> = (0..self.changes.len())
            .filter(|n| self.edit(*n).is_some())
            .collect();
        let beside = |a: usize, b: usize| !self.saw(a, b) && !self.saw(b, a);
        edits
            .iter()
            .copied()
            .filter(|a| edits.iter().any(|b| beside(*a, *b)))
            .collect()
    }

    /// Edits' changes that are not in `side` and came after some of it.
    pub fn after(&self, side: &[usize]) -> Vec<usize> {
        let places = 0..self.changes.len();
        let late = |n: &usize| self.edit(*n).is_some() && side.iter().any(|s| s != n && self.saw(*n, *s));
        places.filter(|n| !side.contains(n)).filter(late).collect()
    }

    /// What changes say, operation by operation.
    pub fn operations(&self, doc: &Automerge, places: &[usize]) -> Vec<(usize, Vec<Op>)> {
        // Fetched together they cost a fraction of fetched one by one; what all of them had seen is left out.
        let seen = |n: &usize| places.iter().all(|p| p != n && self.saw(*p, *n));
        let seen = (0..self.changes.len()).rev().find(seen).map(|n| self.hash(n));
        let seen: Vec<ChangeHash> = seen.into_iter().collect();
        let mut out = Vec::with_capacity(places.len());
        for change in doc.get_changes(&seen) {
            if let Some(place) = self.place(&change.hash()).filter(|place| places.contains(place)) {
                out.push((place, change.decode().operations));
            }
        }
        out
    }
}

/// The changes that stand beside others, unpacked once for all who ask.
pub(crate) struct Side {
    pub graph: Graph,
    pub places: Vec<usize>,
    pub operations: Vec<(usize, Vec<Op>)>,
}

impl Side {
    /// `None` where nothing stands beside anything.
    pub fn of(doc: &Automerge) -> Option<Side> {
        let graph = Graph::of(doc)?;
        let places = graph.side();
        let operations = graph.operations(doc, &places);
        (!places.is_empty()).then_some(Side {
            graph,
            places,
            operations,
        })
    }
}

/// Whether an operation's object is the one that the document names `id`.
pub(crate) fn names(object: &ObjectId, id: &ObjId) -> bool {
    match (object, id) {
        (ObjectId::Id(op), ObjId::Id(counter, actor, _)) => op.counter() == *counter && op.actor() == actor,
        (ObjectId::Root, ObjId::Root) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::skeleton;
    use crate::write::{Put, write_at};
    use domain::catalogue::Catalogue;
    use domain::{ResidentId, Value};

    #[test]
    fn who_stands_beside_whom() {
        let catalogue = Catalogue::built_in();
        let mut doc = skeleton::document(&catalogue, ResidentId::from_bytes([1; 16]), 1);
        let start = doc.get_heads();
        let say = |doc: &mut Automerge, n: u8, base: &[ChangeHash]| {
            let put = Put::Register(Value::Integer(i64::from(n)));
            let puts = [("phone".to_owned(), put)].into();
            write_at(doc, EditId::from_bytes([n; 16]), 0, 0, base, &puts)
                .unwrap()
                .unwrap()
        };
        let one = say(&mut doc, 1, &start);
        let two = say(&mut doc, 2, &[one]);
        assert!(Graph::of(&doc).is_none());
        let beside = say(&mut doc, 3, &[one]);
        let heads = doc.get_heads();
        let last = say(&mut doc, 4, &heads);
        let graph = Graph::of(&doc).unwrap();
        let side: Vec<ChangeHash> = graph.side().into_iter().map(|n| graph.hash(n)).collect();
        assert!(side.len() == 2 && side.contains(&two) && side.contains(&beside));
        let place = |hash| graph.place(&hash).unwrap();
        assert_eq!(graph.after(&graph.side()), [place(last)]);
        assert!(graph.saw(place(last), place(two)) && graph.saw(place(two), place(one)));
        assert!(!graph.saw(place(two), place(beside)) && !graph.saw(place(one), place(last)));
    }
}
