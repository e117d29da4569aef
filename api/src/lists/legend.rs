//! What the codes of a column mean, where its header says it: 性别（1男2女）, 人员类型(0、人户一致1、有人无户); or a line
//! below the rows: 说明：救助类型 01 城市低保 02 农村低保.

use super::cell::{Cell, GridRow};
use super::find::Head;
use super::{values, words};
use domain::certificate;
use domain::id_number::Sex;
use domain::text::squeezed;

/// Code and label each.
type Legend = Vec<(String, String)>;

/// Longest line of a legend below the rows, in characters.
const LONGEST: usize = 300;

/// The legends of a header's columns: column, then code and label each. Only brackets that hold nothing else are one.
/// `rows` are those below the header, as far as they are known yet.
pub fn of(head: &Head, rows: &[GridRow]) -> Vec<(u32, Legend)> {
    let above = head
        .cells
        .iter()
        .filter_map(|cell| Some((cell.column, legend(&cell.text)?)));
    let mut all: Vec<(u32, Legend)> = above.collect();
    // A legend stands alone in its line.
    let alone = |row: &&GridRow| row.cells.iter().filter(|(_, cell)| !cell.is_blank()).count() <= 2;
    let texts = rows
        .iter()
        .filter(alone)
        .flat_map(|row| &row.cells)
        .filter_map(|(_, cell)| match cell {
            Cell::Text(text) if text.chars().count() <= LONGEST => Some(text),
            _ => None,
        });
    for text in texts {
        let Some((before, legend)) = below(text) else {
            continue;
        };
        let free = |column: &u32| all.iter().all(|(c, _)| c != column);
        if let Some(column) = meant(head, &before, &legend).filter(free) {
            all.push((column, legend));
        }
    }
    all
}

/// A line of words and codes with their labels: what stands before the first code, and the codes.
fn below(text: &str) -> Option<(String, Legend)> {
    let at = text.find(|c: char| c.is_ascii_digit()).filter(|at| *at > 0)?;
    Some((
        squeezed(&text[..at]),
        pairs(text[at..].trim_end_matches(['。', '；', ';', ' ']))?,
    ))
}

/// The column that a legend below the rows is about: the one that it names, else the one whose values its labels are.
fn meant(head: &Head, before: &str, legend: &Legend) -> Option<u32> {
    let named = head.cells.iter().find(|cell| {
        let header = squeezed(&cell.text);
        header.chars().count() > 1 && before.contains(&header)
    });
    let all = |fits: &dyn Fn(&str) -> bool| legend.iter().all(|(_, label)| fits(label));
    let key = match () {
        () if all(&|label| words::roster(label).is_some()) => "category",
        () if all(&|label| Sex::parse(label).is_some()) => "sex",
        () if all(&|label| certificate::grade(label).is_some()) => "grade",
        () if all(&|label| certificate::category(label).is_some()) => "category",
        () => "",
    };
    let of_key = || {
        head.cells
            .iter()
            .find(|cell| cell.meaning.is_some_and(|m| m.key == key))
    };
    named.or_else(of_key).map(|cell| cell.column)
}

fn legend(header: &str) -> Option<Legend> {
    let (_, inside) = header.split_once(['(', '（', '[', '【'])?;
    pairs(inside.trim_end().trim_end_matches([')', '）', ']', '】']))
}

fn pairs(text: &str) -> Option<Legend> {
    let mut out: Legend = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .filter(|n| (1..=2).contains(n))?;
        let (code, behind) = rest.split_at(digits);
        let behind = behind.trim_start_matches(is_between);
        let end = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
        let label = behind[..end].trim_matches(is_between);
        let short = (1..=8).contains(&label.chars().count());
        if !short || label.chars().any(|c| c.is_ascii() || c == '元') {
            return None;
        }
        out.push((code.to_owned(), label.to_owned()));
        rest = &behind[end..];
    }
    (out.len() >= 2).then_some(out)
}

fn is_between(c: char) -> bool {
    c.is_whitespace() || "、-－—:：=＝.．,，;；/".contains(c)
}

/// What a cell's code means.
pub fn label<'l>(legends: &'l [(u32, Legend)], column: u32, shown: &str) -> Option<&'l str> {
    let (_, legend) = legends.iter().find(|(c, _)| *c == column)?;
    let shown = values::label(shown.trim());
    let plain = |code: &str| code.trim_start_matches('0').to_owned();
    let found = legend
        .iter()
        .find(|(code, _)| code == shown || plain(code) == plain(shown) && shown.len() <= 2);
    found.map(|(_, label)| label.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legends_of_headers() {
        for (header, expected) in [
            ("性别（1男2女）", "1男 2女"),
            ("性别(0:男, 1:女)", "0男 1女"),
            ("残疾等级(1 一级 2 二级 3 三级 4 四级)", "1一级 2二级 3三级 4四级"),
            (
                "人员居住类型(0、人户一致1、有人无户2、户有无人)",
                "0人户一致 1有人无户 2户有无人",
            ),
            ("救助类型(01 城市低保 02 农村低保)", "01城市低保 02农村低保"),
            ("身份证号（18位）", ""),
            ("状态(1/0)", ""),
            ("年龄（80-89周岁）", ""),
            ("姓名", ""),
            ("金额（元）", ""),
        ] {
            let shown: Vec<String> = legend(header)
                .unwrap_or_default()
                .iter()
                .map(|(code, label)| format!("{code}{label}"))
                .collect();
            assert_eq!(shown.join(" "), expected, "{header}");
        }
        for (line, expected) in [
            (
                "说明：救助类型 01 城市低保 02 农村低保",
                "说明：救助类型/01城市低保 02农村低保",
            ),
            ("注：1-男；2-女。", "注：/1男 2女"),
            ("填表日期：2026年9月30日", ""),
            ("合计 2 人", ""),
            ("1.本表一式三份 2.请盖章", ""),
        ] {
            let shown = below(line).map_or(String::new(), |(before, legend)| {
                let pairs: Vec<String> = legend
                    .iter()
                    .map(|(code, label)| format!("{code}{label}"))
                    .collect();
                format!("{before}/{}", pairs.join(" "))
            });
            assert_eq!(shown, expected, "{line}");
        }
    }
}
