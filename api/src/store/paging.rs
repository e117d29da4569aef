//! Where a page goes on, and how raw statements name their values.

use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef, SimpleExpr};
use sea_orm::{DbBackend, Value};

/// Behind a place in the order of two columns. Said of both at once, both databases begin at the place in the index;
/// said as "greater, or equal and greater" they read everything before it each time.
pub fn behind<A, B>(columns: (A, B), place: (impl Into<Value>, impl Into<Value>)) -> SimpleExpr
where
    A: IntoColumnRef,
    B: IntoColumnRef,
{
    let columns = Expr::tuple([Expr::col(columns.0), Expr::col(columns.1)]);
    columns.gt(Expr::tuple([Expr::value(place.0), Expr::value(place.1)]))
}

/// The placeholder of the `n`th value, counted from 1. SQLite's have no names: it looks each name up among all others,
/// which takes longer than the statement where there are thousands. So every value is named once, in order.
pub fn placeholder(backend: DbBackend, n: usize) -> String {
    match backend {
        DbBackend::Postgres => format!("${n}"),
        _ => "?".to_owned(),
    }
}
