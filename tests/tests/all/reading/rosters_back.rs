//! Files that are made read back as they were.

use super::*;

tests::on_both!(a_roster_reads_back);

async fn a_roster_reads_back(database: Database) {
    let county = county(&database).await;
    let admin = actor(Role::BureauAdmin, &[], &[]);
    let csv = file(&county, &admin, "disabled", Format::Csv).await.unwrap();
    assert!(csv.starts_with("\u{FEFF}镇街,村居,网格,姓名".as_bytes()));
    for line in String::from_utf8(csv.clone()).unwrap().split(['\n', ',']) {
        let cell = line.trim_start_matches('"');
        assert!(
            !cell.starts_with(['+', '-', '@']) && !cell.starts_with("=1"),
            "{cell}"
        );
    }
    let xlsx = file(&county, &admin, "disabled", Format::Xlsx).await.unwrap();
    let expected: Vec<[String; 4]> = (0..3)
        .map(|n| {
            [
                PEOPLE[n].0.into(),
                number(n),
                PEOPLE[n].1.into(),
                PEOPLE[n].2.into(),
            ]
        })
        .collect();
    for (name, bytes) in [("a.csv", &csv), ("a.xlsx", &xlsx)] {
        let reading = lists::read(ListKind::Disabled, name, bytes).unwrap();
        let value = |row: &lists::Row, key| row.values.get(key).cloned().unwrap_or_default();
        let rows: Vec<[String; 4]> = reading
            .rows
            .iter()
            .map(|row| ["name", "id_number", "phone", "address"].map(|key| value(row, key)))
            .collect();
        assert_eq!(rows, expected, "{name}");
    }
    let mut book = Xlsx::new(Cursor::new(xlsx)).unwrap();
    let sheet = book.worksheet_range("底册").unwrap();
    let header: Vec<String> = sheet.rows().next().unwrap().iter().map(Data::to_string).collect();
    for label in [
        "公民身份号码",
        "联系电话",
        "残疾等级",
        "来源状态",
        "村居核定",
        "争议字段",
    ] {
        assert!(header.iter().any(|h| h == label), "{label}");
    }
    assert!(header.iter().all(|h| !h.contains("低保")));
    let at = header.iter().position(|h| h == "公民身份号码").unwrap();
    for (n, row) in sheet.rows().skip(1).enumerate() {
        assert_eq!(row[at], Data::String(number(n)));
    }
    for (purpose, expected) in [
        ("", "purpose_required purpose"),
        ("   ", "purpose_required purpose"),
    ] {
        let wanted = Wanted::all("disabled", Format::Csv, purpose);
        let refused = rosters::export(&county.program, &admin, &wanted).await;
        assert_eq!(told(refused, |_| "made".into()), expected);
    }
    tests::verify::agrees(&county.program).await;
}
