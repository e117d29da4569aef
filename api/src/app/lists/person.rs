//! Who a new resident is, from the register where it knows the person, else from the list's row.

use super::row::{full_name, value};
use super::steps::Commit;
use crate::store::lists::Content;
use domain::Value;
use domain::date::parse_wire;
use domain::id_number::IdNumber;
use domain::name::Name;
use std::collections::BTreeMap;

/// Name, sex, birth date and number of a new resident: the register's where it knows the person.
pub fn person(
    cx: &Commit<'_>,
    content: &Content,
    register: &BTreeMap<String, String>,
) -> Vec<(&'static str, Value)> {
    let catalogue = &cx.program.catalogue;
    let get = |key: &str| {
        let own = register.get(key).map(String::as_str);
        own.or_else(|| content.get(key))
    };
    let number = get("id_number").and_then(|n| IdNumber::parse(n).ok());
    let name = match register.get("name") {
        Some(name) => Name::parse(name).plain,
        None => Name::parse(&full_name(content)).plain,
    };
    let birth = number.as_ref().map(|n| n.birth_date().to_string());
    let birth = get("birth_date")
        .filter(|d| parse_wire(d).is_some())
        .map(str::to_owned)
        .or(birth);
    let sex = get("sex").map(str::to_owned);
    let sex = sex.or_else(|| number.as_ref().map(|n| n.sex().word().to_owned()));
    let all = [
        ("name", Some(name)),
        ("sex", sex),
        ("birth_date", birth),
        ("id_number", number.map(|n| n.as_str().to_owned())),
    ];
    all.into_iter()
        .filter_map(|(key, text)| {
            let value = value(catalogue, catalogue.field(key)?, &text?)?;
            Some((key, value)).filter(|(_, v)| !v.is_null())
        })
        .collect()
}

pub fn why_message(why: &str) -> &'static str {
    match why {
        "date_impossible" => "日期不存在或无法识别",
        "certificate_disagrees" => "残疾证号与身份证号或残疾类别、等级不一致",
        "formula_without_result" => "单元格是没有计算结果的公式，请在表格软件中打开并保存后再提交",
        super::household::NOT_ALL => "户内人数多于保障人数，不知道这位成员是否为保障对象",
        "cell_error" => "单元格是错误值（如 #N/A），请更正后再提交",
        _ => "有无法成立的值",
    }
}

/// Why nobody can be identified by a row whose number's cell was never calculated or is an error: there is nothing to
/// ask a person about.
pub fn unidentified(content: &Content) -> Option<&'static str> {
    let why = content.number_fault.as_deref()?;
    ["formula_without_result", "cell_error"]
        .into_iter()
        .find(|code| *code == why)
}
