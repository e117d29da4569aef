//! Names of people, each spelling once.

use super::sound::{sound, sounds};
use super::{hash, hash_text};
use domain::name::{Name, comparable};
use domain::text::{half_width, not_stated};
use std::collections::HashMap;
use std::fmt;

/// A normalised name; 0 is none.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(u32);

impl NameId {
    pub const NONE: NameId = NameId(0);

    pub const fn is_known(self) -> bool {
        self.0 != 0
    }

    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for NameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NameId(…)")
    }
}

/// How two names stand to each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Agreement {
    /// Equal after blanks, dots, notes, traditional and variant forms.
    Equal,
    /// One character differs and sounds alike.
    ByEar,
    /// One character more or less.
    OneMore,
    /// One character differs.
    OneOther,
    /// Only the surname is equal.
    Surname,
    Other,
}

impl Agreement {
    /// Near enough for a machine (the limit): equal, one confusable, one added or dropped character.
    pub const fn agrees(self) -> bool {
        matches!(self, Agreement::Equal | Agreement::ByEar | Agreement::OneMore)
    }
}

/// Two names by themselves; `None` where one of them says nothing.
pub fn agreement(a: &str, b: &str) -> Option<Agreement> {
    let mut names = Names::default();
    let (a, b) = (names.read(a), names.read(b));
    let known = |id: NameId| Some(id).filter(|id| id.is_known());
    let former = |former: NameId, name: NameId| former.is_known() && former == name;
    if former(a.1, b.0) || former(b.1, a.0) {
        return Some(Agreement::Equal);
    }
    Some(names.compare(known(a.0)?, known(b.0)?))
}

/// How a name sounds: equal for all names that are written alike by ear, on every machine and in every release.
pub fn sound_of(name: &str) -> Option<u64> {
    let mut names = Names::default();
    let (id, _) = names.read(name);
    id.is_known().then(|| names.sound_key(id))
}

/// Every name that was read.
pub struct Names {
    /// By text as written: the name and the former name in it.
    read: HashMap<Box<str>, (NameId, NameId)>,
    ids: HashMap<Box<str>, NameId>,
    all: Vec<Entry>,
    /// Of every character in a name: how it may sound.
    sounds: HashMap<char, Box<[u64]>>,
}

struct Entry {
    chars: Box<[char]>,
    text: u64,
    sound: u64,
}

impl Default for Names {
    fn default() -> Names {
        let none = Entry {
            chars: Box::default(),
            text: 0,
            sound: 0,
        };
        Names {
            read: HashMap::new(),
            ids: HashMap::new(),
            all: vec![none],
            sounds: HashMap::new(),
        }
    }
}

impl Names {
    /// Reads a cell: the name, and the former name that it names.
    pub fn read(&mut self, text: &str) -> (NameId, NameId) {
        if let Some(ids) = self.read.get(text) {
            return *ids;
        }
        let simple = text.chars().all(|c| ('\u{4E00}'..='\u{9FFF}').contains(&c));
        let (name, former) = if simple && !not_stated(text) {
            (normal(text), None)
        } else {
            let parsed = Name::parse(text);
            let stated = !masked(&parsed.plain) && !not_stated(&parsed.plain.replace(['*', '＊'], ""));
            let name = if stated {
                normal(&parsed.plain)
            } else {
                String::new()
            };
            (name, parsed.former.map(|f| normal(&f)))
        };
        let ids = (self.id(name), former.map_or(NameId::NONE, |f| self.id(f)));
        self.read.insert(text.into(), ids);
        ids
    }

    fn id(&mut self, name: String) -> NameId {
        if name.is_empty() {
            return NameId::NONE;
        }
        if let Some(id) = self.ids.get(name.as_str()) {
            return *id;
        }
        let id = NameId(self.all.len() as u32);
        let chars: Box<[char]> = name.chars().collect();
        for c in &chars {
            self.sounds.entry(*c).or_insert_with(|| sounds(*c));
        }
        let sounds: Vec<u64> = chars.iter().map(|c| sound(*c)).collect();
        self.all.push(Entry {
            text: hash_text(&name),
            sound: hash(&sounds),
            chars,
        });
        self.ids.insert(name.into_boxed_str(), id);
        id
    }

    /// How many names there are, the missing one among them.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn is_empty(&self) -> bool {
        self.all.len() == 1
    }

    /// Stands for the spelling everywhere and for ever.
    pub fn text_key(&self, id: NameId) -> u64 {
        self.all[id.index()].text
    }

    /// Equal for names that sound alike.
    pub fn sound_key(&self, id: NameId) -> u64 {
        self.all[id.index()].sound
    }

    /// The same by position.
    pub(crate) fn sound_at(&self, index: usize) -> u64 {
        self.all[index].sound
    }

    pub fn shown(&self, id: NameId) -> String {
        self.all[id.index()].chars.iter().collect()
    }

    /// Whether one character may be written for the other by ear.
    fn confusable(&self, a: char, b: char) -> bool {
        let (a, b) = (&self.sounds[&a], &self.sounds[&b]);
        a.iter().any(|sound| b.contains(sound))
    }

    /// Compares two known names.
    pub fn compare(&self, a: NameId, b: NameId) -> Agreement {
        if a == b {
            return Agreement::Equal;
        }
        let (a, b) = (&*self.all[a.index()].chars, &*self.all[b.index()].chars);
        if a.len() == b.len() && a.len() >= 2 {
            let mut unlike = a.iter().zip(b).filter(|(x, y)| x != y);
            match (unlike.next(), unlike.next()) {
                (Some((x, y)), None) if self.confusable(*x, *y) => return Agreement::ByEar,
                (Some(_), None) if a.len() > 2 => return Agreement::OneOther,
                _ => {}
            }
        }
        let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
        if short.len() >= 2 && long.len() == short.len() + 1 && one_dropped(long, short) {
            return Agreement::OneMore;
        }
        match (a.first(), b.first()) {
            (Some(x), Some(y)) if x == y => Agreement::Surname,
            _ => Agreement::Other,
        }
    }
}

fn one_dropped(long: &[char], short: &[char]) -> bool {
    let same = long.iter().zip(short).take_while(|(a, b)| a == b).count();
    long[same + 1..] == short[same..]
}

/// 李*, 李**, 张*丰: somebody hid the name. A star behind a whole name is a mark.
fn masked(plain: &str) -> bool {
    let plain: String = plain.chars().map(half_width).collect();
    let stars = plain.matches('*').count();
    let left = plain.chars().filter(|c| c.is_alphabetic()).count();
    stars > 0 && !(stars == 1 && plain.ends_with('*') && left >= 2)
}

/// Simplified, letters only, with one character for every variant of it.
fn normal(name: &str) -> String {
    let kept: String = comparable(name)
        .chars()
        .filter(|c| c.is_alphabetic())
        .map(variant)
        .collect();
    match kept.strip_prefix('阿') {
        // 阿妹 and 亚妹 are one word of Cantonese, written either way.
        Some(rest) => format!("亚{rest}"),
        None => kept.replace('阿', "亚"),
    }
}

/// Variant forms by the First List of Variant Characters (第一批异体字整理表, 1955) and forms that fonts of the region
/// hold beside them; traditional forms are gone before.
fn variant(c: char) -> char {
    match c {
        '峯' => '峰',
        '羣' => '群',
        '豔' | '艶' | '豓' => '艳',
        '珎' => '珍',
        '喆' | '嚞' => '哲',
        '昇' | '陞' => '升',
        '甦' => '苏',
        '邨' => '村',
        '菓' => '果',
        '倖' => '幸',
        '脩' => '修',
        '勳' | '勛' => '勋',
        '玅' => '妙',
        '燄' => '焰',
        '煇' => '辉',
        '燿' => '耀',
        '稺' | '穉' => '稚',
        '銕' => '铁',
        '鑑' | '鍳' => '鉴',
        '栢' => '柏',
        '棊' | '碁' => '棋',
        '濬' => '浚',
        '恆' => '恒',
        '囍' => '喜',
        '堃' => '坤',
        '槑' => '梅',
        '淼' => '渺',
        '凴' => '凭',
        '谿' => '溪',
        '祕' => '秘',
        '鉅' => '巨',
        '衞' => '卫',
        '鷰' => '燕',
        '嬭' => '奶',
        '钜' => '巨',
        '粧' => '妆',
        '徬' => '彷',
        '樑' => '梁',
        '寳' | '寶' => '宝',
        '温' | '溫' => '温',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_agree() {
        for (a, b, expected) in [
            ("何伟樑", "何伟梁", Agreement::Equal),
            ("陳國華（户主）", "陈国华", Agreement::Equal),
            ("陈国华*", "陈 国华1", Agreement::Equal),
            ("阿妹", "亚妹", Agreement::Equal),
            ("陈国华", "陈国桦", Agreement::ByEar),
            ("王丽", "黄丽", Agreement::ByEar),
            ("陈国华", "陈华", Agreement::OneMore),
            ("陈国华", "陈国", Agreement::OneMore),
            ("何伟棠", "何伟梁", Agreement::OneOther),
            ("陈国华", "陈志明", Agreement::Surname),
            ("陈国华", "李志明", Agreement::Other),
        ] {
            let mut names = Names::default();
            let (a_id, b_id) = (names.read(a).0, names.read(b).0);
            assert_eq!(names.compare(a_id, b_id), expected, "{a} {b}");
            assert_eq!(names.compare(b_id, a_id), expected, "{b} {a}");
        }
    }

    #[test]
    fn names_that_say_nothing() {
        let mut names = Names::default();
        for text in ["", "无", "李*", "张*丰", "李**", "*", "123", "不详"] {
            assert_eq!(names.read(text).0, NameId::NONE, "{text}");
        }
        let (now, former) = names.read("温好(曾用名温好彩)");
        assert!(now.is_known() && former.is_known());
        assert_eq!(names.shown(former), "温好彩");
    }
}
