//! How characters sound, so that a name written by ear is found.
//!
//! Readings are those of the `pinyin` crate (Unihan). Toneless syllables are folded by the confusions that a Cantonese
//! speaker makes who writes Mandarin, and the other way round: flat and curled initials (z zh, c ch, s sh), n and l,
//! r and y (任, 然 begin like 音), hu and w (黄 and 王 are both *wong*). The endings n and ng, which others confuse, are
//! far apart in Cantonese: 芬 is not 凤. These are rules of the languages; no list of names or of pairs of characters
//! stands behind them.

use super::hash_text;
use pinyin::{ToPinyin, ToPinyinMulti};

/// The folded sound of a character's first reading; characters without one sound like nothing else.
pub fn sound(c: char) -> u64 {
    c.to_pinyin().map_or(u64::from(u32::from(c)), |reading| {
        hash_text(&fold(reading.plain()))
    })
}

/// The folded sounds of all readings of a character, in ascending order.
pub fn sounds(c: char) -> Box<[u64]> {
    let readings = c.to_pinyin_multi().into_iter().flatten();
    let mut all: Vec<u64> = readings
        .map(|reading| hash_text(&fold(reading.plain())))
        .collect();
    all.sort_unstable();
    all.dedup();
    all.into_boxed_slice()
}

fn fold(syllable: &str) -> String {
    // ü is written v, yu or u behind j, q, x.
    let syllable = syllable.replace('ü', "v");
    let (initial, rest) = match syllable.as_bytes() {
        [b'z' | b'c' | b's', b'h', ..] => (&syllable[..1], &syllable[2..]),
        [b'n', _, ..] => ("l", &syllable[1..]),
        [b'r', _, ..] => ("y", &syllable[1..]),
        _ => syllable.split_at(usize::from(!syllable.starts_with(['a', 'e', 'o']))),
    };
    match (initial, rest) {
        ("h", "u") => "wu".to_owned(),
        ("h", "ui") => "wei".to_owned(),
        ("h", "un") => "wen".to_owned(),
        ("h", rest) if rest.starts_with('u') => format!("w{}", &rest[1..]),
        _ => format!("{initial}{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confusable(a: char, b: char) -> bool {
        let theirs = sounds(b);
        sounds(a).iter().any(|sound| theirs.contains(sound))
    }

    #[test]
    fn written_by_ear() {
        for (a, b) in [
            ('明', '铭'),
            ('黄', '王'),
            ('谭', '覃'),
            ('区', '欧'),
            ('梁', '良'),
            ('女', '吕'),
            ('胡', '吴'),
            ('珍', '贞'),
            ('兰', '南'),
            ('志', '子'),
        ] {
            assert!(confusable(a, b), "{a} {b}");
        }
        for (a, b) in [('棠', '梁'), ('伟', '志'), ('凤', '芬'), ('A', 'A')] {
            assert!(!confusable(a, b), "{a} {b}");
        }
        assert_eq!(sound('明'), sound('铭'));
        assert_ne!(sound('㐀'), sound('a'));
    }
}
