//! What people answered about rows of lists: which resident a row is about, under keyed digests of what the row says.

use entity::answer;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Keeps one answer under several digests; a newer answer replaces an older one.
pub async fn keep<C: ConnectionTrait>(
    db: &C,
    who: &[[u8; 32]],
    resident: Uuid,
    decision: Uuid,
    now: i64,
) -> Result<(), DbErr> {
    use answer::Column as C_;
    let rows = who.iter().map(|who| answer::ActiveModel {
        who: Set(who.to_vec()),
        resident: Set(resident),
        decision: Set(decision),
        decided_at: Set(now),
    });
    let on = OnConflict::column(C_::Who)
        .update_columns([C_::Resident, C_::Decision, C_::DecidedAt])
        .to_owned();
    answer::Entity::insert_many(rows)
        .on_conflict(on)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Whether anybody answered anything yet: the cheap look before [`find`].
pub async fn any<C: ConnectionTrait>(db: &C) -> Result<bool, DbErr> {
    let one = answer::Entity::find()
        .select_only()
        .column(answer::Column::Resident)
        .limit(1)
        .into_tuple::<Uuid>()
        .one(db)
        .await?;
    Ok(one.is_some())
}

/// The residents of these digests, as far as they were answered.
pub async fn find<C: ConnectionTrait>(db: &C, who: &[[u8; 32]]) -> Result<BTreeMap<Vec<u8>, Uuid>, DbErr> {
    let mut out = BTreeMap::new();
    for part in who.chunks(500) {
        let rows = answer::Entity::find().filter(answer::Column::Who.is_in(part.iter().map(|w| w.to_vec())));
        out.extend(rows.all(db).await?.into_iter().map(|a| (a.who, a.resident)));
    }
    Ok(out)
}

/// Forgets what was answered about residents who were never here.
pub async fn forget<C: ConnectionTrait>(db: &C, residents: &[Uuid]) -> Result<(), DbErr> {
    for part in residents.chunks(500) {
        answer::Entity::delete_many()
            .filter(answer::Column::Resident.is_in(part.iter().copied()))
            .exec(db)
            .await?;
    }
    Ok(())
}
