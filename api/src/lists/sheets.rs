//! Which sheets of a file hold data, and why a file is refused where none does.

use super::book::Book;
use super::cell::SheetHead;
use super::kind::ListKind;
use super::reading::Order;
use super::refusal::{Code, Refusal};
use super::walk::{Found, Walk};
use super::words;
use domain::text::squeezed;
use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::ops::ControlFlow;

/// What a sheet's people are, for comparing sheets.
#[derive(Default)]
struct People {
    rows: usize,
    numbers: HashSet<u64>,
}

/// Sheets of examples, and summaries that repeat the people of the other sheets, by their place in the file. Sheets
/// are read for this only where a name gives reason to.
pub fn left_out(order: &Order<'_>, book: &mut Book<'_>) -> Result<Vec<usize>, Refusal> {
    let heads = book.sheets.clone();
    let visible: Vec<usize> = (0..heads.len()).filter(|n| heads[*n].visible).collect();
    let named: Vec<usize> = visible.iter().copied().filter(|n| is_named(&heads[*n])).collect();
    if visible.len() < 2 || named.is_empty() || named.len() == visible.len() {
        return Ok(Vec::new());
    }
    let hasher = RandomState::new();
    let (mut elsewhere, mut others) = (HashSet::new(), 0);
    let mut doubtful: Vec<(usize, People)> = Vec::new();
    for n in visible {
        let people = people(order, book, n, &heads[n], &hasher)?;
        if named.contains(&n) {
            doubtful.push((n, people));
        } else {
            others += people.rows;
            elsewhere.extend(people.numbers);
        }
    }
    let dropped = doubtful.into_iter().filter(|(n, people)| {
        let summary = words::holds("summary", &heads[*n].name);
        let repeats = people.numbers.iter().all(|number| elsewhere.contains(number));
        others > 0 && (!summary || repeats)
    });
    Ok(dropped.map(|(n, _)| n).collect())
}

fn is_named(head: &SheetHead) -> bool {
    words::holds("notdata", &head.name)
}

fn people(
    order: &Order<'_>,
    book: &mut Book<'_>,
    sheet: usize,
    head: &SheetHead,
    hasher: &RandomState,
) -> Result<People, Refusal> {
    let mut found = People::default();
    let mut walk = Walk::new(order, 0, head, book.system_1904);
    let take = &mut |row: super::row::Row, _: &_| {
        found.rows += 1;
        let number = row.values.get("id_number").map(|n| hasher.hash_one(n));
        found.numbers.extend(number);
        Ok(())
    };
    book.rows(sheet, &mut |row| {
        walk.push(row, take)?;
        Ok(ControlFlow::Continue(()))
    })?;
    walk.finish(take)?;
    Ok(found)
}

/// Why a file is refused where no sheet holds a row.
pub fn nothing(kind: ListKind, heads: &[SheetHead], any_table: bool) -> Refusal {
    let names = |visible: bool| {
        let names: Vec<&str> = heads
            .iter()
            .filter(|h| h.visible == visible && !h.name.is_empty())
            .map(|h| h.name.as_str())
            .collect();
        names.join("、")
    };
    let named = match names(true) {
        none if none.is_empty() => none,
        names => format!("（工作表：{names}）"),
    };
    if any_table {
        return Refusal::new(Code::NoRows, format!("表格只有表头，没有数据行{named}。"));
    }
    let rest = match names(false) {
        none if none.is_empty() => none,
        names => format!("；隐藏的工作表不读取：{names}"),
    };
    let wanted = match kind {
        ListKind::Grids => "网格编号、自然村等列",
        _ => "姓名、身份证号等列",
    };
    Refusal::new(
        Code::NoTable,
        format!("没有找到含{wanted}的表头{named}{rest}，请确认上传的是名单。"),
    )
}

/// The words of a file by which its kind is told.
#[derive(Default)]
pub struct Telling {
    all: String,
    /// Without what stands beside the matter in lists of every kind.
    matter: String,
}

impl Telling {
    pub fn new(file_name: &str) -> Telling {
        let name = squeezed(file_name);
        Telling {
            all: name.clone(),
            matter: name,
        }
    }

    pub fn add(&mut self, name: &str, found: &Found) {
        for text in std::iter::once(name).chain(found.titles.iter().map(String::as_str)) {
            self.all.push_str(text);
            self.matter.push_str(text);
        }
        for plan in &found.plans {
            // 是否残疾, 残疾等级 beside a household's columns tell of its members, not of the list.
            let household = ["relation", ".head_name", ".head_id_number", "household_number"]
                .iter()
                .any(|key| plan.column(key).is_some());
            let beside = |header: &str| {
                let header = squeezed(header);
                header.starts_with("是否") || household && words::holds("beside", &header)
            };
            for (_, header) in &plan.headers {
                self.all.push_str(header);
                if !beside(header) {
                    self.matter.push_str(header);
                }
            }
        }
    }

    /// Refuses a file that says that it is another kind of list and nothing that it is this one.
    pub fn check(&self, kind: ListKind) -> Result<(), Refusal> {
        let own = words::kinds(&squeezed(&self.all));
        let own = own.iter().find(|(k, _)| *k == kind).map_or(0, |(_, n)| *n);
        let counts = words::kinds(&squeezed(&self.matter));
        let other = counts
            .iter()
            .filter(|(k, _)| *k != kind && *k != ListKind::Population && !k.only_compared())
            .max_by_key(|(_, n)| *n);
        if kind == ListKind::Population || own > 0 {
            return Ok(());
        }
        match other {
            Some((other, 1..)) => Err(Refusal::new(
                Code::WrongKind,
                format!(
                    "这份文件像是{}，不是{}；请核对名单种类后再上传。",
                    other.label(),
                    kind.label()
                ),
            )),
            _ => Ok(()),
        }
    }
}
