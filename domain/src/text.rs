//! Cleaning of text as people and spreadsheets write it.

use unicode_normalization::UnicodeNormalization;

/// Marks that are neither seen nor meant: zero-width characters, byte order marks, directional marks.
fn invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' | '\u{00AD}')
}

/// Blanks of every kind, among them the ideographic and the no-break one.
pub fn blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{00A0}' | '\u{3000}' | '\u{2800}' | '\u{3164}')
}

/// Every mark that is typed before or around a number to keep a spreadsheet from touching it.
pub fn apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '’' | '‘' | '＇' | '`' | '´' | '′' | '"' | '“' | '”' | '＂'
    )
}

/// Full-width digits, letters and signs as their half-width forms; Roman numeral ten as X.
pub fn half_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        'Ⅹ' | 'ⅹ' | '×' | 'Χ' | 'Х' => 'X',
        '—' | '–' | '―' | '−' | '﹣' => '-',
        _ => c,
    }
}

/// Text as it is stored: NFC, line ends `\n`, no control characters, nothing invisible, trimmed.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    for c in text.nfc() {
        match c {
            '\n' | '\t' => out.push(c),
            c if c.is_control() || invisible(c) => {}
            c if blank(c) => out.push(' '),
            c => out.push(c),
        }
    }
    out.trim_matches(blank).to_owned()
}

/// Note text as it is merged: NFC with `\n`, control characters gone, blanks as typed.
pub fn note(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.nfc()
        .filter(|c| *c == '\n' || *c == '\t' || !c.is_control())
        .collect()
}

/// The form in which texts are compared: cleaned, runs of blanks one.
pub fn normal(text: &str) -> String {
    clean(text)
        .split(blank)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Text without any blank: how header words and numbers are compared.
pub fn squeezed(text: &str) -> String {
    clean(text).chars().filter(|c| !blank(*c)).collect()
}

/// Whether a cell says nothing: empty, filler words, only zeros or ones, masked, or Excel's first day.
///
/// Such a value never writes, never counts as changed and never matches (design, Lists).
pub fn not_stated(text: &str) -> bool {
    let text = squeezed(text);
    let text: String = text.chars().map(half_width).filter(|c| !apostrophe(*c)).collect();
    if text.is_empty() || text.contains('*') {
        return true;
    }
    const FILLERS: [&str; 18] = [
        "无",
        "不详",
        "待查",
        "未知",
        "空",
        "暂无",
        "没有",
        "未填",
        "未登记",
        "不明",
        "待补",
        "待核",
        "无号码",
        "无电话",
        "N/A",
        "n/a",
        "1900-01-01",
        "1900/1/1",
    ];
    if FILLERS.contains(&text.as_str()) || text.chars().all(|c| matches!(c, '-' | '/' | '\\' | '.' | '_')) {
        return true;
    }
    let same = |digit: char| text.len() >= 4 && text.chars().all(|c| c == digit);
    same('0') || same('1')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_say_nothing() {
        for text in [
            "",
            "  ",
            "无",
            " 不详 ",
            "-",
            "——",
            "/",
            "440784********1234",
            "00000000000",
            "1111",
            "1900-01-01",
            "　",
        ] {
            assert!(not_stated(text), "{text:?}");
        }
        for text in ["无名路1号", "0", "1", "845", "13900078411", "待查证后补"] {
            assert!(!not_stated(text), "{text:?}");
        }
    }

    #[test]
    fn cleaning() {
        let cases = [
            ("\u{00A0}李\u{3000}妹 ", "李 妹"),
            ("何\u{200B}润生", "何润生"),
            ("a\u{0}b\r\nc", "ab\nc"),
            ("e\u{301}", "é"),
        ];
        for (input, expected) in cases {
            assert_eq!(clean(input), expected);
        }
        assert_eq!(normal("  沙坪　 良围 "), "沙坪 良围");
    }
}
