//! Columns that say nothing this month and said something before: silence writes nothing, and the clerk is told.

use super::ListView;
use crate::app::Error;
use crate::program::Program;
use crate::store::lists::{self, Column};
use sea_orm::ConnectionTrait;
use std::collections::BTreeMap;

/// What is to be said of a list's columns, compared with the committed list of the month before.
pub async fn columns<C: ConnectionTrait>(
    db: &C,
    program: &Program,
    view: &ListView,
) -> Result<Vec<String>, Error> {
    let row = &view.row;
    let earlier = lists::committed(db, &row.source, &row.kind).await?;
    let fits = |l: &&entity::list::Model| l.id != row.id && l.month < row.month && l.division == row.division;
    let Some(earlier) = earlier.iter().find(fits) else {
        return Ok(Vec::new());
    };
    let before = lists::head(&program.keys, earlier)?;
    let (before, now) = (filled(&before.columns), filled(&view.head.columns));
    let silent =
        before
            .iter()
            .filter(|(_, (_, filled))| *filled > 0)
            .filter_map(|(key, (header, filled))| {
                let month = &earlier.month;
                match now.get(key) {
                    Some((_, 1..)) => None,
                    Some((own, 0)) => Some(format!(
                        "“{own}”一列全部为空，{month} 的名单中有 {filled} 行填写；空白不改动现有信息"
                    )),
                    None => Some(format!(
                        "没有“{header}”一列，{month} 的名单中有 {filled} 行填写；现有信息不改动"
                    )),
                }
            });
    Ok(silent.collect())
}

/// Headers and filled rows by key, over all sheets.
fn filled(columns: &[Column]) -> BTreeMap<&str, (&str, u32)> {
    let mut out: BTreeMap<&str, (&str, u32)> = BTreeMap::new();
    for column in columns {
        let own = out.entry(&column.key).or_insert((&column.header, 0));
        own.1 += column.filled;
    }
    out
}
