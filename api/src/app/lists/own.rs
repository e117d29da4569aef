//! Which edits a list's rows have made: their ids follow from list, row and resident.

use super::steps::Commit;
use crate::store::lists::Row;
use uuid::Uuid;

/// The edits that a row may have made of its resident.
pub fn own_edits(cx: &Commit<'_>, row: &Row) -> impl Iterator<Item = Uuid> + use<> {
    let place = (row.sheet, row.row);
    let of = |id: Uuid| ["list_edit", "list_category", "missing"].map(|what| cx.derive(what, place, id));
    row.resident.map(of).into_iter().flatten()
}

/// Whether the row entered its resident, who was nobody before.
pub fn entered(cx: &Commit<'_>, row: &Row) -> bool {
    let id = cx.derive("resident", (row.sheet, row.row), Uuid::nil());
    row.resident == Some(id)
}
