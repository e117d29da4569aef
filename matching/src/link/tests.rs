//! Rows of every kind of doubt, and whom they are about.

use super::*;

const HE: &str = "440784198803200510";
const LIANG: &str = "440784198803200772";

/// `key number name`, or `key - name birth date`.
fn person<K>(key: K, text: &str) -> Person<K> {
    let parts: Vec<&str> = text.split(' ').collect();
    Person {
        key,
        number: IdNumber::parse(parts[0]).ok(),
        name: Name::parse(parts[1]),
        birth_date: parts.get(2).map(|date| date.parse().unwrap()),
    }
}

fn resident(n: u8, text: &str) -> Person<ResidentId> {
    person(ResidentId::from_bytes([n; 16]), text)
}

fn shown(link: &Link<u8>) -> String {
    match link {
        Link::Resident(id) => format!("resident {}", id.bytes()[0]),
        Link::Register(row) => format!("register {row}"),
        Link::New => "new".into(),
        Link::Invalid => "invalid".into(),
        Link::Ambiguous {
            doubt,
            residents,
            register,
        } => {
            let residents: Vec<u8> = residents.iter().map(|r| r.bytes()[0]).collect();
            format!("{} {residents:?} {register:?}", doubt.code())
        }
    }
}

#[test]
fn whom_a_row_is_about() {
    let residents = [
        resident(1, &format!("{HE} 何伟棠")),
        resident(2, "- 温好彩 1956-04-09"),
        resident(3, "440784194412301156 陆润生"),
        resident(4, "440784194412301156 陆润生"),
    ];
    let register = [
        person(7, &format!("{LIANG} 何伟梁")),
        person(6, &format!("{LIANG} 何伟梁")),
        person(8, "440784194105020805 宋惠贞"),
        person(9, "440784194105020805 宋惠珍"),
        person(5, "- 任仪志 1946-09-01"),
        person(4, "440784194802262463 黄秋菊(曾用名黄菊)"),
    ];
    let cases = [
        (HE, "何伟棠", "", "resident 1"),
        (HE, " 何　伟棠（户主）", "", "resident 1"),
        (HE, "何偉棠", "", "resident 1"),
        (HE, "何伟梁", "", "other_name [1] []"),
        (HE, "", "", "no_name [1] []"),
        ("440784194412301156", "陆润生", "", "several_people [3, 4] []"),
        (LIANG, "何伟樑", "", "register 6"),
        (LIANG, "何伟棠", "", "other_name [] [6, 7]"),
        ("440784194105020805", "宋惠贞", "", "several_people [] [8, 9]"),
        ("440784194802262463", "黄菊", "", "register 4"),
        // Nobody's number.
        ("440784198803201011", "何伟棠", "", "other_number [1] []"),
        ("440784198803201011", "何伟梁", "", "other_number [] [6, 7]"),
        ("440784198803201011", "何伟强", "", "new"),
        ("440784198803201011", "何伟强", "1956-04-09", "new"),
        (
            "440784195604092381",
            "温好彩",
            "",
            "resident_without_number [2] []",
        ),
        ("440784194609011881", "任仪志", "", "new"),
        ("440784198803201011", "", "", "no_name [] []"),
        // No valid number.
        ("", "何伟梁", "1988-03-20", "no_id_number [] [6, 7]"),
        ("无", "何伟棠", "", "no_id_number [1] []"),
        ("", "何伟棠", "1950-01-01", "no_id_number [] []"),
        ("", "任仪志", "", "no_id_number [] [5]"),
        ("4.40784E+17", "何伟棠", "1988-03-20", "id_digits_lost [1] []"),
        ("44078419880320051", "何伟棠", "1988-03-20", "id_length [1] []"),
        ("", "", "1988-03-20", "invalid"),
        ("440784198803200511", "不详", "", "invalid"),
    ];
    for (number, name, birth, expected) in cases {
        let row = Identity::read(number, name, birth.parse().ok());
        assert_eq!(
            shown(&link(&row, &residents, &register)),
            expected,
            "{number} {name} {birth}"
        );
        let turned: Vec<_> = residents.iter().rev().cloned().collect();
        let listed: Vec<_> = register.iter().rev().cloned().collect();
        assert_eq!(
            shown(&link(&row, &turned, &listed)),
            expected,
            "{number} {name} {birth} turned"
        );
    }
    let row = Identity::read(HE, "何伟棠", None);
    assert_eq!(format!("{row:?} {:?}", residents[0]), "Identity(…) Person(…)");
}
