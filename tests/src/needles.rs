//! Looks for many texts at once in files and logs, in every form in which a program or a database may write them.

use aho_corasick::AhoCorasick;
use encoding_rs::GB18030;
use std::collections::BTreeSet;
use std::path::Path;

/// Fewer bytes than these turn up by chance: sealed data is as random as can be. Six bytes are three characters in
/// UTF-16 and GB18030, two in UTF-8; thousands of those meet among megabytes once in some ten thousand runs.
const LEAST: usize = 6;

pub struct Needles {
    texts: Vec<String>,
    /// Encoded needles, and the text that each stands for.
    of: Vec<usize>,
    automaton: AhoCorasick,
}

impl Needles {
    pub fn new(texts: BTreeSet<String>) -> Needles {
        let texts: Vec<String> = texts.into_iter().collect();
        let (mut encoded, mut of) = (Vec::new(), Vec::new());
        for (n, text) in texts.iter().enumerate() {
            for bytes in forms(text) {
                encoded.push(bytes);
                of.push(n);
            }
        }
        let automaton = AhoCorasick::new(&encoded).unwrap();
        Needles { texts, of, automaton }
    }

    pub fn count(&self) -> usize {
        self.texts.len()
    }

    /// The texts that these bytes hold.
    pub fn found_in(&self, bytes: &[u8]) -> BTreeSet<&str> {
        let found = self.automaton.find_iter(bytes);
        found
            .map(|found| self.texts[self.of[found.pattern().as_usize()]].as_str())
            .collect()
    }

    /// Goes through a folder with all below it. Answers how many bytes were read, and file by file what they hold.
    pub fn found_below(&self, folder: &Path) -> (u64, Vec<String>) {
        let (mut read, mut found) = (0, Vec::new());
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                let (more, below) = self.found_below(&path);
                read += more;
                found.extend(below);
                continue;
            }
            // A database takes files away while it works; what is gone holds nothing.
            let Ok(bytes) = std::fs::read(&path) else { continue };
            read += bytes.len() as u64;
            let texts = self.found_in(&bytes);
            found.extend(texts.iter().map(|text| format!("{}: {text}", path.display())));
        }
        (read, found)
    }
}

/// UTF-8, also in hexadecimal as PostgreSQL logs bytes, UTF-16 and GB18030.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let utf8 = text.as_bytes().to_vec();
    let hex = utf8.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let utf16 = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (gb18030, _, _) = GB18030.encode(text);
    let mut all = vec![utf8, hex.into_bytes(), utf16, gb18030.into_owned()];
    all.retain(|bytes| bytes.len() >= LEAST);
    // Digits are the same in two of them.
    all.sort();
    all.dedup();
    all
}
