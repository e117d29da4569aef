//! Names of people: cleaning, what stands in brackets, agreement, initials.

use crate::text::{blank, clean, half_width};
use pinyin::ToPinyin;
use std::fmt;

/// A name as a list or a form gives it, taken apart.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Name {
    /// The name itself: no blanks between Chinese characters, middle dots as `·`.
    pub plain: String,
    /// 曾用名, where the cell names one.
    pub former: Option<String>,
    /// What else stood in brackets: 独居, 已故, …
    pub notes: Vec<String>,
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(…)")
    }
}

impl Name {
    pub fn parse(text: &str) -> Name {
        let mut name = Name::default();
        let mut inside: Option<String> = None;
        let mut outside = String::new();
        for c in clean(text).chars() {
            match (c, &mut inside) {
                ('(' | '（' | '[' | '【' | '〔', None) => inside = Some(String::new()),
                (')' | '）' | ']' | '】' | '〕', Some(note)) => {
                    let note = std::mem::take(note);
                    name.bracket(&note);
                    inside = None;
                }
                (c, Some(note)) => note.push(c),
                (c, None) => outside.push(c),
            }
        }
        if let Some(note) = inside {
            name.bracket(&note);
        }
        name.plain = plain(&outside);
        name
    }

    fn bracket(&mut self, note: &str) {
        let note = clean(note);
        let former = ["曾用名", "原名", "又名", "别名"]
            .iter()
            .find_map(|word| note.strip_prefix(word));
        match former.map(|f| plain(f.trim_start_matches([':', '：']))) {
            Some(former) if !former.is_empty() => self.former = Some(former),
            _ if note.is_empty() => {}
            _ => self.notes.push(note),
        }
    }

    /// Equal after blanks, dots, brackets, former names and traditional forms.
    pub fn agrees(&self, other: &Name) -> bool {
        let mine = [Some(self.plain.as_str()), self.former.as_deref()];
        let theirs = [Some(other.plain.as_str()), other.former.as_deref()];
        mine.into_iter().flatten().any(|a| {
            !a.is_empty()
                && theirs
                    .into_iter()
                    .flatten()
                    .any(|b| comparable(a) == comparable(b))
        })
    }
}

/// Dots of every kind as one; blanks gone between Chinese characters, single elsewhere.
fn plain(text: &str) -> String {
    let dotted: String = clean(text)
        .chars()
        .map(|c| {
            if matches!(
                c,
                '·' | '•' | '．' | '.' | '・' | '‧' | '∙' | '⋅' | '●' | '﹒' | '･'
            ) {
                '·'
            } else {
                half_width(c)
            }
        })
        .collect();
    let parts: Vec<&str> = dotted.split(blank).filter(|p| !p.is_empty()).collect();
    let foreign = |p: &str| p.is_ascii();
    let mut out = String::new();
    for (n, part) in parts.iter().enumerate() {
        if n > 0 && foreign(part) && foreign(parts[n - 1]) {
            out.push(' ');
        }
        out.push_str(part);
    }
    out.trim_matches('·').to_owned()
}

/// Simplified, without dots and blanks, upper case.
pub fn comparable(name: &str) -> String {
    let kept: String = name.chars().filter(|c| !blank(*c) && *c != '·').collect();
    fast2s::convert(&kept).to_uppercase()
}

/// Pinyin initials of each character, one string per way to read the name: 欧阳 OY.
pub fn initials(name: &str) -> String {
    let simple = comparable(name);
    simple
        .chars()
        .filter_map(|c| match c.to_pinyin() {
            Some(sound) => sound.first_letter().chars().next(),
            None => c.is_ascii_alphanumeric().then(|| c.to_ascii_lowercase()),
        })
        .collect()
}

/// Surnames of two characters that are in use, so that a mask keeps them whole.
const COMPOUND: [&str; 20] = [
    "欧阳", "司徒", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "夏侯", "端木",
    "轩辕", "南宫", "西门", "长孙", "宇文", "百里", "第五",
];

/// The surname: two characters for a compound one, else the first.
pub fn surname(name: &str) -> String {
    let simple = comparable(name);
    let compound = COMPOUND.iter().any(|s| simple.starts_with(s)) && name.chars().count() > 2;
    name.chars().take(if compound { 2 } else { 1 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_cells_hold_them() {
        let cases = [
            ("李　妹", "李妹", None, 0),
            ("\u{00A0}何润生\u{200B}", "何润生", None, 0),
            ("麦锦棠（独居）", "麦锦棠", None, 1),
            ("温好(曾用名温好彩)", "温好", Some("温好彩"), 0),
            ("阿依古丽•买买提", "阿依古丽·买买提", None, 0),
            ("阿依古丽.买买提", "阿依古丽·买买提", None, 0),
            ("John  Smith", "John Smith", None, 0),
        ];
        for (input, expected, former, notes) in cases {
            let name = Name::parse(input);
            assert_eq!(
                (name.plain.as_str(), name.former.as_deref(), name.notes.len()),
                (expected, former, notes),
                "{input}"
            );
        }
    }

    #[test]
    fn names_that_agree() {
        for (a, b, expected) in [
            ("何伟樑", "何伟梁", true),
            ("溫好彩", "温好(曾用名温好彩)", true),
            ("阿依古丽买买提", "阿依古丽·买买提", true),
            ("何伟棠", "何伟梁", false),
            ("", "", false),
        ] {
            assert_eq!(Name::parse(a).agrees(&Name::parse(b)), expected, "{a} {b}");
        }
    }

    #[test]
    fn initials_and_surnames() {
        assert_eq!(initials("梁少芳"), "lsf");
        assert_eq!(
            (surname("欧阳泉洪").as_str(), surname("梁少芳").as_str()),
            ("欧阳", "梁")
        );
    }
}
