//! A row that waits is linked after all, when a later list, a register or an answer has made known whom it is about.
//! Nobody is asked any more, and the list that brought it is named: it cannot be undone without this row.

use super::answering::move_on;
use super::ground::Ground;
use super::judge;
use super::row::contradicts_its_file;
use crate::app::Error;
use crate::store::db::Txn;
use crate::store::inbox;
use crate::store::lists::{self, Row, Stage};
use serde_json::json;
use uuid::Uuid;

/// Judges a row that waits, and writes it if it waits no longer; `came` is the list that brings it.
pub async fn link_again(
    txn: &Txn,
    ground: &Ground<'_>,
    account: Uuid,
    row: &Row,
    came: Uuid,
) -> Result<(), Error> {
    let db = &**txn;
    let mut cx = ground.commit(account, Stage::Final);
    // What is done now is dated now: the commit may be months ago.
    cx.begun = cx.now;
    if contradicts_its_file(&row.content) {
        return Ok(());
    }
    let one = std::slice::from_ref(row);
    let judged = judge::judge(txn, &cx, one, None).await?;
    let mut outcome = judged.outcomes[0].clone();
    let Some(resident) = outcome.resident else {
        return Ok(());
    };
    // A list names a person once.
    let others = lists::rows_of(db, &cx.program.keys, &[cx.list.id], &[resident]).await?;
    if row.content.same_as.is_none() && !others.is_empty() {
        return Ok(());
    }
    let reason = outcome.reason.unwrap_or_default();
    outcome.reason = Some(format!("后来的名单或确认使此行得以关联；{reason}"));
    if cx.history {
        lists::judge(db, one, std::slice::from_ref(&outcome), Stage::Final).await?;
    } else {
        let judged = judged.saying(vec![outcome.clone()]);
        judged.write(txn, &cx, one).await?;
        move_on(txn, &cx, row, &mut outcome).await?;
    }
    lists::set_linked_after(db, row, came).await?;
    let place = (row.list, lists::item_row(row.sheet, row.row));
    for id in inbox::open_of_rows(db, &[place]).await? {
        if let Some(item) = inbox::find(db, id).await? {
            let keys = &cx.program.keys;
            let mut body = inbox::body(keys, &item)?;
            body["result"] = json!({ "linked_after": came });
            inbox::close(db, keys, id, "superseded", None, cx.now.millis(), &body).await?;
        }
    }
    Ok(())
}
