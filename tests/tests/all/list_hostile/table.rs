//! Bad input as a table: what a clerk hands in, and what the reader makes of it.

use super::{sheet, text_cells, workbook};
use api::lists::{self, ListKind};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read, Write};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, ZipArchive};

const A: &str = "440308199901101512";
const B: &str = "11010219840406970X";

/// A refusal's code, or the rows with what is said of them: faults by code, rows that repeat another, notes.
fn made_of(kind: ListKind, bytes: &[u8]) -> String {
    let read = match lists::read(kind, "名单", bytes) {
        Ok(read) => read,
        Err(refusal) => return refusal.code.name().to_owned(),
    };
    let mut faults: BTreeMap<&str, usize> = BTreeMap::new();
    for fault in read.rows.iter().flat_map(|row| &row.faults) {
        *faults.entry(fault.why.code()).or_default() += 1;
    }
    let mut said = vec![format!("{} rows", read.rows.len())];
    said.extend(faults.iter().map(|(code, n)| format!("{code} {n}")));
    let repeats = read.rows.iter().filter(|row| row.same_as.is_some()).count();
    said.extend((repeats > 0).then(|| format!("repeats {repeats}")));
    let notes = read.outline.notes.len() + read.rows.iter().map(|row| row.notes.len()).sum::<usize>();
    said.extend((notes > 0).then(|| format!("notes {notes}")));
    said.join(", ")
}

fn check(cases: &[(&str, ListKind, Vec<u8>, &str)]) {
    let mut wrong = Vec::new();
    for (what, kind, bytes, expected) in cases {
        let got = made_of(*kind, bytes);
        if got != *expected {
            wrong.push(format!("{what}: {got} instead of {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn csv(text: &str) -> Vec<u8> {
    text.replace('A', A).replace('B', B).into_bytes()
}

fn gb(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

fn fixture(path: &str) -> Vec<u8> {
    fs::read(format!("{}/fixtures/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn tables_of_odd_shapes() {
    use ListKind::{Deaths, Disabled, Grids, LowIncome, Population};
    let wide = |columns: usize| {
        let more = |n: usize| format!("列{n}");
        let head: Vec<String> = ["序号", "姓名", "身份证号"]
            .map(str::to_owned)
            .into_iter()
            .chain((3..columns).map(more))
            .collect();
        let row: Vec<String> = ["1", "李妹", A]
            .map(str::to_owned)
            .into_iter()
            .chain((3..columns).map(|n| n.to_string()))
            .collect();
        format!("{}\n{}\n", head.join(","), row.join(",")).into_bytes()
    };
    let blanks = format!("姓名,身份证号\n李妹,{A}\n{}", ",,\n".repeat(1_000_000));
    let other_county = "姓名,身份证号,镇街,村居,地址\n李妹,A,西樵镇,河岗村,佛山市南海区西樵镇河岗村1号\n";
    check(&[
        ("0 rows", Population, csv(""), "empty_file"),
        ("a title alone", Population, csv("某某村人口名单\n"), "no_table"),
        ("headers only", Population, csv("姓名,身份证号,性别\n"), "no_rows"),
        (
            "headers and a total",
            Population,
            csv("姓名,身份证号,性别\n合计,,0\n"),
            "no_rows",
        ),
        (
            "no ID column",
            Disabled,
            csv("姓名,残疾类别,住址\n李妹,肢体,沙坪\n"),
            "1 rows",
        ),
        (
            "neither name nor number",
            Disabled,
            csv("残疾类别,住址,电话\n肢体,沙坪,139\n"),
            "no_table",
        ),
        ("200 columns", Population, wide(200), "1 rows"),
        ("16,384 columns", Population, wide(16_384), "1 rows"),
        ("20,000 columns", Population, wide(20_000), "1 rows"),
        (
            "a million rows of blanks",
            Population,
            blanks.into_bytes(),
            "1 rows",
        ),
        (
            "two lists in one sheet",
            LowIncome,
            csv(
                "低保名单\n姓名,身份证号,金额\n李妹,A,300\n合计,1人,300\n\n特困名单\n户主姓名,身份证号,供养方式,金额\n何一,B,分散,500\n",
            ),
            "2 rows",
        ),
        ("another county", Population, csv(other_county), "1 rows"),
        (
            "one person twice, saying the same",
            Disabled,
            csv("姓名,身份证号,残疾类别\n李妹,A,肢体\n李妹,A,肢体\n"),
            "2 rows, repeats 1",
        ),
        (
            "one person twice, saying different things",
            Disabled,
            csv("姓名,身份证号,残疾等级\n李妹,A,一级\n李妹,A,二级\n"),
            "2 rows, twice_in_file 2",
        ),
        (
            "the wrong kind",
            Deaths,
            csv("低保名单\n户主姓名,身份证号,低保金\n李妹,A,300\n"),
            "wrong_kind",
        ),
        (
            "people as grids",
            Grids,
            csv("姓名,身份证号,残疾类别\n李妹,A,肢体\n"),
            "wrong_kind",
        ),
        (
            "numbers as numbers",
            Population,
            csv("姓名,身份证号\n李妹,4.40308E+17\n"),
            "1 rows, id_as_number 1",
        ),
        (
            "digits lost",
            Population,
            csv("姓名,身份证号\n李妹,440308199901101000\n"),
            "1 rows, id_digits_lost 1",
        ),
        (
            "an impossible day",
            Deaths,
            csv("姓名,身份证号,死亡日期\n李妹,A,2026-02-30\n"),
            "1 rows, date_impossible 1",
        ),
    ]);
}

#[test]
fn texts_in_odd_encodings() {
    use ListKind::Population;
    let row = format!("李妹,{A}\n");
    let head = gb("姓名,身份证号\n");
    let undefined = [head.as_slice(), &gb(&row), b"\xFF\x80,", B.as_bytes(), b"\n"].concat();
    let mixed = [
        head.as_slice(),
        &gb(&row),
        "何一,".as_bytes(),
        B.as_bytes(),
        b"\n",
    ]
    .concat();
    let pasted = [
        "姓名,身份证号\n".as_bytes(),
        row.as_bytes(),
        "麦三,\n".as_bytes(),
        &gb("何一,"),
        B.as_bytes(),
        b"\n",
    ]
    .concat();
    let utf16: Vec<u8> = format!("姓名\t身份证号\n李妹\t{A}\n")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let half = &utf16[..utf16.len() - 1];
    check(&[
        (
            "GB18030",
            Population,
            [head.as_slice(), &gb(&row)].concat(),
            "1 rows, notes 1",
        ),
        (
            "GBK with undefined bytes",
            Population,
            undefined,
            "2 rows, notes 2",
        ),
        ("UTF-8 pasted into GBK", Population, mixed, "2 rows, notes 1"),
        ("GBK pasted into UTF-8", Population, pasted, "3 rows, notes 1"),
        ("UTF-16", Population, utf16.clone(), "1 rows, notes 1"),
        (
            "UTF-16 cut in a character",
            Population,
            half.to_vec(),
            "1 rows, notes 2",
        ),
        (
            "NUL in a cell",
            Population,
            csv(&format!("姓名,身份证号\n李\0妹,A\n{}", "麦三,\n".repeat(40))),
            "41 rows",
        ),
        (
            "a lone quote",
            Population,
            csv("姓名,身份证号\n\"李妹,A\n何一,B\n"),
            "2 rows",
        ),
        (
            "old line ends",
            Population,
            csv("姓名,身份证号\r李妹,A\r"),
            "1 rows",
        ),
    ]);
}

#[test]
fn each_line_in_its_own_encoding() {
    let text = [
        gb("姓名,身份证号\n李妹,A\n"),
        "何一,B\n".as_bytes().to_vec(),
        gb("麦三,\n"),
    ]
    .concat();
    let read = lists::read(ListKind::Population, "名单", &text).unwrap();
    let names: Vec<&str> = read.rows.iter().map(|row| row.values["name"].as_str()).collect();
    assert_eq!(names, ["李妹", "何一", "麦三"]);
}

/// The parts of a zip with one changed.
fn with_part(bytes: &[u8], method: CompressionMethod, change: impl Fn(&str, Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let mut from = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut to = ZipWriter::new(Cursor::new(Vec::new()));
    for n in 0..from.len() {
        let mut entry = from.by_index(n).unwrap();
        let (name, mut part) = (entry.name().to_owned(), Vec::new());
        entry.read_to_end(&mut part).unwrap();
        let options = SimpleFileOptions::default().compression_method(method);
        to.start_file(name.clone(), options).unwrap();
        to.write_all(&change(&name, part)).unwrap();
    }
    to.finish().unwrap().into_inner()
}

#[test]
fn workbooks_with_odd_cells() {
    use ListKind::{Disabled, Population};
    let head = text_cells(1, &["姓名", "身份证号", "性别"]);
    let cells = |cells: &str| sheet(&format!("{head}<row r=\"2\">{cells}</row>"));
    let name = "<c r=\"A2\" t=\"inlineStr\"><is><t>李妹</t></is></c>";
    let number = format!("<c r=\"B2\" t=\"inlineStr\"><is><t>{A}</t></is></c>");
    let linked = format!(
        "<worksheet><sheetData>{head}<row r=\"2\">{name}{number}</row></sheetData>\
         <hyperlinks><hyperlink ref=\"A2\" r:id=\"rId9\" display=\"x\"/></hyperlinks>\
         <legacyDrawing r:id=\"rId7\"/></worksheet>"
    );
    let good = cells(&format!("{name}{number}"));
    let xls = fixture("lists/民政-低保低边特困花名册.xls");
    let mut locked = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    locked.resize(1024, 0);
    locked.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    let no_strings = with_part(
        &fixture("lists/残联-持证残疾人名单.xlsx"),
        CompressionMethod::Stored,
        |_, part| part,
    );
    let zipped = {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("名单.xlsx", SimpleFileOptions::default()).unwrap();
        zip.write_all(&good).unwrap();
        zip.finish().unwrap().into_inner()
    };
    let stored = made_of(Disabled, &no_strings);
    assert_eq!(
        stored,
        made_of(Disabled, &fixture("lists/残联-持证残疾人名单.xlsx"))
    );
    check(&[
        ("a plain one", Population, good.clone(), "1 rows"),
        (
            "a formula with its result",
            Population,
            cells(&format!("{name}<c r=\"B2\" t=\"str\"><f>T(Z1)</f><v>{A}</v></c>")),
            "1 rows",
        ),
        (
            "a formula without result where it identifies",
            Population,
            cells(&format!("{name}<c r=\"B2\"><f>VLOOKUP(1,2,3)</f></c>")),
            "1 rows, formula_without_result 1",
        ),
        (
            "a formula without result elsewhere",
            Population,
            cells(&format!("{name}{number}<c r=\"C2\"><f>IF(1,2,3)</f></c>")),
            "1 rows, notes 1",
        ),
        (
            "#REF! where it identifies",
            Population,
            cells(&format!("{name}<c r=\"B2\" t=\"e\"><f>Z1</f><v>#REF!</v></c>")),
            "1 rows, cell_error 1",
        ),
        (
            "#N/A elsewhere",
            Population,
            cells(&format!("{name}{number}<c r=\"C2\" t=\"e\"><v>#N/A</v></c>")),
            "1 rows, notes 1",
        ),
        (
            "hyperlinks and comments",
            Population,
            workbook(linked.as_bytes()),
            "1 rows",
        ),
        (
            "a string that is not there",
            Population,
            cells(&format!("{name}{number}<c r=\"C2\" t=\"s\"><v>99</v></c>")),
            "1 rows",
        ),
        ("a workbook in a zip", Population, zipped, "not_a_list"),
        ("a password", Population, locked, "password_protected"),
        (
            "half an xlsx",
            Population,
            good[..good.len() / 2].to_vec(),
            "file_damaged",
        ),
        (
            "half an xls",
            ListKind::LowIncome,
            xls[..xls.len() / 2].to_vec(),
            "file_damaged",
        ),
        (
            "an xls by its start only",
            ListKind::LowIncome,
            xls[..600].to_vec(),
            "file_damaged",
        ),
    ]);
}

/// Text and workbooks have limits of their own, known by the first bytes.
#[test]
fn limits() {
    for (head, all, size, expected) in [
        (&b"a,b\n"[..], false, 256 << 20, true),
        (b"a,b\n", false, (256 << 20) + 1, false),
        (b"PK\x03\x04", false, 50 << 20, true),
        (b"PK\x03\x04", false, (50 << 20) + 1, false),
        (b"<table>", false, (50 << 20) + 1, false),
        (b" \n", false, 256 << 20, true),
        (b" \n", true, 2, false),
        (b"%PDF-1.7", false, 9, false),
    ] {
        let allowed = lists::most(head, all).is_ok_and(|most| size <= most);
        assert_eq!(allowed, expected, "{head:?} {size}");
    }
}
