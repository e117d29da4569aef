//! Instants, and the one function that says which date an instant is in Heshan.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::sync::LazyLock;

/// Milliseconds since 1970-01-01T00:00:00Z. On the wire RFC 3339 in UTC with three decimals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(i64);

static SHANGHAI: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("Asia/Shanghai").expect("time zone data is compiled in"));

/// RFC 3339 years 0001 to 9999 (less a day), so that every instant can be written.
const LEAST: i64 = -62_135_596_800_000;
const MOST: i64 = 253_402_207_200_000;

impl Instant {
    /// Out of range becomes the nearest end: nothing is ordered by an instant.
    pub const fn from_millis(ms: i64) -> Instant {
        Instant(if ms < LEAST {
            LEAST
        } else if ms > MOST {
            MOST
        } else {
            ms
        })
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds, as a document's changes are dated.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// RFC 3339 with any offset; finer than a millisecond is cut off.
    pub fn parse(text: &str) -> Option<Instant> {
        let at: Timestamp = text.parse().ok()?;
        let ms = at.as_millisecond();
        (LEAST..=MOST).contains(&ms).then_some(Instant(ms))
    }

    /// The date in Heshan (Asia/Shanghai, with the summer time of 1986 to 1991).
    pub fn date(self) -> Date {
        self.local().date()
    }

    /// `YYYY-MM` in Heshan.
    pub fn month(self) -> String {
        let date = self.date();
        format!("{:04}-{:02}", date.year(), date.month())
    }

    /// `YYYY-MM-DD HH:MM` in Heshan, as people read it.
    pub fn minute(self) -> String {
        let at = self.local();
        let (date, time) = (at.date(), at.time());
        format!("{date} {:02}:{:02}", time.hour(), time.minute())
    }

    /// The date, when the instant is midnight in Heshan: how other systems write a date as an instant. Midnight
    /// by UTC+8 counts too, for systems that know of no summer time.
    pub fn midnight_date(self) -> Option<Date> {
        let plain = Offset::constant(8).to_datetime(self.timestamp());
        [self.local(), plain]
            .into_iter()
            .find(|at| at.time() == Time::midnight())
            .map(|at| at.date())
    }

    fn local(self) -> DateTime {
        SHANGHAI.to_datetime(self.timestamp())
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.timestamp())
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
        let text = String::deserialize(deserializer)?;
        Instant::parse(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 instant"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_and_dates() {
        let cases = [
            ("1952-03-06T16:00:00Z", "1952-03-07"),
            ("1988-06-30T15:00:00.000Z", "1988-07-01"),
            ("1991-04-13T16:00:00Z", "1991-04-14"),
            ("1945-09-05T00:00:00+08:00", "1945-09-05"),
            ("1989-04-15T16:00:00Z", "1989-04-16"),
            ("1936-02-28T16:00:00Z", "1936-02-29"),
        ];
        for (input, expected) in cases {
            let at = Instant::parse(input).unwrap();
            assert_eq!(
                at.midnight_date().map(|d| d.to_string()).as_deref(),
                Some(expected),
                "{input}"
            );
        }
        assert_eq!(
            Instant::parse("2026-11-06T01:02:03Z").unwrap().midnight_date(),
            None
        );
        let at = Instant::parse("2026-11-06T17:00:00.1239Z").unwrap();
        assert_eq!(at.to_string(), "2026-11-06T17:00:00.123Z");
        assert_eq!(
            (at.date().to_string().as_str(), at.month().as_str()),
            ("2026-11-07", "2026-11")
        );
        assert_eq!(Instant::parse("yesterday"), None);
        assert_eq!(
            Instant::from_millis(i64::MAX).to_string(),
            "9999-12-30T22:00:00.000Z"
        );
    }
}
