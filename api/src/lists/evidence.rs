//! What the values below a header say about a column.

use super::cell::{Cell, GridRow};
use super::words;
use domain::id_number::{IdNumber, strip};
use domain::text::{blank, not_stated};

/// Counts over the first rows of a column.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    pub filled: u32,
    pub stated: u32,
    pub ids: u32,
    pub certificates: u32,
    pub phones: u32,
    pub names: u32,
    pub days: u32,
    pub amounts: u32,
    /// Cells that hold several names or numbers.
    pub several: u32,
    /// Rows whose value repeats the row above.
    pub repeats: u32,
    pub blanks: u32,
    first_filled: bool,
}

impl Evidence {
    /// Looks at a column in rows that are data.
    pub fn of(rows: &[&GridRow], column: u32) -> Evidence {
        let mut e = Evidence::default();
        let mut above: Option<String> = None;
        for (n, row) in rows.iter().enumerate() {
            let shown = row.shown(column);
            if shown.chars().all(blank) {
                e.blanks += 1;
                above = None;
                continue;
            }
            e.first_filled |= n == 0;
            e.count(row.at(column), &shown);
            e.repeats += u32::from(above.as_deref() == Some(&*shown));
            above = Some(shown.into_owned());
        }
        e
    }

    fn count(&mut self, cell: Option<&Cell>, shown: &str) {
        self.filled += 1;
        if not_stated(shown) {
            return;
        }
        self.stated += 1;
        let plain = strip(shown);
        let digits = plain.bytes().filter(u8::is_ascii_digit).count();
        let long = plain.len() - usize::from(plain.ends_with('X'));
        let all_digits = digits == long && plain.is_ascii();
        self.ids += u32::from(
            all_digits && matches!(plain.len(), 15 | 17 | 18 | 19) && plausible_birth(&plain)
                || IdNumber::parse(shown).is_ok()
                || plain.contains("E+1"),
        );
        let holder = plain.is_char_boundary(18) && plain.len() >= 20 && plain.len() <= 22;
        self.certificates += u32::from(holder && digits >= 18 && plain.is_ascii());
        self.phones += u32::from(!domain::phone::Phone::all(shown).is_empty());
        self.names += u32::from(is_name(shown));
        let date = matches!(cell, Some(Cell::Date { .. })) || domain::date::parse(shown).is_ok();
        self.days += u32::from(date);
        self.amounts += u32::from(
            matches!(cell, Some(Cell::Number(n)) if *n < 1e7)
                || domain::amount::parse_yuan(shown).is_some_and(|fen| fen < 1_000_000_000),
        );
        let parts: Vec<&str> = shown
            .split(['、', ',', '，', ';', '；', '\n'])
            .filter(|p| !p.trim().is_empty())
            .collect();
        let runs = shown
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|r| r.len() >= 15)
            .count();
        let named = |part: &&str| is_name(part.trim_end_matches(|c: char| c.is_ascii_alphanumeric()));
        let told = |part: &&str| {
            named(part) || strip(part).len() >= 15 || words::text("relation").contains(&part.trim())
        };
        self.several +=
            u32::from(parts.len() > 1 && parts.iter().all(told) && parts.iter().any(named) || runs > 1);
    }

    /// Share of what is stated, in hundredths; all where nothing is.
    pub fn share(&self, n: u32) -> u32 {
        (n * 100).checked_div(self.stated).unwrap_or(100)
    }

    /// Filled once at the top of each block and blank below: never the same value in two rows that follow.
    pub fn is_in_blocks(&self) -> bool {
        let all = self.filled + self.blanks;
        self.first_filled && self.repeats == 0 && self.blanks * 10 >= all * 3
    }
}

fn plausible_birth(plain: &str) -> bool {
    let year = match plain.len() {
        15 => return true,
        _ => plain.get(6..8),
    };
    matches!(year, Some("18" | "19" | "20"))
}

/// Looks like the name of a person: short, words only, none of the words that stand in other columns.
pub fn is_name(text: &str) -> bool {
    let name = domain::name::Name::parse(text).plain;
    let count = name.chars().count();
    let chinese = name.chars().all(|c| !c.is_ascii() || matches!(c, ' ' | '\'')) && (2..=15).contains(&count);
    let foreign = name
        .chars()
        .all(|c| c.is_ascii_alphabetic() || matches!(c, ' ' | '·' | '\'' | '-'))
        && count >= 3;
    let other = ["no_person", "relation"]
        .iter()
        .any(|list| words::text(list).contains(&name.as_str()));
    (chinese || foreign) && !other && !name.contains(['：', '、', '，', '。', '/'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for text in [
            "李妹",
            "欧阳泉洪",
            "阿依古丽·买买提",
            "麦锦棠（独居）",
            "John Smith",
        ] {
            assert!(is_name(text), "{text}");
        }
        for text in ["是", "户主", "742人", "440784", "", "制表人：", "李"] {
            assert!(!is_name(text), "{text}");
        }
    }

    #[test]
    fn blocks() {
        let rows: Vec<GridRow> = ["甲村", "", "", "乙村", ""]
            .iter()
            .map(|t| GridRow {
                cells: Cell::text(t).map(|c| (0, c)).into_iter().collect(),
                ..GridRow::default()
            })
            .collect();
        let rows: Vec<&GridRow> = rows.iter().collect();
        assert!(Evidence::of(&rows, 0).is_in_blocks());
        assert!(!Evidence::of(&rows[1..], 0).is_in_blocks());
    }
}
