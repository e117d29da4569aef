//! Who may write what: one judgement for both doors, before anything enters a record.

use crate::arrived::{Edit, FieldWrite};
use domain::catalogue::{Catalogue, Field, Merge, Role};
use domain::{AccountId, DeviceId, Value};
use std::collections::BTreeSet;

/// Through which door an edit comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// A phone whose worker has the record's grid.
    Phone,
    /// A phone that still carries a record which has left it: everything becomes a proposal.
    LeavingPhone,
    /// A cadre's request: it fails whole when a fact is no longer what it saw.
    Console,
    /// A row of a committed list of this department.
    List { source: String },
}

/// Who writes.
#[derive(Clone)]
pub struct Writer {
    pub account: AccountId,
    pub device: Option<DeviceId>,
    pub role: Role,
    pub door: Door,
    /// As provenance shows it.
    pub name: String,
}

/// A field write that was read.
pub enum Read {
    Value {
        was: Value,
        now: Value,
    },
    Set {
        add: BTreeSet<String>,
        remove: BTreeSet<String>,
    },
}

/// What may become of a write.
pub enum Judged<'a> {
    /// Into the document.
    Write(&'a Field, Read),
    /// Into the facts, now.
    Decide(&'a Field, Value, Value),
    /// A proposal: the writer does not decide this field.
    Propose(&'a Field, Read),
    /// Kept for a person; the code says why.
    Hold(&'static str),
}

/// Judges the write of one of an edit's fields.
pub fn judge<'a>(
    catalogue: &'a Catalogue,
    edit: &Edit,
    key: &str,
    write: &FieldWrite,
    writer: &Writer,
) -> Judged<'a> {
    let (field, version) = edit.field(catalogue, key);
    let Some(field) = field else {
        return Judged::Hold("unknown_field");
    };
    // A field that is no more, and became none that is.
    if field.ended(catalogue.version) {
        return Judged::Hold("withdrawn_field");
    }
    if !may_write(field, writer) {
        return Judged::Hold("not_yours_to_write");
    }
    let read = match read(catalogue, field, version, write) {
        Ok(read) => read,
        Err(code) => return Judged::Hold(code),
    };
    if writer.door == Door::LeavingPhone {
        return Judged::Propose(field, read);
    }
    match read {
        Read::Value { was, now } if !field.in_document() => {
            if decides(field, writer) {
                Judged::Decide(field, was, now)
            } else {
                Judged::Propose(field, Read::Value { was, now })
            }
        }
        read => Judged::Write(field, read),
    }
}

fn may_write(field: &Field, writer: &Writer) -> bool {
    match &writer.door {
        // A list fills whatever its columns are mapped to; what it decides is another question.
        Door::List { .. } => true,
        Door::Phone | Door::LeavingPhone | Door::Console => {
            field.writers.contains(&writer.role) || field.deciders.contains(&writer.role)
        }
    }
}

/// A department's committed list decides the enrolments of its own categories; in the village the deciders' role.
pub fn decides(field: &Field, writer: &Writer) -> bool {
    match &writer.door {
        Door::List { source } => field.owner == Some(source.as_str()),
        Door::Phone | Door::Console => field.deciders.contains(&writer.role),
        Door::LeavingPhone => false,
    }
}

/// Reads a field write by the catalogue that its author had, into values of today's.
pub(crate) fn read(
    catalogue: &Catalogue,
    field: &Field,
    version: u32,
    write: &FieldWrite,
) -> Result<Read, &'static str> {
    match (write, field.merge) {
        (FieldWrite::Value(_), Merge::Set)
        | (FieldWrite::Set(_), Merge::Register | Merge::Note | Merge::Guarded) => Err("wrong_type"),
        (FieldWrite::Value(value), _) => {
            let now = field
                .parse_value(&value.now, version, catalogue)
                .map_err(|f| f.code())?;
            // What was seen is evidence: it may be in a form that is no longer accepted.
            let was = field.parse_value(&value.was, version, catalogue);
            let was = was.unwrap_or_else(|_| value.was.as_str().map_or(Value::Null, Value::from));
            Ok(Read::Value { was, now })
        }
        (FieldWrite::Set(set), Merge::Set) => {
            let elements = |of: &[String]| {
                of.iter()
                    .map(|e| field.parse_element(e, version, catalogue))
                    .collect::<Result<BTreeSet<_>, _>>()
            };
            let add = elements(&set.add).map_err(|f| f.code())?;
            // Whatever stands in an old document may be taken out, also what is no longer offered.
            let remove = set.remove.iter().map(|e| domain::text::clean(e)).collect();
            if add.len() > field.limit as usize {
                return Err("too_long");
            }
            Ok(Read::Set { add, remove })
        }
    }
}
