//! Which version an edit was made at.

use crate::arrived::Edit;
use crate::record::Record;
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
    let own = |s: &&crate::record::Stamp| {
        device.is_some() && s.device == device && s.seq.is_some_and(|seq| seq < edit.seq)
    };
    let named = match &edit.base {
        Some(text) => Version::parse(text).and_then(|version| at(record, version)),
        // The maker knows the record from its own create on, which is its first edit.
        None if record.n == 0 || record.stamps.iter().filter(own).any(|s| s.n == 1) => {
            Some((vec![skeleton::hash(catalogue, record.resident, record.epoch)], 0))
        }
        None => None,
    };
    let Some((mut heads, mut facts_version)) = named else {
        return Base::Unknown;
    };
    for stamp in record.stamps.iter().filter(own) {
        heads.extend(stamp.changes.iter().copied());
        facts_version = facts_version.max(stamp.facts_version);
    }
    heads.sort();
    heads.dedup();
    Base::Known { heads, facts_version }
}

fn at(record: &Record, version: Version) -> Option<(Vec<ChangeHash>, u32)> {
    if version.epoch != record.epoch {
        return None;
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
