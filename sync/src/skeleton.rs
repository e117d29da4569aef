//! The first change of every document, and the changes that add a later note or set.
//!
//! All notes and sets are made here and nowhere else: two people who create the same note would hide one of the
//! two. The skeleton never changes: a test holds its hash.

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Automerge, ChangeHash, ObjType, ROOT, ReadDoc};
use domain::ResidentId;
use domain::catalogue::{Catalogue, Merge};

/// The map that holds every field.
pub const FIELDS: &str = "fields";

/// Derives 16 bytes that nobody outside the program can know beforehand (HMAC-SM3 under the look-up key).
pub type Derive<'a> = &'a (dyn Fn(&[&[u8]]) -> [u8; 16] + Sync);

/// The skeleton's actor: the resident's id followed by the epoch, so that one resident's change can never be
/// applied to another's document.
pub(crate) fn actor(resident: ResidentId, epoch: u16) -> ActorId {
    let mut bytes = resident.bytes().to_vec();
    bytes.extend(epoch.to_be_bytes());
    ActorId::from(bytes)
}

/// A new document: `fields`, and in key order the notes and sets of catalogue version 1.
pub fn document(catalogue: &Catalogue, resident: ResidentId, epoch: u16) -> Automerge {
    let mut doc = Automerge::new();
    doc.set_actor(actor(resident, epoch));
    let mut tx = doc.transaction();
    let fields = tx
        .put_object(ROOT, FIELDS, ObjType::Map)
        .expect("the root takes a map");
    for (key, kind) in objects(catalogue, |since| since == 1) {
        tx.put_object(&fields, key, kind).expect("a map takes objects");
    }
    tx.commit_with(CommitOptions::default().with_time(0));
    doc
}

/// The hash of a document's skeleton.
pub fn hash(catalogue: &Catalogue, resident: ResidentId, epoch: u16) -> ChangeHash {
    document(catalogue, resident, epoch).get_heads()[0]
}

/// Makes sure that the note or set of `key` exists; answers the hash of its extension change, which joins the base
/// of the edit that needs it. Notes and sets of version 1 need none.
pub fn extend(
    doc: &mut Automerge,
    catalogue: &Catalogue,
    resident: ResidentId,
    epoch: u16,
    key: &str,
    derive: Derive<'_>,
) -> Option<ChangeHash> {
    let kind = objects(catalogue, |since| since > 1).find(|(k, _)| *k == key)?.1;
    let mut side = document(catalogue, resident, epoch);
    let id = derive(&[
        b"extension",
        resident.bytes(),
        &epoch.to_be_bytes(),
        key.as_bytes(),
    ]);
    // 18 bytes, like the skeleton's own actor: no edit's actor has that length.
    side.set_actor(ActorId::from([id.as_slice(), &[0; 2]].concat()));
    let (_, fields) = side
        .get(ROOT, FIELDS)
        .ok()
        .flatten()
        .expect("the skeleton makes the map");
    let mut tx = side.transaction();
    tx.put_object(&fields, key, kind).expect("a map takes objects");
    let hash = tx
        .commit_with(CommitOptions::default().with_time(0))
        .0
        .expect("an object is an operation");
    let change = side.get_change_by_hash(&hash).expect("it was just made");
    // Applying it again is harmless, and two nodes make the identical change.
    doc.apply_changes([change]).expect("it stands on the skeleton");
    Some(hash)
}

fn objects(
    catalogue: &Catalogue,
    since: impl Fn(u32) -> bool,
) -> impl Iterator<Item = (&'static str, ObjType)> {
    let mut rows: Vec<_> = catalogue
        .fields
        .iter()
        .filter(|f| f.in_document() && since(f.since))
        .filter_map(|f| match f.merge {
            Merge::Note => Some((f.key, ObjType::Text)),
            Merge::Set => Some((f.key, ObjType::Map)),
            Merge::Register | Merge::Guarded => None,
        })
        .collect();
    rows.sort_by_key(|(key, _)| *key);
    rows.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Documents on phones and in backups stand on this hash: it may never change.
    #[test]
    fn the_skeleton_is_what_it_was() {
        let hash = hash(&Catalogue::built_in(), ResidentId::from_bytes([7; 16]), 1);
        assert_eq!(hash.to_string(), SKELETON);
    }

    const SKELETON: &str = "2248fe18f005c821f1d4bbe00779bec9f462f41afa7122e80f72d4b190edf4eb";

    #[test]
    fn each_resident_and_epoch_has_its_own() {
        let catalogue = Catalogue::built_in();
        let one = hash(&catalogue, ResidentId::from_bytes([7; 16]), 1);
        assert_ne!(one, hash(&catalogue, ResidentId::from_bytes([8; 16]), 1));
        assert_ne!(one, hash(&catalogue, ResidentId::from_bytes([7; 16]), 2));
    }
}
