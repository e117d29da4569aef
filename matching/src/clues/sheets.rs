//! The columns of lists that rules read, each different cell once.

use std::collections::HashMap;

/// A list as rules see it: its kind and the headers of its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    pub list: String,
    pub columns: Vec<String>,
}

/// A row's cells, in the order of its sheet's columns.
pub type Line = Box<[u32]>;

/// Lists that rules run over. Cells are numbers of words; 0 is the empty one.
pub struct Sheets {
    pub sheets: Vec<Sheet>,
    /// By row: its sheet and its cells.
    pub lines: Vec<(u16, Line)>,
    words: HashMap<Box<str>, u32>,
    texts: Vec<Box<str>>,
}

impl Sheets {
    pub fn new(sheets: Vec<Sheet>) -> Sheets {
        Sheets {
            sheets,
            lines: Vec::new(),
            words: HashMap::from([(Box::from(""), 0)]),
            texts: vec![Box::from("")],
        }
    }

    /// The number of a word.
    pub fn word(&mut self, text: &str) -> u32 {
        let text = text.trim();
        if let Some(n) = self.words.get(text) {
            return *n;
        }
        let n = self.texts.len() as u32;
        self.words.insert(text.into(), n);
        self.texts.push(text.into());
        n
    }

    pub fn text(&self, word: u32) -> &str {
        &self.texts[word as usize]
    }

    pub(super) fn known(&self, text: &str) -> Option<u32> {
        self.words.get(text).copied()
    }

    /// Cells of those rows that stand on the list.
    pub(super) fn of<'s>(&'s self, rows: &'s [u32], list: usize) -> impl Iterator<Item = &'s [u32]> {
        let lines = rows.iter().map(|r| &self.lines[*r as usize]);
        lines
            .filter(move |(sheet, _)| usize::from(*sheet) == list)
            .map(|(_, cells)| &**cells)
    }

    pub(super) fn list(&self, list: &str) -> Option<usize> {
        self.sheets.iter().position(|s| s.list == list)
    }

    /// A column by its header.
    pub(super) fn column(&self, list: &str, column: &str) -> Option<(usize, usize)> {
        let at = self.list(list)?;
        let column = self.sheets[at].columns.iter().position(|c| c == column)?;
        Some((at, column))
    }
}
