//! `heshan-grid link`: a folder of files in, what was found out, without server or database.

use api::app::demo::people::{Dice, person};
use std::fmt::Write;
use std::path::Path;
use std::process::Output;
use tests::process::run_bare;

const ROSTER: &str = "记录号,村居,户号,与户主关系,姓名,性别,公民身份号码,出生日期,住址,联系电话\n";
const DISABLED: &str = "记录号,残疾人姓名,性别,身份证号,出生年月日,残疾类别,残疾等级,所属镇村,现住址,联系电话,\
    困难残疾人生活补贴,重度残疾人护理补贴\n";
const GRIDS: &str = "网格编号,镇街,村居,自然村或路,门牌起,门牌止\n\
    G1,古劳镇,竹洞村,榕园村,1,100\nG2,古劳镇,竹洞村,榕园村,101,9999\n";

/// A village of 200, of whom every tenth stands in a list: by number, or by name and birth date alone; two more rows are
/// about one number under another name, and about nobody.
fn folder(at: &Path) {
    let mut dice = Dice::new(31);
    let (mut roster, mut disabled) = (ROSTER.to_owned(), DISABLED.to_owned());
    for n in 0..200 {
        let p = person(&mut dice, n);
        let home = format!("鹤山市古劳镇竹洞村榕园村{}号", n + 1);
        let _ = writeln!(
            roster,
            "R{n},古劳镇竹洞村,H{n},户主,{},{},{},{},{home},{}",
            p.name, p.sex, p.id_number, p.birth_date, p.phone
        );
        let row = |key: &str, name: &str, number: &str| {
            format!(
                "{key}{n},{name},{},{number},{},肢体,二级,古劳镇竹洞村,{home},{},否,是\n",
                p.sex, p.birth_date, p.phone
            )
        };
        match n {
            5 => disabled.push_str(&row("X", "欧阳碧云", &p.id_number)),
            _ if n % 20 == 0 => disabled.push_str(&row("D", &p.name, &p.id_number)),
            _ if n % 10 == 0 => disabled.push_str(&row("D", &p.name, "")),
            _ => {}
        }
    }
    disabled.push_str("N1,司徒远山,男,,1931-02-03,肢体,二级,古劳镇竹洞村,,,否,是\n");
    std::fs::write(at.join("roster.csv"), roster).unwrap();
    std::fs::write(at.join("disabled.csv"), disabled).unwrap();
    std::fs::write(at.join("grids.csv"), GRIDS).unwrap();
}

fn link(data: &Path, out: &Path) -> Output {
    run_bare(&[
        "link",
        "--data",
        data.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ])
}

fn lines(out: &Path, name: &str) -> Vec<Vec<String>> {
    let mut csv = csv::Reader::from_path(out.join(name)).unwrap();
    let line = |line: Result<csv::StringRecord, _>| line.unwrap().iter().map(str::to_owned).collect();
    csv.records().map(line).collect()
}

#[test]
fn a_folder_is_linked() {
    let (data, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    folder(data.path());
    let done = link(data.path(), out.path());
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(
        done.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(said.contains("用时") && said.contains("内存最多"), "{said}");
    let links = lines(out.path(), "links.csv");
    for n in (0..200).step_by(10) {
        let (row, known) = (format!("D{n}"), format!("R{n}"));
        assert!(
            links
                .iter()
                .any(|link| link[..3] == ["disabled", row.as_str(), known.as_str()]),
            "{row}: {links:?}"
        );
    }
    assert_eq!(links.len(), 20, "nobody else is linked");
    let asks = lines(out.path(), "asks.csv");
    assert_eq!(asks.len(), 1, "{asks:?}");
    assert_eq!(asks[0][..4], ["disabled", "X5", "R5", "other_name"]);
    let clusters = lines(out.path(), "clusters.csv");
    let of = |key: &str| &clusters.iter().find(|c| c[1] == key).unwrap()[2];
    assert_eq!(of("D10"), of("R10"));
    assert_ne!(of("N1"), of("R5"));
    let grids = lines(out.path(), "grids.csv");
    let of = |key: &str| grids.iter().find(|g| g[1] == key).map(|g| g[2].as_str());
    assert_eq!((of("R10"), of("R150"), of("N1")), (Some("G1"), Some("G2"), None));
    let clues = lines(out.path(), "clues.csv");
    let found = clues.iter().filter(|clue| clue[0] == "not_in_roster_disabled");
    let found: Vec<&str> = found.map(|clue| clue[1].as_str()).collect();
    assert_eq!(found, ["N1"], "who stands in no register: {clues:?}");
}

#[test]
fn a_folder_that_cannot_be_read_is_refused() {
    fn check(name: &str, content: Option<&[u8]>, expected: &str) {
        let (data, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        folder(data.path());
        match content {
            Some(content) => std::fs::write(data.path().join(name), content).unwrap(),
            None => std::fs::remove_file(data.path().join(name)).unwrap(),
        }
        let done = link(data.path(), out.path());
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains(name) && said.contains(expected), "{name}: {said}");
    }
    check("roster.csv", None, "文件不存在或无法读取");
    check("roster.csv", Some(b"a,b\n1,2,3\n"), "第 2 行列数与表头不同");
    check("disabled.csv", Some(b"a,b\n1,\xff\xfe\n"), "不是 UTF-8 文本");
    check("grids.csv", Some("网格,镇\nG1,古劳镇\n".as_bytes()), "应有 6 列");
    check(
        "grids.csv",
        Some("网格编号,镇街,村居,自然村或路,门牌起,门牌止\nG1,古劳镇,竹洞村,榕园村,一,100\n".as_bytes()),
        "第 2 行的门牌范围不是数字",
    );
}
