//! Cursors of changes: opaque, sealed, good for one category and for who sees the same.
//!
//! Inside: how far each village's roster was told, and within a pull of several pages up to where it goes. Villages are
//! named by the last eight bytes of their ids, which are random, so that a county's cursor fits into a URL.

use super::permission::Permission;
use crate::actor::Scope;
use crate::app::Error;
use crate::program::Program;
use crate::seal::Place;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Instant;
use std::collections::BTreeMap;
use uuid::Uuid;

const FORMAT: u8 = 1;

/// A village, as a cursor names it.
pub type Tail = [u8; 8];

pub fn tail(village: Uuid) -> Tail {
    *village.as_bytes().last_chunk().expect("an id has 16 bytes")
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When it was made, in milliseconds.
    pub at: i64,
    pub category: String,
    /// Of what its owner may see.
    pub scope: String,
    pub division: Option<Uuid>,
    pub from: BTreeMap<Tail, i64>,
    /// Of a pull that has more pages: up to where, and what was told last.
    pub page: Option<PageOf>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageOf {
    pub upto: BTreeMap<Tail, i64>,
    /// The last resident, or the last step: its village.
    pub after: Uuid,
    pub n: i64,
}

/// The cursor of an instant at which rosters were so far.
///
/// # Errors
/// None at present; sealing is the program's.
pub async fn at(
    program: &Program,
    scope: &Scope,
    category: &str,
    division: Option<Uuid>,
    heads: &BTreeMap<Uuid, i64>,
    now: Instant,
) -> Result<Option<String>, Error> {
    // What a worker sees changes with grids, of which rosters know nothing.
    if matches!(scope, Scope::Grids(_) | Scope::Nothing) {
        return Ok(None);
    }
    let villages = super::changes::villages(program, scope, division).await?;
    let own = |village: &Uuid| villages.as_ref().is_none_or(|own| own.contains(village));
    let cursor = Cursor {
        at: now.millis(),
        category: category.to_owned(),
        scope: Permission::digest(program, scope),
        division,
        from: heads
            .iter()
            .filter(|(village, _)| own(village))
            .map(|(village, n)| (tail(*village), *n))
            .collect(),
        page: None,
    };
    Ok(Some(cursor.sealed(program)))
}

impl Cursor {
    pub fn sealed(&self, program: &Program) -> String {
        URL_SAFE_NO_PAD.encode(program.keys.seal(PLACE, &self.bytes()))
    }

    /// # Errors
    /// `Refused` `cursor_invalid` for whatever was not made here.
    pub fn open(program: &Program, text: &str) -> Result<Cursor, Error> {
        let invalid = || Error::field("cursor_invalid", "游标无效，请重新导出全量底册", "cursor");
        let sealed = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
        let plain = program.keys.open(PLACE, &sealed).map_err(|_| invalid())?;
        Cursor::read(&mut plain.as_slice()).ok_or_else(invalid)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        number(&mut out, self.at as u64);
        for text in [&self.category, &self.scope] {
            number(&mut out, text.len() as u64);
            out.extend_from_slice(text.as_bytes());
        }
        out.extend_from_slice(self.division.unwrap_or(Uuid::nil()).as_bytes());
        villages(&mut out, &self.from);
        if let Some(page) = &self.page {
            villages(&mut out, &page.upto);
            out.extend_from_slice(page.after.as_bytes());
            number(&mut out, page.n as u64);
        }
        out
    }

    fn read(from: &mut &[u8]) -> Option<Cursor> {
        if take(from, 1)? != [FORMAT] {
            return None;
        }
        let at = read_number(from)? as i64;
        let mut text = || {
            let length = usize::try_from(read_number(from)?).ok()?;
            String::from_utf8(take(from, length)?.to_vec()).ok()
        };
        let (category, scope) = (text()?, text()?);
        let division = Uuid::from_slice(take(from, 16)?).ok()?;
        let all = read_villages(from)?;
        let page = match from.is_empty() {
            true => None,
            false => Some(PageOf {
                upto: read_villages(from)?,
                after: Uuid::from_slice(take(from, 16)?).ok()?,
                n: read_number(from)? as i64,
            }),
        };
        Some(Cursor {
            at,
            category,
            scope,
            division: (!division.is_nil()).then_some(division),
            from: all,
            page,
        })
    }
}

const PLACE: Place<'static> = Place {
    table: "roster_cursor",
    row: b"cursor",
    group: "all",
};

fn villages(out: &mut Vec<u8>, all: &BTreeMap<Tail, i64>) {
    number(out, all.len() as u64);
    for (tail, n) in all {
        out.extend_from_slice(tail);
        number(out, *n as u64);
    }
}

fn read_villages(from: &mut &[u8]) -> Option<BTreeMap<Tail, i64>> {
    let count = read_number(from)?;
    let mut all = BTreeMap::new();
    for _ in 0..count {
        let tail: Tail = take(from, 8)?.try_into().ok()?;
        all.insert(tail, read_number(from)? as i64);
    }
    Some(all)
}

/// Seven bits a byte, lowest first.
fn number(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn read_number(from: &mut &[u8]) -> Option<u64> {
    let mut n = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(from, 1)?[0];
        n |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(n);
        }
    }
    None
}

fn take<'a>(from: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back() {
        let plain = Cursor {
            at: 1_800_000_000_000,
            category: "low_income".into(),
            scope: "ab".into(),
            division: None,
            from: BTreeMap::from([([1; 8], 5), ([2; 8], 1 << 40)]),
            page: None,
        };
        let paged = Cursor {
            division: Some(Uuid::from_u128(9)),
            page: Some(PageOf {
                upto: BTreeMap::from([([1; 8], 300)]),
                after: Uuid::from_u128(7),
                n: 128,
            }),
            ..plain.clone()
        };
        for cursor in [plain, paged] {
            let bytes = cursor.bytes();
            assert_eq!(Cursor::read(&mut bytes.as_slice()), Some(cursor));
            for length in 0..bytes.len() {
                // Cut off it is another or none, and nothing panics.
                let _ = Cursor::read(&mut &bytes[..length]);
            }
        }
    }
}
