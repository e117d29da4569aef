//! Whom somebody may read: every query of residents starts here, and what is outside does not exist.

use super::Fault;
use crate::actor::Scope;
use entity::{enrolment, resident};
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use uuid::Uuid;

/// The one start of every read.
///
/// A department sees a resident only through enrolments of its categories, and nobody whom a cadre has not approved
/// or who was merged into another. A worker sees nobody who has left.
pub fn visible_to(scope: &Scope) -> Select<resident::Entity> {
    let all = resident::Entity::find();
    match scope {
        Scope::County => all,
        Scope::Villages(villages) => all.filter(resident::Column::Village.is_in(villages.iter().copied())),
        Scope::Grids(grids) => all
            .filter(resident::Column::Grid.is_in(grids.iter().copied()))
            .filter(resident::Column::State.ne("departed")),
        Scope::Categories {
            categories, villages, ..
        } => {
            let own = all
                .filter(resident::Column::State.ne("reported"))
                .filter(resident::Column::MergedInto.is_null())
                .filter(resident::Column::Id.in_subquery(enrolled(Some(categories), None, false)));
            match villages {
                Some(villages) => own.filter(resident::Column::Village.is_in(villages.iter().copied())),
                None => own,
            }
        }
        Scope::Nothing => all.filter(Condition::all().add(resident::Column::Id.is_null())),
    }
}

/// Residents with an enrolment: in one of `categories` (in any where there is none), of the source's status.
fn enrolled(categories: Option<&[String]>, status: Option<&str>, open: bool) -> SelectStatement {
    let mut rows = Query::select()
        .column(enrolment::Column::Resident)
        .from(enrolment::Entity)
        .to_owned();
    if let Some(categories) = categories {
        rows.and_where(enrolment::Column::Category.is_in(categories.iter().cloned()));
    }
    if let Some(status) = status {
        rows.and_where(enrolment::Column::SourceStatus.eq(status));
    }
    if open {
        rows.and_where(enrolment::Column::Until.is_null());
    }
    rows
}

/// What narrows a list. Every part is optional; all that are given must hold.
#[derive(Clone, Debug, Default)]
pub struct Narrow {
    /// Villages, ended ones too.
    pub villages: Option<Vec<Uuid>>,
    pub grid: Option<Uuid>,
    pub category: Option<String>,
    /// The source's status of an enrolment that is open: of `category` where there is one.
    pub enrolment: Option<String>,
    /// `reported`, `present` or `departed`; who has left is listed only when asked for.
    pub state: Option<String>,
    pub born_from: Option<i32>,
    pub born_to: Option<i32>,
    /// Residents that an exact look-up found.
    pub ids: Option<Vec<Uuid>>,
}

/// Rows in scope that `narrow` leaves. Categories outside a department's are categories that do not exist.
pub fn narrowed(scope: &Scope, narrow: &Narrow) -> Select<resident::Entity> {
    use resident::Column as R;
    let mut rows = visible_to(scope);
    if let Some(villages) = &narrow.villages {
        rows = rows.filter(R::Village.is_in(villages.iter().copied()));
    }
    if let Some(grid) = narrow.grid {
        rows = rows.filter(R::Grid.eq(grid));
    }
    if narrow.category.is_some() || narrow.enrolment.is_some() {
        let wanted = narrow.category.as_ref();
        let categories: Option<Vec<String>> = match scope {
            Scope::Categories { categories, .. } => Some(
                categories
                    .iter()
                    .filter(|own| wanted.is_none_or(|w| w == *own))
                    .cloned()
                    .collect(),
            ),
            _ => wanted.map(|w| vec![w.clone()]),
        };
        let enrolled = enrolled(categories.as_deref(), narrow.enrolment.as_deref(), true);
        rows = rows.filter(R::Id.in_subquery(enrolled));
    }
    rows = match &narrow.state {
        Some(state) => rows.filter(R::State.eq(state)),
        None => rows.filter(R::State.ne("departed")),
    };
    if let Some(year) = narrow.born_from {
        rows = rows.filter(R::BirthYear.gte(year));
    }
    if let Some(year) = narrow.born_to {
        rows = rows.filter(R::BirthYear.lte(year));
    }
    if let Some(ids) = &narrow.ids {
        rows = rows.filter(R::Id.is_in(ids.iter().copied()));
    }
    rows
}

/// One page in the order of ids.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    rows: Select<resident::Entity>,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<resident::Model>, Fault> {
    let rows = match after {
        Some(after) => rows.filter(resident::Column::Id.gt(after)),
        None => rows,
    };
    let rows = rows.order_by_asc(resident::Column::Id).limit(limit);
    Ok(rows.all(db).await?)
}

pub async fn count<C: ConnectionTrait>(db: &C, rows: Select<resident::Entity>) -> Result<u64, Fault> {
    Ok(rows.count(db).await?)
}

/// One resident in scope.
pub async fn one<C: ConnectionTrait>(
    db: &C,
    scope: &Scope,
    id: Uuid,
) -> Result<Option<resident::Model>, Fault> {
    let row = visible_to(scope).filter(resident::Column::Id.eq(id));
    Ok(row.one(db).await?)
}
