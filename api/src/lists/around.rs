//! Town, village and roster that stand only around the rows: in a line over the header, in the sheet's name, in a
//! heading above a block of rows.

use super::words;
use domain::text::squeezed;

/// What a text says of the place of its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub town: Option<String>,
    pub village: Option<String>,
}

/// Which roster the words around some rows name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Roster {
    #[default]
    Unsaid,
    One(&'static str),
    /// 低保、特困人员花名册: each row must say for itself.
    Several,
}

impl Roster {
    pub fn within(text: &str) -> Roster {
        let text = squeezed(text);
        let mut named = words::rosters(&text);
        match (named.next(), named.next()) {
            (None, _) => Roster::Unsaid,
            (Some(one), None) => Roster::One(one),
            (Some(_), Some(_)) => Roster::Several,
        }
    }

    /// What this does not say, as another text does.
    pub fn or(self, other: Roster) -> Roster {
        match self {
            Roster::Unsaid => other,
            said => said,
        }
    }
}

/// Characters of the longest name of a place without its last word.
const LONGEST: usize = 5;

impl Place {
    /// Finds names of places in a title, the name of a sheet or a heading: 鹤山市桃源镇永厦村2026年低保名单.
    pub fn within(text: &str) -> Place {
        // Behind 填报单位： stands who it is, in the same cell or in the next one.
        text.split([':', '：'])
            .map(|part| Place::within_part(&squeezed(part)))
            .fold(Place::default(), |all, part| all.or(&part))
    }

    fn within_part(text: &str) -> Place {
        let (town, rest) = match named(text, "town_end", "place_stop") {
            Some((town, rest)) => (Some(town), rest),
            None => (None, text),
        };
        let village = named(rest, "village_end", "place_stop").map(|(village, _)| village);
        Place { town, village }
    }

    /// What this does not say, as another text does.
    pub fn or(&self, other: &Place) -> Place {
        Place {
            town: self.town.clone().or_else(|| other.town.clone()),
            village: self.village.clone().or_else(|| other.village.clone()),
        }
    }
}

/// The first name that ends with one of a list's words, and what stands behind it.
fn named<'t>(text: &'t str, ends: &str, stops: &str) -> Option<(String, &'t str)> {
    let stop =
        |c: &char| !c.is_alphabetic() || c.is_ascii() || words::text(stops).iter().any(|s| s.starts_with(*c));
    let found = text.char_indices().find_map(|(at, _)| {
        let end = words::text(ends)
            .iter()
            .find(|end| text[at..].starts_with(**end))?;
        let front: Vec<char> = text[..at].chars().rev().take_while(|c| !stop(c)).collect();
        let name: String = front.iter().rev().collect();
        let fits = (2..=LONGEST).contains(&front.len())
            && !words::text("no_place").iter().any(|w| name.ends_with(w));
        fits.then(|| (format!("{name}{end}"), at + end.len()))
    });
    found.map(|(name, behind)| (name, &text[behind..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rosters_around_rows() {
        for (text, expected) in [
            ("特困人员供养花名册", Roster::One("destitute")),
            ("低保边缘人员查询", Roster::One("low_income_edge")),
            ("农村低保", Roster::One("low_income")),
            ("低保、低边对象", Roster::Several),
            ("Sheet1", Roster::Unsaid),
        ] {
            assert_eq!(Roster::within(text), expected, "{text}");
        }
    }

    #[test]
    fn places_around_rows() {
        for (text, town, village) in [
            ("鹤山市桃源镇永厦村2026年10月低保名单", "桃源镇", "永厦村"),
            ("2026年10月桃源镇低保人员花名册", "桃源镇", ""),
            ("填报单位：沙坪街道良围村委会", "沙坪街道", "良围村委会"),
            ("单位名称：桃源镇永厦村 填表日期：2026.9", "桃源镇", "永厦村"),
            ("桃源镇 永厦村", "桃源镇", "永厦村"),
            ("沙坪街道越塘居民委员会名册", "沙坪街道", "越塘居民委员会"),
            ("永厦村", "", "永厦村"),
            ("（盖章）古劳镇", "古劳镇", ""),
            ("农村低保人员名单", "", ""),
            ("各镇街城镇居民名单", "", ""),
            ("本村合计", "", ""),
            ("Sheet1", "", ""),
            ("一、80—89周岁", "", ""),
        ] {
            let place = Place::within(text);
            let shown = |p: &Option<String>| p.clone().unwrap_or_default();
            assert_eq!(
                (shown(&place.town).as_str(), shown(&place.village).as_str()),
                (town, village),
                "{text}"
            );
        }
    }
}
