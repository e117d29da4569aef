//! What a row below a header is: a person's or a grid's data, or one of the many things that stand between.

use super::cell::{Cell, GridRow};
use super::evidence::is_name;
use super::plan::Plan;
use super::words;
use domain::id_number::strip;
use domain::name::Name;
use domain::text::{not_stated, squeezed};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Data,
    /// 合计, 小计 and their like: ends a block.
    Total,
    /// Signatures, dates, legends.
    Footer,
    /// What to fill in, or the numbers of the columns.
    Hint,
    /// One text alone, which heads what comes below: a village, an age band.
    Section,
    /// Nothing, or a serial number printed beforehand.
    Nothing,
}

/// Cells in front in which a total's or a signature's word may stand.
const FRONT: usize = 4;

/// Values that make a row a person's even where nobody is named.
const SAYING: [&str; 8] = [
    "sex",
    "birth_date",
    "phone",
    "address",
    "category",
    "grade",
    "relation",
    "death_date",
];

/// Tells what a row is. `fresh` while no data have come since the header.
pub fn classify(row: &GridRow, plan: &Plan, fresh: bool) -> Class {
    let filled = row.cells.iter().filter(|(_, cell)| !cell.is_blank()).count();
    if filled == 0 {
        return Class::Nothing;
    }
    match plan.kind.of_people() {
        true => person(row, plan, fresh, filled),
        false => grid(row, plan, fresh, filled),
    }
}

fn person(row: &GridRow, plan: &Plan, fresh: bool, filled: usize) -> Class {
    // Where nobody has said yet which number is the person's, any number makes a row somebody's.
    let unsaid = plan.questions.iter().any(|q| q.identity);
    let numbered = match unsaid {
        true => row.cells.iter().any(|(_, cell)| is_number(cell)),
        false => ["id_number", "certificate_number"]
            .iter()
            .filter_map(|key| row.at(plan.column(key)?))
            .any(is_number),
    };
    if fresh && is_hint(row, numbered) {
        return Class::Hint;
    }
    if numbered {
        return Class::Data;
    }
    if is_total(row) {
        return Class::Total;
    }
    if is_footer(row) {
        return Class::Footer;
    }
    let name = plan.column("name").and_then(|c| row.at(c));
    let named = name.is_some_and(|cell| names_somebody(cell, &row_header(plan, "name")));
    if filled == 1 {
        let text = row
            .cells
            .iter()
            .find(|(_, c)| !c.is_blank())
            .map(|(_, c)| c.shown().into_owned());
        let text = text.unwrap_or_default();
        return match named && is_name(&text) && !is_place(&text) {
            true => Class::Data,
            false if text.trim().chars().all(|c| c.is_ascii_digit()) => Class::Nothing,
            false => Class::Section,
        };
    }
    // A heading of a page over merged cells, or a section's, says little in many columns.
    if named || filled >= 3 && somebody_unknown(name) {
        return Class::Data;
    }
    let says = |key: &&str| plan.column(key).is_some_and(|c| !not_stated(&row.shown(c)));
    match SAYING.iter().filter(|key| says(key)).count() {
        3.. => Class::Data,
        _ => Class::Nothing,
    }
}

fn grid(row: &GridRow, plan: &Plan, fresh: bool, filled: usize) -> Class {
    if fresh && is_hint(row, false) {
        return Class::Hint;
    }
    if is_total(row) {
        return Class::Total;
    }
    if is_footer(row) {
        return Class::Footer;
    }
    let own = |key: &&str| plan.column(key).is_some_and(|c| !row.shown(c).trim().is_empty());
    let named = ["code", "name", "place", "house_range", "house_from", "worker"]
        .iter()
        .any(own);
    match (named, filled) {
        (true, 2..) => Class::Data,
        (_, 1) => Class::Section,
        _ => Class::Nothing,
    }
}

fn row_header(plan: &Plan, key: &str) -> String {
    let column = plan.columns.iter().find(|c| c.key == key);
    column.map(|c| squeezed(&c.header)).unwrap_or_default()
}

/// Digits enough for a number of a person, whole or spoilt.
fn is_number(cell: &Cell) -> bool {
    match cell {
        Cell::Number(n) => *n >= 1e9,
        Cell::Text(text) => {
            let plain = strip(text);
            let digits = plain.bytes().filter(u8::is_ascii_digit).count();
            digits >= 8 && digits * 2 >= plain.chars().count() || plain.contains("E+")
        }
        _ => false,
    }
}

fn names_somebody(cell: &Cell, header: &str) -> bool {
    match cell {
        // A name that a formula should have given: the row is there, its name is not.
        Cell::NoResult | Cell::Error(_) => true,
        Cell::Text(text) => {
            let name = Name::parse(text).plain;
            let count = name.chars().count();
            let squeezed = squeezed(text);
            let words: String = name
                .chars()
                .filter(|c| !c.is_ascii_digit() && !matches!(c, '.' | '-' | '—' | '/' | '·'))
                .collect();
            // 742人, 28户, 共15人 count people, they name none.
            let counts = words.len() < name.len()
                && (words.is_empty() || words::text("counted").contains(&words.as_str()));
            let sentence =
                name.contains([':', '：', '。', '；']) || count > 12 && name.contains([',', '，', '、']);
            (1..=30).contains(&count)
                && !not_stated(text)
                && !counts
                && !sentence
                && squeezed != header
                && !words::text("total").contains(&squeezed.as_str())
                && !words::text("footer").contains(&squeezed.as_str())
        }
        _ => false,
    }
}

/// 不详 and its like in the name's place: somebody, though nobody knows who.
fn somebody_unknown(cell: Option<&Cell>) -> bool {
    matches!(cell, Some(Cell::Text(text)) if not_stated(text) && !text.is_ascii() && squeezed(text).chars().count() > 1)
}

fn is_place(text: &str) -> bool {
    let text = squeezed(text);
    words::text("place_end").iter().any(|end| text.ends_with(end))
        || words::holds("band", &text)
        || text.contains(['、', '—'])
        || text.chars().count() > 3 && words::text("title").iter().any(|end| text.ends_with(end))
}

/// 合计, 小 计, 本村合计：15人, 沙坪街道小计, 合计人民币（大写）: in one of the first cells.
pub fn is_total(row: &GridRow) -> bool {
    row.cells.iter().take(FRONT).any(|(_, cell)| match cell {
        Cell::Text(text) if text.chars().count() <= 40 => {
            let text = squeezed(text);
            let text = text.trim_end_matches([':', '：']);
            let front = text
                .split([':', '：', '(', '（', '人', '共'])
                .next()
                .unwrap_or_default();
            words::text("total").iter().any(|word| {
                text == *word || front == *word || front.ends_with(word) && front.chars().count() <= 14
            }) || front.starts_with("合计")
        }
        _ => false,
    })
}

/// 制表人：, 审核人：张三, 说明：…: the first text begins with such a word, then a colon or the end.
fn is_footer(row: &GridRow) -> bool {
    let mut texts = row
        .cells
        .iter()
        .filter(|(_, cell)| !cell.is_blank())
        .take(FRONT)
        .map(|(_, cell)| squeezed(&cell.shown()));
    let begins = |text: &str, alone: bool| {
        words::text("footer").iter().any(|word| {
            text.strip_prefix(word)
                .is_some_and(|rest| match rest.chars().next() {
                    None => alone,
                    Some(c) => {
                        matches!(c, ':' | '：' | '（' | '(' | '、') && (alone || matches!(c, ':' | '：'))
                    }
                })
        })
    };
    let Some(first) = texts.next() else { return false };
    begins(&first, true) || texts.any(|text| begins(&text, false))
}

/// A row that says how to fill in, an example, or the numbers of the columns.
fn is_hint(row: &GridRow, numbered: bool) -> bool {
    let texts: Vec<String> = row
        .cells
        .iter()
        .filter(|(_, cell)| !cell.is_blank())
        .map(|(_, cell)| squeezed(&cell.shown()))
        .collect();
    let example = |t: &String| {
        words::text("example").iter().any(|w| t.starts_with(w))
            || t.ends_with("(示例)")
            || t.ends_with("（示例）")
    };
    if texts.iter().take(FRONT).any(example) {
        return true;
    }
    let hints = texts
        .iter()
        .filter(|t| words::text("hint").iter().any(|w| t.to_lowercase().contains(w)))
        .count();
    if !numbered && hints >= 1 && (hints >= 2 || texts.len() <= 4 || hints * 4 >= texts.len()) {
        return true;
    }
    column_numbers(&texts)
}

/// 1 2 3 …, 甲 乙 丙 1 2 …, (1) (2) …, A B C …: in ascending order, nothing else.
fn column_numbers(texts: &[String]) -> bool {
    const STEMS: &str = "甲乙丙丁戊己庚辛壬癸";
    let place = |text: &String| -> Option<(u8, u32)> {
        let plain = text.trim_matches(['(', ')', '（', '）', '栏']);
        let plain = plain.split('=').next().unwrap_or_default();
        if let Ok(n) = plain.parse::<u32>() {
            return (n < 300).then_some((0, n));
        }
        let mut chars = plain.chars();
        let (c, None) = (chars.next()?, chars.next()) else {
            return None;
        };
        let stem = STEMS.chars().position(|s| s == c).map(|n| (1, n as u32));
        let circled = ('①'..='⑳').contains(&c).then_some((2, c as u32));
        let letter = c.is_ascii_uppercase().then_some((3, c as u32));
        stem.or(circled).or(letter)
    };
    let texts: Vec<&String> = texts
        .iter()
        .filter(|t| !words::text("column_row").contains(&t.as_str()))
        .collect();
    let places: Option<Vec<(u8, u32)>> = texts.iter().map(|t| place(t)).collect();
    places.is_some_and(|places| {
        let rising = |w: &[(u8, u32)]| w[0].0 != w[1].0 || w[0].1 < w[1].1;
        places.len() >= 3 && places.windows(2).all(rising)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::find::header;
    use crate::lists::kind::ListKind;

    fn row(text: &str) -> GridRow {
        GridRow {
            number: 9,
            hidden: false,
            cells: (0..)
                .zip(text.split('|'))
                .filter_map(|(c, t)| Some((c, Cell::text(t)?)))
                .collect(),
        }
    }

    #[test]
    fn rows_of_people() {
        let head = row("序号|村|姓名|身份证号|性别|住址|金额");
        let found = header(ListKind::LowIncome, std::slice::from_ref(&head), &[]).unwrap();
        let plan = Plan::make(ListKind::LowIncome, &found, 1, &[], &|_| None);
        let cases = [
            ("1|良围村|李妹|440784194705010011|女||", true, Class::Data),
            ("1|良围村|李妹|不详|女||", false, Class::Data),
            ("1|良围村|李妹||||", false, Class::Data),
            ("1|良围村|||女|沙坪良围1号|", false, Class::Nothing),
            ("9||||||", false, Class::Nothing),
            ("9|良围村|||||", false, Class::Nothing),
            ("合 计||742人||||", false, Class::Total),
            ("|良围村小计|9人||||300", false, Class::Total),
            ("|本村合计：15人|||||", false, Class::Total),
            ("合计人民币（大写）：||||||", false, Class::Total),
            ("制表人：||审核人：||||", false, Class::Footer),
            ("说明：1-城市低保||||||", false, Class::Footer),
            ("一、80—89周岁||||||", false, Class::Section),
            ("||良围村||||", false, Class::Section),
            ("1|2|3|4|5|6|7", true, Class::Hint),
            ("甲|乙|丙|1|2|3|4", true, Class::Hint),
            ("|必填|必填|18位身份证号|男/女||数字格式", true, Class::Hint),
            ("例：|良围村|张三|440784194705010011|男||", true, Class::Hint),
            ("||李妹||||", false, Class::Data),
        ];
        for (text, fresh, expected) in cases {
            assert_eq!(classify(&row(text), &plan, fresh), expected, "{text}");
        }
    }
}
