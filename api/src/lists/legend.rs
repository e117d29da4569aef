//! What the codes of a column mean, where its header says it: 性别（1男2女）, 人员类型(0、人户一致1、有人无户).

use super::find::Head;
use super::values;

/// The legends of a header's columns: column, then code and label each. Only brackets that hold nothing else are one.
pub fn of(head: &Head) -> Vec<(u32, Vec<(String, String)>)> {
    head.cells
        .iter()
        .filter_map(|cell| Some((cell.column, legend(&cell.text)?)))
        .collect()
}

fn legend(header: &str) -> Option<Vec<(String, String)>> {
    let (_, inside) = header.split_once(['(', '（', '[', '【'])?;
    let inside = inside.trim_end().trim_end_matches([')', '）', ']', '】']);
    let mut out: Vec<(String, String)> = Vec::new();
    let mut rest = inside.trim_start();
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .filter(|n| (1..=2).contains(n))?;
        let (code, behind) = rest.split_at(digits);
        let behind = behind.trim_start_matches(is_between);
        let end = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
        let label = behind[..end].trim_matches(is_between);
        let short = (1..=8).contains(&label.chars().count());
        if !short || label.chars().any(|c| c.is_ascii() || c == '元') {
            return None;
        }
        out.push((code.to_owned(), label.to_owned()));
        rest = &behind[end..];
    }
    (out.len() >= 2).then_some(out)
}

fn is_between(c: char) -> bool {
    c.is_whitespace() || "、-－—:：=＝.．,，;；/".contains(c)
}

/// What a cell's code means.
pub fn label<'l>(legends: &'l [(u32, Vec<(String, String)>)], column: u32, shown: &str) -> Option<&'l str> {
    let (_, legend) = legends.iter().find(|(c, _)| *c == column)?;
    let shown = values::label(shown.trim());
    let plain = |code: &str| code.trim_start_matches('0').to_owned();
    let found = legend
        .iter()
        .find(|(code, _)| code == shown || plain(code) == plain(shown) && shown.len() <= 2);
    found.map(|(_, label)| label.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legends_of_headers() {
        for (header, expected) in [
            ("性别（1男2女）", "1男 2女"),
            ("性别(0:男, 1:女)", "0男 1女"),
            ("残疾等级(1 一级 2 二级 3 三级 4 四级)", "1一级 2二级 3三级 4四级"),
            (
                "人员居住类型(0、人户一致1、有人无户2、户有无人)",
                "0人户一致 1有人无户 2户有无人",
            ),
            ("救助类型(01 城市低保 02 农村低保)", "01城市低保 02农村低保"),
            ("身份证号（18位）", ""),
            ("状态(1/0)", ""),
            ("年龄（80-89周岁）", ""),
            ("姓名", ""),
            ("金额（元）", ""),
        ] {
            let shown: Vec<String> = legend(header)
                .unwrap_or_default()
                .iter()
                .map(|(code, label)| format!("{code}{label}"))
                .collect();
            assert_eq!(shown.join(" "), expected, "{header}");
        }
    }
}
