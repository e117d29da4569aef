//! Dates as requests give them.

use crate::app::Error;
use jiff::civil::Date;

/// A date of the wire's form, where one is given.
///
/// # Errors
/// `Refused` `date_malformed` with the field's name.
pub fn optional(text: Option<&str>, field: &'static str) -> Result<Option<Date>, Error> {
    text.map(|text| {
        domain::date::parse_wire(text)
            .ok_or_else(|| Error::field("date_malformed", "日期须为 YYYY-MM-DD", field))
    })
    .transpose()
}

/// The same for a change, in which an inner `None` empties.
///
/// # Errors
/// As [`optional`].
pub fn nested(text: Option<Option<String>>, field: &'static str) -> Result<Option<Option<Date>>, Error> {
    match text {
        None => Ok(None),
        Some(text) => Ok(Some(optional(text.as_deref(), field)?)),
    }
}
