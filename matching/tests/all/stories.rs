//! Hard cases: each row is one that another system got wrong.

use crate::town::{Cells, Outcome, link};

fn cells(lines: &[&str]) -> Vec<Cells> {
    lines.iter().map(|line| Cells::of(line)).collect()
}

fn linked(register: &[&str], list: &[&str]) -> Outcome {
    link(&cells(register), &[(0, cells(list))])
}

const HOUSE: &str = "沙坪街道良围村旧围村86号";

#[test]
fn twins_one_of_them_without_a_number() {
    let register = [
        format!("R1 何伟棠 440784198803200510 1988-03-20 男 {HOUSE} 13900078461"),
        format!("R2 何伟梁 440784198803200772 1988-03-20 男 {HOUSE} 13900078461"),
    ];
    let list = [
        format!("C1 何伟棠 440784198803200510 1988-03-20 男 {HOUSE} 13900078461"),
        format!("C2 何伟梁 - 1988-03-20 男 {HOUSE} 13900078461"),
        format!("C3 何伟樑 440784198803200772 1988-03-20 男 {HOUSE} 13900078461"),
    ];
    let said = linked(
        &register.each_ref().map(String::as_str),
        &list.each_ref().map(String::as_str),
    );
    assert_eq!(said.row("C1"), "linked R1");
    assert_eq!(said.row("C2"), "twins R2 R1");
    assert_eq!(said.row("C3"), "linked R2");
    assert!(!said.are_one("R1", "R2") && said.are_one("C3", "R2"));
}

#[test]
fn numbers_and_names() {
    let register = [
        "R1 吴彩凤 440784194610132621 1946-10-13 女 沙坪街道良围村旧围村9号 -",
        "R2 陈国华 11010219840406970X 1984-04-06 男 沙坪街道良围村旧围村12号 13900000001",
        "R3 李志明 - 1990-02-03 男 沙坪街道石岗村大井村7号 13900000007",
    ];
    let cases = [
        // A slip in the number, the rest agrees.
        (
            "D1 吴彩凤 440784194610132620 1946-10-13 女 沙坪街道良围村旧围村9号",
            "linked R1",
        ),
        ("D1 吴彩凤 44078419461013261 - 女 -", "linked R1"),
        // The number is right and the name another one.
        (
            "D1 吴秀英 440784194610132621 1946-10-13 女 沙坪街道良围村旧围村9号",
            "other_name R1",
        ),
        // Written by ear, shortened, with a note, in traditional characters, with a moved home.
        (
            "D1 陈国桦 11010219840406970X - 男 雅瑶镇仙溪村新屋村3号",
            "linked R2",
        ),
        ("D1 陈华 11010219840406970x - 男 -", "linked R2"),
        ("D1 陳國華（户主） 11010219840406970＊ - - -", "linked R2"),
        // Nobody has the number; the same name in another house is another person.
        ("D1 陈国华 440308199901101512 - 男 沙坪街道石岗村大井村1号", "new"),
        // The register has no number.
        (
            "D1 李志明 440784199002030019 1990-02-03 男 沙坪街道石岗村大井村7号",
            "linked R3",
        ),
        // Another name in the house; 芬 and 凤 do not sound alike here.
        ("D1 吴彩芬 - - 女 沙坪街道良围村旧围村9号", "new"),
        // Nothing to go by.
        ("D1 陈国华 - - - -", "new"),
        ("D1 - - 1984-04-06 男 沙坪街道良围村旧围村12号", "new"),
    ];
    for (row, expected) in cases {
        assert_eq!(linked(&register, &[row]).row("D1"), expected, "{row}");
    }
}

#[test]
fn two_valid_numbers_are_never_one_person() {
    let register = ["R1 任仪志 440784194609011881 1946-09-01 女 沙坪街道良围村旧围村9号 13900000009"];
    let said = linked(
        &register,
        &["E1 任仪志 440784194609011451 1946-09-01 女 沙坪街道良围村旧围村9号 13900000009"],
    );
    assert_eq!(said.row("E1"), "other_number R1");
    assert!(!said.are_one("E1", "R1"));
}

#[test]
fn namesakes_with_one_birthday_stay_apart() {
    let register = [
        "R1 区芳芳 440784193408035161 1934-08-03 女 沙坪街道良围村旧围村63号 13900000001",
        "R2 区芳芳 440784193408030563 1934-08-03 女 沙坪街道良围村旧围村6号 13900000002",
    ];
    let said = linked(
        &register,
        &[
            "E1 区芳芳 - 1934-08-03 女 沙坪街道良围村旧围村63号 13900000001",
            "E2 区芳芳 - 1934-08-03 女 沙坪街道良围村 -",
        ],
    );
    assert_eq!(said.row("E1"), "linked R1");
    assert!(said.row("E2").starts_with("several_people"), "{}", said.row("E2"));
    assert!(!said.are_one("R1", "R2"));
}

#[test]
fn born_twice_offline_in_two_villages() {
    let said = linked(
        &[
            "A 任仪志 440784194609011881 - 女 沙坪街道良围村旧围村9号 -",
            "C 任仪志 440784194609011881 - 女 雅瑶镇仙溪村新屋村2号 -",
        ],
        &[
            // The last four digits are missing.
            "D 任仪志 44078419460901 - 女 沙坪街道良围村旧围村9号 -",
            "L 任仪志 440784194609011881 1946-09-01 女 - -",
        ],
    );
    assert_eq!(said.row("D"), "linked A");
    assert!(said.are_one("A", "C") && said.are_one("A", "L") && said.are_one("A", "D"));
    assert_eq!(said.people.len(), 1);
}

#[test]
fn one_person_in_two_lists_and_not_in_the_register() {
    let register = cells(&["R1 陈国华 11010219840406970X 1984-04-06 男 沙坪街道良围村旧围村12号 -"]);
    let lists = [
        (
            0,
            cells(&["C1 郭金娣 440784193911053228 1939-11-05 女 雅瑶镇仙溪村新屋村2号 -"]),
        ),
        (
            1,
            cells(&["E1 郭金娣 440784193911053228 1939-11-05 女 雅瑶镇仙溪村新屋村2号 -"]),
        ),
    ];
    let said = link(&register, &lists);
    assert_eq!(
        (said.row("C1"), said.row("E1")),
        ("new".to_owned(), "new".to_owned())
    );
    assert!(said.are_one("C1", "E1"));
}
