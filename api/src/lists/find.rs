//! Finding the header of a table: which rows it takes, and what each of its columns says.

use super::cell::{Cell, GridRow, Merge};
use super::header::{Meaning, meaning};
use super::kind::ListKind;
use super::numbers;
use super::why::Said;
use super::words::Role;
use domain::text::squeezed;

/// Most rows of one header.
const DEEPEST: usize = 4;
/// Most columns of a header that are looked at.
const MOST_COLUMNS: usize = 2000;

/// A column of a header.
#[derive(Clone, Debug)]
pub struct HeadCell {
    pub column: u32,
    /// The lowest text of the column, as it is written.
    pub text: String,
    pub meaning: Option<Meaning>,
}

/// A header that begins with the first row that was looked at.
#[derive(Clone, Debug)]
pub struct Head {
    pub rows: usize,
    pub cells: Vec<HeadCell>,
}

/// Whether a header begins with the first of these rows. Rows are those of a sheet that hold something, in order.
pub fn header(kind: ListKind, rows: &[GridRow], merges: &[Merge]) -> Option<Head> {
    if !may_be_heading(rows.first()?, true) {
        return None;
    }
    let mut best: Option<(usize, Head)> = None;
    for depth in 1..=DEEPEST.min(rows.len()) {
        let new = &rows[depth - 1];
        if depth > 1 {
            let gap = new.number != rows[depth - 2].number + 1;
            if gap || !may_be_heading(new, false) {
                break;
            }
        }
        let head = read(kind, &rows[..depth], merges);
        let last_row_counts = depth == 1 || mostly_known(&head, new);
        if !last_row_counts {
            continue;
        }
        if let Some(score) = score(kind, &head)
            && best.as_ref().is_none_or(|(most, _)| score > *most)
        {
            best = Some((score, head));
        }
    }
    let (score_here, head) = best?;
    // A line above the header that adds nothing to it is a title or a unit, not a part of it.
    if head.rows > 1 {
        let below = read(kind, &rows[1..head.rows], merges);
        if score(kind, &below).is_some_and(|s| s >= score_here) && !has_twins(&below) {
            return None;
        }
    }
    Some(head)
}

/// A header of words that nobody knows: texts right above a row that holds somebody's number. Which column is which a
/// person must say.
pub fn above_numbers(kind: ListKind, rows: &[GridRow], merges: &[Merge]) -> Option<Head> {
    let [first, next, ..] = rows else { return None };
    if !may_be_heading(first, true) {
        return None;
    }
    let person = |row: &GridRow| {
        row.cells
            .iter()
            .find(|(_, cell)| is_valid_number(cell))
            .map(|(c, _)| *c)
    };
    let column = person(next).filter(|_| kind.of_people() && next.number == first.number + 1)?;
    let head = read(kind, &rows[..1], merges);
    let width = next.cells.iter().filter(|(_, cell)| !cell.is_blank()).count();
    let fits = head.cells.len() >= 2 && head.cells.len() * 2 >= width && person(first).is_none();
    let named = head.cells.iter().any(|c| c.column == column);
    (fits && named).then_some(head)
}

fn is_valid_number(cell: &Cell) -> bool {
    matches!(cell, Cell::Text(_)) && matches!(numbers::id_number(Some(cell)), Said::Value(_))
}

/// Texts only, short, without long numbers; a title is one cell, a unit line has colons.
fn may_be_heading(row: &GridRow, first: bool) -> bool {
    let (mut texts, mut others, mut colons) = (0, 0, 0);
    for (_, cell) in row.cells.iter().take(MOST_COLUMNS) {
        match cell {
            Cell::Text(text) if cell.is_blank() || text.is_empty() => {}
            Cell::Text(text) => {
                texts += 1;
                let digits = text.bytes().filter(u8::is_ascii_digit).count();
                if digits >= 11 && text.chars().count() < 40 {
                    return false;
                }
                let open = text.split(['(', '（']).next().unwrap_or_default().trim_end();
                let inside = open.trim_end_matches([':', '：']);
                colons += usize::from(inside.contains([':', '：']) || inside != open && first);
            }
            _ => others += 1,
        }
    }
    texts >= if first { 2 } else { 1 } && others * 3 <= texts && colons * 2 <= texts
}

/// Whether at least half of a header's lowest row are words that are known.
fn mostly_known(head: &Head, row: &GridRow) -> bool {
    let of_row = |c: &&HeadCell| row.at(c.column).is_some_and(|cell| !cell.is_blank());
    let all = head.cells.iter().filter(of_row).count();
    let known = head
        .cells
        .iter()
        .filter(of_row)
        .filter(|c| c.meaning.is_some())
        .count();
    known * 2 >= all
}

/// Reads rows as one header: per column the lowest text, and the text that stands over it.
fn read(kind: ListKind, rows: &[GridRow], merges: &[Merge]) -> Head {
    let mut columns: Vec<u32> = rows
        .iter()
        .flat_map(|row| {
            row.cells
                .iter()
                .filter(|(_, cell)| !cell.is_blank())
                .map(|(c, _)| *c)
        })
        .collect();
    columns.sort_unstable();
    columns.dedup();
    columns.truncate(MOST_COLUMNS);
    let spans: Vec<Vec<(u32, u32)>> = rows
        .iter()
        .map(|row| {
            merges
                .iter()
                .take_while(|m| m.first_row <= row.number)
                .filter(|m| m.first_row == row.number && m.last_column > m.first_column)
                .map(|m| (m.first_column, m.last_column))
                .collect()
        })
        .collect();
    let cells = columns
        .into_iter()
        .filter_map(|column| {
            let lowest = rows
                .iter()
                .rposition(|r| r.at(column).is_some_and(|c| !c.is_blank()))?;
            let text = rows[lowest].shown(column).into_owned();
            let group = (0..lowest)
                .rev()
                .map(|n| over(&rows[n], &spans[n], column))
                .find(|text| {
                    !text.trim().is_empty() && squeezed(text) != squeezed(&text_of(&rows[lowest], column))
                })
                .unwrap_or_default();
            let meaning = meaning(kind, &group, &text);
            Some(HeadCell {
                column,
                text,
                meaning,
            })
        })
        .collect();
    Head {
        rows: rows.len(),
        cells,
    }
}

fn text_of(row: &GridRow, column: u32) -> String {
    row.shown(column).into_owned()
}

/// The text of a row over a column: its own, its merged range's, or (where nothing is merged) the nearest at left.
fn over(row: &GridRow, spans: &[(u32, u32)], column: u32) -> String {
    let own = text_of(row, column);
    if !own.trim().is_empty() {
        return own;
    }
    if let Some((first, _)) = spans
        .iter()
        .find(|(first, last)| (*first..=*last).contains(&column))
    {
        return text_of(row, *first);
    }
    if !spans.is_empty() {
        return String::new();
    }
    let at = row.cells.partition_point(|(c, _)| *c < column);
    let left = row.cells[..at].iter().rfind(|(_, cell)| !cell.is_blank());
    left.map(|(_, cell)| cell.shown().into_owned())
        .unwrap_or_default()
}

/// How much of a header is understood. `None` when it cannot be one: too little, or nothing that names a person.
fn score(kind: ListKind, head: &Head) -> Option<usize> {
    let meanings: Vec<Meaning> = head.cells.iter().filter_map(|c| c.meaning).collect();
    let known = meanings.len();
    let has = |keys: &[&str]| {
        meanings
            .iter()
            .any(|m| keys.contains(&m.key) && !matches!(m.role, Role::Other | Role::Spouse))
    };
    let named = match kind {
        ListKind::Grids => {
            let standard = meanings.iter().filter(|m| !m.key.starts_with('.')).count();
            standard >= 2 && has(&["code", "name", "place", "house_range", "worker"])
        }
        _ => has(&["name", "id_number", "certificate_number"]),
    };
    let enough = known >= 3 || known == 2 && head.cells.len() <= 4;
    // 姓名 and 身份证号 by their usual words are enough, whatever stands beside them.
    let usual = |key: &str| {
        meanings
            .iter()
            .any(|m| m.key == key && m.rank == 1 && m.role == Role::Person)
    };
    let usual = kind.of_people() && usual("name") && usual("id_number");
    let enough = enough || usual;
    let both = has(&["name"]) && has(&["id_number"]) && known >= 3 || usual;
    let share = known * 10 >= head.cells.len() * 4 || known >= 6 || both;
    // A value that stands twice says nothing more, unless it is another's.
    let mut distinct: Vec<(&str, Role)> = meanings.iter().map(|m| (m.key, m.role)).collect();
    distinct.sort_unstable();
    distinct.dedup();
    (named && enough && share).then_some(known + distinct.len())
}

/// Whether two columns have the same header: only what stands above can tell them apart.
fn has_twins(head: &Head) -> bool {
    let mut texts: Vec<String> = head.cells.iter().map(|c| squeezed(&c.text)).collect();
    texts.sort_unstable();
    texts.windows(2).any(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<GridRow> {
        text.split('\n')
            .zip(1..)
            .map(|(line, number)| GridRow {
                number,
                hidden: false,
                cells: (0..)
                    .zip(line.split(','))
                    .filter_map(|(c, t)| Some((c, Cell::text(t)?)))
                    .collect(),
            })
            .collect()
    }

    fn found(kind: ListKind, text: &str) -> String {
        let rows = rows(text);
        for start in 0..rows.len() {
            if let Some(head) = header(kind, &rows[start..], &[]) {
                let keys: Vec<&str> = head
                    .cells
                    .iter()
                    .map(|c| c.meaning.map_or("?", |m| m.key))
                    .collect();
                return format!("{}+{}: {}", start + 1, head.rows, keys.join(" "));
            }
        }
        "none".to_owned()
    }

    #[test]
    fn headers() {
        let cases = [
            (
                ListKind::Disabled,
                "姓名,身份证号\n李妹,440784",
                "1+1: name id_number",
            ),
            (
                ListKind::Disabled,
                "某某名单\n填报单位：民政局,填报日期：2025年\n序号,姓名,身份证号,等级\n1,李妹,1,2",
                "3+1: .serial name id_number grade",
            ),
            (
                ListKind::Disabled,
                "基本信息,,残疾信息,\n姓名,身份证号,类别,等级\n李妹,1,听力,二级",
                "2+1: name id_number category grade",
            ),
            (
                ListKind::LowIncome,
                "户主,,家庭成员,,金额\n姓名,身份证号,姓名,身份证号,\n甲,1,乙,2,3",
                "1+2: name id_number name id_number amount",
            ),
            (
                ListKind::Grids,
                "序号,镇（街道）,村,网格编号,网格长,,网格员,\n,,,,姓名,联系电话,姓名,联系电话\n1,沙坪,良围,1,甲,1,乙,2",
                "1+2: .serial town village code .leader .leader_phone worker worker_phone",
            ),
            (
                ListKind::LowIncome,
                "镇街,户数,金额合计\n沙坪街道,19,22127",
                "none",
            ),
            (ListKind::LowIncome, "民族,性别,与户主关系\n汉族,男,本人", "none"),
            (ListKind::Disabled, "导入注意事项\n1.红色为必填项", "none"),
        ];
        for (kind, text, expected) in cases {
            assert_eq!(found(kind, text), expected, "{text}");
        }
    }
}
