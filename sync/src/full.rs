//! An edit that came as changes: through the gate, and then judged like any other.

use crate::arrived::{Edit, FieldWrite};
use crate::base;
use crate::gate::{Refusal, admit};
use crate::outcome::{Problem, Taken};
use crate::policy::{Judged, Read, Writer, judge};
use crate::record::Record;
use crate::take::{Context, refuse_whole, take_at, take_with};
use domain::Value;
use domain::catalogue::Field;
use serde_json::Value as Json;
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
        Err(refused) => return held(refused.why, Vec::new(), refused.told),
    };
    let writes = Json::Object(admitted.fields.clone());
    let Ok(fields) = serde_json::from_value::<BTreeMap<String, FieldWrite>>(writes.clone()) else {
        return held(Refusal::Unreadable, Vec::new(), Some(writes));
    };
    let mut waits = false;
    let mut refused = Vec::new();
    for (key, write) in &fields {
        match judge(cx.catalogue, edit.catalogue, key, write, writer) {
            Judged::Write(field, read) if exact(field, &read, write) => {}
            Judged::Propose(field, read) if exact(field, &read, write) => waits = true,
            _ => refused.push(key.clone()),
        }
    }
    if !refused.is_empty() {
        return held(Refusal::Fields, refused, Some(writes));
    }
    let base = base::effective(record, edit, writer.device, cx.catalogue);
    let said = Edit {
        fields,
        ..edit.clone()
    };
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
