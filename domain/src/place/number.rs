//! Numbers in addresses: digits, and Chinese numerals as people say them or digit by digit.

/// Most digits of a house number; longer runs are telephone numbers and codes.
const MOST: usize = 5;

/// The number at the beginning of a text, and what follows it.
pub fn leading(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 {
        let n = (digits <= MOST).then(|| text[..digits].parse().ok())??;
        return Some((n, &text[digits..]));
    }
    let numerals: usize = text
        .chars()
        .take_while(|c| value(*c).is_some())
        .map(char::len_utf8)
        .sum();
    let n = numeral(&text[..numerals])?;
    Some((n, &text[numerals..]))
}

pub fn starts(text: &str) -> bool {
    text.chars()
        .next()
        .is_some_and(|c| c.is_ascii_digit() || value(c).is_some())
}

/// 九十六, 一百零三, 廿三, 八六, 一〇三.
fn numeral(text: &str) -> Option<u32> {
    let values: Vec<u32> = text.chars().filter_map(value).collect();
    if values.is_empty() || values.len() > 9 {
        return None;
    }
    if values.iter().all(|v| *v < 10) {
        let fits = values.len() <= MOST;
        return fits.then(|| values.iter().fold(0, |n, v| n * 10 + v));
    }
    let (mut total, mut digit) = (0u32, None);
    for v in values {
        match v {
            100 | 1000 => total += digit.take()? * v,
            // 十六 is 1 times 10 and 6; 廿 and 卅 bring their own digit.
            10 => total += digit.take().filter(|d| *d > 0).unwrap_or(1) * 10,
            20 | 30 if digit.is_none() => total += v,
            0 => digit = None,
            v if v < 10 && digit.is_none() => digit = Some(v),
            _ => return None,
        }
    }
    Some(total + digit.unwrap_or(0))
}

fn value(c: char) -> Option<u32> {
    Some(match c {
        '零' | '〇' | '○' => 0,
        '一' | '壹' => 1,
        '二' | '贰' | '两' => 2,
        '三' | '叁' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        '十' | '拾' => 10,
        '廿' => 20,
        '卅' => 30,
        '百' | '佰' => 100,
        '千' => 1000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_at_the_beginning() {
        let cases = [
            ("86号", Some((86, "号"))),
            ("九十六号", Some((96, "号"))),
            ("十六", Some((16, ""))),
            ("二十", Some((20, ""))),
            ("一百二十四号之二", Some((124, "号之二"))),
            ("一百零三号", Some((103, "号"))),
            ("一百一十号", Some((110, "号"))),
            ("一百号", Some((100, "号"))),
            ("廿三号", Some((23, "号"))),
            ("八六号", Some((86, "号"))),
            ("一〇三号", Some((103, "号"))),
            ("三巷12号", Some((3, "巷12号"))),
            ("13900078411", None),
            ("号", None),
            ("十百", None),
        ];
        for (input, expected) in cases {
            assert_eq!(leading(input), expected, "{input}");
        }
    }
}
