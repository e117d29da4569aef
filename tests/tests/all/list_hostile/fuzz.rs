//! The given files, changed at random in ways that keep them nearly right: no panic, bounded time. A few hundred cases
//! run with every check; `HESHAN_FUZZ_CASES` says how many otherwise, `HESHAN_FUZZ_SEED` where the dice begin.

use super::{Numbers, code};
use api::lists::ListKind;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use zip::ZipArchive;
use zip::write::{SimpleFileOptions, ZipWriter};

const CASES: u64 = 300;
/// Larger files say nothing that smaller ones do not, and take long.
const LARGEST: u64 = 200_000;

/// Texts that cells of such files hold, and some that they should not.
const CELLS: [&str; 24] = [
    "",
    " ",
    "姓名",
    "身份证号",
    "合计",
    "小计：3人",
    "户主",
    "家庭成员",
    "440308199901101512",
    "4.40784E+17",
    "-1",
    "1e308",
    "99999999999999999999",
    "1900-02-29",
    "3月",
    "0000-00-00",
    "=\"0750\"",
    "&#0;",
    "&amp;lt;",
    "_xD800_",
    "\u{FEFF}\u{200B}",
    "𠮷野家（曾用名：李、妹）",
    "１２３４５６７８",
    "13900078026/13900078027;0750-8888888",
];

fn given() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = ["headers", "stories", "lists"]
        .iter()
        .map(|folder| {
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("fixtures")
                .join(folder)
        })
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end != "json"))
        .filter(|path| fs::metadata(path).unwrap().len() <= LARGEST)
        .collect();
    files.sort();
    files
}

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(usual)
}

#[test]
fn changed_files_never_panic() {
    let files = given();
    let (cases, seed) = (
        setting("HESHAN_FUZZ_CASES", CASES),
        setting("HESHAN_FUZZ_SEED", 1),
    );
    for case in seed..seed + cases {
        let mut dice = Numbers(case.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        dice.below(2);
        let file = &files[dice.below(files.len())];
        let bytes = fs::read(file).unwrap();
        let kind = ListKind::ALL[dice.below(ListKind::ALL.len())];
        let changed = changed(&mut dice, &bytes);
        let done = std::panic::catch_unwind(|| code(kind, &changed));
        assert!(
            done.is_ok(),
            "HESHAN_FUZZ_SEED={case} {} as {}",
            file.display(),
            kind.name()
        );
    }
}

fn changed(dice: &mut Numbers, bytes: &[u8]) -> Vec<u8> {
    if bytes.starts_with(b"PK") && dice.below(4) > 0 {
        return zip_parts(dice, bytes);
    }
    match dice.below(3) {
        0 => flipped(dice, bytes.to_vec()),
        1 if !bytes.is_empty() => bytes[..dice.below(bytes.len())].to_vec(),
        _ => cells(dice, bytes.to_vec()),
    }
}

fn flipped(dice: &mut Numbers, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..=dice.below(30) {
        if bytes.is_empty() {
            return bytes;
        }
        let at = dice.below(bytes.len());
        match dice.below(4) {
            0 => bytes[at] ^= 1 << dice.below(8),
            1 => bytes[at] = dice.below(256) as u8,
            2 => drop(bytes.remove(at)),
            _ => {
                let piece: Vec<u8> = bytes[at..].iter().take(dice.below(300)).copied().collect();
                let to = dice.below(bytes.len());
                bytes.splice(to..to, piece);
            }
        }
    }
    bytes
}

/// Puts other texts where texts begin: behind separators, tags and quotes.
fn cells(dice: &mut Numbers, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..=dice.below(12) {
        let starts: Vec<usize> = bytes
            .iter()
            .enumerate()
            .filter(|(_, b)| matches!(b, b'>' | b',' | b'\t' | b'"' | b'\n'))
            .map(|(at, _)| at + 1)
            .collect();
        if starts.is_empty() {
            return bytes;
        }
        let from = starts[dice.below(starts.len())];
        let ends = bytes[from..]
            .iter()
            .position(|b| matches!(b, b'<' | b',' | b'\t' | b'"' | b'\n' | b'\r'));
        let to = ends.map_or(bytes.len(), |n| from + n);
        let text = CELLS[dice.below(CELLS.len())];
        bytes.splice(from..to, text.bytes());
    }
    bytes
}

/// Changes a part and packs it again, so that its check sum is right.
fn zip_parts(dice: &mut Numbers, bytes: &[u8]) -> Vec<u8> {
    let mut from = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let chosen = dice.below(from.len());
    let mut to = ZipWriter::new(Cursor::new(Vec::new()));
    for n in 0..from.len() {
        let mut entry = from.by_index(n).unwrap();
        let (name, mut part) = (entry.name().to_owned(), Vec::new());
        entry.read_to_end(&mut part).unwrap();
        let sheet = name.contains("sheet") && dice.below(2) == 0;
        if n == chosen || sheet {
            part = match dice.below(4) {
                0 => flipped(dice, part),
                1 if !part.is_empty() => part[..dice.below(part.len())].to_vec(),
                _ => cells(dice, part),
            };
            if dice.below(12) == 0 {
                continue;
            }
        }
        to.start_file(name, SimpleFileOptions::default()).unwrap();
        to.write_all(&part).unwrap();
    }
    to.finish().unwrap().into_inner()
}
