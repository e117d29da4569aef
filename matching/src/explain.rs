//! Why a row was linked, asked about or left: field by field, in the words of a cadre.
//!
//! The words say what was compared and how it came out; they repeat no value, so that they may be shown beside both
//! rows, each with its own masking.

use crate::county::{Answer, Candidate, Why};
use crate::record::names::Agreement;
use crate::weigh::{Field, agreed, born, name, number, place, plain};

/// One field of an explanation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    pub field: &'static str,
    pub says: &'static str,
    /// Bits; above 0 it speaks for one person, below 0 against it.
    pub weight: f32,
}

/// How a candidate stands to the row, one line for each field that both state, the weightiest first.
pub fn candidate(candidate: &Candidate) -> Vec<Line> {
    let levels = &candidate.weighed.levels;
    let mut lines: Vec<Line> = Field::ALL
        .iter()
        .filter(|field| levels.of(**field) > 0)
        .map(|field| Line {
            field: title(*field),
            says: says(*field, levels.of(*field)),
            weight: candidate.weighed.bits[*field as usize],
        })
        .collect();
    lines.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    lines
}

/// What was decided, in one sentence.
pub const fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Linked => "各项相符，已自动关联",
        Answer::New => "人口底册中没有相符的人",
        Answer::Asks(Why::OtherName) => "身份证号已登记在另一个姓名之下，请确认是哪一位",
        Answer::Asks(Why::OtherNumber) => {
            "姓名、出生日期和住址（或电话）相同，而身份证号是两个不同的有效号码，请确认"
        }
        Answer::Asks(Why::Twins) => "同一户中有同日出生、姓名相近的人，没有身份证号无法区分，请确认是哪一位",
        Answer::Asks(Why::Several) => "不止一人相符，请确认是哪一位",
        Answer::Asks(Why::Unsure) => "可能是这一位，依据不足，请确认",
        Answer::Asks(Why::Claimed) => "底册中这一位没有身份证号，不同名单给出了不同的号码，请确认",
    }
}

/// How two names stand to each other that belong to one number.
pub const fn names(agreement: Agreement) -> &'static str {
    says(Field::Name, agreed(agreement))
}

/// The weight in words: how sure the evidence makes one, by bits.
pub fn strength(weight: f32) -> &'static str {
    match weight {
        w if w >= 10.0 => "很有力地支持",
        w if w >= 4.0 => "支持",
        w if w > -1.0 => "说明不了什么",
        w if w > -6.0 => "不太支持",
        _ => "明显不支持",
    }
}

const fn title(field: Field) -> &'static str {
    match field {
        Field::Number => "身份证号",
        Field::Name => "姓名",
        Field::Born => "出生日期",
        Field::Sex => "性别",
        Field::Place => "住址",
        Field::Phone => "电话",
        Field::Head => "户主",
    }
}

const fn says(field: Field, level: u8) -> &'static str {
    match (field, level) {
        (Field::Number, number::SAME) => "相同",
        (Field::Number, number::SLIP) => "差一处（错一位、相邻两位颠倒、多一位或少一位）",
        (Field::Number, number::CUT) => "表格软件丢失末几位，其余相同",
        (Field::Number, number::FAR) => "名单上的号码有误，且与此人的号码相差不止一处",
        (Field::Number, _) => "两个不同的有效号码",
        (Field::Name, name::EQUAL) => "相同（繁简、异体、空格和括注不计）",
        (Field::Name, name::BY_EAR) => "一字之差，读音相近",
        (Field::Name, name::ONE_MORE) => "多一字或少一字",
        (Field::Name, name::ONE_OTHER) => "一字之差，读音不同",
        (Field::Name, name::SURNAME) => "同姓，名不同",
        (Field::Name, _) => "不同",
        (Field::Born, born::EQUAL) => "相同",
        (Field::Born, born::ROUGH) => "年份相同，月日不详",
        (Field::Born, born::SWAPPED) => "月和日颠倒",
        (Field::Born, born::LUNAR) => "相差不到五十天，可能一为农历",
        (Field::Born, born::DIGIT) => "只差一位数字",
        (Field::Born, born::YEAR) => "同年，月日不同",
        (Field::Born, _) => "不同",
        (Field::Place, place::HOUSE) => "同一门牌",
        (Field::Place, place::NATURAL) => "同一自然村或道路",
        (Field::Place, place::VILLAGE) => "同一村居",
        (Field::Place, place::TOWN) => "同一镇街",
        (Field::Place, _) => "不同镇街",
        (_, plain::SAME) => "相同",
        _ => "不同",
    }
}
