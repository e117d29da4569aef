//! Which division a written name means, among the divisions under one parent.

use crate::store::divisions::Division;
use domain::text::{half_width, not_stated, squeezed};

/// Characters of a name that is stored.
const MOST: usize = 50;

/// A name as it is stored: no blanks, no control characters. `None` for what is empty, a filler or too long.
pub fn parse(text: &str) -> Option<String> {
    let name = squeezed(text);
    let fits = !not_stated(&name) && name.chars().count() <= MOST;
    fits.then_some(name)
}

/// The label of a village whose name nobody has handed in yet: made from its code, so that the same file gives
/// the same label, and plainly no real name.
pub fn label(town: &str, own_part: &str) -> String {
    format!("{town}{own_part}号村(测试)")
}

/// Whether a name is such a label: it gives way to a real name and is not kept as a former one.
pub fn is_label(name: &str) -> bool {
    name.ends_with("号村(测试)")
}

/// What the ending of a name says it is. Two kinds under one stem are two divisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Village,
    Community,
    Street,
    Town,
    Township,
}

/// Longest first, so that 村民委员会 is not read as a 委员会 of 村民.
const ENDINGS: [(&str, Option<Kind>); 20] = [
    ("社区居民委员会", Some(Kind::Community)),
    ("社区居委会", Some(Kind::Community)),
    ("居民委员会", Some(Kind::Community)),
    ("村民委员会", Some(Kind::Village)),
    ("街道办事处", Some(Kind::Street)),
    ("镇人民政府", Some(Kind::Town)),
    ("乡人民政府", Some(Kind::Township)),
    ("村村委会", Some(Kind::Village)),
    ("居委会", Some(Kind::Community)),
    ("村委会", Some(Kind::Village)),
    ("街道办", Some(Kind::Street)),
    ("镇政府", Some(Kind::Town)),
    // What villages and communities alike were called before 1998.
    ("管理区", None),
    ("行政村", Some(Kind::Village)),
    ("社区", Some(Kind::Community)),
    ("街道", Some(Kind::Street)),
    ("村委", Some(Kind::Village)),
    ("镇", Some(Kind::Town)),
    ("乡", Some(Kind::Township)),
    ("村", Some(Kind::Village)),
];

/// What a name is without its ending, and what the ending says.
fn stem(name: &str) -> (&str, Option<Kind>) {
    for (ending, kind) in ENDINGS {
        if let Some(stem) = name.strip_suffix(ending).filter(|stem| !stem.is_empty()) {
            return (stem, kind);
        }
    }
    (name, None)
}

fn alike(a: &str, b: &str) -> bool {
    let ((a, kind_a), (b, kind_b)) = (stem(a), stem(b));
    a == b && (kind_a.is_none() || kind_b.is_none() || kind_a == kind_b)
}

/// What a written name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant<'a> {
    One(&'a Division),
    /// Several fit equally well: nobody but a person can say which.
    Several(Vec<&'a Division>),
    Nothing,
}

/// Finds the division that `text` names among `candidates`: by its name, then by a name it goes or went by, then
/// by its stem (良围, 良围村, 良围村委会). `above` are names of the divisions above, which may stand before it.
pub fn find<'a>(text: &str, candidates: &[&'a Division], above: &[&str]) -> Meant<'a> {
    let mut text: String = squeezed(text).chars().map(half_width).collect();
    for name in above {
        for prefix in [*name, stem(name).0] {
            if let Some(rest) = text.strip_prefix(prefix).filter(|rest| stem_is_whole(rest)) {
                text = rest.to_owned();
            }
        }
    }
    let steps: [&dyn Fn(&Division) -> bool; 4] = [
        &|d| d.name == text,
        &|d| d.all_names().skip(1).any(|name| name == text),
        &|d| alike(&d.name, &text),
        &|d| d.all_names().skip(1).any(|name| alike(name, &text)),
    ];
    for step in steps {
        let found: Vec<&Division> = candidates.iter().copied().filter(|d| step(d)).collect();
        match found.as_slice() {
            [] => {}
            [one] => return Meant::One(one),
            _ => return Meant::Several(found),
        }
    }
    Meant::Nothing
}

/// Whether something is left that can be a name: 沙坪社区 in 沙坪街道 must not become 社区.
fn stem_is_whole(rest: &str) -> bool {
    !rest.is_empty() && !ENDINGS.iter().any(|(ending, _)| *ending == rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::divisions::{NameKind, OtherName};
    use domain::code::Level;
    use uuid::Uuid;

    fn village(name: &str, former: &[&str]) -> Division {
        let names = former.iter().map(|name| OtherName {
            name: (*name).into(),
            kind: NameKind::Former,
            since: None,
            until: None,
        });
        Division {
            id: Uuid::now_v7(),
            code: None,
            name: name.into(),
            level: Level::Village,
            parent: None,
            names: names.collect(),
            since: None,
            until: None,
        }
    }

    #[test]
    fn names_as_people_write_them() {
        let all = [
            village("良围村", &[]),
            village("沙坪社区", &[]),
            village("双桥村", &[]),
            village("双桥社区", &[]),
            village("玉桥村", &["玉堂村", "旧桥管理区"]),
        ];
        let all: Vec<&Division> = all.iter().collect();
        let cases = [
            ("良围村", "良围村"),
            ("良围", "良围村"),
            (" 良围 村委会", "良围村"),
            ("良围村民委员会", "良围村"),
            ("良围管理区", "良围村"),
            ("沙坪街道良围村", "良围村"),
            ("鹤山市沙坪街道良围村委会", "良围村"),
            ("沙坪良围", "良围村"),
            ("沙坪社区", "沙坪社区"),
            ("沙坪社区居委会", "沙坪社区"),
            ("良围社区", "-"),
            ("双桥村委会", "双桥村"),
            ("双桥居委会", "双桥社区"),
            ("双桥", "双桥村?双桥社区"),
            ("玉堂", "玉桥村"),
            ("旧桥", "玉桥村"),
            ("围", "-"),
            ("", "-"),
        ];
        for (text, expected) in cases {
            let shown = match find(text, &all, &["鹤山市", "沙坪街道"]) {
                Meant::One(d) => d.name.clone(),
                Meant::Several(all) => all.iter().map(|d| d.name.as_str()).collect::<Vec<_>>().join("?"),
                Meant::Nothing => "-".into(),
            };
            assert_eq!(shown, expected, "{text:?}");
        }
    }
}
