//! When a newer month of a source and kind is committed, rows that still wait in older ones say so: whoever decides
//! about them must see that first.

use super::figures::overlap;
use super::ground::Ground;
use crate::app::Error;
use crate::store::lists;
use uuid::Uuid;

/// Items of one transaction.
const STEP: u64 = 50;

/// Tells the waiting rows of older months, in steps; what was told before is not told again.
pub async fn tell_waiting(ground: &Ground<'_>) -> Result<(), Error> {
    let db = &ground.program.db;
    match &ground.later_month {
        // An older month that was handed in late is itself what has been overtaken.
        Some(month) => tell(ground, &[ground.list.id], month).await,
        None => {
            let mut older = Vec::new();
            for list in ground.earlier() {
                if list.month < ground.list.month && overlap(db.read(), &ground.list, list).await? {
                    older.push(list.id);
                }
            }
            tell(ground, &older, &ground.list.month).await
        }
    }
}

async fn tell(ground: &Ground<'_>, older: &[Uuid], month: &str) -> Result<(), Error> {
    if older.is_empty() {
        return Ok(());
    }
    let (db, keys) = (&ground.program.db, &ground.program.keys);
    let words = &format!("；较晚月份（{month}）的名单已提交");
    db.write(|txn| async move {
        lists::say_later_month(&*txn, older, words).await?;
        Ok::<_, Error>(())
    })
    .await?;
    let mut after = None;
    loop {
        let next = db.write(|txn| async move {
            Ok::<_, Error>(lists::later_month_came(&*txn, keys, older, month, after, STEP).await?)
        });
        match next.await? {
            Some(last) => after = Some(last),
            None => return Ok(()),
        }
    }
}
