//! Comparison rules as rows. They are data of the county and hold nothing of a person.

use entity::clue_rule;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

/// A rule as it is kept: its text is JSON that the crate `matching` reads.
pub struct Stored {
    pub code: String,
    pub number: i32,
    pub rule: String,
    /// The last day on which it runs, `YYYY-MM-DD`.
    pub until: Option<String>,
}

/// All rules, ended ones too, by number and code.
pub async fn all<C: ConnectionTrait>(db: &C) -> Result<Vec<Stored>, DbErr> {
    let rows = clue_rule::Entity::find()
        .order_by_asc(clue_rule::Column::Number)
        .order_by_asc(clue_rule::Column::Code)
        .all(db)
        .await?;
    let one = |row: clue_rule::Model| Stored {
        code: row.code,
        number: row.number,
        rule: row.rule,
        until: row.valid_until,
    };
    Ok(rows.into_iter().map(one).collect())
}

pub async fn codes<C: ConnectionTrait>(db: &C) -> Result<Vec<String>, DbErr> {
    clue_rule::Entity::find()
        .select_only()
        .column(clue_rule::Column::Code)
        .order_by_asc(clue_rule::Column::Code)
        .into_tuple()
        .all(db)
        .await
}

/// Enters rules. One whose code is there already stays as it is; answers how many were new.
pub async fn insert<C: ConnectionTrait>(
    db: &C,
    rules: Vec<Stored>,
    by: Option<Uuid>,
    now: i64,
) -> Result<u64, DbErr> {
    let rows = rules.into_iter().map(|rule| clue_rule::ActiveModel {
        code: Set(rule.code),
        number: Set(rule.number),
        rule: Set(rule.rule),
        valid_until: Set(rule.until),
        created_at: Set(now),
        created_by: Set(by),
        ended_by: Set(None),
    });
    let on = OnConflict::column(clue_rule::Column::Code)
        .do_nothing()
        .to_owned();
    clue_rule::Entity::insert_many(rows)
        .on_conflict(on)
        .exec_without_returning(db)
        .await
}

/// Sets the last day on which a rule runs. `false`: there is none of this code.
pub async fn end<C: ConnectionTrait>(db: &C, code: &str, until: &str, by: Uuid) -> Result<bool, DbErr> {
    let done = clue_rule::Entity::update_many()
        .set(clue_rule::ActiveModel {
            valid_until: Set(Some(until.to_owned())),
            ended_by: Set(Some(by)),
            ..Default::default()
        })
        .filter(clue_rule::Column::Code.eq(code))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}
