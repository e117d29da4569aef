//! When each phone was last heard of. Noted in memory while requests are answered, written down by the way: an idle
//! pull opens no write transaction. What a node had not written when it was killed is lost, and the next pull says it
//! again.

use crate::store::devices::Contact;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

#[derive(Default)]
pub struct Contacts(Mutex<BTreeMap<Uuid, Contact>>);

impl Contacts {
    /// The newest of one device counts, with what earlier ones said and it does not.
    pub fn note(&self, device: Uuid, contact: Contact) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(&device) {
            Some(known) if known.at > contact.at => {}
            Some(known) => *known = std::mem::take(known).then(contact),
            None => {
                all.insert(device, contact);
            }
        }
    }

    /// All that is not written yet, which is forgotten here.
    pub fn take(&self) -> Vec<(Uuid, Contact)> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *all).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_contact_counts_and_is_taken_once() {
        let at = |at| Contact {
            at,
            app: (at == 5).then(|| "1.4.0".to_owned()),
            ..Contact::default()
        };
        let (contacts, device) = (Contacts::default(), Uuid::now_v7());
        for millis in [5, 9, 7] {
            contacts.note(device, at(millis));
        }
        contacts.note(Uuid::now_v7(), at(1));
        let taken = contacts.take();
        assert_eq!(taken.len(), 2);
        let (id, newest) = &taken[0];
        assert_eq!(
            (id, newest.at, newest.app.as_deref()),
            (&device, 9, Some("1.4.0"))
        );
        assert_eq!(contacts.take(), []);
    }
}
