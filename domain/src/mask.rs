//! Masks: what a reader sees who may know that a value is there and not what it is.

use crate::catalogue::Mask;
use crate::name::surname;

/// Applies a mask to a shown text. A masked value can never be used as a key for joining.
pub fn apply(mask: Mask, text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    match mask {
        Mask::None => text.to_owned(),
        Mask::Name => {
            let kept = surname(text);
            let hidden = chars.len().saturating_sub(kept.chars().count()).max(1);
            kept + &"*".repeat(hidden)
        }
        // First six and birth date would find an old villager: three and two are kept.
        Mask::IdNumber => ends(&chars, 3, 2),
        Mask::Phone => ends(&chars, 3, 4),
        Mask::Address => {
            let end = ["村委会", "居委会", "村", "社区", "街道", "镇"]
                .iter()
                .find_map(|word| text.find(word).map(|at| at + word.len()));
            end.map_or_else(|| "***".to_owned(), |end| format!("{}***", &text[..end]))
        }
        Mask::Whole => "***".to_owned(),
    }
}

fn ends(chars: &[char], first: usize, last: usize) -> String {
    if chars.len() < first + last + 2 {
        return "*".repeat(chars.len().max(3));
    }
    let hidden = "*".repeat(chars.len() - first - last);
    chars[..first]
        .iter()
        .chain(hidden.chars().collect::<Vec<_>>().iter())
        .chain(&chars[chars.len() - last..])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks() {
        for (mask, input, expected) in [
            (Mask::Name, "梁少芳", "梁**"),
            (Mask::Name, "李妹", "李*"),
            (Mask::Name, "欧阳泉洪", "欧阳**"),
            (Mask::IdNumber, "440308199901101512", "440*************12"),
            (Mask::Phone, "13900078411", "139****8411"),
            (Mask::Phone, "12345", "*****"),
            (
                Mask::Address,
                "鹤山市沙坪街道良围村委会旧围村86号",
                "鹤山市沙坪街道良围村委会***",
            ),
            (Mask::Address, "某处", "***"),
            (Mask::Whole, "x", "***"),
        ] {
            assert_eq!(apply(mask, input), expected);
        }
    }
}
