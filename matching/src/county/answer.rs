//! What is said of a row, and the limits within which a machine says it.

use crate::weigh::Weighed;

/// From where on a machine decides, in bits of evidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Linked from here on: odds of 2^weight against "nobody of the register".
    pub link: f32,
    /// Distance to the next person.
    pub margin: f32,
    /// A person is asked from here on.
    pub ask: f32,
    /// The same where the name does not agree.
    pub near: f32,
    /// From here on a row may be about the person, so that no rule says it is not.
    pub doubt: f32,
    /// Candidates further than this behind the first are not shown.
    pub shown: f32,
    /// What it costs to be the second row of a list for one person.
    pub second: f32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            link: 6.0,
            margin: 6.0,
            ask: 2.0,
            near: 10.0,
            doubt: -6.0,
            shown: 14.0,
            second: 6.6,
        }
    }
}

/// A row of the register that may be meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Row of the register.
    pub at: u32,
    /// First row of the same person.
    pub person: u32,
    /// Bits, the prior among them.
    pub weight: f32,
    pub weighed: Weighed,
}

/// Why a person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The number is known under a name that does not agree.
    OtherName,
    /// Name and birth date agree, house or phone too, and the numbers are two valid ones.
    OtherNumber,
    /// Somebody born on the same day in the same house has nearly the same name, and no number tells them apart.
    Twins,
    /// Two people are as likely.
    Several,
    /// One person is likely, and not likely enough.
    Unsure,
    /// Rows with different valid numbers want the same person, who has none.
    Claimed,
}

impl Why {
    pub const fn code(self) -> &'static str {
        match self {
            Why::OtherName => "other_name",
            Why::OtherNumber => "other_number",
            Why::Twins => "twins",
            Why::Several => "several_people",
            Why::Unsure => "unsure",
            Why::Claimed => "claimed",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The first candidate, without asking.
    Linked,
    Asks(Why),
    /// Nobody of the register.
    New,
}

/// What is said of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    pub answer: Answer,
    /// Best first, one per person; of people who are asked about at most three are shown.
    pub candidates: Vec<Candidate>,
    /// Distance in bits to the next person, or to nobody.
    pub margin: f32,
}

impl Judged {
    pub fn linked(&self) -> Option<&Candidate> {
        self.candidates.first().filter(|_| self.answer == Answer::Linked)
    }

    /// At most three.
    pub fn shown(&self) -> &[Candidate] {
        let n = if matches!(self.answer, Answer::Asks(_)) {
            3
        } else {
            0
        };
        &self.candidates[..n.min(self.candidates.len())]
    }
}
