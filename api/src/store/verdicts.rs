//! What became of a list's rows.

use crate::store::lists::{Outcome, Row};
use entity::list_row;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Writes what became of rows that are there, in few statements.
pub async fn judge<C: ConnectionTrait>(db: &C, judged: &[(&Row, &Outcome)]) -> Result<(), DbErr> {
    use list_row::Column as C_;
    for part in judged.chunks(200) {
        let models = part.iter().map(|(row, outcome)| list_row::ActiveModel {
            list: Set(row.list),
            sheet: Set(row.sheet),
            row: Set(row.row),
            verdict: Set(Some(outcome.verdict.to_owned())),
            reason: Set(outcome.reason.clone()),
            resident: Set(outcome.resident),
            // The rows are there: an insert only brings many updates into one statement, and these stay as they are.
            digest: Set(row.digest.clone()),
            sealed: Set(Vec::new()),
        });
        let on = OnConflict::columns([C_::List, C_::Sheet, C_::Row])
            .update_columns([C_::Verdict, C_::Reason, C_::Resident])
            .to_owned();
        list_row::Entity::insert_many(models)
            .on_conflict(on)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// How many rows have each verdict; those without one under an empty name.
pub async fn verdicts<C: ConnectionTrait>(db: &C, list: Uuid) -> Result<BTreeMap<String, i64>, DbErr> {
    use list_row::Column as C_;
    let counts: Vec<(Option<String>, i64)> = list_row::Entity::find()
        .select_only()
        .column(C_::Verdict)
        .column_as(C_::Row.count(), "rows")
        .filter(C_::List.eq(list))
        .group_by(C_::Verdict)
        .into_tuple()
        .all(db)
        .await?;
    Ok(counts
        .into_iter()
        .map(|(verdict, n)| (verdict.unwrap_or_default(), n))
        .collect())
}
