//! Age bands that rosters are narrowed to: rows, in whole years, both ends within.

/// One band; no end is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgeBand {
    pub key: &'static str,
    pub label: &'static str,
    pub from: i16,
    pub to: Option<i16>,
}

const fn band(key: &'static str, label: &'static str, from: i16, to: Option<i16>) -> AgeBand {
    AgeBand { key, label, from, to }
}

/// Minors, of working age, and the tens of years by which allowances are paid.
pub const AGE_BANDS: &[AgeBand] = &[
    band("minor", "未成年（0–17 岁）", 0, Some(17)),
    band("adult", "成年（18–59 岁）", 18, Some(59)),
    band("60s", "60–69 岁", 60, Some(69)),
    band("70s", "70–79 岁", 70, Some(79)),
    band("80s", "80–89 岁", 80, Some(89)),
    band("90s", "90–99 岁", 90, Some(99)),
    band("100s", "100 岁及以上", 100, None),
];
