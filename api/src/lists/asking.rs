//! What the reader cannot know and asks a person. It never guesses who a row is about.

use super::candidate::{Candidate, cost};
use super::cell::GridRow;
use super::evidence::Evidence;
use super::find::Head;
use super::numbers;
use super::plan::Plan;
use super::values::SexCodes;
use super::why::Said;
use super::words::Role;
use domain::text::squeezed;

/// A question about the columns below one header, with the answers that are possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub code: &'static str,
    /// In Chinese.
    pub text: String,
    /// The answer, and what it means in Chinese.
    pub answers: Vec<(String, String)>,
    /// Without an answer nobody knows who the rows are about.
    pub identity: bool,
}

/// The codes of questions.
pub const WHICH_NUMBER: &str = "which_id_number";
pub const WHICH_NAME: &str = "which_name";
pub const UNNAMED_NUMBER: &str = "unnamed_id_number";
pub const SEX_CODES: &str = "sex_codes";
pub const AGES: &str = "age_without_birth_date";
pub const YEAR: &str = "month_without_year";

/// The answer that a column is not to be read.
pub const NONE: &str = "none";

/// Whether an answer is one that a question has, at a header of so many columns.
pub fn answers(code: &str, answer: &str, columns: usize) -> bool {
    let column = || answer.parse::<usize>().is_ok_and(|at| at < columns);
    match code {
        WHICH_NUMBER | WHICH_NAME => column(),
        UNNAMED_NUMBER => answer == NONE || column(),
        SEX_CODES => ["zero_man", "zero_woman", NONE].contains(&answer),
        AGES => ["nominal", "full", NONE].contains(&answer),
        YEAR => {
            answer == NONE
                || answer
                    .parse::<i16>()
                    .is_ok_and(|year| (1900..=2100).contains(&year))
        }
        _ => false,
    }
}

/// Columns that say in equally good words that they hold the person's number (or name) and do not say the same.
pub fn rivals<'c>(key: &str, candidates: &'c [Candidate], rows: &[&GridRow]) -> Vec<&'c Candidate> {
    let fits = |c: &Candidate| {
        let e = &c.evidence;
        let right = if key == "name" { e.names } else { e.ids };
        e.stated > 0 && right * 2 >= e.stated
    };
    let mut able: Vec<(u32, &Candidate)> = candidates
        .iter()
        .filter(|c| c.meaning.key == key && c.meaning.role == Role::Person && fits(c))
        .map(|c| (cost(key, c), c))
        .collect();
    able.sort_by_key(|(cost, c)| (*cost, c.cell.column));
    let Some((best, first)) = able.first().copied() else {
        return Vec::new();
    };
    let rivals: Vec<&Candidate> = able
        .into_iter()
        .filter(|(cost, _)| *cost < best + 10)
        .map(|(_, c)| c)
        .filter(|c| key != "name" || squeezed(&c.cell.text) == squeezed(&first.cell.text))
        .filter(|c| c.cell.column == first.cell.column || differ(rows, first.cell.column, c.cell.column))
        .collect();
    if rivals.len() > 1 { rivals } else { Vec::new() }
}

/// Whether two columns say different things in more rows than not.
fn differ(rows: &[&GridRow], a: u32, b: u32) -> bool {
    let (mut same, mut other) = (0, 0);
    for row in rows {
        let (a, b) = (squeezed(&row.shown(a)), squeezed(&row.shown(b)));
        match a.is_empty() || b.is_empty() {
            true => {}
            false if a == b => same += 1,
            false => other += 1,
        }
    }
    other > same
}

/// Asks which of several columns is the person's.
pub fn which(code: &'static str, what: &str, columns: &[(usize, String)]) -> Question {
    let named: Vec<String> = columns.iter().map(|(at, header)| place(*at, header)).collect();
    Question {
        code,
        text: format!("{}都可能是本人的{what}，请指定哪一列是。", named.join("、")),
        answers: columns
            .iter()
            .zip(named)
            .map(|((at, _), named)| (at.to_string(), named))
            .collect(),
        identity: true,
    }
}

fn place(at: usize, header: &str) -> String {
    format!("第 {} 列“{}”", at + 1, squeezed(header))
}

/// Columns without a known word that hold ID numbers, where no column is known to.
pub fn unnamed(plan: &Plan, head: &Head, rows: &[&GridRow]) -> Option<Question> {
    let identified = ["id_number", "certificate_number"]
        .iter()
        .any(|key| plan.column(key).is_some());
    if identified || !plan.kind.of_people() || !plan.members.is_empty() {
        return None;
    }
    let columns: Vec<(usize, String)> = head
        .cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| cell.meaning.is_none())
        .filter(|(_, cell)| {
            let e = Evidence::of(rows, cell.column);
            let valid = rows
                .iter()
                .filter(|row| matches!(numbers::id_number(row.at(cell.column)), Said::Value(_)));
            e.stated >= 2 && valid.count() as u32 * 10 >= e.stated * 8
        })
        .map(|(at, cell)| (at, cell.text.clone()))
        .collect();
    let named: Vec<String> = columns.iter().map(|(at, header)| place(*at, header)).collect();
    (!columns.is_empty()).then(|| Question {
        code: UNNAMED_NUMBER,
        text: format!("{}的内容像身份证号，是本人的吗？", named.join("、")),
        answers: columns
            .iter()
            .zip(&named)
            .map(|((at, _), named)| (at.to_string(), format!("{named}是本人的身份证号")))
            .chain([(NONE.to_owned(), "都不是本人的身份证号".to_owned())])
            .collect(),
        identity: true,
    })
}

/// 0 and 1 as sexes, with nothing beside them that tells which is which.
pub fn sex_codes(plan: &Plan, rows: &[&GridRow]) -> Option<Question> {
    let column = plan.column("sex")?;
    let shown = |row: &&GridRow| row.shown(column).trim().to_owned();
    let all: Vec<String> = rows.iter().map(shown).filter(|s| !s.is_empty()).collect();
    let zeros = all.iter().any(|s| s == "0");
    let codes = all.iter().all(|s| matches!(s.as_str(), "0" | "1"));
    let explained = plan.legends.iter().any(|(c, _)| *c == column);
    let told = explained || plan.sex_codes != SexCodes::Standard || plan.column("id_number").is_some();
    (zeros && codes && !told).then(|| Question {
        code: SEX_CODES,
        text: "性别列只有 0 和 1，请说明各代表什么。".to_owned(),
        answers: vec![
            ("zero_man".to_owned(), "0 为男，1 为女".to_owned()),
            ("zero_woman".to_owned(), "0 为女，1 为男".to_owned()),
            (NONE.to_owned(), "不读取性别".to_owned()),
        ],
        identity: false,
    })
}

/// Ages where nothing says when somebody was born.
pub fn ages(plan: &Plan) -> Option<Question> {
    plan.column(".age")?;
    let born = ["birth_date", "id_number", "certificate_number"]
        .iter()
        .any(|key| plan.column(key).is_some());
    (!born && plan.kind.of_people()).then(|| Question {
        code: AGES,
        text: "名单只有年龄，没有出生日期和身份证号，请说明年龄怎样计算。".to_owned(),
        answers: vec![
            (
                "nominal".to_owned(),
                "虚岁：出生年份为名单年份减年龄加一".to_owned(),
            ),
            ("full".to_owned(), "周岁：出生年份不能确定，只保留年龄".to_owned()),
            (NONE.to_owned(), "不读取年龄".to_owned()),
        ],
        identity: false,
    })
}

/// Months that do not say of which year.
pub fn year(plan: &Plan, rows: &[&GridRow]) -> Option<Question> {
    let columns: Vec<u32> = ["since", "death_date"]
        .iter()
        .filter_map(|key| plan.column(key))
        .collect();
    let bare = |row: &&&GridRow| columns.iter().any(|c| month_alone(&row.shown(*c)).is_some());
    (rows.iter().filter(bare).count() >= 1).then(|| Question {
        code: YEAR,
        text: "有的日期只写了月份，没有年份，请说明是哪一年（四位数字）。".to_owned(),
        answers: vec![
            ("YYYY".to_owned(), "年份，例如 2026".to_owned()),
            (NONE.to_owned(), "不读取没有年份的日期".to_owned()),
        ],
        identity: false,
    })
}

/// The month of `3月`, `03月份`, `3月5日`, and the day where there is one.
pub fn month_alone(text: &str) -> Option<(u8, Option<u8>)> {
    let text = squeezed(text);
    let (month, rest) = text.split_once('月')?;
    let month: u8 = month.parse().ok().filter(|m| (1..=12).contains(m))?;
    let rest = rest.trim_start_matches('份');
    if rest.is_empty() {
        return Some((month, None));
    }
    let day = rest.trim_end_matches(['日', '号']).parse().ok();
    day.filter(|d| (1..=31).contains(d)).map(|day| (month, Some(day)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_alone() {
        for (text, expected) in [
            ("3月", Some((3, None))),
            ("03 月份", Some((3, None))),
            ("12月5日", Some((12, Some(5)))),
            ("2026年3月", None),
            ("13月", None),
            ("本月", None),
        ] {
            assert_eq!(month_alone(text), expected, "{text}");
        }
    }
}
