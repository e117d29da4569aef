//! Text files with a separator. Records are counted as a spreadsheet counts rows: blank lines are rows too. Only a
//! window of the text is held, and each record is read from it.

use super::cell::{Cell, GridRow};
use super::refusal::Refusal;
use super::text::Text;
use std::borrow::Cow;

/// A text file as a table.
pub struct Delimited<'s> {
    text: Text<'s>,
    /// The window; what is before `from` has been read.
    window: String,
    from: usize,
    ended: bool,
    separator: char,
    number: u32,
    unclosed: u32,
}

/// A quoted field longer than this never closes: the quote was a character.
const LONGEST_QUOTED: usize = 32_768;
/// After so many quotes that never closed, quotes are characters in this file: looking ahead costs time.
const MOST_UNCLOSED: u32 = 200;
/// As in a spreadsheet; what is beyond belongs to no table.
const MOST_COLUMNS: u32 = 16_384;
/// Bytes of text that are looked at to tell the separator.
const START: usize = 1 << 20;
/// Bytes behind a record that must be known before it counts as read: a quote that does not close shows itself by
/// what follows, and every quote in a field may be doubled.
const AHEAD: usize = LONGEST_QUOTED * 2 + 16;
/// Longest record in bytes. A row of a spreadsheet may be as long and never is.
const LONGEST_RECORD: usize = 16 << 20;

impl<'s> Delimited<'s> {
    pub fn new(text: Text<'s>) -> Result<Delimited<'s>, Refusal> {
        let mut table = Delimited {
            text,
            window: String::new(),
            from: 0,
            ended: false,
            separator: ',',
            number: 0,
            unclosed: 0,
        };
        table.fill(START)?;
        let named = match table.window.strip_prefix("sep=") {
            // A line that tells Excel the separator; Excel does not count it.
            Some(rest) => {
                table.from = table.window.find('\n').map_or(table.window.len(), |n| n + 1);
                rest.chars().next()
            }
            None => None,
        };
        table.separator = named.unwrap_or_else(|| likely_separator(&table.window[table.from..]));
        Ok(table)
    }

    /// Makes the window hold this many bytes from where it is read, unless the text ends before.
    fn fill(&mut self, wanted: usize) -> Result<(), Refusal> {
        while !self.ended && self.window.len() - self.from < wanted {
            self.window.drain(..self.from);
            self.from = 0;
            self.ended = !self.text.next(&mut self.window)?;
        }
        Ok(())
    }

    /// The next row that holds something.
    pub fn next(&mut self) -> Result<Option<GridRow>, Refusal> {
        let mut wanted = AHEAD * 2;
        loop {
            self.fill(wanted)?;
            let rest = &self.window[self.from..];
            if rest.is_empty() {
                return Ok(None);
            }
            let mut unclosed = self.unclosed;
            let (cells, after) = record(rest, self.separator, &mut unclosed);
            let used = rest.len() - after.len();
            if !self.ended && after.len() < AHEAD {
                if rest.len() > LONGEST_RECORD {
                    return Err(Refusal::too_large("有一行过长"));
                }
                wanted = rest.len() * 2;
                continue;
            }
            self.from += used;
            self.unclosed = unclosed;
            self.number += 1;
            wanted = AHEAD * 2;
            if !cells.is_empty() {
                return Ok(Some(GridRow {
                    number: self.number,
                    hidden: false,
                    cells,
                }));
            }
        }
    }

    /// What a clerk should know about how the text was read, once it has been.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.text.encoding != "UTF-8" {
            notes.push(format!("文字编码按 {} 读取。", self.text.encoding));
        }
        if self.text.unreadable > 0 {
            notes.push(format!(
                "有 {} 处文字无法识别，已用 � 代替。",
                self.text.unreadable
            ));
        }
        notes
    }
}

/// The sign that splits the first lines into most fields, most evenly.
fn likely_separator(text: &str) -> char {
    let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).take(40).collect();
    let score = |separator: char| {
        let counts: Vec<usize> = lines.iter().map(|line| outside_quotes(line, separator)).collect();
        let most = counts.iter().copied().max().unwrap_or(0);
        let like_most = counts.iter().filter(|n| **n == most).count();
        // Lines that agree weigh more than one line with many signs.
        (most > 0).then_some(counts.iter().filter(|n| **n > 0).count() * 4 + like_most * most.min(8))
    };
    ['\t', ',', ';', '|', '，']
        .into_iter()
        .filter_map(|s| Some((score(s)?, s)))
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map_or(',', |(_, s)| s)
}

fn outside_quotes(line: &str, separator: char) -> usize {
    let mut quoted = false;
    line.chars()
        .take(8192)
        .filter(|c| {
            quoted ^= *c == '"';
            *c == separator && !quoted
        })
        .count()
}

/// The cells of one record that hold something, and what is behind it.
fn record<'a>(text: &'a str, separator: char, unclosed: &mut u32) -> (Vec<(u32, Cell)>, &'a str) {
    let mut cells = Vec::new();
    let mut column = 0;
    let mut rest = text;
    loop {
        let opened = rest.strip_prefix('"').filter(|_| *unclosed < MOST_UNCLOSED);
        let closed = opened.and_then(quoted);
        *unclosed += u32::from(opened.is_some() && closed.is_none());
        let (field, after) = match closed {
            // What stands between a closing quote and the separator belongs to the field.
            Some((field, after)) => {
                let end = after.find([separator, '\n', '\r']).unwrap_or(after.len());
                (Cow::Owned(field + &after[..end]), &after[end..])
            }
            None => {
                let end = rest.find([separator, '\n', '\r']).unwrap_or(rest.len());
                (Cow::Borrowed(&rest[..end]), &rest[end..])
            }
        };
        if column < MOST_COLUMNS {
            cells.extend(Cell::text(&field).map(|cell| (column, cell)));
        }
        column += 1;
        match after.chars().next() {
            Some(c) if c == separator => rest = &after[c.len_utf8()..],
            Some('\r') => return (cells, after[1..].strip_prefix('\n').unwrap_or(&after[1..])),
            Some(_) => return (cells, &after[1..]),
            None => return (cells, ""),
        }
    }
}

/// A quoted field, its opening quote taken off. `None` when it never closes.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let end = rest.find('"')?;
        field.push_str(&rest[..end]);
        if field.len() > LONGEST_QUOTED {
            return None;
        }
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                rest = after;
            }
            None => return Some((field, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::source::Source;

    fn shown(text: &str) -> String {
        let bytes = text.as_bytes();
        let source: &dyn Source = &bytes;
        let mut table = Delimited::new(Text::open(source).unwrap()).unwrap();
        std::iter::from_fn(|| table.next().unwrap())
            .map(|row| {
                let cells: Vec<String> = row
                    .cells
                    .iter()
                    .map(|(c, cell)| format!("{c}={}", cell.shown()))
                    .collect();
                format!("{}:{}", row.number, cells.join(" "))
            })
            .collect::<Vec<_>>()
            .join(" | ")
    }

    #[test]
    fn records() {
        let cases = [
            ("a,b\r\nc,d\r\n", "1:0=a 1=b | 2:0=c 1=d"),
            ("a,b\n\nc,d", "1:0=a 1=b | 3:0=c 1=d"),
            ("a,b\n,,\nc,", "1:0=a 1=b | 3:0=c"),
            ("\"x,\ny\",\"q\"\"q\"\nz,w", "1:0=x,\ny 1=q\"q | 2:0=z 1=w"),
            ("\"=\"\"440\"\"\",b", "1:0==\"440\" 1=b"),
            ("a\tb,c\td\ne\tf\tg", "1:0=a 1=b,c 2=d | 2:0=e 1=f 2=g"),
            ("sep=;\na;b", "1:0=a 1=b"),
            ("a,\"never closed\nb,c", "1:0=a 1=\"never closed | 2:0=b 1=c"),
            ("a\rb\r", "1:0=a | 2:0=b"),
            (
                "title,,\nx,y,z\n1,2,3",
                "1:0=title | 2:0=x 1=y 2=z | 3:0=1 1=2 2=3",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn records_longer_than_the_window() {
        let long = "x".repeat(AHEAD * 5);
        let quoted = "y\n".repeat(LONGEST_QUOTED / 4);
        let text = format!("a,b\n{long},c\n\"{quoted}\",d\n\"{long},e\nf,g");
        let expected =
            format!("1:0=a 1=b | 2:0={long} 1=c | 3:0={quoted} 1=d | 4:0=\"{long} 1=e | 5:0=f 1=g");
        assert!(shown(&text) == expected);
    }
}
