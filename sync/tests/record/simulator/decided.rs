//! Decisions on a record and its new epochs, carried out when they are made and when the record is played again.

use super::person::{Arrival, Person, What};
use super::server::writer;
use crate::desk::derive;
use domain::{DeviceId, EditId};
use sync::decide::{self, Decision, Proposal};
use sync::record::{Past, Source};
use sync::{Context, Door};

/// An arrival across which nothing may be moved.
pub fn barrier(person: &Person, what: What) -> Arrival {
    Arrival {
        what,
        seen: person.arrivals.len(),
        barrier: true,
        ordered: true,
        lost: false,
    }
}

/// Carries a decision out, here or when the record is played again.
pub fn decide(record: &mut sync::Record, what: &What, catalogue: &domain::catalogue::Catalogue) {
    if let What::Epoch(id) = what {
        let epoch = record.epoch;
        if let Ok(doc) = sync::epoch::begin(record, catalogue, &derive) {
            record.past.push(Past { epoch, doc });
            record.stamp(*id, None, None, Vec::new());
        }
        return;
    }
    let What::Approve {
        edit,
        base,
        key,
        decision,
        shown,
    } = what
    else {
        return;
    };
    let by = |id: EditId, by: &str| Source::Edit {
        edit: id,
        by: by.into(),
        at: edit.made_at,
    };
    let base = base.base();
    let proposal = Proposal {
        edit,
        base: &base,
        key,
        source: by(
            edit.id,
            &writer(0, DeviceId::from_bytes([1; 16]), Door::Phone).name,
        ),
    };
    let decision = Decision {
        id: *decision,
        made_at: edit.made_at,
        source: by(*decision, "陆桂英"),
        shown: shown.clone(),
    };
    let source = decision.source.clone();
    let cx = Context {
        catalogue,
        derive: &derive,
        source,
    };
    let _ = decide::approve(record, &proposal, decision, &cx);
}
