//! Jobs as people look through them.

use entity::job;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

/// What a page of jobs is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub created_by: Option<Uuid>,
    pub kind: Option<String>,
    pub state: Option<String>,
    pub subject: Option<Uuid>,
}

/// One page, newest first, after the job with this (created_at, id).
pub async fn page<C: ConnectionTrait>(
    db: &C,
    filter: &Filter,
    after: Option<(i64, Uuid)>,
    limit: u64,
) -> Result<Vec<job::Model>, DbErr> {
    use job::Column as C_;
    let mut query = job::Entity::find();
    if let Some(by) = filter.created_by {
        query = query.filter(C_::CreatedBy.eq(by));
    }
    if let Some(kind) = &filter.kind {
        query = query.filter(C_::Kind.eq(kind));
    }
    if let Some(state) = &filter.state {
        query = query.filter(C_::State.eq(state));
    }
    if let Some(subject) = filter.subject {
        query = query.filter(C_::Subject.eq(subject));
    }
    if let Some((at, id)) = after {
        let earlier = Condition::any()
            .add(C_::CreatedAt.lt(at))
            .add(Condition::all().add(C_::CreatedAt.eq(at)).add(C_::Id.lt(id)));
        query = query.filter(earlier);
    }
    query
        .order_by_desc(C_::CreatedAt)
        .order_by_desc(C_::Id)
        .limit(limit)
        .all(db)
        .await
}
