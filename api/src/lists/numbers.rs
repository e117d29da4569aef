//! Numbers that identify a person, as cells hold them.

use super::cell::Cell;
use super::why::{Said, Why, unquoted};
use domain::certificate::{self, Certificate};
use domain::id_number::{IdFault, IdNumber, strip};
use domain::text::not_stated;

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
}
