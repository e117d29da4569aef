//! Invented people of the demo county. A seed gives the same county on every machine; nobody in it exists.

use domain::id_number;

/// A small generator: the same seed gives the same people for ever.
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    pub fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }
}

const SURNAMES: [&str; 24] = [
    "梁", "陈", "黄", "冯", "麦", "温", "任", "宋", "郭", "谭", "吴", "陆", "何", "李", "区", "邝", "源",
    "易", "吕", "施", "欧阳", "司徒", "伍", "钟",
];
const GIVEN: [&str; 36] = [
    "少", "芳", "国", "强", "秋", "菊", "润", "生", "锦", "棠", "惠", "贞", "彩", "凤", "仪", "志", "金",
    "娣", "阿", "妹", "伟", "民", "桂", "英", "成", "好", "健", "庆", "丽", "珍", "文", "柏", "玉", "兰",
    "树", "荣",
];

/// One invented person.
pub struct Person {
    pub name: String,
    pub id_number: String,
    pub sex: &'static str,
    /// `YYYY-MM-DD`.
    pub birth_date: String,
    pub phone: String,
    pub age: i16,
}

/// The person of one number: numbers never collide, since sequence and date follow from it.
pub fn person(dice: &mut Dice, number: usize) -> Person {
    let (year, month, day) = (1926 + dice.roll(82), 1 + dice.roll(12), 1 + dice.roll(28));
    let male = dice.roll(2) == 0;
    let sequence = (number * 2 + usize::from(male)) % 1000;
    // The place of first registration: one of a few codes, so that a day holds more than 500 people.
    let place = 440_780 + (number / 500) % 10;
    let front = format!("{place}{year:04}{month:02}{day:02}{sequence:03}");
    let id_number = format!("{front}{}", id_number::check(front.as_bytes()) as char);
    let name = format!(
        "{}{}{}",
        dice.pick(&SURNAMES),
        dice.pick(&GIVEN),
        dice.pick(&GIVEN)
    );
    Person {
        name,
        id_number,
        sex: if male { "男" } else { "女" },
        birth_date: format!("{year:04}-{month:02}-{day:02}"),
        phone: format!("1390{:07}", (number * 7919 + 11) % 10_000_000),
        age: 2026 - year as i16,
    }
}
