//! What stands in front of a town: country, province, prefecture and county, or words that lead elsewhere.

use super::gazetteer::Gazetteer;
use super::words::TOWN_ENDINGS;

/// Every place where the town can begin: behind country, province, prefecture and county, each written or not. The
/// last one is behind all that are written.
pub fn starts<'t>(gazetteer: &Gazetteer, text: &'t str) -> Vec<(&'t str, usize)> {
    let mut all = vec![(text, 0)];
    let mut last = text;
    for names in &gazetteer.above {
        if let Some(rest) = names.iter().find_map(|name| last.strip_prefix(name.as_str())) {
            last = rest;
            all.push((rest, text.len() - rest.len()));
        }
    }
    all
}

/// Where the county's or a town's whole name begins behind words that are none of ours: 现住沙坪街道良围村.
pub fn behind_other_words(gazetteer: &Gazetteer, text: &str) -> Option<usize> {
    let towns = gazetteer.towns.iter().flat_map(|t| &t.spellings);
    let towns = towns.flat_map(|s| {
        let endings = TOWN_ENDINGS.iter().filter(|e| !e.is_empty());
        endings.map(|ending| format!("{}{ending}", s.stem))
    });
    let county = gazetteer.above.last().into_iter().flatten();
    let county = county.filter(|name| name.ends_with(['市', '县', '区'])).cloned();
    let found = county
        .chain(towns)
        .filter_map(|name| text.find(&name))
        .filter(|at| *at > 0)
        .min()?;
    // 开平市沙坪镇 is a town of another county.
    let elsewhere = text[..found].contains(['省', '市', '县']);
    let ours = gazetteer
        .above
        .last()
        .is_some_and(|names| names.iter().any(|n| text[found..].starts_with(n.as_str())));
    (ours || !elsewhere).then_some(found)
}

/// Whether a text names a province, city or county that is not ours.
pub fn abroad(gazetteer: &Gazetteer, text: &str, bare: &str) -> bool {
    const ELSEWHERE: [&str; 11] = [
        "香港",
        "澳门",
        "台湾",
        "北京",
        "上海",
        "天津",
        "重庆",
        "广州",
        "深圳",
        "美国",
        "加拿大",
    ];
    if ELSEWHERE.iter().any(|name| bare.starts_with(name)) {
        return true;
    }
    let county = gazetteer.above.last().is_some_and(|names| {
        let before = &text[..text.len() - bare.len()];
        names.iter().any(|name| before.ends_with(name.as_str()))
    });
    if county {
        return false;
    }
    let chars: Vec<char> = bare.chars().take(8).collect();
    let city = bare.len() < text.len();
    chars.iter().enumerate().skip(2).any(|(at, c)| {
        let next = chars.get(at + 1);
        match c {
            '省' | '县' => true,
            '市' => !matches!(next, Some('场' | '政')),
            '治' => next == Some(&'区') || next == Some(&'州'),
            // 蓬江区 behind 江门市; 小区 and 管理区 are no districts.
            '区' => city && !matches!(chars[at - 1], '小' | '社' | '理' | '园' | '业' | '片' | '管'),
            _ => false,
        }
    })
}
