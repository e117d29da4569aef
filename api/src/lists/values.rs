//! Cells as values of a key, in normal form.

use super::cell::{Cell, GridRow};
use super::kind::ListKind;
use super::numbers::id_number;
use super::plan::Plan;
use super::why::{Said, unquoted};
use super::words;
use domain::amount;
use domain::certificate;
use domain::id_number::Sex;
use domain::name::Name;
use domain::phone::Phone;
use domain::text::{blank, clean, half_width, normal, not_stated};
use std::borrow::Cow;

/// Yuan as `195` or `195.50`.
pub fn yuan(cell: &Cell) -> Option<String> {
    let fen = match cell {
        Cell::Number(n) => amount::from_number(*n)?,
        // A sum with a day's format by mistake.
        Cell::Date { serial, .. } => amount::from_number(*serial)?,
        cell => amount::parse_yuan(unquoted(&cell.shown()))?,
    };
    Some(match fen % 100 {
        0 => format!("{}", fen / 100),
        rest => format!("{}.{rest:02}", fen / 100),
    })
}

/// The label of a code-label (`1-男`, `440784103202-麦水村`), or the text.
pub fn label(text: &str) -> &str {
    let text = text.trim_matches(blank);
    let code = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(0);
    let (front, rest) = text.split_at(code);
    let behind = rest.trim_start_matches(['-', '－', '—', '_', ':', '：', '.', '、', '|', ' ']);
    let chinese = behind.chars().next().is_some_and(|c| !c.is_ascii());
    match !front.is_empty()
        && front.bytes().any(|b| b.is_ascii_digit())
        && behind.len() < rest.len()
        && chinese
    {
        true => behind,
        false => text,
    }
}

/// What numbers for sexes mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SexCodes {
    /// 1 man, 2 woman.
    #[default]
    Standard,
    /// 0 man, 1 woman.
    ZeroMan,
    /// 0 woman, 1 man.
    ZeroWoman,
}

pub fn sex(text: &str, codes: SexCodes) -> Option<&'static str> {
    let text = unquoted(text);
    let plain: String = clean(label(text)).chars().map(half_width).collect();
    for (list, sex) in [("man", "男"), ("woman", "女")] {
        if words::text(list).contains(&plain.as_str()) {
            return Some(sex);
        }
    }
    match plain.as_str() {
        "0" if codes == SexCodes::ZeroMan => return Some("男"),
        "1" if codes == SexCodes::ZeroMan => return Some("女"),
        "2" if codes == SexCodes::ZeroMan => return None,
        "0" if codes == SexCodes::ZeroWoman => return Some("女"),
        _ => {}
    }
    match plain.chars().next() {
        Some('男') => Some("男"),
        Some('女') => Some("女"),
        _ => Sex::parse(&plain).map(Sex::word),
    }
}

/// What numbers for sexes mean: the ID numbers beside them decide.
pub fn sex_codes(plan: &Plan, rows: &[&GridRow]) -> SexCodes {
    let (Some(sexes), Some(ids)) = (plan.column("sex"), plan.column("id_number")) else {
        return SexCodes::Standard;
    };
    let (mut from_one, mut from_zero, mut zero_woman) = (0, 0, 0);
    for row in rows {
        let Said::Value(id) = id_number(row.at(ids)) else {
            continue;
        };
        match (row.shown(sexes).trim(), id.sex()) {
            ("1", Sex::Male) | ("2", Sex::Female) => from_one += 1,
            ("0", Sex::Male) | ("1", Sex::Female) => from_zero += 1,
            ("0", Sex::Female) => zero_woman += 1,
            _ => {}
        }
    }
    match zero_woman > from_zero {
        true => SexCodes::ZeroWoman,
        false if from_zero > from_one => SexCodes::ZeroMan,
        false => SexCodes::Standard,
    }
}

/// A text value in normal form under its key; `None` where the cell says nothing.
pub fn text(kind: ListKind, key: &str, cell: &Cell, codes: SexCodes) -> Option<String> {
    let shown = cell.shown();
    let shown = unquoted(&shown);
    if not_stated(shown) && !matches!(key, "house_from" | "house_to" | "code") {
        return None;
    }
    let said: Cow<'_, str> = match key {
        "sex" => return sex(shown, codes).map(str::to_owned),
        "category" if kind == ListKind::Disabled => {
            let label = label(shown);
            certificate::category(label).map_or(Cow::Owned(normal(label)), Cow::Borrowed)
        }
        "grade" => {
            let label = label(shown);
            grade(label).map_or(Cow::Owned(normal(label)), Cow::Borrowed)
        }
        "phone" | "worker_phone" | ".leader_phone" | ".phone_other" | ".head_phone" | ".guardian_phone"
        | ".contact_phone" => {
            return Phone::all(shown).first().map(|p| p.as_str().to_owned());
        }
        "name" if kind.of_people() => Cow::Owned(Name::parse(shown).plain),
        ".head_name" | ".guardian_name" | ".contact_name" | ".carer_name" => {
            Cow::Owned(Name::parse(shown).plain)
        }
        "relation" | "category" | "town" | "village" | ".path" | ".group" | ".status" | ".ethnicity"
        | ".id_kind" | ".benefit" => Cow::Owned(normal(label(shown))),
        "household_number" | "code" | "house_from" | "house_to" => Cow::Owned(strip_number(shown)),
        _ => Cow::Owned(normal(shown)),
    };
    (!said.is_empty()).then(|| said.into_owned())
}

/// A number that is a name: no blanks, no marks around it.
fn strip_number(text: &str) -> String {
    normal(text)
        .chars()
        .map(half_width)
        .filter(|c| !blank(*c) && !domain::text::apostrophe(*c))
        .collect()
}

/// A grade alone or behind its category: 一级, 肢体一级, 视力残疾2级.
pub fn grade(text: &str) -> Option<&'static str> {
    let text = clean(text);
    text.char_indices()
        .find_map(|(at, _)| certificate::grade(&text[at..]))
}

/// What a path of places names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    pub town: Option<String>,
    pub village: Option<String>,
    pub group: Option<String>,
}

/// A path of places: 鹤山市/桃源镇/永厦村, 桃源镇永厦村, 桃源镇永厦村三组.
pub fn places(path: &str) -> Places {
    let ends = |list: &str, p: &str| words::text(list).iter().any(|end| p.ends_with(end));
    let parts: Vec<&str> = path
        .split(['/', '\\', '-', '>', '|', '、', ' ', '—', ','])
        .map(|p| p.trim_matches(blank))
        .filter(|p| !p.is_empty())
        .collect();
    if parts.len() > 1
        && let Some(at) = parts.iter().position(|p| ends("path_town_end", p))
    {
        let rest = parts.get(at + 1..).unwrap_or_default();
        let part = |n: usize| rest.get(n).map(|p| (*p).to_owned());
        return Places {
            town: Some(parts[at].to_owned()),
            village: part(0),
            group: part(1),
        };
    }
    let whole = parts.concat();
    let start = words::text("county_end")
        .iter()
        .filter_map(|end| whole.rfind(end).map(|at| at + end.len()))
        .max()
        .filter(|at| *at < whole.len())
        .unwrap_or(0);
    let rest = &whole[start..];
    let end = words::text("whole_town_end")
        .iter()
        .filter_map(|word| rest.find(word).filter(|at| *at > 0).map(|at| at + word.len()))
        .min();
    let (town, rest) = match end {
        Some(end) => (Some(rest[..end].to_owned()), &rest[end..]),
        None => (None, rest),
    };
    let (village, group) = match grouped(rest) {
        Some((village, group)) => (village, Some(group.to_owned())),
        None => (rest, None),
    };
    let known = town.is_some() || ends("path_village_end", village);
    Places {
        village: Some(village.to_owned()).filter(|v| known && !v.is_empty()),
        group: group.filter(|_| known),
        town,
    }
}

/// The group behind a village: 永厦村三组.
fn grouped(text: &str) -> Option<(&str, &str)> {
    if !words::text("group_end_of_path")
        .iter()
        .any(|end| text.ends_with(end))
    {
        return None;
    }
    let after = |end: &&str| text.rfind(*end).map(|at| at + end.len());
    let at = words::text("path_village_end").iter().filter_map(after);
    let at = at.filter(|at| *at < text.len()).max()?;
    Some(text.split_at(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_sexes_grades_and_sums() {
        for (input, expected) in [
            ("1-男", "男"),
            ("440784103202-麦水村", "麦水村"),
            ("01-本人", "本人"),
            ("3-5组", "3-5组"),
            ("良围村", "良围村"),
            ("2023-05", "2023-05"),
            ("1号楼", "1号楼"),
        ] {
            assert_eq!(label(input), expected);
        }
        use SexCodes::{Standard, ZeroMan, ZeroWoman};
        for (input, codes, expected) in [
            ("男", Standard, Some("男")),
            ("2", Standard, Some("女")),
            ("1", ZeroMan, Some("女")),
            ("0", ZeroMan, Some("男")),
            ("0", ZeroWoman, Some("女")),
            ("1", ZeroWoman, Some("男")),
            ("女士", Standard, Some("女")),
            ("M", Standard, Some("男")),
            ("2-女性", Standard, Some("女")),
            ("?", Standard, None),
        ] {
            assert_eq!(sex(input, codes), expected, "{input}");
        }
        for (input, expected) in [
            ("肢体一级", Some("一级")),
            ("2", Some("二级")),
            ("贰级", Some("二级")),
            ("无", None),
        ] {
            assert_eq!(grade(input), expected, "{input}");
        }
        assert_eq!(yuan(&Cell::Number(181.5)).as_deref(), Some("181.50"));
        assert_eq!(yuan(&Cell::Text("1,191.00".into())).as_deref(), Some("1191"));
    }

    #[test]
    fn paths() {
        for (input, town, village) in [
            ("鹤山市/桃源镇/永厦村", "桃源镇", "永厦村"),
            ("桃源镇永厦村", "桃源镇", "永厦村"),
            ("桃源镇永厦村三组", "桃源镇", "永厦村"),
            ("桃源镇-永厦村-旧围", "桃源镇", "永厦村"),
            ("广东省江门市鹤山市沙坪街道良围村委会", "沙坪街道", "良围村委会"),
            ("古劳镇", "古劳镇", ""),
            ("良围村", "", "良围村"),
            ("其他", "", ""),
        ] {
            let Places {
                town: t, village: v, ..
            } = places(input);
            assert_eq!(
                (t.as_deref().unwrap_or(""), v.as_deref().unwrap_or("")),
                (town, village),
                "{input}"
            );
        }
    }
}
