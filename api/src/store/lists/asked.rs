//! Inbox items that rows of lists opened.

use entity::inbox_item;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
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
