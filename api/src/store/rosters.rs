//! Rosters: the lines of one category page by page, and their numbered steps.

use super::Fault;
use super::paging::behind;
use crate::actor::Scope;
pub use entity::roster_step::Model as Step;
use entity::{enrolment, projection, resident, roster_feed, roster_step};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait,
    FromQueryResult, IntoActiveModel, JoinType, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a roster is narrowed to; all that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Narrow {
    /// Villages, ended ones too.
    pub villages: Option<Vec<Uuid>>,
    /// The source's status, and the village's verdict.
    pub status: Option<String>,
    pub village_status: Option<String>,
    pub born_from: Option<i32>,
    pub born_to: Option<i32>,
}

/// A line of a roster before its record is opened; `open` is the sealed projection.
#[derive(FromQueryResult)]
pub struct Line {
    pub id: Uuid,
    pub village: Option<Uuid>,
    pub grid: Option<Uuid>,
    pub source: String,
    pub since: String,
    pub source_status: String,
    pub village_status: String,
    pub open: Vec<u8>,
}

/// Open enrolments of one category of people who are there, in scope. The category is one of the scope's: that is what
/// makes them visible to a department.
fn roster(scope: &Scope, category: &str, narrow: &Narrow) -> Select<resident::Entity> {
    use enrolment::Column as E;
    use resident::Column as R;
    let on = resident::Entity::belongs_to(enrolment::Entity)
        .from(R::Id)
        .to(E::Resident)
        .into();
    let mut rows = resident::Entity::find()
        .join(JoinType::InnerJoin, on)
        .filter(E::Category.eq(category))
        .filter(E::Until.is_null())
        .filter(R::State.eq("present"))
        .filter(R::MergedInto.is_null());
    rows = match scope {
        Scope::County => rows,
        Scope::Villages(villages) => rows.filter(R::Village.is_in(villages.iter().copied())),
        Scope::Grids(grids) => rows.filter(R::Grid.is_in(grids.iter().copied())),
        Scope::Categories {
            categories, villages, ..
        } if categories.iter().any(|own| own == category) => match villages {
            Some(villages) => rows.filter(R::Village.is_in(villages.iter().copied())),
            None => rows,
        },
        Scope::Categories { .. } | Scope::Nothing => rows.filter(R::Id.is_null()),
    };
    if let Some(villages) = &narrow.villages {
        rows = rows.filter(R::Village.is_in(villages.iter().copied()));
    }
    if let Some(status) = &narrow.status {
        rows = rows.filter(E::SourceStatus.eq(status));
    }
    if let Some(status) = &narrow.village_status {
        rows = rows.filter(E::VillageStatus.eq(status));
    }
    if let Some(year) = narrow.born_from {
        rows = rows.filter(R::BirthYear.gte(year));
    }
    if let Some(year) = narrow.born_to {
        rows = rows.filter(R::BirthYear.lte(year));
    }
    rows
}

pub async fn count<C: ConnectionTrait>(
    db: &C,
    scope: &Scope,
    category: &str,
    narrow: &Narrow,
) -> Result<u64, Fault> {
    Ok(roster(scope, category, narrow).count(db).await?)
}

/// Which lines are wanted.
pub enum Which<'a> {
    /// The next ones behind a resident, this many.
    After(Option<Uuid>, u64),
    /// Those of these residents.
    Of(&'a [Uuid]),
}

/// Lines with their projections, in the order of residents' ids, by the index of the category: a page costs its rows.
pub async fn lines<C: ConnectionTrait>(
    db: &C,
    scope: &Scope,
    category: &str,
    narrow: &Narrow,
    which: Which<'_>,
) -> Result<Vec<Line>, Fault> {
    use enrolment::Column as E;
    let on = resident::Entity::belongs_to(projection::Entity)
        .from(resident::Column::Id)
        .to(projection::Column::Resident)
        .into();
    let mut rows = roster(scope, category, narrow).join(JoinType::InnerJoin, on);
    rows = match which {
        Which::After(after, limit) => match after {
            Some(after) => rows.filter(E::Resident.gt(after)),
            None => rows,
        }
        .limit(limit),
        Which::Of(ids) => rows.filter(E::Resident.is_in(ids.iter().copied())),
    };
    let rows = rows
        .select_only()
        .columns([
            resident::Column::Id,
            resident::Column::Village,
            resident::Column::Grid,
        ])
        .columns([E::Source, E::Since, E::SourceStatus, E::VillageStatus])
        .column(projection::Column::Open)
        .order_by_asc(E::Resident);
    Ok(rows.into_model().all(db).await?)
}

/// How far the rosters of a category are, by village; all where none are given. A village with no step has no row.
pub async fn heads<C: ConnectionTrait>(
    db: &C,
    category: &str,
    villages: Option<&[Uuid]>,
) -> Result<BTreeMap<Uuid, i64>, DbErr> {
    let mut rows = roster_feed::Entity::find().filter(roster_feed::Column::Category.eq(category));
    if let Some(villages) = villages {
        rows = rows.filter(roster_feed::Column::Village.is_in(villages.iter().copied()));
    }
    let rows = rows.all(db).await?;
    Ok(rows.into_iter().map(|row| (row.village, row.next - 1)).collect())
}

/// A part of a village's steps: those above the first number, up to the second.
pub type Span = (Uuid, i64, i64);

fn within(category: &str, spans: &[Span]) -> Condition {
    use roster_step::Column as S;
    let mut any = Condition::any();
    for (village, after, upto) in spans {
        let one = Condition::all()
            .add(S::Village.eq(*village))
            .add(S::N.gt(*after))
            .add(S::N.lte(*upto));
        any = any.add(one);
    }
    Condition::all().add(S::Category.eq(category)).add(any)
}

/// The next residents behind one, with steps in these spans, in order.
pub async fn stepped<C: ConnectionTrait>(
    db: &C,
    category: &str,
    spans: &[Span],
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Uuid>, DbErr> {
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = roster_step::Entity::find()
        .select_only()
        .column(roster_step::Column::Resident)
        .distinct()
        .filter(within(category, spans));
    if let Some(after) = after {
        rows = rows.filter(roster_step::Column::Resident.gt(after));
    }
    rows.order_by_asc(roster_step::Column::Resident)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await
}

/// Steps in these spans of residents from one to another, by resident, village and number.
pub async fn steps<C: ConnectionTrait>(
    db: &C,
    category: &str,
    spans: &[Span],
    residents: Option<(Uuid, Uuid)>,
) -> Result<Vec<Step>, DbErr> {
    use roster_step::Column as S;
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = roster_step::Entity::find().filter(within(category, spans));
    if let Some((from, to)) = residents {
        rows = rows.filter(S::Resident.gte(from)).filter(S::Resident.lte(to));
    }
    rows.order_by_asc(S::Resident)
        .order_by_asc(S::Village)
        .order_by_asc(S::N)
        .all(db)
        .await
}

/// The next steps in these spans behind a place, by village and number.
pub async fn every_step<C: ConnectionTrait>(
    db: &C,
    category: &str,
    spans: &[Span],
    after: Option<(Uuid, i64)>,
    limit: u64,
) -> Result<Vec<Step>, DbErr> {
    use roster_step::Column as S;
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows = roster_step::Entity::find().filter(within(category, spans));
    if let Some((village, n)) = after {
        rows = rows.filter(behind((S::Village, S::N), (village, n)));
    }
    rows.order_by_asc(S::Village)
        .order_by_asc(S::N)
        .limit(limit)
        .all(db)
        .await
}

/// The last step of each of these residents in each roster that they were ever on.
pub async fn latest<C: ConnectionTrait>(db: &C, residents: &[Uuid]) -> Result<Vec<Step>, DbErr> {
    let mut out = Vec::new();
    for part in residents.chunks(500) {
        let rows = roster_step::Entity::find()
            // As the index says it: to SQLite `latest = ?` is another question, which reads the whole table.
            .filter(Expr::col((roster_step::Entity, roster_step::Column::Latest)))
            .filter(roster_step::Column::Resident.is_in(part.iter().copied()));
        out.extend(rows.all(db).await?);
    }
    Ok(out)
}

/// Enters steps, whose numbers are given here: each roster under its own row's lock, in the order of village and
/// category. `replaced` are the steps that they follow.
pub async fn enter<C: ConnectionTrait>(
    db: &C,
    mut steps: Vec<Step>,
    replaced: &[(Uuid, String, i64)],
) -> Result<(), DbErr> {
    use roster_feed::Column as F;
    use roster_step::Column as S;
    let mut next: BTreeMap<(Uuid, String), i64> = BTreeMap::new();
    for step in &steps {
        next.insert((step.village, step.category.clone()), 0);
    }
    let rosters: Vec<(Uuid, String)> = next.keys().cloned().collect();
    for part in rosters.chunks(100) {
        let new = part.iter().map(|(village, category)| roster_feed::ActiveModel {
            village: Set(*village),
            category: Set(category.clone()),
            next: Set(1),
        });
        let on = OnConflict::columns([F::Village, F::Category])
            .do_nothing()
            .to_owned();
        roster_feed::Entity::insert_many(new)
            .on_conflict(on)
            .exec_without_returning(db)
            .await?;
        let mut own = Condition::any();
        for (village, category) in part {
            own = own.add(
                Condition::all()
                    .add(F::Village.eq(*village))
                    .add(F::Category.eq(category)),
            );
        }
        let rows = roster_feed::Entity::find()
            .filter(own)
            .order_by_asc(F::Village)
            .order_by_asc(F::Category)
            .lock_exclusive()
            .all(db)
            .await?;
        next.extend(
            rows.into_iter()
                .map(|row| ((row.village, row.category), row.next)),
        );
    }
    for step in &mut steps {
        if let Some(n) = next.get_mut(&(step.village, step.category.clone())) {
            step.n = *n;
            *n += 1;
        }
    }
    for part in replaced.chunks(100) {
        let mut old = Condition::any();
        for (village, category, n) in part {
            let one = Condition::all()
                .add(S::Village.eq(*village))
                .add(S::Category.eq(category))
                .add(S::N.eq(*n));
            old = old.add(one);
        }
        roster_step::Entity::update_many()
            .col_expr(S::Latest, Expr::value(false))
            .filter(old)
            .exec(db)
            .await?;
    }
    for part in steps.chunks(200) {
        let rows = part
            .iter()
            .map(|step| step.clone().into_active_model().reset_all());
        roster_step::Entity::insert_many(rows)
            .exec_without_returning(db)
            .await?;
    }
    let numbered: Vec<_> = next.into_iter().collect();
    for part in numbered.chunks(200) {
        let rows = part
            .iter()
            .map(|((village, category), next)| roster_feed::ActiveModel {
                village: Set(*village),
                category: Set(category.clone()),
                next: Set(*next),
            });
        let on = OnConflict::columns([F::Village, F::Category])
            .update_column(F::Next)
            .to_owned();
        roster_feed::Entity::insert_many(rows)
            .on_conflict(on)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// Removes up to `limit` steps that are no longer the last of their resident and older than `before`.
pub async fn forget<C: ConnectionTrait>(db: &C, before: i64, limit: u64) -> Result<u64, DbErr> {
    use roster_step::Column as S;
    let old: Vec<(Uuid, String, i64)> = roster_step::Entity::find()
        .select_only()
        .columns([S::Village, S::Category, S::N])
        .filter(S::Latest.eq(false))
        .filter(S::At.lt(before))
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    let mut removed = 0;
    for part in old.chunks(100) {
        let mut these = Condition::any();
        for (village, category, n) in part {
            let one = Condition::all()
                .add(S::Village.eq(*village))
                .add(S::Category.eq(category))
                .add(Expr::col(S::N).eq(*n));
            these = these.add(one);
        }
        removed += roster_step::Entity::delete_many()
            .filter(these)
            .exec(db)
            .await?
            .rows_affected;
    }
    Ok(removed)
}
