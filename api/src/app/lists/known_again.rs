//! A person's answer about a row is remembered under what the row says of who it is: the same row of a later file is
//! linked by it without asking.
//!
//! What else a row says (amounts, phones) may change from month to month, so it is no part of that. A row without a
//! valid number is remembered a second time as if it stated none: when the source learns the number, the row is still
//! known.

use super::row::{full_name, identity};
use super::steps::Commit;
use crate::app::Error;
use crate::store::answers;
use crate::store::lists::{Head, Row};
use domain::ResidentId;
use domain::name::comparable;
use domain::text::squeezed;
use matching::link::Person;
use sea_orm::ConnectionTrait;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Digests of who a row says that it is about.
pub struct Who {
    /// Over all that it says of that.
    pub whole: [u8; 32],
    /// The same as if it stated no number.
    pub unnumbered: [u8; 32],
    /// Whether the row states a valid number.
    pub numbered: bool,
    /// Whether it tells more than a name and a number: a bare name is nobody that can be known again.
    tells: bool,
    /// Whether it has a number's cell at all.
    said: bool,
}

pub fn who(cx: &Commit<'_>, row: &Row) -> Who {
    let valid = row.content.get("id_number");
    let raw = valid.or_else(|| as_handed_in(cx.head, row)).unwrap_or_default();
    let name = comparable(&full_name(&row.content));
    let address = squeezed(row.content.get("address").unwrap_or_default());
    let get = |key: &str| row.content.get(key).unwrap_or_default();
    let digest = |number: &str| {
        let parts: [&[u8]; 8] = [
            b"answer",
            cx.list.source.as_bytes(),
            cx.list.kind.as_bytes(),
            number.as_bytes(),
            name.as_bytes(),
            get("birth_date").as_bytes(),
            get("village").as_bytes(),
            address.as_bytes(),
        ];
        cx.program.keys.digest(&parts)
    };
    Who {
        whole: digest(&squeezed(raw)),
        unnumbered: digest(""),
        numbered: valid.is_some(),
        tells: !get("birth_date").is_empty() || !address.is_empty(),
        said: !raw.is_empty(),
    }
}

impl Who {
    /// Under which digests an answer is kept.
    pub fn kept(&self) -> Vec<[u8; 32]> {
        let mut all = Vec::new();
        if self.said || self.tells {
            all.push(self.whole);
        }
        if !self.numbered && self.tells && self.said {
            all.push(self.unnumbered);
        }
        all
    }
}

/// The number's cell of a row whose number cannot be.
pub(super) fn as_handed_in<'a>(head: &Head, row: &'a Row) -> Option<&'a str> {
    row.content.number_fault.as_ref()?;
    let column = head
        .columns
        .iter()
        .find(|c| c.key == "id_number" && c.sheet == row.sheet)?;
    let cell = row
        .content
        .handed_in
        .iter()
        .find(|(header, _)| *header == column.header)?;
    Some(&cell.1)
}

/// Which of some rows were answered before, by their place in the file.
#[derive(Default)]
pub struct Remembered(BTreeMap<(i32, i32), Known>);

struct Known {
    resident: Uuid,
    /// The row states a number that it did not state when it was answered.
    learnt: bool,
}

impl Remembered {
    pub async fn of<C: ConnectionTrait>(db: &C, cx: &Commit<'_>, rows: &[Row]) -> Result<Remembered, Error> {
        if !answers::any(db).await? {
            return Ok(Remembered::default());
        }
        let asked: Vec<Who> = rows.iter().map(|row| who(cx, row)).collect();
        let all: Vec<[u8; 32]> = asked.iter().flat_map(|w| [w.whole, w.unnumbered]).collect();
        let found = answers::find(db, &all).await?;
        let one = |(row, who): (&Row, &Who)| {
            let whole = found.get(who.whole.as_slice());
            let known = match (whole, found.get(who.unnumbered.as_slice())) {
                (Some(resident), _) => Known {
                    resident: *resident,
                    learnt: false,
                },
                (None, Some(resident)) if who.numbered => Known {
                    resident: *resident,
                    learnt: true,
                },
                _ => return None,
            };
            Some(((row.sheet, row.row), known))
        };
        Ok(Remembered(rows.iter().zip(&asked).filter_map(one).collect()))
    }

    pub fn residents(&self) -> impl Iterator<Item = Uuid> {
        self.0.values().map(|known| known.resident)
    }

    /// Whom an answer about a row names, whether or not it still fits.
    pub fn of_row(&self, row: &Row) -> Option<Uuid> {
        self.0.get(&(row.sheet, row.row)).map(|known| known.resident)
    }

    /// Whom a row that nobody could link is about, by what a person said of it before. A number that the row did not
    /// state then must be one that the resident can have.
    pub fn resident(&self, row: &Row, residents: &[Person<ResidentId>]) -> Option<Uuid> {
        let known = self.0.get(&(row.sheet, row.row))?;
        let person = residents.iter().find(|p| p.key.uuid() == known.resident)?;
        if known.learnt {
            let dates = identity(&row.content).birth_dates();
            let born = person.birth_date;
            if person.number.is_some() || born.is_some_and(|born| !dates.contains(&born)) {
                return None;
            }
        }
        Some(known.resident)
    }
}
