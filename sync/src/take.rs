//! Applies one edit to a record. The same record and edit always give the same result.

use crate::arrived::Edit;
use crate::base::{self, Base};
use crate::beside::{describe_held, find_conflicts};
use crate::confirm::confirm;
use crate::field::{Puts, take_field, write_puts};
use crate::full;
use crate::gate::Admitted;
use crate::outcome::{Ask, Outcome, Taken};
use crate::policy::{Door, Judged, Writer, judge};
use crate::record::{Record, Source, State, VisitLine};
use crate::skeleton::Derive;
use crate::translate::{name_as_sent, translate};
use domain::Value;
use domain::catalogue::Catalogue;

/// What taking an edit needs beside the record.
pub struct Context<'a> {
    pub catalogue: &'a Catalogue,
    pub derive: Derive<'a>,
    pub source: Source,
}

/// Takes an edit in. What fails policy is held or becomes a proposal and never enters the document; whatever the
/// outcome, nothing that was typed is lost.
///
/// ```
/// use domain::{AccountId, DeviceId, ResidentId, catalogue::{Catalogue, Role}};
/// use sync::record::Source;
/// use sync::{Arrived, Context, Door, Outcome, Record, State, Writer, take};
///
/// let catalogue = Catalogue::built_in();
/// let mut record = Record::new(ResidentId::from_bytes([10; 16]), &catalogue, State::Reported);
/// let bytes = br#"{ "id": "01930000-0000-7000-8000-000000000001", "seq": 1, "made_at": "2026-11-06T01:00:00Z",
///     "resident": "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a", "catalogue": 1,
///     "create": { "grid": "01930000-0000-7000-8000-0000000000bb" },
///     "fields": { "phone": { "was": null, "now": "13900078411" } } }"#;
/// let Arrived::Edit(edit) = Arrived::parse(bytes) else { panic!() };
/// let writer = Writer {
///     account: AccountId::from_bytes([1; 16]), device: Some(DeviceId::from_bytes([2; 16])),
///     role: Role::Worker, door: Door::Phone, name: "梁少芳".into(),
/// };
/// let source = Source::Edit { edit: edit.id, by: writer.name.clone(), at: edit.made_at };
/// let cx = Context { catalogue: &catalogue, derive: &|_| [0; 16], source };
/// assert_eq!(take(&mut record, &edit, &writer, &cx).outcome, Outcome::Merged);
/// assert_eq!(record.n, 1);
/// ```
pub fn take(record: &mut Record, edit: &Edit, writer: &Writer, cx: &Context<'_>) -> Taken {
    if !edit.changes.is_empty() && edit.fields.is_empty() {
        return full::take(record, edit, writer, cx);
    }
    let base = base::effective(record, edit, writer.device, cx.catalogue);
    take_at(record, edit, &base, writer, cx)
}

/// [`take`] at a base that is already known: how an approved proposal is written at its own.
pub fn take_at(record: &mut Record, edit: &Edit, base: &Base, writer: &Writer, cx: &Context<'_>) -> Taken {
    let edit = translate(cx.catalogue, edit);
    let mut taken = take_with(record, &edit, base, writer, cx, None);
    name_as_sent(&edit, &mut taken);
    taken
}

/// [`take_at`], where the document's writes are made already (`admitted`) or are yet to be made of the fields.
pub(crate) fn take_with(
    record: &mut Record,
    edit: &Edit,
    base: &Base,
    writer: &Writer,
    cx: &Context<'_>,
    admitted: Option<Admitted>,
) -> Taken {
    if let Some(held) = refuse_whole(record, edit, writer, cx.catalogue) {
        return held;
    }
    // Before anything is written: a request stands or falls whole.
    if let Some(stale) = changed_meanwhile(record, edit, writer, cx.catalogue) {
        return Taken {
            outcome: Outcome::Held,
            changed_meanwhile: Some(stale),
            ..Taken::nothing()
        };
    }
    let mut taken = Taken::nothing();
    let mut puts = Puts::default();
    for (key, write) in &edit.fields {
        let outcome = take_field(record, edit, writer, cx, base, key, write, &mut puts, &mut taken);
        taken.fields.insert(key.clone(), outcome);
    }
    confirm(record, edit, cx, base, writer, &mut puts, &mut taken);
    let heads_before = record.doc.get_heads();
    let seen = match base {
        Base::Known { heads, .. } => heads.clone(),
        Base::Unknown => heads_before.clone(),
    };
    let current = heads_before.iter().all(|head| seen.contains(head));
    match admitted {
        Some(admitted) => {
            record.doc = admitted.doc;
            taken.changes = admitted.hashes;
        }
        None => write_puts(record, edit, cx, &seen, puts, &mut taken),
    }
    if !current || base.is_unknown() {
        find_conflicts(record, edit, cx, &seen, &mut taken);
    }
    if edit.create.is_some() {
        taken.asks.push(Ask::NewResident);
    }
    if let Some(report) = &edit.report {
        let (date, place, text) = (report.date.clone(), report.place.clone(), report.text.clone());
        taken.asks.push(Ask::Departure {
            kind: report.kind.status(),
            date,
            place,
            text,
        });
        taken.outcome = taken.outcome.max(Outcome::Proposed);
    }
    if let Some(visit) = &edit.visit {
        record.add_visit(VisitLine {
            visit: edit.id,
            at: visit.at,
            by: writer.name.clone(),
            means: visit.means.name().into(),
            outcome: visit.outcome.name().into(),
            text: visit
                .text
                .as_deref()
                .map(domain::text::note)
                .filter(|t| !t.is_empty()),
        });
    }
    taken.outcome = taken.fields.values().copied().fold(taken.outcome, Outcome::max);
    describe_held(&mut taken);
    record.kept.sources.insert(edit.id, cx.source.clone());
    record.stamp(edit.id, writer.device, Some(edit.seq), taken.changes.clone());
    taken
}

/// The first fact of a console's request that is no longer what it saw, with what it is now.
fn changed_meanwhile(
    record: &Record,
    edit: &Edit,
    writer: &Writer,
    catalogue: &Catalogue,
) -> Option<(String, Value)> {
    if writer.door != Door::Console {
        return None;
    }
    edit.fields.iter().find_map(|(key, write)| {
        let Judged::Decide(field, was, now) = judge(catalogue, edit, key, write, writer) else {
            return None;
        };
        let present = record.fact(field.key);
        let stale = !field.same(&present, &was) && !field.same(&present, &now);
        stale.then(|| (key.clone(), present))
    })
}

/// What keeps an edit out as a whole.
pub(crate) fn refuse_whole(
    record: &Record,
    edit: &Edit,
    writer: &Writer,
    catalogue: &Catalogue,
) -> Option<Taken> {
    if edit.catalogue > catalogue.version {
        return Some(Taken::held(
            "catalogue_unknown",
            format!(
                "服务器尚不认识字段目录版本 {}（现为 {}），修改已原样保留",
                edit.catalogue, catalogue.version
            ),
        ));
    }
    if !catalogue.reads(edit.catalogue) {
        return Some(Taken::held(
            "catalogue_too_old",
            format!(
                "修改所用的字段目录版本 {} 过旧（现为 {}），已原样保留，请更新小程序",
                edit.catalogue, catalogue.version
            ),
        ));
    }
    // A cadre may have to reverse it, and a department's list says what it says.
    let phone = matches!(writer.door, Door::Phone | Door::LeavingPhone);
    if record.state == State::Departed && phone {
        return Some(Taken::held(
            "resident_departed",
            "该人员已离册，修改已保留待人工处理",
        ));
    }
    (edit.create.is_some() && record.n > 0)
        .then(|| Taken::held("already_there", "该人员已存在，重复新建已保留待人工处理"))
}
