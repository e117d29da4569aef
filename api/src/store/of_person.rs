//! Everything that hangs on one resident, for the report that the person may ask for.

use super::audit::AuditRow;
use entity::{audit, held, inbox_item, list, list_row, visit};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

/// All visits, the oldest first.
pub async fn visits<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Vec<visit::Model>, DbErr> {
    visit::Entity::find()
        .filter(visit::Column::Resident.eq(id))
        .order_by_asc(visit::Column::At)
        .all(db)
        .await
}

/// All edits that were kept because they could not be applied.
pub async fn held<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Vec<held::Model>, DbErr> {
    held::Entity::find()
        .filter(held::Column::Resident.eq(id))
        .order_by_asc(held::Column::ReceivedAt)
        .all(db)
        .await
}

/// All items of the inbox, open and closed.
pub async fn items<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Vec<inbox_item::Model>, DbErr> {
    inbox_item::Entity::find()
        .filter(inbox_item::Column::Resident.eq(id))
        .order_by_asc(inbox_item::Column::OpenedAt)
        .all(db)
        .await
}

/// The lists with a row about the person.
pub async fn lists<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Vec<list::Model>, DbErr> {
    let ids: Vec<Uuid> = list_row::Entity::find()
        .select_only()
        .column(list_row::Column::List)
        .distinct()
        .filter(list_row::Column::Resident.eq(id))
        .into_tuple()
        .all(db)
        .await?;
    list::Entity::find()
        .filter(list::Column::Id.is_in(ids))
        .order_by_asc(list::Column::Month)
        .order_by_asc(list::Column::UploadedAt)
        .all(db)
        .await
}

/// What the trail says was done to the person, the oldest first; and exports and lists of people, which name nobody.
pub async fn trail<C: ConnectionTrait>(db: &C, id: Uuid) -> Result<Vec<AuditRow>, DbErr> {
    let of_person = Condition::all()
        .add(audit::Column::SubjectKind.eq("resident"))
        .add(audit::Column::Subject.eq(id));
    audit::Entity::find()
        .filter(of_person)
        .order_by_asc(audit::Column::Id)
        .all(db)
        .await
}
