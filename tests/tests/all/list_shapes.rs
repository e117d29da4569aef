//! Shapes that lists are handed in with, each as a small table: what is read, and what is reported.
//!
//! In the tables `|` parts cells, `@1` to `@9` stand for valid numbers of invented people.
#![allow(clippy::unwrap_used)]

use api::lists::{self, ListKind, Row};

/// A valid invented number.
fn number(n: u32) -> String {
    let front = format!("440784{}{:02}15{:03}", 1940 + n, n, 100 + n);
    let digits: Vec<u32> = front.bytes().map(|b| u32::from(b - b'0')).collect();
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.iter().zip(weights).map(|(d, w)| d * w).sum();
    let check = b"10X98765432"[(sum % 11) as usize] as char;
    format!("{front}{check}")
}

fn file(table: &str) -> Vec<u8> {
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(&line.trim_start().replace('|', "\t"));
        text.push('\n');
    }
    for n in 1..=9 {
        text = text.replace(&format!("@{n}"), &number(n));
    }
    text.into_bytes()
}

/// `rows persons: row name number-known? … | reported`.
fn shown(kind: ListKind, table: &str, keys: &[&str]) -> String {
    let reading = match lists::read(kind, "名单.csv", &file(table)) {
        Ok(reading) => reading,
        Err(refusal) => return refusal.code.name().to_owned(),
    };
    let one = |row: &Row| {
        let values: Vec<&str> = keys
            .iter()
            .map(|k| row.values.get(k).map_or("-", String::as_str))
            .collect();
        let members: Vec<&str> = row
            .members
            .iter()
            .map(|m| m.values.get("name").map_or("-", String::as_str))
            .collect();
        let faults: Vec<&str> = row.faults.iter().map(|f| f.why.code()).collect();
        let mut text = format!("{}:{}", row.number, values.join(","));
        if !members.is_empty() {
            text.push_str(&format!("+{}", members.join("+")));
        }
        if !faults.is_empty() {
            text.push_str(&format!("!{}", faults.join("!")));
        }
        text
    };
    let rows: Vec<String> = reading.rows.iter().map(one).collect();
    let mut text = rows.join(" ");
    for n in 1..=9 {
        text = text.replace(&number(n), &format!("@{n}"));
    }
    format!("{}/{} {text}", reading.rows.len(), reading.outline.persons)
}

fn check(kind: ListKind, keys: &[&str], cases: &[(&str, &str)]) {
    for (table, expected) in cases {
        assert_eq!(shown(kind, table, keys), *expected, "\n{table}");
    }
}

#[test]
fn households_in_one_row() {
    check(
        ListKind::LowIncome,
        &["name", "id_number"],
        &[
            (
                "户主姓名|户主身份证号|成员一姓名|成员一身份证号|成员二姓名|成员二身份证号|月保障金额
                 李一|@1|李二|@2|李三|@3|845
                 何一|@4|何二|440784|||300",
                "2/5 2:李一,@1+李二+李三 3:何一,@4+何二!id_length",
            ),
            (
                "户主姓名|身份证号|家庭成员姓名|家庭成员身份证号|保障金额
                 李一|@1|李二、李三|@2、@3|845
                 何一|@4|||300
                 温一|@5|温一、温二|@5、@6|300",
                "3/6 2:李一,@1+李二+李三 3:何一,@4 4:温一,@5+温二",
            ),
            (
                "户主姓名|身份证号|家庭成员|保障金额
                 李一|@1|李二(配偶)@2；李三(子)@3|845
                 何一|@4|无|300",
                "2/4 2:李一,@1+李二+李三 3:何一,@4",
            ),
            (
                "户主|身份证号|家庭成员1||家庭成员2||金额
                 ||姓名|身份证号|姓名|身份证号|
                 李一|@1|李二|@2|李三|@3|845",
                "1/3 3:李一,@1+李二+李三",
            ),
            (
                "户主姓名|户主身份证号|配偶姓名|配偶身份证号|金额
                 李一|@1|何一|@2|845
                 温一|@3|||300",
                "2/3 2:李一,@1+何一 3:温一,@3",
            ),
        ],
    );
}

#[test]
fn households_over_rows() {
    check(
        ListKind::LowIncome,
        &["name", "id_number", "household_number", "category"],
        &[
            (
                "序号|户编号|救助类别|户主姓名|家庭成员姓名|身份证号码|月保障金额
                 1|DB1|低保|李一|李一|@1|845
                 ||||李二|@2|845
                 2|DB2|特困|何一|何一|@3|300
                 合计|||||3人|",
                "3/3 2:李一,@1,DB1,低保 3:李二,@2,DB1,低保 4:何一,@3,DB2,特困",
            ),
            (
                "户主姓名|身份证号|家庭成员姓名|身份证号|与户主关系|救助类型|户号
                 李一|@1|李一|@1|本人|低保|1
                 李一|@1|李二|@2|配偶|低保|1
                 何一|@3|何一|@3|本人|特困|2",
                "3/3 2:李一,@1,1,低保 3:李二,@2,1,低保 4:何一,@3,2,特困",
            ),
            (
                "户号|姓名|身份证号|与户主关系|类别
                 1|李一|@1|户主|低保
                 |李二|@2|配偶|
                 |李三|@3|子|
                 |何一|@4|户主|低保",
                "4/4 2:李一,@1,1,低保 3:李二,@2,1,低保 4:李三,@3,1,低保 5:何一,@4,-,低保",
            ),
        ],
    );
}

#[test]
fn what_stands_between_and_below() {
    check(
        ListKind::OldAgeAllowance,
        &["village", "name", "amount"],
        &[
            (
                "鹤山市高龄津贴发放表
                 填报单位：民政局||日期：2025年12月
                 序号|村居|姓名|身份证号码|发放标准
                 1|2|3|4|5
                 一、80—89周岁
                 1|良围村|李一|@1|100
                 2|良围村|李二|@2|100
                 |良围村小计|2人||200

                 二、90—99周岁
                 3|仙溪村|何一|@3|200
                 本页小计||1人||200
                 序号|村居|姓名|身份证号码|发放标准
                 4|仙溪村|何二|@4|￥200.00
                 5||||
                 6||||
                 合 计||4人||600
                 合计人民币（大写）：陆佰元整
                 制表人：李某||审核人：|何某|
                 说明：1、80-89周岁100元",
                "4/4 6:良围村,李一,100 7:良围村,李二,100 11:仙溪村,何一,200 14:仙溪村,何二,200",
            ),
            (
                "村居|姓名|身份证号码|金额
                 必填|必填|18位身份证号|例：100
                 良围村|李一|@1|100元
                 |李二|@2|1,234.00
                 仙溪村|何一|@3|235元/月
                 |何二|@4|",
                "4/4 3:良围村,李一,100 4:良围村,李二,1234 5:仙溪村,何一,235 6:仙溪村,何二,-",
            ),
        ],
    );
}

#[test]
fn columns_that_look_alike() {
    check(
        ListKind::Disabled,
        &["name", "id_number", "phone", "address", "grade"],
        &[
            (
                "姓名|证件号|残疾类别|残疾等级|监护人|身份证号|联系电话|家庭住址
                 李一|@142|听力|二级|李二|@2|13900000002|沙坪街道良围村1号
                 何一|@3B|肢体|肢体一级|何二|@4|13900000004|沙坪街道良围村2号",
                "2/2 2:李一,@1,-,沙坪街道良围村1号,二级!certificate_disagrees 3:何一,-,-,沙坪街道良围村2号,一级!id_length",
            ),
            (
                "户籍地址|姓名|残疾人证|手机|联系人|联系电话|残疾等级|现住址
                 沙坪旧围1号|李一|@122|13900000001|李二|13900000002|2|同户籍地址
                 沙坪旧围2号|何一|@223|无|何二|13900000003|贰级|沙坪新围2号",
                "2/2 2:李一,@1,13900000001,沙坪旧围1号,二级 3:何一,@2,-,沙坪新围2号,二级!certificate_disagrees",
            ),
            (
                "街镇|性别|身份证号|残疾等级|固话号码|手机号码|居住地
                 沙坪街道|1|@1|2|0750-8888888|13900000001|沙坪旧围1号",
                "1/1 2:-,@1,13900000001,沙坪旧围1号,二级",
            ),
        ],
    );
}

#[test]
fn values_of_every_style() {
    check(
        ListKind::Population,
        &["name", "sex", "birth_date", "id_number", "phone", "village"],
        &[
            (
                "姓名|性别|出生日期|证件类型|证件号码|联系电话|村居
                 李一|1|1941年01月15日|身份证|@1|13900000001;13900000002|440784001202-良围村
                 李 二|女士|19420215|身份证|’@2|0750-8888888|桃源镇永厦村
                 John Smith|M|1950.3|护照|E12345678|无|良围村
                 陈大文|男|1943/3|港澳居民来往内地通行证|H12345678|-|良围村
                 李三|男|1943-13-05|身份证|@3|+86 139 0000 0003|良围村
                 李四|男|43年3月|居民身份证|44078419430315103|不详|良围村",
                "6/6 2:李一,男,1941-01-15,@1,13900000001,良围村 3:李二,女,1942-02-15,@2,07508888888,永厦村 \
                 4:John Smith,男,1950-03,-,-,良围村 5:陈大文,男,1943-03,-,-,良围村 \
                 6:李三,男,-,@3,13900000003,良围村!date_impossible 7:李四,男,-,-,-,良围村!id_length!date_impossible",
            ),
            (
                "姓名|性别|身份证号
                 李一|0|@1
                 李二|1|@2
                 李三|0|@3",
                "3/3 2:李一,男,-,@1,-,- 3:李二,女,-,@2,-,- 4:李三,男,-,@3,-,-",
            ),
        ],
    );
}

#[test]
fn two_tables_in_one_sheet() {
    check(
        ListKind::LowIncome,
        &["name", "id_number", "amount"],
        &[(
            "低保对象名单
             姓名|身份证号|保障金额
             李一|@1|845
             合计|1人|845

             特困人员名单
             序号|镇街|特困人员姓名|公民身份号码|合计（元）
             1|沙坪街道|何一|@2|1300",
            "2/2 3:李一,@1,845 8:何一,@2,1300",
        )],
    );
}

#[test]
fn the_same_person_twice() {
    check(
        ListKind::Disabled,
        &["name"],
        &[(
            "姓名|身份证号|补贴类型|金额|联系电话
             李一|@1|生活补贴|195|13900000001
             李一|@1|护理补贴|261|13900000001
             何一|@2|生活补贴|195|13900000002
             何一|@2|生活补贴|195|
             温一|@3|生活补贴|195|
             温一|@3|生活补贴|261|",
            "6/6 2:李一 3:李一 4:何一 5:何一 6:温一!twice_in_file 7:温一!twice_in_file",
        )],
    );
}

#[test]
fn grids_in_several_shapes() {
    check(
        ListKind::Grids,
        &[
            "town",
            "village",
            "code",
            "name",
            "place",
            "worker",
            "worker_phone",
        ],
        &[
            (
                "序号|镇街|村居|网格编号|网格名称|所辖自然村|门牌范围|网格长||网格员|
                 |||||||姓名|电话|姓名|电话
                 1|沙坪街道|良围村|G1|一网格|旧围|1-60号|李一|13900000001|李二|13900000002
                 2|||G2|二网格|后尾|全部|李三|13900000003|李四|13900000004
                 合计||2个|||||||",
                "2/0 3:沙坪街道,良围村,G1,一网格,旧围,李二,13900000002 4:沙坪街道,良围村,G2,二网格,后尾,李四,13900000004",
            ),
            (
                "村名|网格名|责任人|职位|手机|备注
                 良围村|一网格|李一|网格员|13900000001|",
                "1/0 2:-,良围村,-,一网格,-,李一,13900000001",
            ),
            ("姓名|身份证号\n李一|@1", "no_table"),
        ],
    );
}

#[test]
fn files_that_are_no_lists() {
    for (kind, table, expected) in [
        (ListKind::Population, "姓名|性别|身份证号", "no_rows"),
        (ListKind::Population, "只有文字\n没有表格", "no_table"),
        (
            ListKind::Disabled,
            "殡仪馆名称|逝者姓名|证件号码|去世时间\n某馆|李一|@1|2025-01-01",
            "wrong_kind",
        ),
        (
            ListKind::Deaths,
            "姓名|身份证号|残疾类别\n李一|@1|听力",
            "wrong_kind",
        ),
        (
            ListKind::LowIncome,
            "镇街|户数|金额合计\n沙坪街道|19|22127",
            "no_table",
        ),
    ] {
        assert_eq!(shown(kind, table, &[]), expected, "{table}");
    }
}

#[test]
fn places_around_the_rows() {
    check(
        ListKind::LowIncome,
        &["name", "town", "village"],
        &[
            (
                "鹤山市桃源镇永厦村2026年10月低保名单
                 姓名|身份证号|金额
                 李一|@1|845",
                "1/1 3:李一,桃源镇,永厦村",
            ),
            (
                "桃源镇低保名单
                 填报单位：桃源镇民政办|填报日期：2026年10月
                 姓名|身份证号|金额
                 永厦村||
                 李一|@1|845
                 何一|@2|300
                 甘棠村||
                 温一|@3|300",
                "3/3 5:李一,桃源镇,永厦村 6:何一,桃源镇,永厦村 8:温一,桃源镇,甘棠村",
            ),
            (
                "桃源镇低保名单
                 姓名|村居|身份证号|金额
                 李一|永厦村|@1|845
                 温一|永厦村|@3|300
                 何一||@2|300",
                "3/3 3:李一,桃源镇,永厦村 4:温一,桃源镇,永厦村 5:何一,桃源镇,-",
            ),
        ],
    );
}
