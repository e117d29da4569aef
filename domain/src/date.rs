//! Dates and months in the styles that lists use, and ages.

use crate::instant::Instant;
use crate::text::{blank, clean, half_width, not_stated};
use jiff::ToSpan;
pub use jiff::civil::Date;

/// What a cell says about a day: the whole day, or only its month or year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    Date(Date),
    Month { year: i16, month: i8 },
    Year(i16),
}

impl Day {
    pub const fn date(self) -> Option<Date> {
        match self {
            Day::Date(date) => Some(date),
            Day::Month { .. } | Day::Year(_) => None,
        }
    }

    /// `YYYY-MM`, where at least the month is known.
    pub fn month(self) -> Option<String> {
        match self {
            Day::Date(date) => Some(format!("{:04}-{:02}", date.year(), date.month())),
            Day::Month { year, month } => Some(format!("{year:04}-{month:02}")),
            Day::Year(_) => None,
        }
    }
}

/// Why a text is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFault {
    NotStated,
    Impossible,
}

/// Reads 1945-03-05, 1945/3/5, 1945.3.5, 1945年3月5日, 19450305, 1945.3, 1945年3月, 194503, 1945, 一九四五年三月五日,
/// with a time of day behind it, and instants at midnight in Heshan.
pub fn parse(text: &str) -> Result<Day, DateFault> {
    if not_stated(text) {
        return Err(DateFault::NotStated);
    }
    let plain = clean(text)
        .chars()
        .map(half_width)
        .map(chinese_digit)
        .collect::<String>();
    let plain = plain.trim_matches(|c: char| blank(c) || crate::text::apostrophe(c));
    if plain.contains('T')
        && let Some(at) = Instant::parse(plain)
    {
        return at.midnight_date().map(Day::Date).ok_or(DateFault::Impossible);
    }
    let plain = AROUND
        .iter()
        .fold(plain.to_owned(), |plain, word| plain.replace(word, " "));
    let day_part = plain.split(['T', ' ']).next().unwrap_or(&plain);
    let numbers =
        numbers(if plain.contains('年') { &plain } else { day_part }).ok_or(DateFault::Impossible)?;
    let day = match numbers.as_slice() {
        [(8, n)] => ymd(n / 10_000, n / 100 % 100, n % 100),
        [(6, n)] => month(n / 100, n % 100),
        [(4, n)] => year(*n),
        [(4, y), (_, m)] => month(*y, *m),
        [(4, y), (_, m), (_, d), ..] => ymd(*y, *m, *d),
        // 5/3/1945 is not read: whether the day or the month stands first cannot be known.
        _ => None,
    };
    day.ok_or(DateFault::Impossible)
}

/// Words beside a day that say nothing of which day it is.
const AROUND: [&str; 8] = ["上午", "下午", "中午", "凌晨", "晚上", "左右", "起", "开始"];

/// A spreadsheet's day number: 1900 system (with its day 60 that never was) or 1904 system.
pub fn from_serial(serial: f64, system_1904: bool) -> Result<Day, DateFault> {
    if !serial.is_finite() || !(0.0..2_958_466.0).contains(&serial) {
        return Err(DateFault::Impossible);
    }
    let days = serial.trunc() as i64;
    let (epoch, days) = match (system_1904, days) {
        (true, days) => (Date::constant(1904, 1, 1), days),
        (false, 0 | 1) => return Err(DateFault::NotStated),
        (false, days) if days < 60 => (Date::constant(1899, 12, 31), days),
        (false, 60) => return Ok(Day::Date(Date::constant(1900, 2, 28))),
        (false, days) => (Date::constant(1899, 12, 30), days),
    };
    epoch
        .checked_add(days.days())
        .map(Day::Date)
        .map_err(|_| DateFault::Impossible)
}

/// Whole years at a date.
pub fn age(birth: Date, at: Date) -> i16 {
    let had_birthday = (at.month(), at.day()) >= (birth.month(), birth.day());
    at.year() - birth.year() - i16::from(!had_birthday)
}

/// `YYYY-MM-DD` and nothing else: the wire's form.
pub fn parse_wire(text: &str) -> Option<Date> {
    let shape = text.len() == 10 && text.is_ascii() && &text[4..5] == "-" && &text[7..8] == "-";
    let part = |from: usize, to: usize| text[from..to].parse().ok();
    shape.then(|| Date::new(part(0, 4)?, part(5, 7)? as i8, part(8, 10)? as i8).ok())?
}

/// `YYYY-MM` and nothing else: the wire's form.
pub fn parse_wire_month(text: &str) -> Option<(i16, i8)> {
    let date = parse_wire(&format!("{text}-01"))?;
    Some((date.year(), date.month()))
}

/// Each run of digits with its length; other characters separate. A stray letter is no date.
fn numbers(plain: &str) -> Option<Vec<(usize, i32)>> {
    let separators = |c: char| {
        matches!(
            c,
            '-' | '/' | '.' | '年' | '月' | '日' | '号' | ',' | ' ' | '、' | ':' | '时' | '点' | '分' | '秒'
        )
    };
    if !plain.chars().all(|c| c.is_ascii_digit() || separators(c)) {
        return None;
    }
    let runs = plain.split(separators).filter(|run| !run.is_empty());
    runs.map(|run| Some((run.len(), run.parse().ok()?))).collect()
}

fn chinese_digit(c: char) -> char {
    match c {
        '〇' | '零' | '○' => '0',
        '一' => '1',
        '二' => '2',
        '三' => '3',
        '四' => '4',
        '五' => '5',
        '六' => '6',
        '七' => '7',
        '八' => '8',
        '九' => '9',
        c => c,
    }
}

fn ymd(y: i32, m: i32, d: i32) -> Option<Day> {
    let date = Date::new(y as i16, i8::try_from(m).ok()?, i8::try_from(d).ok()?).ok()?;
    year(y).map(|_| Day::Date(date))
}

fn month(y: i32, m: i32) -> Option<Day> {
    let month = i8::try_from(m).ok().filter(|m| (1..=12).contains(m))?;
    year(y).map(|_| Day::Month {
        year: y as i16,
        month,
    })
}

fn year(y: i32) -> Option<Day> {
    (1850..=2199).contains(&y).then_some(Day::Year(y as i16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_lists_write_them() {
        let cases = [
            ("1945-03-05", "1945-03-05"),
            ("1945/3/5", "1945-03-05"),
            ("1945.3.5", "1945-03-05"),
            ("1945．3．5", "1945-03-05"),
            ("1945年3月5日", "1945-03-05"),
            ("1945 年 3 月 5 日", "1945-03-05"),
            ("19450305", "1945-03-05"),
            ("'19450305", "1945-03-05"),
            ("1945-03-05 00:00:00", "1945-03-05"),
            ("1988-06-30T15:00:00.000Z", "1988-07-01"),
            ("二〇〇一年三月五日", "2001-03-05"),
            ("2026年8月16日13时20分", "2026-08-16"),
            ("2026年8月16日上午", "2026-08-16"),
            ("2019年3月起", "2019-03"),
            ("1945.3", "1945-03"),
            ("1945年3月", "1945-03"),
            ("194503", "1945-03"),
            ("1945", "1945"),
        ];
        for (input, expected) in cases {
            let shown = match parse(input).unwrap_or_else(|e| panic!("{input}: {e:?}")) {
                Day::Date(date) => date.to_string(),
                Day::Month { year, month } => format!("{year}-{month:02}"),
                Day::Year(year) => year.to_string(),
            };
            assert_eq!(shown, expected, "{input}");
        }
        for input in [
            "1945-13-05",
            "1945-02-30",
            "0945-03-05",
            "5/3/1945",
            "八十岁",
            "1945-03-05T13:00:00Z",
            "12",
        ] {
            assert_eq!(parse(input), Err(DateFault::Impossible), "{input}");
        }
        assert_eq!(parse(" / "), Err(DateFault::NotStated));
    }

    #[test]
    fn day_numbers() {
        let cases = [
            (16_501.0, false, "1945-03-05"),
            (59.0, false, "1900-02-28"),
            (61.0, false, "1900-03-01"),
            (15_039.0, true, "1945-03-05"),
            (16_501.5, false, "1945-03-05"),
        ];
        for (serial, system, expected) in cases {
            assert_eq!(
                from_serial(serial, system).unwrap().date().unwrap().to_string(),
                expected,
                "{serial}"
            );
        }
        assert!(from_serial(-1.0, false).is_err() && from_serial(f64::NAN, false).is_err());
    }

    #[test]
    fn ages_and_wire_forms() {
        let birth = Date::constant(1946, 11, 25);
        assert_eq!(age(birth, Date::constant(2026, 11, 25)), 80);
        assert_eq!(age(birth, Date::constant(2026, 11, 24)), 79);
        assert!(parse_wire("2026-02-29").is_none() && parse_wire("2024-02-29").is_some());
        assert!(parse_wire("2026-2-9").is_none() && parse_wire("２０２６").is_none());
        assert_eq!(parse_wire_month("2026-11"), Some((2026, 11)));
        assert_eq!(parse_wire_month("2026-13"), None);
    }
}
