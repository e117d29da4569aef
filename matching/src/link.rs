//! Who a list's row is about: a resident, a person of the register, somebody new, or nobody that can be named.
//!
//! People are identified by a valid ID number and an agreeing name, and by nothing less: every doubt is a person's
//! to settle (design, "Lists").

use domain::ResidentId;
use domain::date::Date;
use domain::id_number::{IdFault, IdNumber};
use domain::name::Name;
use domain::text::not_stated;
use std::collections::BTreeSet;
use std::fmt;

/// What a row says about who it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    number: Result<IdNumber, IdFault>,
    /// Empty where the row states none.
    name: Name,
    /// As a column says it; the number has one of its own.
    birth_date: Option<Date>,
}

impl Identity {
    /// Reads the cells of a row. `number` may be the holder's part of a certificate; a number cell is the caller's
    /// to refuse, since its digits are lost before it is text.
    pub fn read(number: &str, name: &str, birth_date: Option<Date>) -> Identity {
        Identity::new(IdNumber::parse(number), name, birth_date)
    }

    pub fn new(number: Result<IdNumber, IdFault>, name: &str, birth_date: Option<Date>) -> Identity {
        let name = if not_stated(name) {
            Name::default()
        } else {
            Name::parse(name)
        };
        Identity {
            number,
            name,
            birth_date,
        }
    }

    pub fn number(&self) -> Option<&IdNumber> {
        self.number.as_ref().ok()
    }

    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// Every birth date that the row tells, the number's first: by these and the name the caller looks for people
    /// under another number.
    pub fn birth_dates(&self) -> Vec<Date> {
        let mut dates: Vec<Date> = self.number().map(IdNumber::birth_date).into_iter().collect();
        dates.extend(self.birth_date.filter(|date| !dates.contains(date)));
        dates
    }

    fn has_name(&self) -> bool {
        !self.name.plain.is_empty()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(…)")
    }
}

/// Somebody whom the row may be about, as residents and register know them.
#[derive(Clone, PartialEq, Eq)]
pub struct Person<K> {
    pub key: K,
    pub number: Option<IdNumber>,
    pub name: Name,
    pub birth_date: Option<Date>,
}

impl<K> fmt::Debug for Person<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(…)")
    }
}

impl<K> Person<K> {
    /// Equal name and a birth date that the row tells too.
    fn is_like(&self, row: &Identity) -> bool {
        let dates = row.birth_dates();
        let born = self
            .number
            .as_ref()
            .map(IdNumber::birth_date)
            .into_iter()
            .chain(self.birth_date);
        self.name.agrees(&row.name) && born.into_iter().any(|date| dates.contains(&date))
    }

    /// Equal name and no birth date that speaks against it.
    fn may_be(&self, row: &Identity) -> bool {
        let untold = row.birth_dates().is_empty() || (self.number.is_none() && self.birth_date.is_none());
        self.name.agrees(&row.name) && (untold || self.is_like(row))
    }
}

/// Why it is not certain whom a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// No number, a lost or a failing one.
    Number(IdFault),
    /// A valid number and no name beside it.
    NoName,
    /// The number is known, under another name.
    OtherName,
    /// Several residents have the number, or the register has it under several names.
    SeveralPeople,
    /// Nobody has the number, and a person of equal name and birth date has another one.
    OtherNumber,
    /// Nobody has the number, and a resident of equal name and birth date has none.
    ResidentWithoutNumber,
}

impl Doubt {
    /// The code that verdicts and inbox items use.
    pub const fn code(self) -> &'static str {
        match self {
            Doubt::Number(IdFault::NotStated) => "no_id_number",
            Doubt::Number(fault) => fault.why(),
            Doubt::NoName => "no_name",
            Doubt::OtherName => "other_name",
            Doubt::SeveralPeople => "several_people",
            Doubt::OtherNumber => "other_number",
            Doubt::ResidentWithoutNumber => "resident_without_number",
        }
    }

    /// What the cadre reads.
    pub const fn message(self) -> &'static str {
        match self {
            Doubt::Number(IdFault::NotStated) => "没有身份证号，无法确定是哪一位",
            Doubt::Number(IdFault::DigitsLost) => "身份证号后几位已丢失，无法确定是哪一位",
            Doubt::Number(IdFault::Length) => "身份证号位数不对，无法确定是哪一位",
            Doubt::Number(IdFault::CheckCharacter) => "身份证号校验位不对，无法确定是哪一位",
            Doubt::Number(IdFault::DateImpossible) => "身份证号中的出生日期不存在，无法确定是哪一位",
            Doubt::NoName => "有身份证号而没有姓名，无法核对",
            Doubt::OtherName => "身份证号已登记在另一个姓名之下",
            Doubt::SeveralPeople => "同一身份证号下不止一人",
            Doubt::OtherNumber => "已有姓名和出生日期相同而身份证号不同的人",
            Doubt::ResidentWithoutNumber => "已有姓名和出生日期相同而没有身份证号的居民",
        }
    }
}

/// Whom a row is about. `R` names a row of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link<R> {
    Resident(ResidentId),
    /// Not yet a resident; the register knows the person, whose name, sex, birth date and number come from there.
    Register(R),
    /// A valid number that nobody has.
    New,
    /// A person must say; these may be meant, in the order of their ids.
    Ambiguous {
        doubt: Doubt,
        residents: Vec<ResidentId>,
        register: Vec<R>,
    },
    /// Neither a name nor a valid number: nothing to identify anybody by.
    Invalid,
}

/// Says whom `row` is about. `residents` and `register` are at least those with the row's number, and those with its
/// name and one of its birth dates; others do no harm, and their order decides nothing.
pub fn link<R: Copy + Ord>(
    row: &Identity,
    residents: &[Person<ResidentId>],
    register: &[Person<R>],
) -> Link<R> {
    let number = match &row.number {
        Ok(number) => number,
        Err(_) if !row.has_name() => return Link::Invalid,
        Err(fault) => {
            let doubt = Doubt::Number(*fault);
            return ambiguous(doubt, residents, register, |p| p.may_be(row), |p| p.may_be(row));
        }
    };
    let (ours, listed) = (with(number, residents), with(number, register));
    if !row.has_name() {
        return Link::Ambiguous {
            doubt: Doubt::NoName,
            residents: keys(&ours),
            register: keys(&listed),
        };
    }
    // A resident goes before the register: what the village decided about a person is newer.
    if !ours.is_empty() {
        return match known(row, &ours) {
            Ok(resident) => Link::Resident(resident),
            Err(doubt) => Link::Ambiguous {
                doubt,
                residents: keys(&ours),
                register: Vec::new(),
            },
        };
    }
    if !listed.is_empty() {
        // The register may have one person twice; under several names it is no help.
        let agreeing = listed.iter().filter(|p| p.name.agrees(&row.name)).count();
        let doubt = match agreeing {
            0 => Doubt::OtherName,
            n if n < listed.len() => Doubt::SeveralPeople,
            _ => return Link::Register(keys(&listed)[0]),
        };
        return Link::Ambiguous {
            doubt,
            residents: Vec::new(),
            register: keys(&listed),
        };
    }
    if residents.iter().any(|p| p.number.is_some() && p.is_like(row))
        || register.iter().any(|p| p.number.is_some() && p.is_like(row))
    {
        let other = Doubt::OtherNumber;
        return ambiguous(other, residents, register, |p| p.is_like(row), |p| p.is_like(row));
    }
    if residents.iter().any(|p| p.is_like(row)) {
        let without = Doubt::ResidentWithoutNumber;
        return ambiguous(without, residents, register, |p| p.is_like(row), |_| false);
    }
    Link::New
}

/// The one resident of a number whose name agrees.
fn known(row: &Identity, ours: &[&Person<ResidentId>]) -> Result<ResidentId, Doubt> {
    match keys(ours).as_slice() {
        [one] if ours.iter().any(|p| p.name.agrees(&row.name)) => Ok(*one),
        [_] => Err(Doubt::OtherName),
        _ => Err(Doubt::SeveralPeople),
    }
}

fn with<'a, K>(number: &IdNumber, people: &'a [Person<K>]) -> Vec<&'a Person<K>> {
    people
        .iter()
        .filter(|p| p.number.as_ref() == Some(number))
        .collect()
}

fn keys<K: Copy + Ord>(people: &[&Person<K>]) -> Vec<K> {
    let keys: BTreeSet<K> = people.iter().map(|p| p.key).collect();
    keys.into_iter().collect()
}

fn ambiguous<R: Copy + Ord>(
    doubt: Doubt,
    residents: &[Person<ResidentId>],
    register: &[Person<R>],
    resident: impl Fn(&Person<ResidentId>) -> bool,
    listed: impl Fn(&Person<R>) -> bool,
) -> Link<R> {
    Link::Ambiguous {
        doubt,
        residents: keys(&residents.iter().filter(|p| resident(p)).collect::<Vec<_>>()),
        register: keys(&register.iter().filter(|p| listed(p)).collect::<Vec<_>>()),
    }
}

#[cfg(test)]
mod tests;
