//! Laws: the order of rows, the order of lists, cutting a list in two and repeating change nothing.

use crate::town::{Cells, link};
use domain::id_number::check;
use proptest::prelude::*;

const SURNAMES: [&str; 6] = ["陈", "李", "黄", "梁", "区", "源"];
const GIVEN: [&str; 10] = ["国", "华", "桦", "志", "明", "铭", "伟", "芳", "秀", "英"];
const PLACES: [&str; 4] = [
    "沙坪街道良围村旧围村",
    "雅瑶镇仙溪村新屋村",
    "沙坪街道石岗村大井村",
    "鹤山市沙坪街道良围村委会旧围村",
];

#[derive(Clone, Debug)]
struct Drawn {
    surname: usize,
    given: (usize, usize),
    day: u32,
    sequence: u32,
    place: usize,
    house: u32,
    /// What the list's row gets wrong.
    slip: u8,
    list: u16,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    (
        0..SURNAMES.len(),
        (0..GIVEN.len(), 0..GIVEN.len()),
        1u32..28,
        1u32..40,
        0..PLACES.len(),
        1u32..12,
        0u8..12,
        0u16..3,
    )
        .prop_map(
            |(surname, given, day, sequence, place, house, slip, list)| Drawn {
                surname,
                given,
                day,
                sequence,
                place,
                house,
                slip,
                list,
            },
        )
}

impl Drawn {
    fn person(&self, key: String) -> Cells {
        let digits = format!("440784195003{:02}{:03}", self.day, self.sequence);
        let last = check(digits.as_bytes()) as char;
        Cells {
            key,
            number: format!("{digits}{last}"),
            name: format!(
                "{}{}{}",
                SURNAMES[self.surname], GIVEN[self.given.0], GIVEN[self.given.1]
            ),
            born: format!("1950-03-{:02}", self.day),
            sex: if self.sequence % 2 == 1 { "男" } else { "女" }.to_owned(),
            address: format!("{}{}号", PLACES[self.place], self.house),
            phone: format!("139{:08}", self.house * 7 + self.place as u32),
            ..Cells::default()
        }
    }

    fn row(&self, key: String) -> Cells {
        let mut row = self.person(key);
        match self.slip {
            0 | 1 => row.number.clear(),
            2 => row.number.replace_range(12..13, "9"),
            3 => row.name = row.name.replace('明', "鸣"),
            4 => row.number.truncate(17),
            5 => {
                row.number.clear();
                row.born.clear();
            }
            6 => {
                row.number.clear();
                row.address = "雅瑶镇仙溪村新屋村99号".to_owned();
            }
            7 => row.name = "李铭".to_owned(),
            _ => {}
        }
        row
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn order_and_cutting_change_nothing(
        people in proptest::collection::vec(drawn(), 1..60),
        turns in proptest::collection::vec(0usize..1000, 4),
    ) {
        let register: Vec<Cells> = people
            .iter()
            .enumerate()
            .filter(|(n, _)| n % 5 != 4)
            .map(|(n, p)| {
                let mut cells = p.person(format!("R{n}"));
                if n % 7 == 3 {
                    cells.number.clear();
                }
                cells
            })
            .collect();
        let list = |which: u16| -> Vec<Cells> {
            let of_list = people.iter().enumerate().filter(|(_, p)| p.list == which);
            of_list.map(|(n, p)| p.row(format!("L{which}-{n}"))).collect()
        };
        let lists: Vec<(u16, Vec<Cells>)> = (0..3).map(|which| (which, list(which))).collect();
        let expected = link(&register, &lists);
        prop_assert_eq!(&expected, &link(&register, &lists), "repeated");

        let turned = |cells: &[Cells], by: usize| -> Vec<Cells> {
            let mut cells = cells.to_vec();
            if by % 2 == 1 {
                cells.reverse();
            }
            let n = cells.len().max(1);
            let turn = (by % n).min(cells.len());
            cells.rotate_left(turn);
            cells
        };
        let mut other: Vec<(u16, Vec<Cells>)> =
            lists.iter().map(|(which, cells)| (*which, turned(cells, turns[0]))).collect();
        other.rotate_left(turns[1] % 3);
        prop_assert_eq!(&expected, &link(&turned(&register, turns[2]), &other), "in another order");

        let cut: Vec<(u16, Vec<Cells>)> = lists
            .iter()
            .flat_map(|(which, cells)| {
                let (a, b) = cells.split_at(turns[3] % (cells.len() + 1));
                [(*which, b.to_vec()), (*which, a.to_vec())]
            })
            .collect();
        prop_assert_eq!(&expected, &link(&register, &cut), "cut in two");
    }

    #[test]
    fn two_valid_numbers_never_meet(people in proptest::collection::vec(drawn(), 1..60)) {
        let register: Vec<Cells> = people.iter().enumerate().map(|(n, p)| p.person(format!("R{n}"))).collect();
        let rows: Vec<Cells> = people.iter().enumerate().map(|(n, p)| p.row(format!("L{n}"))).collect();
        let said = link(&register, &[(0, rows.clone())]);
        for person in &said.people {
            let mut numbers: Vec<&str> = register
                .iter()
                .chain(&rows)
                .filter(|c| person.contains(&c.key))
                .map(|c| c.number.as_str())
                .filter(|n| domain::id_number::IdNumber::parse(n).is_ok())
                .collect();
            numbers.sort_unstable();
            numbers.dedup();
            prop_assert!(numbers.len() <= 1, "{:?}", person);
        }
    }
}
