//! Days and months, as cells hold them.

use super::asking::month_alone;
use super::cell::Cell;
use super::why::{Said, Why, unquoted};
use domain::date;
use domain::id_number::{IdNumber, strip};
use std::borrow::Cow;

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

/// A month that names no year, with the year that a person gave for it.
pub fn with_year(cell: &Cell, year: Option<i16>) -> Cow<'_, Cell> {
    let alone = |year: i16| match month_alone(&cell.shown())? {
        (month, Some(day)) => Some(format!("{year:04}-{month:02}-{day:02}")),
        (month, None) => Some(format!("{year:04}-{month:02}")),
    };
    match year.and_then(alone) {
        Some(text) => Cow::Owned(Cell::Text(text.into())),
        None => Cow::Borrowed(cell),
    }
}

/// The day in Heshan of a moment as another system writes it: 2026-08-16T05:00:00.000Z.
pub fn moment(cell: &Cell) -> Option<String> {
    let shown = cell.shown();
    let at = domain::Instant::parse(unquoted(&shown).trim()).filter(|_| shown.contains('T'))?;
    Some(at.date().to_string())
}

fn text_as_day(text: &str, birth: Option<&IdNumber>) -> Result<date::Day, date::DateFault> {
    let read = date::parse(text);
    if read.is_ok() {
        return read;
    }
    // A day number that came to the file as text is believed where it is the birth date.
    let serial = strip(text).parse::<f64>().ok().filter(|n| n.fract() == 0.0);
    let believed = |day: date::Day| day.date().is_some() && day.date() == birth.map(IdNumber::birth_date);
    // So is a year of two digits.
    let short = text
        .trim()
        .get(..2)
        .is_some_and(|y| y.bytes().all(|b| b.is_ascii_digit()));
    let whole = ["19", "20"].map(|century| date::parse(&format!("{century}{}", text.trim())));
    let mut read_anew = serial
        .map(|n| date::from_serial(n, false))
        .into_iter()
        .chain(whole.into_iter().filter(|_| short));
    read_anew.find(|day| day.is_ok_and(believed)).unwrap_or(read)
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
