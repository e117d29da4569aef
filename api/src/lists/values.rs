//! Cells as values of a key, in normal form, with the reason where a value cannot be.

use super::cell::{Cell, GridRow};
use super::kind::ListKind;
use super::plan::Plan;
use domain::certificate::{self, Certificate};
use domain::id_number::{IdFault, IdNumber, Sex, strip};
use domain::name::Name;
use domain::phone::Phone;
use domain::text::{blank, clean, half_width, normal, not_stated};
use domain::{amount, date};
use std::borrow::Cow;

/// Why a value cannot be: the codes of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    IdAsNumber,
    IdDigitsLost,
    IdLength,
    IdCheckCharacter,
    IdDateImpossible,
    DateImpossible,
    CertificateDisagrees,
    FormulaWithoutResult,
    CellError,
    TwiceInFile,
}

impl Why {
    pub const fn code(self) -> &'static str {
        match self {
            Why::IdAsNumber => "id_as_number",
            Why::IdDigitsLost => "id_digits_lost",
            Why::IdLength => "id_length",
            Why::IdCheckCharacter => "id_check_character",
            Why::IdDateImpossible => "id_date_impossible",
            Why::DateImpossible => "date_impossible",
            Why::CertificateDisagrees => "certificate_disagrees",
            Why::FormulaWithoutResult => "formula_without_result",
            Why::CellError => "cell_error",
            Why::TwiceInFile => "twice_in_file",
        }
    }

    /// What to tell the clerk.
    pub const fn message(self) -> &'static str {
        match self {
            Why::IdAsNumber => "身份证号被存为数字，后几位可能已丢失，请把该列设为文本后重新填写",
            Why::IdDigitsLost => "身份证号的后几位已丢失（变成 0），请重新填写",
            Why::IdLength => "身份证号的位数不对",
            Why::IdCheckCharacter => "身份证号的校验位不对",
            Why::IdDateImpossible => "身份证号中的出生日期不存在",
            Why::DateImpossible => "日期不存在或无法识别",
            Why::CertificateDisagrees => "残疾证号与身份证号或残疾类别、等级不一致",
            Why::FormulaWithoutResult => "单元格是没有计算结果的公式，请在表格软件中打开并保存后再上传",
            Why::CellError => "单元格是错误值",
            Why::TwiceInFile => "同一个人在本文件中出现多次且内容不同",
        }
    }
}

impl From<IdFault> for Why {
    fn from(fault: IdFault) -> Why {
        match fault {
            IdFault::DigitsLost => Why::IdDigitsLost,
            IdFault::NotStated | IdFault::Length => Why::IdLength,
            IdFault::CheckCharacter => Why::IdCheckCharacter,
            IdFault::DateImpossible => Why::IdDateImpossible,
        }
    }
}

/// What a cell says about a number of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said<T> {
    Nothing,
    Value(T),
    Fault(Why),
}

/// What a formula that only quotes holds (`="0750"`); clerks keep numbers whole with it.
pub fn unquoted(shown: &str) -> &str {
    let inner = shown
        .trim()
        .strip_prefix("=\"")
        .and_then(|rest| rest.strip_suffix('"'));
    inner.filter(|text| !text.contains('"')).unwrap_or(shown)
}

/// Reads an ID number. A cell of a certificate number gives its holder's.
pub fn id_number(cell: Option<&Cell>) -> Said<IdNumber> {
    let text = match cell {
        None => return Said::Nothing,
        Some(Cell::NoResult) => return Said::Fault(Why::FormulaWithoutResult),
        Some(Cell::Error(_)) => return Said::Fault(Why::CellError),
        Some(Cell::Number(n)) if *n >= 1e6 => return Said::Fault(Why::IdAsNumber),
        Some(cell) => cell.shown(),
    };
    let text = unquoted(&text);
    let plain = strip(text);
    // 无证, 补办中: words say that there is none.
    if not_stated(text) || !plain.bytes().any(|b| b.is_ascii_digit()) || is_other_document(&plain) {
        return Said::Nothing;
    }
    if scientific(&plain) {
        return Said::Fault(Why::IdAsNumber);
    }
    match IdNumber::parse(text) {
        Ok(number) => Said::Value(number),
        Err(IdFault::Length) => match within(&plain) {
            Some(number) => Said::Value(number),
            None => match Certificate::parse(text) {
                Ok(certificate) => Said::Value(certificate.holder().clone()),
                Err(certificate::CertificateFault::Holder(fault)) => Said::Fault(fault.into()),
                Err(_) => Said::Fault(Why::IdLength),
            },
        },
        Err(fault) => Said::Fault(fault.into()),
    }
}

/// Permits of Hong Kong, Macau and Taiwan residents and passports are numbers of their own.
fn is_other_document(plain: &str) -> bool {
    let mut chars = plain.chars();
    let letter = chars.next().is_some_and(|c| c.is_ascii_uppercase());
    let rest = chars.as_str();
    letter && (7..=10).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_digit())
}

/// `4.40784E+17`: a spreadsheet's number, its last digits gone.
fn scientific(plain: &str) -> bool {
    plain.split_once('E').is_some_and(|(mantissa, exponent)| {
        let number = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        number(mantissa) && number(exponent.trim_start_matches('+'))
    })
}

/// The one whole number among words: 身份证440784….
fn within(plain: &str) -> Option<IdNumber> {
    if plain.is_ascii() {
        return None;
    }
    let mut runs = plain
        .split(|c: char| !c.is_ascii_digit() && c != 'X')
        .filter(|run| run.len() >= 7);
    let (run, None) = (runs.next()?, runs.next()) else {
        return None;
    };
    IdNumber::parse(run).ok()
}

/// Reads a disability certificate's number. Faults are those of the number in it.
pub fn certificate(cell: Option<&Cell>) -> Said<Certificate> {
    let text = match cell {
        None => return Said::Nothing,
        Some(Cell::NoResult) => return Said::Fault(Why::FormulaWithoutResult),
        Some(Cell::Error(_)) => return Said::Fault(Why::CellError),
        Some(Cell::Number(n)) if *n >= 1e6 => return Said::Fault(Why::IdAsNumber),
        Some(cell) => cell.shown(),
    };
    let text = unquoted(&text);
    let plain = strip(text);
    if not_stated(text) || !plain.bytes().any(|b| b.is_ascii_digit()) {
        return Said::Nothing;
    }
    if scientific(&plain) {
        return Said::Fault(Why::IdAsNumber);
    }
    match Certificate::parse(text) {
        Ok(certificate) => Said::Value(certificate),
        Err(certificate::CertificateFault::Holder(fault)) => Said::Fault(fault.into()),
        Err(certificate::CertificateFault::Tail) => Said::Fault(Why::CertificateDisagrees),
        Err(_) => Said::Fault(Why::IdLength),
    }
}

/// Reads a day: `YYYY-MM-DD`, `YYYY-MM` or `YYYY`. `birth` helps where a number cell lost a zero (1939.1).
pub fn day(cell: Option<&Cell>, system_1904: bool, birth: Option<&IdNumber>) -> Said<String> {
    let read = match cell {
        None | Some(Cell::NoResult | Cell::Error(_) | Cell::Bool(_)) => return Said::Nothing,
        Some(Cell::Number(n)) => number_as_day(*n, system_1904, birth),
        Some(cell) => text_as_day(unquoted(&cell.shown()), birth),
    };
    match read {
        Ok(day) => Said::Value(day_text(day)),
        Err(date::DateFault::NotStated) => Said::Nothing,
        Err(date::DateFault::Impossible) => Said::Fault(Why::DateImpossible),
    }
}

fn text_as_day(text: &str, birth: Option<&IdNumber>) -> Result<date::Day, date::DateFault> {
    let read = date::parse(text);
    if read.is_ok() {
        return read;
    }
    // A day number that came to the file as text is believed where it is the birth date.
    let serial = strip(text).parse::<f64>().ok().filter(|n| n.fract() == 0.0);
    let believed = |day: date::Day| day.date().is_some() && day.date() == birth.map(IdNumber::birth_date);
    match serial.map(|n| date::from_serial(n, false)) {
        Some(Ok(day)) if believed(day) => Ok(day),
        _ => read,
    }
}

fn number_as_day(n: f64, system_1904: bool, birth: Option<&IdNumber>) -> Result<date::Day, date::DateFault> {
    let text = Cell::Number(n).shown().into_owned();
    let as_text = date::parse(&text);
    if let Ok(date::Day::Month { year, month: 1 }) = as_text
        && text.ends_with(".1")
        && birth.is_some_and(|b| (b.birth_date().year(), b.birth_date().month()) == (year, 10))
    {
        return Ok(date::Day::Month { year, month: 10 });
    }
    match as_text {
        Ok(day) => Ok(day),
        Err(date::DateFault::NotStated) if n == 0.0 => Err(date::DateFault::NotStated),
        Err(_) => date::from_serial(n, system_1904),
    }
}

fn day_text(day: date::Day) -> String {
    match day {
        date::Day::Date(date) => date.to_string(),
        date::Day::Month { year, month } => format!("{year:04}-{month:02}"),
        date::Day::Year(year) => format!("{year:04}"),
    }
}

/// Yuan as `195` or `195.50`.
pub fn yuan(cell: &Cell) -> Option<String> {
    let fen = match cell {
        Cell::Number(n) => amount::from_number(*n)?,
        // A sum with a day's format by mistake.
        Cell::Date { serial, .. } => amount::from_number(*serial)?,
        cell => amount::parse_yuan(unquoted(&cell.shown()))?,
    };
    Some(match fen % 100 {
        0 => format!("{}", fen / 100),
        rest => format!("{}.{rest:02}", fen / 100),
    })
}

/// The label of a code-label (`1-男`, `440784103202-麦水村`), or the text.
pub fn label(text: &str) -> &str {
    let text = text.trim_matches(blank);
    let code = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(0);
    let (front, rest) = text.split_at(code);
    let behind = rest.trim_start_matches(['-', '－', '—', '_', ':', '：', '.', '、', '|', ' ']);
    let chinese = behind.chars().next().is_some_and(|c| !c.is_ascii());
    match !front.is_empty()
        && front.bytes().any(|b| b.is_ascii_digit())
        && behind.len() < rest.len()
        && chinese
    {
        true => behind,
        false => text,
    }
}

pub fn sex(text: &str, from_zero: bool) -> Option<&'static str> {
    let text = unquoted(text);
    let plain: String = clean(label(text)).chars().map(half_width).collect();
    match plain.as_str() {
        "M" | "m" | "male" | "Male" | "先生" => return Some("男"),
        "F" | "f" | "female" | "Female" | "女士" => return Some("女"),
        "0" if from_zero => return Some("男"),
        "1" if from_zero => return Some("女"),
        "2" if from_zero => return None,
        _ => {}
    }
    match plain.chars().next() {
        Some('男') => Some("男"),
        Some('女') => Some("女"),
        _ => Sex::parse(&plain).map(Sex::word),
    }
}

/// Whether numbers for sexes count from 0 (0 man, 1 woman): the ID numbers beside them decide.
pub fn sex_counts_from_zero(plan: &Plan, rows: &[&GridRow]) -> bool {
    let (Some(sexes), Some(ids)) = (plan.column("sex"), plan.column("id_number")) else {
        return false;
    };
    let (mut from_one, mut from_zero) = (0, 0);
    for row in rows {
        let Said::Value(id) = id_number(row.at(ids)) else {
            continue;
        };
        match (row.shown(sexes).trim(), id.sex()) {
            ("1", Sex::Male) | ("2", Sex::Female) => from_one += 1,
            ("0", Sex::Male) | ("1", Sex::Female) => from_zero += 1,
            _ => {}
        }
    }
    from_zero > from_one
}

/// A text value in normal form under its key; `None` where the cell says nothing.
pub fn text(kind: ListKind, key: &str, cell: &Cell, from_zero: bool) -> Option<String> {
    let shown = cell.shown();
    let shown = unquoted(&shown);
    if not_stated(shown) && !matches!(key, "house_from" | "house_to" | "code") {
        return None;
    }
    let said: Cow<'_, str> = match key {
        "sex" => return sex(shown, from_zero).map(str::to_owned),
        "category" if kind == ListKind::Disabled => {
            let label = label(shown);
            certificate::category(label).map_or(Cow::Owned(normal(label)), Cow::Borrowed)
        }
        "grade" => {
            let label = label(shown);
            grade(label).map_or(Cow::Owned(normal(label)), Cow::Borrowed)
        }
        "phone" | "worker_phone" | ".leader_phone" | ".phone_other" | ".head_phone" | ".guardian_phone"
        | ".contact_phone" => {
            return Phone::all(shown).first().map(|p| p.as_str().to_owned());
        }
        "name" if kind.of_people() => Cow::Owned(Name::parse(shown).plain),
        ".head_name" | ".guardian_name" | ".contact_name" | ".carer_name" => {
            Cow::Owned(Name::parse(shown).plain)
        }
        "relation" | "category" | "town" | "village" | ".path" | ".group" | ".status" | ".ethnicity"
        | ".id_kind" | ".benefit" => Cow::Owned(normal(label(shown))),
        "household_number" | "code" | "house_from" | "house_to" => Cow::Owned(strip_number(shown)),
        _ => Cow::Owned(normal(shown)),
    };
    (!said.is_empty()).then(|| said.into_owned())
}

/// A number that is a name: no blanks, no marks around it.
fn strip_number(text: &str) -> String {
    normal(text)
        .chars()
        .map(half_width)
        .filter(|c| !blank(*c) && !domain::text::apostrophe(*c))
        .collect()
}

/// A grade alone or behind its category: 一级, 肢体一级, 视力残疾2级.
pub fn grade(text: &str) -> Option<&'static str> {
    let text = clean(text);
    text.char_indices()
        .find_map(|(at, _)| certificate::grade(&text[at..]))
}

/// A path of places as town and village: 鹤山市/桃源镇/永厦村, 桃源镇永厦村.
pub fn places(path: &str) -> (Option<String>, Option<String>) {
    let parts: Vec<&str> = path
        .split(['/', '\\', '-', '>', '|', '、', ' ', '—', ','])
        .map(|p| p.trim_matches(blank))
        .filter(|p| !p.is_empty())
        .collect();
    let is_town = |p: &str| {
        ["街道", "镇", "乡", "街道办", "街道办事处", "林场"]
            .iter()
            .any(|end| p.ends_with(end))
    };
    if parts.len() > 1
        && let Some(at) = parts.iter().position(|p| is_town(p))
    {
        return (
            Some(parts[at].to_owned()),
            parts.get(at + 1).map(|p| (*p).to_owned()),
        );
    }
    let whole = parts.concat();
    let start = ["市", "县"]
        .iter()
        .filter_map(|end| whole.rfind(end).map(|at| at + end.len()))
        .max()
        .filter(|at| *at < whole.len())
        .unwrap_or(0);
    let rest = &whole[start..];
    let end = ["街道办事处", "街道", "镇", "乡"]
        .iter()
        .filter_map(|word| rest.find(word).filter(|at| *at > 0).map(|at| at + word.len()))
        .min();
    let village = |t: &str| {
        ["村", "社区", "居委会", "村委会", "委会", "居委", "村委"]
            .iter()
            .any(|end| t.ends_with(end))
    };
    match end {
        Some(end) if end < rest.len() => (Some(rest[..end].to_owned()), Some(rest[end..].to_owned())),
        Some(end) => (Some(rest[..end].to_owned()), None),
        None if village(rest) => (None, Some(rest.to_owned())),
        None => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_people() {
        let text = |t: &str| Some(Cell::Text(t.into()));
        let cases = [
            (text("440308199901101512"), "value"),
            (text("身份证440308199901101512"), "value"),
            (text("44030819990110151243"), "value"),
            (text("4.40784E+17"), "id_as_number"),
            (Some(Cell::Number(4.403e17)), "id_as_number"),
            (text("440308199901101000"), "id_digits_lost"),
            (text("440308199901101513"), "id_check_character"),
            (text("44030819990110151"), "id_length"),
            (text("440308199913101512"), "id_date_impossible"),
            (text("不详"), "nothing"),
            (text("无身份证"), "nothing"),
            (text("H12345678"), "nothing"),
            (Some(Cell::NoResult), "formula_without_result"),
            (Some(Cell::Error("#N/A".into())), "cell_error"),
            (None, "nothing"),
        ];
        for (cell, expected) in cases {
            let shown = match id_number(cell.as_ref()) {
                Said::Nothing => "nothing",
                Said::Value(_) => "value",
                Said::Fault(why) => why.code(),
            };
            assert_eq!(shown, expected, "{:?}", cell.map(|c| c.shown().into_owned()));
        }
    }

    #[test]
    fn days() {
        let cases = [
            (Cell::Number(19_074.0), true, "1956-03-22"),
            (Cell::Number(28_828.0), false, "1978-12-04"),
            (Cell::Number(19_450_305.0), false, "1945-03-05"),
            (Cell::Number(1939.07), false, "1939-07"),
            (Cell::Number(1945.0), false, "1945"),
            (Cell::Text("1945-02-30".into()), false, "date_impossible"),
            (Cell::Text("不详".into()), false, "nothing"),
            (Cell::NoResult, false, "nothing"),
        ];
        for (cell, system_1904, expected) in cases {
            let shown = match day(Some(&cell), system_1904, None) {
                Said::Value(day) => day,
                Said::Fault(why) => why.code().to_owned(),
                Said::Nothing => "nothing".to_owned(),
            };
            assert_eq!(shown, expected);
        }
        let october = IdNumber::parse("440784193910216232").ok();
        assert_eq!(
            day(Some(&Cell::Number(1939.1)), false, october.as_ref()),
            Said::Value("1939-10".to_owned())
        );
    }

    #[test]
    fn labels_sexes_grades_and_sums() {
        for (input, expected) in [
            ("1-男", "男"),
            ("440784103202-麦水村", "麦水村"),
            ("01-本人", "本人"),
            ("3-5组", "3-5组"),
            ("良围村", "良围村"),
            ("2023-05", "2023-05"),
            ("1号楼", "1号楼"),
        ] {
            assert_eq!(label(input), expected);
        }
        for (input, zero, expected) in [
            ("男", false, Some("男")),
            ("2", false, Some("女")),
            ("1", true, Some("女")),
            ("0", true, Some("男")),
            ("女士", false, Some("女")),
            ("M", false, Some("男")),
            ("2-女性", false, Some("女")),
            ("?", false, None),
        ] {
            assert_eq!(sex(input, zero), expected, "{input}");
        }
        for (input, expected) in [
            ("肢体一级", Some("一级")),
            ("2", Some("二级")),
            ("贰级", Some("二级")),
            ("无", None),
        ] {
            assert_eq!(grade(input), expected, "{input}");
        }
        assert_eq!(yuan(&Cell::Number(181.5)).as_deref(), Some("181.50"));
        assert_eq!(yuan(&Cell::Text("1,191.00".into())).as_deref(), Some("1191"));
    }

    #[test]
    fn paths() {
        for (input, town, village) in [
            ("鹤山市/桃源镇/永厦村", "桃源镇", "永厦村"),
            ("桃源镇永厦村", "桃源镇", "永厦村"),
            ("广东省江门市鹤山市沙坪街道良围村委会", "沙坪街道", "良围村委会"),
            ("古劳镇", "古劳镇", ""),
            ("良围村", "", "良围村"),
            ("其他", "", ""),
        ] {
            let (t, v) = places(input);
            assert_eq!(
                (t.as_deref().unwrap_or(""), v.as_deref().unwrap_or("")),
                (town, village),
                "{input}"
            );
        }
    }
}
