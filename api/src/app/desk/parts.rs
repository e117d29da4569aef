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

    /// Takes in what was done at another desk, with other residents.
    pub fn join(&mut self, other: Desk<'a>) {
        self.records.extend(other.records);
        self.items.extend(other.items);
        self.news.extend(other.news);
        self.why.extend(other.why);
        self.addresses.extend(other.addresses);
        self.closed.extend(other.closed);
        self.changed.extend(other.changed);
        self.edits.extend(other.edits);
        self.held.extend(other.held);
        self.loose.extend(other.loose);
        self.ended.extend(other.ended);
        self.confirmations.extend(other.confirmations);
        self.visits.extend(other.visits);
        self.answered.extend(other.answered);
        self.current = self.current.or(other.current);
    }
}
