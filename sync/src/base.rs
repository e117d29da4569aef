//! Which version an edit was made at.

use crate::arrived::Edit;
use crate::gate::stands_on;
use crate::record::{Record, Stamp};
use crate::skeleton;
use crate::version::Version;
use automerge::ChangeHash;
use domain::DeviceId;
use domain::catalogue::Catalogue;

/// What the author had seen.
pub enum Base {
    /// Heads of the document and the facts' version.
    Known {
        heads: Vec<ChangeHash>,
        facts_version: u32,
    },
    /// A version of another life: restored, compacted, another server, or none named.
    Unknown,
}

impl Base {
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Base::Unknown)
    }
}

/// The named version and this device's earlier edits on the record; for the maker of a record, the skeleton.
pub fn effective(record: &Record, edit: &Edit, device: Option<DeviceId>, catalogue: &Catalogue) -> Base {
    if let Some(heads) = stands_on(edit) {
        return at_changes(record, edit, heads);
    }
    let own = |s: &&Stamp| is_own(s, edit, device);
    let named = match &edit.base {
        Some(text) => Version::parse(text).and_then(|version| at(record, version)),
        // Nobody has written yet: there is nothing but the skeleton.
        None if record.n == 0 => Some((record.doc.get_heads(), 0)),
        // The maker knows the record from its own create on, which is its first edit.
        None if record.stamps.iter().filter(own).any(|s| s.n == 1) => {
            Some((vec![skeleton::hash(catalogue, record.resident, record.epoch)], 0))
        }
        None => None,
    };
    let Some((mut heads, facts_version)) = named else {
        return Base::Unknown;
    };
    // Not the facts' version of those edits: it counts what others wrote before they arrived.
    for stamp in record.stamps.iter().filter(own) {
        heads.extend(stamp.changes.iter().copied());
    }
    heads.sort();
    heads.dedup();
    Base::Known { heads, facts_version }
}

/// A full client's changes say themselves what they stand on; the named version only tells which facts were seen.
fn at_changes(record: &Record, edit: &Edit, heads: Vec<ChangeHash>) -> Base {
    let there = |hash: &ChangeHash| record.doc.get_change_meta_by_hash(hash).is_some();
    if heads.is_empty() || !heads.iter().all(there) {
        return Base::Unknown;
    }
    let named = edit.base.as_deref().and_then(Version::parse);
    let facts_version = named
        .and_then(|version| at(record, version))
        .map_or(0, |(_, facts)| facts);
    Base::Known { heads, facts_version }
}

/// Whether a stamp is of an earlier edit of the device that made `edit`.
pub(crate) fn is_own(stamp: &Stamp, edit: &Edit, device: Option<DeviceId>) -> bool {
    device.is_some() && stamp.device == device && stamp.seq.is_some_and(|seq| seq < edit.seq)
}

fn at(record: &Record, version: Version) -> Option<(Vec<ChangeHash>, u32)> {
    if version.epoch != record.epoch {
        // The end of the epoch before shows what the present one began with.
        let seam = record
            .kept
            .seam
            .as_ref()
            .filter(|seam| seam.version == version.to_string());
        return seam.map(|seam| (seam.heads(), seam.facts_version));
    }
    if version.n == record.n {
        return (version == record.version()).then(|| (record.doc.get_heads(), record.facts_version));
    }
    let stamp = record.stamps.iter().find(|s| s.n == version.n)?;
    let then = Version::of(
        record.resident,
        record.epoch,
        stamp.n,
        &stamp.heads,
        stamp.facts_version,
    );
    (then == version).then(|| (stamp.heads.clone(), stamp.facts_version))
}
