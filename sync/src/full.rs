//! An edit that came as changes: through the gate, and then judged like any other.

use crate::arrived::{Edit, FieldWrite};
use crate::base::{self, Base};
use crate::gate::{Refusal, admit, admit_to_past, without_base};
use crate::outcome::{Problem, Taken};
use crate::policy::{Judged, Read, Writer, judge};
use crate::record::Record;
use crate::take::{Context, refuse_whole, take_at, take_with};
use crate::translate::translate;
use domain::Value;
use domain::catalogue::Field;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// Takes a full client's edit. Its changes stand or fall together: one field that may not be written so keeps all of
/// them out, and what they say waits for a person.
pub(crate) fn take(record: &mut Record, edit: &Edit, writer: &Writer, cx: &Context<'_>) -> Taken {
    if let Some(held) = refuse_whole(record, edit, writer, cx.catalogue) {
        return Taken {
            rebuild: true,
            ..held
        };
    }
    let admitted = match admit(record, edit, cx.catalogue) {
        Ok(admitted) => admitted,
        Err(refused) => match elsewhere(record, edit, refused.why, cx) {
            Some((fields, base)) => return by_what_they_write(record, edit, fields, &base, writer, cx),
            None => return held(refused.why, Vec::new(), refused.told),
        },
    };
    let writes = Json::Object(admitted.fields.clone());
    let Ok(fields) = serde_json::from_value::<BTreeMap<String, FieldWrite>>(writes.clone()) else {
        return held(Refusal::Unreadable, Vec::new(), Some(writes));
    };
    let base = base::effective(record, edit, writer.device, cx.catalogue);
    let said = Edit {
        fields,
        ..edit.clone()
    };
    // Written under keys that are others today, the changes cannot enter; what they write can.
    if !translate(cx.catalogue, &said).moved.is_empty() {
        let taken = take_at(record, &said, &base, writer, cx);
        return Taken {
            writes: Some(writes),
            rebuild: true,
            ..taken
        };
    }
    let mut waits = false;
    let mut refused = Vec::new();
    for (key, write) in &said.fields {
        match judge(cx.catalogue, edit, key, write, writer) {
            Judged::Write(field, read) if exact(field, &read, write) => {}
            Judged::Propose(field, read) if exact(field, &read, write) => waits = true,
            _ => refused.push(key.clone()),
        }
    }
    if !refused.is_empty() {
        return held(Refusal::Fields, refused, Some(writes));
    }
    let taken = match waits {
        true => take_at(record, &said, &base, writer, cx),
        false => take_with(record, &said, &base, writer, cx, Some(admitted)),
    };
    Taken {
        writes: Some(writes),
        rebuild: waits,
        ..taken
    }
}

/// What changes write that stand on an earlier epoch, or on something that is not here, as far as it is certain; and
/// the version of today at which their author stood.
fn elsewhere(
    record: &Record,
    edit: &Edit,
    why: Refusal,
    cx: &Context<'_>,
) -> Option<(Map<String, Json>, Base)> {
    if !matches!(why, Refusal::StaleEpoch | Refusal::Missing) {
        return None;
    }
    for past in &record.past {
        let Ok((fields, saw_all)) = admit_to_past(record, past, edit, cx.catalogue) else {
            continue;
        };
        // Who had seen the last of the old epoch stands at the seam, where the new one begins.
        let seam = record.kept.seam.as_ref();
        let seam = seam.filter(|_| saw_all && past.epoch + 1 == record.epoch);
        let base = seam.map_or(Base::Unknown, |seam| Base::Known {
            heads: seam.heads(),
            facts_version: seam.facts_version,
        });
        return Some((fields, base));
    }
    let fields = (why == Refusal::Missing).then(|| without_base(record, edit, cx.catalogue));
    Some((fields.flatten()?, Base::Unknown))
}

/// Takes what changes write as a light edit's fields: they are merged by `was`, field by field, and the changes
/// themselves never enter the document.
fn by_what_they_write(
    record: &mut Record,
    edit: &Edit,
    writes: Map<String, Json>,
    base: &Base,
    writer: &Writer,
    cx: &Context<'_>,
) -> Taken {
    let writes = Json::Object(writes);
    let Ok(fields) = serde_json::from_value::<BTreeMap<String, FieldWrite>>(writes.clone()) else {
        return held(Refusal::Unreadable, Vec::new(), Some(writes));
    };
    let said = Edit {
        fields,
        ..edit.clone()
    };
    let taken = take_at(record, &said, base, writer, cx);
    Taken {
        writes: Some(writes),
        rebuild: true,
        ..taken
    }
}

/// Whether a write is one to the document, in the very form in which the catalogue would store it: nobody can mend a
/// change afterwards.
fn exact(field: &Field, read: &Read, write: &FieldWrite) -> bool {
    let same = match (read, write) {
        (Read::Value { now, .. }, FieldWrite::Value(write)) => {
            serde_json::from_value::<Value>(write.now.clone()).is_ok_and(|typed| typed == *now)
        }
        (Read::Set { add, .. }, FieldWrite::Set(write)) => add.iter().eq(&write.add),
        _ => false,
    };
    same && field.in_document()
}

/// What a full client's edit writes to a record that is another's now, as a light edit, and in the shapes of `fields`:
/// changes of one document never enter another. `record` is the absorbed one; it is not written, but the next edit of the same request
/// may stand on this one.
///
/// # Errors
/// The edit is held: its changes cannot be read there.
pub fn of_absorbed(record: &mut Record, edit: &Edit, cx: &Context<'_>) -> Result<(Edit, Json), Box<Taken>> {
    let fields = match admit(record, edit, cx.catalogue) {
        Ok(admitted) => {
            record.doc = admitted.doc;
            admitted.fields
        }
        Err(refused) => match elsewhere(record, edit, refused.why, cx) {
            Some((fields, _)) => fields,
            None => return Err(Box::new(held(refused.why, Vec::new(), refused.told))),
        },
    };
    let writes = Json::Object(fields);
    match serde_json::from_value(writes.clone()) {
        Ok(fields) => {
            let said = Edit {
                fields,
                changes: Vec::new(),
                ..edit.clone()
            };
            Ok((said, writes))
        }
        Err(_) => Err(Box::new(held(Refusal::Unreadable, Vec::new(), Some(writes)))),
    }
}

fn held(why: Refusal, fields: Vec<String>, writes: Option<Json>) -> Taken {
    let mut taken = Taken::held(why.code(), why.message());
    if let Some(Problem { fields: named, .. }) = &mut taken.problem {
        *named = fields;
    }
    Taken {
        writes,
        rebuild: true,
        ..taken
    }
}
