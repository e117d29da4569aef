//! What hangs on a resident by id and goes to whom they are merged into: visits, enrolments, rows of lists, answers,
//! clues and the visits that they ask for.

use entity::{answer, clue, confirmation, edit, enrolment, list_row, visit, visit_task};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What was taken over, so that the same goes back.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Taken {
    pub enrolments: Vec<Uuid>,
    /// Rows of lists: list, sheet, row.
    pub rows: Vec<(Uuid, i32, i32)>,
    /// Digests of rows that a person answered.
    pub answers: Vec<Vec<u8>>,
    /// Of rules, and the visits that they asked for.
    #[serde(default)]
    pub clues: Vec<Uuid>,
    #[serde(default)]
    pub tasks: Vec<Uuid>,
}

/// Gives rows of lists, answers, clues and tasks to another, and says which these were.
pub async fn take_links<C: ConnectionTrait>(db: &C, from: Uuid, to: Uuid) -> Result<Taken, DbErr> {
    use list_row::Column as R;
    let rows: Vec<(Uuid, i32, i32)> = list_row::Entity::find()
        .select_only()
        .columns([R::List, R::Sheet, R::Row])
        .filter(R::Resident.eq(from))
        .into_tuple()
        .all(db)
        .await?;
    list_row::Entity::update_many()
        .col_expr(R::Resident, Expr::value(to))
        .filter(R::Resident.eq(from))
        .exec(db)
        .await?;
    let answers: Vec<Vec<u8>> = answer::Entity::find()
        .select_only()
        .column(answer::Column::Who)
        .filter(answer::Column::Resident.eq(from))
        .into_tuple()
        .all(db)
        .await?;
    answer::Entity::update_many()
        .col_expr(answer::Column::Resident, Expr::value(to))
        .filter(answer::Column::Resident.eq(from))
        .exec(db)
        .await?;
    let clues = clue::Entity::find()
        .select_only()
        .column(clue::Column::Id)
        .filter(clue::Column::Resident.eq(from))
        .into_tuple();
    let tasks = visit_task::Entity::find()
        .select_only()
        .column(visit_task::Column::Id)
        .filter(visit_task::Column::Resident.eq(from))
        .into_tuple();
    let (clues, tasks) = (clues.all(db).await?, tasks.all(db).await?);
    give_clues(db, (&clues, &tasks), from, to).await?;
    Ok(Taken {
        enrolments: Vec::new(),
        rows,
        answers,
        clues,
        tasks,
    })
}

/// Gives clues, and visits that are asked for because of some, to another.
async fn give_clues<C: ConnectionTrait>(
    db: &C,
    (clues, tasks): (&[Uuid], &[Uuid]),
    from: Uuid,
    to: Uuid,
) -> Result<(), DbErr> {
    for part in clues.chunks(500) {
        clue::Entity::update_many()
            .col_expr(clue::Column::Resident, Expr::value(to))
            .filter(clue::Column::Id.is_in(part.iter().copied()))
            .filter(clue::Column::Resident.eq(from))
            .exec(db)
            .await?;
    }
    for part in tasks.chunks(500) {
        visit_task::Entity::update_many()
            .col_expr(visit_task::Column::Resident, Expr::value(to))
            .filter(visit_task::Column::Id.is_in(part.iter().copied()))
            .filter(visit_task::Column::Resident.eq(from))
            .exec(db)
            .await?;
    }
    Ok(())
}

/// Gives back what [`take_links`] took, as far as it still stands where it was put.
pub async fn give_links_back<C: ConnectionTrait>(
    db: &C,
    taken: &Taken,
    from: Uuid,
    to: Uuid,
) -> Result<(), DbErr> {
    use list_row::Column as R;
    for (list, sheet, row) in &taken.rows {
        list_row::Entity::update_many()
            .col_expr(R::Resident, Expr::value(to))
            .filter(R::List.eq(*list))
            .filter(R::Sheet.eq(*sheet))
            .filter(R::Row.eq(*row))
            .filter(R::Resident.eq(from))
            .exec(db)
            .await?;
    }
    for part in taken.answers.chunks(500) {
        answer::Entity::update_many()
            .col_expr(answer::Column::Resident, Expr::value(to))
            .filter(answer::Column::Who.is_in(part.iter().cloned()))
            .filter(answer::Column::Resident.eq(from))
            .exec(db)
            .await?;
    }
    give_clues(db, (&taken.clues, &taken.tasks), from, to).await
}

/// Gives some episodes to another.
pub async fn move_episodes<C: ConnectionTrait>(
    db: &C,
    ids: &[Uuid],
    from: Uuid,
    to: Uuid,
) -> Result<(), DbErr> {
    enrolment::Entity::update_many()
        .col_expr(enrolment::Column::Resident, Expr::value(to))
        .filter(enrolment::Column::Id.is_in(ids.iter().copied()))
        .filter(enrolment::Column::Resident.eq(from))
        .exec(db)
        .await?;
    Ok(())
}

/// Gives all visits of somebody to another.
pub async fn take_visits<C: ConnectionTrait>(db: &C, from: Uuid, to: Uuid) -> Result<(), DbErr> {
    visit::Entity::update_many()
        .col_expr(visit::Column::Resident, Expr::value(to))
        .filter(visit::Column::Resident.eq(from))
        .exec(db)
        .await?;
    Ok(())
}

/// Gives the visits back whose edits named one of `others`.
pub async fn give_visits_back<C: ConnectionTrait>(
    db: &C,
    others: &BTreeSet<Uuid>,
    from: Uuid,
    to: Uuid,
) -> Result<(), DbErr> {
    let theirs = Query::select()
        .column(edit::Column::Id)
        .from(edit::Entity)
        .and_where(edit::Column::Named.is_in(others.iter().copied()))
        .to_owned();
    visit::Entity::update_many()
        .col_expr(visit::Column::Resident, Expr::value(to))
        .filter(visit::Column::Resident.eq(from))
        .filter(visit::Column::Id.in_subquery(theirs))
        .exec(db)
        .await?;
    Ok(())
}

/// The latest visits, newest first.
pub async fn latest_visits<C: ConnectionTrait>(
    db: &C,
    resident: Uuid,
    most: u64,
) -> Result<Vec<visit::Model>, DbErr> {
    visit::Entity::find()
        .filter(visit::Column::Resident.eq(resident))
        .order_by_desc(visit::Column::At)
        .order_by_desc(visit::Column::Id)
        .limit(most)
        .all(db)
        .await
}

/// Takes an edit out with what it confirmed and whom it visited: it is about to be written elsewhere.
pub async fn lift_edit<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<(), DbErr> {
    confirmation::Entity::delete_many()
        .filter(confirmation::Column::Edit.eq(id))
        .exec(db)
        .await?;
    visit::Entity::delete_by_id(id).exec(db).await?;
    edit::Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}
