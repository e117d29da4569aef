//! Files that say little or too much: a clear answer each, in bounded time.

use crate::town::{Cells, link};

fn register(n: usize) -> Vec<Cells> {
    (0..n)
        .map(|at| Cells {
            key: format!("R{at}"),
            number: matching::record::number::written(44_078_419_500_000_000 + number(at)),
            name: format!("陈{}", ["国华", "志明", "秀英", "伟"][at % 4]),
            born: String::new(),
            address: format!("沙坪街道良围村旧围村{}号", at / 4 + 1),
            ..Cells::default()
        })
        .collect()
}

/// Month, day and sequence of the n-th person born in 1950.
fn number(at: usize) -> u64 {
    ((at % 12 + 1) * 100_000 + (at / 12 % 28 + 1) * 1000 + at / 336 % 999 + 1) as u64
}

fn changed(rows: &[Cells], change: impl Fn(&mut Cells)) -> Vec<Cells> {
    rows.iter()
        .map(|row| {
            let mut row = row.clone();
            row.key = row.key.replace('R', "L");
            change(&mut row);
            row
        })
        .collect()
}

#[test]
fn no_rows_at_all() {
    assert!(link(&[], &[]).people.is_empty());
    assert!(link(&[], &[(0, Vec::new())]).rows.is_empty());
    assert_eq!(link(&register(3), &[(0, Vec::new())]).people.len(), 3);
    let alone = link(&[], &[(0, changed(&register(2), |_| {}))]);
    assert_eq!(
        (alone.row("L0"), alone.row("L1")),
        ("new".to_owned(), "new".to_owned())
    );
}

#[test]
fn no_number_column_and_masked_numbers() {
    let register = register(40);
    for mask in ["", "440784********1234", "无"] {
        let rows = changed(&register, |row| row.number = mask.to_owned());
        let said = link(&register, &[(0, rows)]);
        for (key, (answer, shown)) in &said.rows {
            let own = key.replace('L', "R");
            // Name and house are enough here, or somebody is asked and sees the right one; nobody else is linked.
            assert!(
                answer == "new" || shown.contains(&own),
                "{key}: {answer} {shown:?}"
            );
            assert!(answer != "linked" || shown[0] == own, "{key}");
        }
    }
}

#[test]
fn empty_names() {
    let register = register(20);
    let rows = changed(&register, |row| row.name.clear());
    let said = link(&register, &[(0, rows)]);
    for (key, (answer, shown)) in &said.rows {
        assert_eq!(
            (answer.as_str(), shown.as_slice()),
            ("other_name", &[key.replace('L', "R")][..])
        );
    }
}

#[test]
fn rows_of_another_county() {
    let register = register(20);
    let rows = changed(&register, |row| {
        row.number.replace_range(..6, "440783");
        row.number = matching::record::number::written(row.number[..17].parse().unwrap());
        row.address = "开平市长沙街道东乐村1号".to_owned();
    });
    let said = link(&register, &[(0, rows)]);
    assert!(said.rows.values().all(|(answer, _)| answer == "new"));
}

#[test]
fn one_name_for_everybody() {
    // Blocks are bounded, so that work grows with the rows and not with their square.
    let mut register = register(4_000);
    for row in &mut register {
        row.name = "陈国华".to_owned();
    }
    let rows = changed(&register, |row| {
        row.number.clear();
        row.born.clear();
        row.address.clear();
    });
    let said = link(&register, &[(0, rows)]);
    assert!(said.rows.values().all(|(answer, _)| answer == "new"));
    let rows = changed(&register, |_| {});
    let said = link(&register, &[(0, rows)]);
    assert!(
        said.rows
            .iter()
            .all(|(key, (answer, shown))| answer == "linked" && shown[0] == key.replace('L', "R"))
    );
}
