//! Looks for many texts at once in files and logs, in every form in which a program or a database may write them.

use encoding_rs::GB18030;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// Fewer bytes than these turn up by chance: sealed data is as random as can be. Six bytes are three characters in
/// UTF-16 and GB18030, two in UTF-8; thousands of those meet among megabytes once in some ten thousand runs.
const LEAST: usize = 6;

/// The number of the last six bytes.
const MASK: u64 = (1 << (8 * LEAST)) - 1;

pub struct Needles {
    texts: Vec<String>,
    /// Whether a needle may begin with six bytes whose number falls here: nearly always none does.
    begins: Vec<bool>,
    /// By their first six bytes: the needles as bytes, and the text that each stands for.
    needles: HashMap<u64, Vec<(Vec<u8>, usize)>>,
}

impl Needles {
    pub fn new(texts: BTreeSet<String>) -> Needles {
        let texts: Vec<String> = texts.into_iter().collect();
        let mut begins = vec![false; 1 << 20];
        let mut needles: HashMap<u64, Vec<(Vec<u8>, usize)>> = HashMap::new();
        for (n, text) in texts.iter().enumerate() {
            for bytes in forms(text) {
                let first = bytes[..LEAST]
                    .iter()
                    .fold(0, |number, byte| number << 8 | u64::from(*byte));
                begins[place(first)] = true;
                needles.entry(first).or_default().push((bytes, n));
            }
        }
        Needles {
            texts,
            begins,
            needles,
        }
    }

    pub fn count(&self) -> usize {
        self.texts.len()
    }

    /// The texts that these bytes hold.
    pub fn found_in(&self, bytes: &[u8]) -> BTreeSet<&str> {
        let (mut found, mut last) = (BTreeSet::new(), 0);
        for (at, byte) in bytes.iter().enumerate() {
            last = (last << 8 | u64::from(*byte)) & MASK;
            if at + 1 < LEAST || !self.begins[place(last)] {
                continue;
            }
            let rest = &bytes[at + 1 - LEAST..];
            let beginning = self.needles.get(&last).into_iter().flatten();
            let here = beginning.filter(|(needle, _)| rest.starts_with(needle));
            found.extend(here.map(|(_, n)| self.texts[*n].as_str()));
        }
        found
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

fn place(first: u64) -> usize {
    (first.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 44) as usize
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
