//! Addresses as people write them, and what is read.

use super::*;
use uuid::Uuid;

fn division(n: u8) -> DivisionId {
    DivisionId::from_uuid(Uuid::from_u128(u128::from(n)))
}

fn grid(n: u8) -> GridId {
    GridId::from_uuid(Uuid::from_u128(u128::from(n)))
}

const TOWNS: [(u8, &str, &[&str]); 6] = [
    (1, "沙坪街道", &[]),
    (2, "古劳镇", &[]),
    (3, "双合镇", &[]),
    (4, "址山镇", &["云乡镇"]),
    (5, "共和镇", &[]),
    (6, "龙口镇", &[]),
];

const VILLAGES: [(u8, u8, &str, &[&str]); 12] = [
    (11, 1, "良围村", &[]),
    (12, 1, "中山社区", &[]),
    (13, 1, "玉桥村", &[]),
    (14, 1, "玉桥社区", &[]),
    (15, 1, "沙坪社区", &[]),
    (21, 2, "双桥村", &[]),
    (22, 2, "上升村", &[]),
    (31, 3, "双桥都村", &["双桥村"]),
    (41, 4, "云乡村", &[]),
    (51, 5, "共和社区", &[]),
    (61, 6, "龙口村", &[]),
    (62, 6, "石桥村", &[]),
];

const RANGES: [(u8, u8, &str, u32, u32); 16] = [
    (1, 11, "后尾", 1, 60),
    (2, 11, "后尾", 61, 9999),
    (3, 11, "冯边", 1, 60),
    (4, 11, "冯边", 61, 9999),
    (5, 11, "旧围", 1, 9999),
    (6, 11, "村头", 1, 9999),
    (7, 12, "新城路", 1, 120),
    (8, 12, "沿江路", 1, 9999),
    (9, 15, "新城路", 121, 9999),
    (10, 21, "新屋", 1, 9999),
    (11, 31, "新屋", 1, 9999),
    (16, 21, "旧屋", 1, 9999),
    (12, 41, "", 1, 9999),
    (13, 61, "新屋村", 1, 9999),
    (14, 61, "上村", 1, 9999),
    (15, 15, "鹤山路", 1, 9999),
];

fn gazetteer() -> Gazetteer {
    let others = |names: &[&str]| {
        let one = |name: &&str| OtherName {
            name: (*name).to_owned(),
            former: true,
        };
        names.iter().map(one).collect()
    };
    let towns: Vec<Town> = TOWNS
        .iter()
        .map(|(id, name, former)| Town {
            id: division(*id),
            name: (*name).to_owned(),
            others: others(former),
        })
        .collect();
    let villages: Vec<Village> = VILLAGES
        .iter()
        .map(|(id, town, name, former)| Village {
            id: division(*id),
            town: division(*town),
            name: (*name).to_owned(),
            others: others(former),
        })
        .collect();
    let ranges: Vec<GridRange> = RANGES
        .iter()
        .map(|(id, village, natural, from, to)| GridRange {
            grid: grid(*id),
            village: division(*village),
            natural: (*natural).to_owned(),
            from: *from,
            to: *to,
        })
        .collect();
    Gazetteer::new(&["广东省", "江门市", "鹤山市"], &towns, &villages, &ranges)
}

fn number(id: Option<DivisionId>) -> String {
    id.map_or("-".to_owned(), |id| id.uuid().as_u128().to_string())
}

/// town village natural number grid, then the words left over.
fn shown(placed: &Placed) -> String {
    let n = |n: Option<u32>| n.map_or("-".to_owned(), |n| n.to_string());
    format!(
        "{} {} {} {} G{}{}{} |{}",
        number(placed.town),
        number(placed.village),
        placed.natural.as_deref().unwrap_or("-"),
        n(placed.number) + &placed.part.map(|p| format!("-{p}")).unwrap_or_default(),
        placed
            .grid
            .map_or("-".to_owned(), |g| g.uuid().as_u128().to_string()),
        if placed.former_name { " former" } else { "" },
        if placed.certain { "" } else { " doubt" },
        placed.rest
    )
}

fn check(gazetteer: &Gazetteer, hint: Hint, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(shown(&gazetteer.place(text, hint)), *expected, "{text}");
    }
}

#[test]
fn whole_and_shortened_forms() {
    let cases = [
        ("鹤山市沙坪街道良围村委会旧围村86号", "1 11 旧围 86 G5 |"),
        ("沙坪良围旧围86号", "1 11 旧围 86 G5 |"),
        (
            "广东省江门市鹤山市沙坪街道良围村委会旧围村86号",
            "1 11 旧围 86 G5 |",
        ),
        ("江门鹤山沙坪街道办事处良围村民委员会旧围86", "1 11 旧围 86 G5 |"),
        ("广东省鹤山县沙坪镇良围管理区旧围自然村86号", "1 11 旧围 86 G5 |"),
        ("沙坪公社良围大队旧围86号", "1 11 旧围 86 G5 |"),
        ("沙坪街道良围社区旧围村86号", "1 11 旧围 86 G5 |"),
        ("鶴山市沙坪街道良圍村委會舊圍村８６號", "1 11 旧围 86 G5 |"),
        (" 鹤山市　沙坪街道 良围村委会,旧围村 86 号。", "1 11 旧围 86 G5 |"),
        ("440784001205-鹤山市/沙坪街道/良围村/旧围86#", "1 11 旧围 86 G5 |"),
        ("良围村旧围村86", "1 11 旧围 86 G5 |"),
        ("良围旧围86号", "1 11 旧围 86 G5 |"),
        ("沙坪良围村村头9号", "1 11 村头 9 G6 |"),
        ("沙坪良围村委会村头村9号", "1 11 村头 9 G6 |"),
        ("鹤山市沙坪街道良围村委会旧围村九十六号", "1 11 旧围 96 G5 |"),
        ("沙坪街道良围村后尾六十号之二", "1 11 后尾 60-2 G1 |"),
        ("沙坪街道良围村后尾61-2", "1 11 后尾 61-2 G2 |"),
        ("沙坪街道良围村第三村民小组后尾12号", "1 11 后尾 12 G1 |3组"),
        ("沙坪街道良围村旧围村(独居)", "1 11 旧围 - G5 |独居"),
        ("龙口镇龙口村委会新屋村3号", "6 61 新屋 3 G13 |"),
        ("龙口村委会新屋3号", "6 61 新屋 3 G13 |"),
        ("龙口龙口上村3号", "6 61 上村 3 G14 |"),
        ("现住址：沙坪街道良围村旧围86号", "1 11 旧围 86 G5 |现住址"),
        (
            "佛山地区鹤山县沙坪公社良围大队旧围86号",
            "1 11 旧围 86 G5 |佛山地区",
        ),
    ];
    check(&gazetteer(), Hint::default(), &cases);
}

#[test]
fn what_is_not_said_is_not_guessed() {
    let cases = [
        // The village is known, the natural village or the number is not.
        ("沙坪街道良围村委会", "1 11 - - G- |"),
        ("良围", "1 11 - - G- |"),
        ("沙坪街道良围村围村86号", "1 11 - - G- |围村86号"),
        ("沙坪街道良围村旧围新村86号", "1 11 - - G- |旧围新村86号"),
        ("沙坪街道良围村后尾村", "1 11 后尾 - G- |"),
        ("沙坪街道良围村后尾三巷12号", "1 11 后尾 - G- |三巷12号"),
        ("沙坪街道良围村后尾3组12号", "1 11 后尾 - G- |3组12号"),
        ("沙坪街道良围村后尾13900078411", "1 11 后尾 - G- |13900078411"),
        // The town is known, the village is not.
        ("鹤山市沙坪街道", "1 - - - G- |"),
        ("鹤山市沙坪街道旧围86号", "1 - - - G- |旧围86号"),
        ("沙坪街道仙溪村委会马塘3号", "1 - - - G- |仙溪村委会马塘3号"),
        ("龙口镇石桥头12号", "6 - - - G- doubt |石桥头12号"),
        ("沙坪12号", "1 - - - G- doubt |12号"),
        ("沙坪街道玉桥12号", "1 - - - G- doubt |沙坪街道玉桥12号"),
        // Not even the town.
        ("", "- - - - G- doubt |"),
        ("不详", "- - - - G- doubt |不详"),
        ("旧围86号", "- - - - G- doubt |旧围86号"),
        ("共和路12号", "- - - - G- doubt |共和路12号"),
        ("新屋村3号", "- - - - G- doubt |新屋村3号"),
        (
            "广东省佛山市南海区沙坪街道良围村旧围86号",
            "- - - - G- doubt |广东省佛山市南海区沙坪街道良围村旧围86号",
        ),
        (
            "江门市蓬江区环市街道12号",
            "- - - - G- doubt |江门市蓬江区环市街道12号",
        ),
        ("香港九龙", "- - - - G- doubt |香港九龙"),
    ];
    check(&gazetteer(), Hint::default(), &cases);
}

#[test]
fn villages_of_one_name_and_of_old_names() {
    let gazetteer = gazetteer();
    let none = [
        ("双桥村新屋3号", "- - - - G- doubt |双桥村新屋3号"),
        ("双桥村旧屋3号", "- - - - G- doubt |双桥村旧屋3号"),
        ("双桥旧屋3号", "- - - - G- doubt |双桥旧屋3号"),
        ("古劳镇双桥村新屋3号", "2 21 新屋 3 G10 |"),
        ("双合镇双桥村新屋3号", "3 31 新屋 3 G11 former |"),
        ("双桥都村新屋3号", "3 31 新屋 3 G11 |"),
        ("鹤山市云乡镇云乡村12号", "4 41 - 12 G12 former |"),
        ("址山镇云乡村12号", "4 41 - 12 G12 |"),
        ("云乡村12号", "4 41 - 12 G12 |"),
        ("鹤山市云乡镇12号", "4 - - - G- former |12号"),
        ("沙坪街道玉桥村委会12号", "1 13 - 12 G- |"),
        ("沙坪街道玉桥居委会12号", "1 14 - 12 G- |"),
        ("共和镇共和社区12号", "5 51 - 12 G- |"),
    ];
    check(&gazetteer, Hint::default(), &none);
    let waits = gazetteer.place("双桥村新屋3号", Hint::default());
    assert_eq!(waits.candidates, [division(21), division(31)]);
    assert_eq!(waits.falls(), Falls::County);

    let in_town = |n| Hint {
        town: Some(division(n)),
        village: None,
    };
    check(
        &gazetteer,
        in_town(2),
        &[
            ("双桥村新屋3号", "2 21 新屋 3 G10 |"),
            ("双桥村", "2 21 - - G- |"),
        ],
    );
    check(
        &gazetteer,
        in_town(3),
        &[
            ("双桥村新屋3号", "3 31 新屋 3 G11 former |"),
            ("良围村旧围3号", "1 11 旧围 3 G5 |"),
        ],
    );
    let in_village = Hint {
        town: None,
        village: Some(division(11)),
    };
    let cases = [
        ("旧围86号", "1 11 旧围 86 G5 |"),
        ("沙坪街道旧围86号", "1 11 旧围 86 G5 |"),
        ("", "1 11 - - G- |"),
        ("小学旁", "1 11 - - G- |小学旁"),
        ("古劳镇双桥村新屋3号", "2 21 新屋 3 G10 |"),
        ("古劳镇9号", "2 - - - G- |9号"),
        ("双桥都村新屋3号", "3 31 新屋 3 G11 |"),
        ("佛山市禅城区9号", "- - - - G- doubt |佛山市禅城区9号"),
    ];
    check(&gazetteer, in_village, &cases);
}

#[test]
fn roads_of_a_town() {
    let cases = [
        (
            "鹤山市沙坪街道中山社区新城路12号3栋502房",
            "1 12 新城路 12 G7 |3栋502房",
        ),
        ("鹤山市沙坪街道沿江路12号", "1 12 沿江路 12 G8 |"),
        ("沙坪新城路12号", "1 12 新城路 12 G7 |"),
        ("沙坪新城路121号", "1 15 新城路 121 G9 |"),
        ("沙坪新城路", "1 - - - G- doubt |沙坪新城路"),
        ("沙坪鹤山路3号", "1 15 鹤山路 3 G15 |"),
        ("新城路12号", "- - - - G- doubt |新城路12号"),
    ];
    check(&gazetteer(), Hint::default(), &cases);
}

#[test]
fn equal_places() {
    let gazetteer = gazetteer();
    let same = [
        ("鹤山市沙坪街道良围村委会旧围村86号", "沙坪良围旧围86", true),
        ("沙坪良围旧围86号之二", "沙坪良围旧围村86-2", true),
        ("沙坪良围旧围86号", "沙坪良围旧围87号", false),
        ("沙坪良围旧围86号", "沙坪良围旧围86号之二", false),
        ("沙坪良围旧围86号(东边)", "沙坪良围旧围86号（西边）", false),
        ("沙坪良围村甲巷3号", "鹤山市沙坪街道良围村委会甲巷3号", true),
        ("双桥村3号", "古劳镇双桥村3号", false),
        ("双桥村 3号", "双桥村3号", true),
        ("佛山市南海区3号", "佛山市 南海区3号", true),
        ("沙坪街道良围村3号", "古劳镇双桥村3号", false),
    ];
    for (a, b, expected) in same {
        assert_eq!(gazetteer.same(a, b, Hint::default()), expected, "{a} {b}");
    }
    assert!(!format!("{:?}", gazetteer.place("沙坪良围旧围86号", Hint::default())).contains("旧围"));
}

#[test]
fn the_order_of_rows_decides_nothing() {
    let turned = {
        let mut g = gazetteer();
        let ids: Vec<DivisionId> = g.villages.iter().map(|v| v.id).collect();
        assert_eq!(ids.len(), VILLAGES.len());
        g.towns.iter_mut().for_each(|t| t.villages.reverse());
        g
    };
    for text in ["双桥村新屋3号", "沙坪新城路", "沙坪街道玉桥12号"] {
        let (a, b) = (
            gazetteer().place(text, Hint::default()),
            turned.place(text, Hint::default()),
        );
        assert!(a == b, "{text}");
    }
}
