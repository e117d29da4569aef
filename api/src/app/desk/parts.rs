//! A desk divided by residents, for work on several threads, and put together again.

use super::Desk;
use std::collections::BTreeSet;
use uuid::Uuid;

impl<'a> Desk<'a> {
    /// A desk with the records and open items of these residents, which this one has no more.
    pub fn part(&mut self, residents: &BTreeSet<Uuid>) -> Desk<'a> {
        let records = self.records.extract_if(.., |id, _| residents.contains(id));
        let records = records.collect();
        let items = self.items.extract_if(.., |(id, ..), _| residents.contains(id));
        Desk {
            records,
            items: items.collect(),
            placed_by: self.placed_by,
            places: self.places,
            ..Desk::bare(&self.txn, self.program, self.now)
        }
    }

    /// Takes in what was done at another desk, with other residents. It is named piece by piece, so that nothing that a
    /// desk may ever hold is left behind.
    pub fn join(&mut self, other: Desk<'a>) {
        let Desk {
            txn: _,
            program: _,
            now: _,
            placed_by: _,
            places: _,
            records,
            items,
            news,
            why,
            addresses,
            closed,
            changed,
            edits,
            held,
            loose,
            ended,
            merged,
            identities,
            confirmations,
            visits,
            answered,
            current,
        } = other;
        self.records.extend(records);
        self.items.extend(items);
        self.news.extend(news);
        self.why.extend(why);
        self.addresses.extend(addresses);
        self.closed.extend(closed);
        self.changed.extend(changed);
        self.edits.extend(edits);
        self.held.extend(held);
        self.loose.extend(loose);
        self.ended.extend(ended);
        self.merged.extend(merged);
        self.identities.extend(identities);
        self.confirmations.extend(confirmations);
        self.visits.extend(visits);
        self.answered.extend(answered);
        self.current = self.current.or(current);
    }
}
