//! Which edits a list's rows have made, and whom they entered: ids follow from list, row and resident.

use super::steps::Commit;
use crate::seal::Keyring;
use crate::store::lists::Row;
use uuid::Uuid;

/// The edits that a row may have made of its resident.
pub fn own_edits(cx: &Commit<'_>, row: &Row) -> impl Iterator<Item = Uuid> + use<> {
    let place = (row.sheet, row.row);
    let of = |id: Uuid| ["list_edit", "list_category", "missing"].map(|what| cx.derive(what, place, id));
    row.resident.map(of).into_iter().flatten()
}

/// Whether the row entered its resident, who was nobody before.
pub fn entered(keys: &Keyring, row: &Row) -> bool {
    let id = derive(keys, row.list, "resident", (row.sheet, row.row), Uuid::nil());
    row.resident == Some(id)
}

/// Whether a person had the row enter its resident: no machine enters anybody of whom no number is stated.
pub fn entered_by_a_person(keys: &Keyring, row: &Row) -> bool {
    row.content.get("id_number").is_none() && entered(keys, row)
}

/// An id that is the same however often the row is committed.
pub fn derive(keys: &Keyring, list: Uuid, what: &str, row: (i32, i32), resident: Uuid) -> Uuid {
    let (sheet, number) = (row.0.to_be_bytes(), row.1.to_be_bytes());
    let parts: [&[u8]; 5] = [
        what.as_bytes(),
        list.as_bytes(),
        &sheet,
        &number,
        resident.as_bytes(),
    ];
    Uuid::from_bytes(keys.derive(&parts))
}
