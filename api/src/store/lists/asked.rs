//! Inbox items that rows of lists opened.

use crate::seal::Keyring;
use crate::store::{Fault, sealed};
use entity::inbox_item;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Which of these keys an item of a list row has already, open or not: what was asked once is not asked again.
pub async fn asked<C: ConnectionTrait>(db: &C, keys: &[String]) -> Result<BTreeSet<String>, DbErr> {
    use inbox_item::Column as C_;
    if keys.is_empty() {
        return Ok(BTreeSet::new());
    }
    let found: Vec<String> = inbox_item::Entity::find()
        .select_only()
        .column(C_::Key)
        .filter(C_::Reason.is_in(["list_row_ambiguous", "list_row_invalid"]))
        .filter(C_::Key.is_in(keys))
        // A question of a list that was undone is withdrawn, and may be asked anew.
        .filter(C_::State.ne("withdrawn"))
        .into_tuple()
        .all(db)
        .await?;
    Ok(found.into_iter().collect())
}

/// Puts the open `unplaced` items of residents whose village nobody knows before their town.
pub async fn to_town<C: ConnectionTrait>(db: &C, residents: &[(Uuid, Uuid)]) -> Result<(), DbErr> {
    use inbox_item::Column as C_;
    for (resident, town) in residents {
        inbox_item::Entity::update_many()
            .col_expr(C_::Level, Expr::value("town"))
            .col_expr(C_::Town, Expr::value(*town))
            .filter(C_::Resident.eq(*resident))
            .filter(C_::Reason.eq("unplaced"))
            .filter(C_::State.eq("open"))
            .exec(db)
            .await?;
    }
    Ok(())
}

/// Says on open items of rows of these lists that a later month has come: whoever decides must see that first.
/// Answers the last one, to go on behind it; none when all are told.
pub async fn later_month_came<C: ConnectionTrait>(
    db: &C,
    keys: &Keyring,
    lists: &[Uuid],
    month: &str,
    after: Option<Uuid>,
    most: u64,
) -> Result<Option<Uuid>, Fault> {
    use inbox_item::Column as C_;
    let mut query = inbox_item::Entity::find()
        .filter(C_::List.is_in(lists.iter().copied()))
        .filter(C_::State.eq("open"))
        .filter(C_::Resident.is_null());
    if let Some(after) = after {
        query = query.filter(C_::Id.gt(after));
    }
    let rows = query.order_by_asc(C_::Id).limit(most).all(db).await?;
    for row in &rows {
        let mut body: serde_json::Value = sealed::open(keys, "inbox_item", row.id, &row.sealed)?;
        if body["later_month"].as_str().is_some_and(|told| told >= month) {
            continue;
        }
        body["later_month"] = month.into();
        crate::store::inbox::change(db, keys, row.id, row.n + 1, row.beside, &body).await?;
    }
    Ok(rows.last().map(|row| row.id))
}
