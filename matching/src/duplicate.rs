//! Whether two people of the roster may be one. Nobody is merged by machine: this only asks.

use crate::link::Person;
use domain::date::Date;
use domain::id_number::IdNumber;

/// What two people have in common, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    SameNumber,
    SameNameAndBirth,
    SameNameInVillage,
}

impl Why {
    pub const fn code(self) -> &'static str {
        match self {
            Why::SameNumber => "same_number",
            Why::SameNameAndBirth => "same_name_and_birth_date",
            Why::SameNameInVillage => "same_name_in_village",
        }
    }

    /// What the cadre reads.
    pub const fn message(self) -> &'static str {
        match self {
            Why::SameNumber => "身份证号相同，可能是同一人",
            Why::SameNameAndBirth => "姓名和出生日期相同，可能是同一人",
            Why::SameNameInVillage => "同村同名，没有不相符的证件号码或出生日期，可能是同一人",
        }
    }
}

/// Why two may be one; `near` says that they live in one village and one of them is only reported. Two different valid
/// numbers are two people, and so are two birth dates.
///
/// ```
/// use domain::name::Name;
/// use matching::{duplicate::{Why, may_be_one}, link::Person};
///
/// let person = |key, name| Person { key, number: None, name: Name::parse(name), birth_date: None };
/// let (one, two) = (person(1, "何伟梁"), person(2, "何伟梁"));
/// assert_eq!(may_be_one(&one, &two, true), Some(Why::SameNameInVillage));
/// assert_eq!(may_be_one(&one, &two, false), None);
/// assert_eq!(may_be_one(&one, &person(3, "何伟棠"), true), None);
/// ```
pub fn may_be_one<A, B>(one: &Person<A>, other: &Person<B>, near: bool) -> Option<Why> {
    match (&one.number, &other.number) {
        (Some(a), Some(b)) if a == b => return Some(Why::SameNumber),
        (Some(_), Some(_)) => return None,
        _ => {}
    }
    if one.name.plain.is_empty() || !one.name.agrees(&other.name) {
        return None;
    }
    match (born(one), born(other)) {
        (Some(a), Some(b)) if a == b => Some(Why::SameNameAndBirth),
        (Some(_), Some(_)) => None,
        _ => near.then_some(Why::SameNameInVillage),
    }
}

fn born<K>(person: &Person<K>) -> Option<Date> {
    let of_number = person.number.as_ref().map(IdNumber::birth_date);
    of_number.or(person.birth_date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::date::parse_wire;
    use domain::name::Name;

    fn person(name: &str, number: &str, born: &str) -> Person<u8> {
        Person {
            key: 0,
            number: IdNumber::parse(number).ok(),
            name: Name::parse(name),
            birth_date: parse_wire(born),
        }
    }

    #[test]
    fn who_may_be_one() {
        let (a, b) = ("440784194609011881", "440784198803200510");
        let cases = [
            (("任仪志", a, ""), ("任仪志", a, ""), false, Some(Why::SameNumber)),
            (("任仪志", a, ""), ("任义志", a, ""), false, Some(Why::SameNumber)),
            (("任仪志", a, ""), ("任仪志", b, ""), true, None),
            (
                ("任仪志", a, ""),
                ("任仪志", "", "1946-09-01"),
                false,
                Some(Why::SameNameAndBirth),
            ),
            (("任仪志", a, ""), ("任仪志", "", "1946-09-02"), true, None),
            (
                ("任仪志", a, ""),
                ("任仪志", "", ""),
                true,
                Some(Why::SameNameInVillage),
            ),
            (("任仪志", a, ""), ("任仪志", "", ""), false, None),
            (("任仪志", "", ""), ("任国华", "", ""), true, None),
            (("", "", ""), ("", "", ""), true, None),
        ];
        for (n, (one, other, near, expected)) in cases.into_iter().enumerate() {
            let (one, other) = (person(one.0, one.1, one.2), person(other.0, other.1, other.2));
            assert_eq!(may_be_one(&one, &other, near), expected, "case {n}");
            assert_eq!(may_be_one(&other, &one, near), expected, "case {n}, turned");
        }
    }
}
