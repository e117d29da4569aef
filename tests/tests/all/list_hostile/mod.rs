//! Files that are broken, made to hurt, or very large: no panic, bounded time, and a sentence in Chinese.
#![allow(clippy::unwrap_used)]

mod fuzz;
mod table;

use api::lists::{self, ListKind};
use std::fs;
use std::io::{Cursor, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use zip::write::{SimpleFileOptions, ZipWriter};

/// Far more than any of these files needs, in a debug build on a busy machine.
const LONGEST: Duration = Duration::from_secs(60);

fn code(kind: ListKind, bytes: &[u8]) -> &'static str {
    let began = Instant::now();
    let result = lists::read(kind, "名单", bytes);
    assert!(began.elapsed() < LONGEST, "took {:?}", began.elapsed());
    match result {
        Ok(_) => "read",
        Err(refusal) => {
            assert!(refusal.message.chars().any(|c| c > '\u{4E00}'));
            refusal.code.name()
        }
    }
}

fn workbook(sheet: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let parts: [(&str, &[u8]); 4] = [
        (
            "_rels/.rels",
            br#"<Relationships><Relationship Id="rId1" Type="x/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
        ),
        (
            "xl/workbook.xml",
            br#"<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            br#"<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
        ),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    for (name, bytes) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn text_cells(row: u32, texts: &[&str]) -> String {
    let cells: String = texts
        .iter()
        .map(|t| format!("<c t=\"inlineStr\"><is><t>{t}</t></is></c>"))
        .collect();
    format!("<row r=\"{row}\">{cells}</row>")
}

fn sheet(rows: &str) -> Vec<u8> {
    workbook(
        format!("<worksheet><dimension ref=\"A0:\"/><sheetData>{rows}</sheetData></worksheet>").as_bytes(),
    )
}

#[test]
fn files_made_to_hurt() {
    let head = text_cells(1, &["姓名", "身份证号", "性别"]);
    let person = text_cells(2, &["李妹", "440308199901101512", "男"]);
    let good = format!("{head}{person}");

    let blank_rows: String = (3..1_000_000)
        .map(|n| format!("<row r=\"{n}\"><c r=\"A{n}\" s=\"1\"/></row>"))
        .collect();
    let wide: Vec<String> = (0..16_384).map(|n| format!("列{n}")).collect();
    let wide: Vec<&str> = wide.iter().map(String::as_str).collect();
    let wide_row = text_cells(2, &vec!["x"; 16_384]);
    let bomb = format!("{good}{}", " ".repeat(200 << 20));
    let long_text = format!("{head}{}", text_cells(2, &["李", &"9".repeat(5 << 20)]));
    let far = format!("{good}<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>");
    let merges: String = (0..50_000)
        .map(|n| format!("<mergeCell ref=\"A{}:A{}\"/>", n + 3, n + 4))
        .collect();
    let merged = workbook(
        format!("<worksheet><sheetData>{good}</sheetData><mergeCells>{merges}</mergeCells></worksheet>")
            .as_bytes(),
    );
    let mut password = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    password.resize(1024, 0);
    password.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));

    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("a plain one", sheet(&good), "read"),
        (
            "a million rows of blanks",
            sheet(&format!("{good}{blank_rows}")),
            "read",
        ),
        (
            "16,384 columns without a header",
            sheet(&format!("{}{wide_row}", text_cells(1, &wide))),
            "no_table",
        ),
        ("a bomb", sheet(&bomb), "too_large"),
        ("one endless cell", sheet(&long_text), "too_large"),
        ("a cell at the far end", sheet(&far), "read"),
        ("many merges", merged, "read"),
        ("header only", sheet(&head), "no_rows"),
        ("no rows", sheet(""), "no_table"),
        ("a password", password, "password_protected"),
        (
            "an OLE file that is none",
            [b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".as_slice(), &[7; 600]].concat(),
            "not_a_list",
        ),
        (
            "a zip without a workbook",
            {
                let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
                zip.start_file("a.txt", SimpleFileOptions::default()).unwrap();
                zip.finish().unwrap().into_inner()
            },
            "not_a_list",
        ),
        ("half a zip", sheet(&good)[..300].to_vec(), "file_damaged"),
        (
            "a picture",
            b"\xFF\xD8\xFF\xE0\x00\x10JFIF\x00\x01".repeat(40),
            "not_a_list",
        ),
        ("only quotes", b"\"a\"\",".repeat(200_000), "no_table"),
        ("one endless line", b"x".repeat(8 << 20), "no_table"),
        ("open tags", b"<table><tr>".repeat(100_000), "no_table"),
        (
            "an open quote in a tag",
            [b"<table><td a=\"".as_slice(), &b"<td>".repeat(200_000)].concat(),
            "no_table",
        ),
        ("millions of separators", b",".repeat(4 << 20), "no_table"),
    ];
    for (name, bytes, expected) in cases {
        assert_eq!(code(ListKind::Population, &bytes), expected, "{name}");
    }
}

/// Numbers without a pattern, always the same ones.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

#[test]
fn broken_files_never_panic() {
    let mut numbers = Numbers(20_261_125);
    for folder in ["headers", "stories"] {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../tests/fixtures")
            .join(folder);
        let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        for file in files {
            let bytes = fs::read(&file).unwrap();
            for round in 0..12 {
                let mut broken = bytes.clone();
                if round % 3 == 0 {
                    broken.truncate(numbers.below(bytes.len()));
                }
                if round % 3 != 0 && !broken.is_empty() {
                    for _ in 0..=numbers.below(20) {
                        let at = numbers.below(broken.len());
                        broken[at] = numbers.below(256) as u8;
                    }
                }
                if round % 3 == 2 && !broken.is_empty() {
                    let at = numbers.below(broken.len());
                    let piece: Vec<u8> = broken[at..].iter().take(200).copied().collect();
                    broken.splice(at..at, piece);
                }
                let kind = ListKind::ALL[numbers.below(ListKind::ALL.len())];
                // Reading what is broken may succeed or be refused; it comes back in either case.
                code(kind, &broken);
            }
        }
    }
}
