//! The folder: a register, lists and grids as CSV. What it says is read here; nothing is asked of a database.

use domain::date::Date;
use domain::place::{Gazetteer, GridRange, Town, Village};
use domain::{DivisionId, GridId};
use matching::clues::{Line, Sheet, Sheets};
use matching::county::Row;
use matching::record::places::Found;
use matching::record::{Raw, Reader, Record};
use std::collections::HashMap;
use std::path::Path;

/// A Chinese sentence says what is wrong.
pub type Done<T> = Result<T, String>;

/// Columns of the file of grids: code, town, village, natural village, first and last house.
const GRID_COLUMNS: usize = 6;

/// File names without ending, the register first.
const LISTS: [&str; 4] = ["disabled", "dibao", "elder", "deaths"];

/// Header words of each part of [`Raw`].
const COLUMNS: [(&str, &[&str]); 10] = [
    (
        "number",
        &[
            "公民身份号码",
            "身份证号",
            "身份证号码",
            "公民身份证号码",
            "证件号码",
        ],
    ),
    (
        "name",
        &["姓名", "残疾人姓名", "成员姓名", "老人姓名", "死者姓名"],
    ),
    ("born", &["出生日期", "出生年月日"]),
    ("sex", &["性别"]),
    ("address", &["住址", "现住址", "家庭住址", "户籍地址", "生前住址"]),
    ("village", &["村居", "所属镇村", "镇村"]),
    ("phone", &["联系电话", "电话", "联系人电话"]),
    ("head", &["户主姓名"]),
    ("household", &["户号"]),
    ("relation", &["与户主关系"]),
];

/// Columns that rules read, by list.
const READ_BY_RULES: [&[&str]; 4] = [
    &["残疾等级", "困难残疾人生活补贴", "重度残疾人护理补贴"],
    &["低保证号", "救助类别", "月保障金额"],
    &["月发放标准"],
    &["死亡日期"],
];

#[derive(Default)]
pub struct Part {
    lines: Vec<Line>,
    pub keys: Vec<Box<str>>,
    pub records: Vec<Record>,
    pub grids: Vec<Option<GridId>>,
}

pub struct Folder {
    pub reader: Reader,
    pub register: Part,
    pub rows: Vec<Row>,
    pub row_keys: Vec<Box<str>>,
    pub row_grids: Vec<Option<GridId>>,
    pub grids: HashMap<GridId, String>,
    pub sheets: Sheets,
}

impl Folder {
    pub fn read(data: &Path) -> Done<Folder> {
        let (gazetteer, grids) = gazetteer(&data.join("grids.csv"))?;
        let mut reader = Reader::new(gazetteer);
        let mut sheets = Sheets::new(
            LISTS
                .iter()
                .zip(READ_BY_RULES)
                .map(|(list, columns)| Sheet {
                    list: (*list).to_owned(),
                    columns: columns.iter().map(|c| (*c).to_owned()).collect(),
                })
                .collect(),
        );
        let mut register = part(&mut reader, &data.join("roster.csv"), None)?;
        for record in &mut register.records {
            record.head = reader.head(record.household);
        }
        let (mut rows, mut row_keys, mut row_grids) = (Vec::new(), Vec::new(), Vec::new());
        for (list, name) in LISTS.iter().enumerate() {
            let file = data.join(format!("{name}.csv"));
            if !file.exists() {
                continue;
            }
            let part = part(&mut reader, &file, Some((&mut sheets, list)))?;
            sheets
                .lines
                .extend(part.lines.into_iter().map(|line| (list as u16, line)));
            rows.extend(part.records.into_iter().map(|record| Row {
                list: list as u16,
                record,
            }));
            row_keys.extend(part.keys);
            row_grids.extend(part.grids);
        }
        Ok(Folder {
            reader,
            register,
            rows,
            row_keys,
            row_grids,
            grids,
            sheets,
        })
    }

    pub fn find(&self, key: &str) -> Option<usize> {
        self.row_keys.iter().position(|k| **k == *key)
    }

    pub fn source(&self, row: usize) -> &'static str {
        LISTS[usize::from(self.rows[row].list)]
    }

    pub fn answers(&self, file: &Path) -> Done<Vec<(usize, Option<u32>)>> {
        let known: HashMap<&str, u32> = self
            .register
            .keys
            .iter()
            .zip(0u32..)
            .map(|(k, at)| (&**k, at))
            .collect();
        let at: HashMap<(&str, &str), usize> = (0..self.rows.len())
            .map(|at| ((self.source(at), &*self.row_keys[at]), at))
            .collect();
        let mut all = Vec::new();
        for line in opened(file)?.records() {
            let line = line.map_err(|fault| unread(file, &fault))?;
            let cell = |n| line.get(n).unwrap_or_default();
            if let Some(row) = at.get(&(cell(0), cell(1))) {
                all.push((*row, known.get(cell(2)).copied()));
            }
        }
        Ok(all)
    }

    /// The end of the month of the latest day that the lists state: the date of what they say.
    pub fn date(&self) -> Option<Date> {
        let deaths = self.sheets.lines.iter().filter(|(list, _)| *list == 3);
        let days =
            deaths.filter_map(|(_, cells)| domain::date::parse(self.sheets.text(cells[0])).ok()?.date());
        let born = |r: &Record| {
            let (y, m, d) = r.birth().parts();
            Date::new(y as i16, m as i8, d as i8).ok()
        };
        let births = self.register.records.iter().filter_map(born);
        days.chain(births).max().map(Date::last_of_month)
    }
}

/// Reads a file.
fn part(reader: &mut Reader, file: &Path, mut sheets: Option<(&mut Sheets, usize)>) -> Done<Part> {
    let mut csv = opened(file)?;
    let header = csv.headers().map_err(|fault| unread(file, &fault))?.clone();
    let at = COLUMNS.map(|(_, words)| header.iter().position(|h| words.contains(&h)));
    let read = sheets.as_ref().map_or(&[][..], |(_, list)| READ_BY_RULES[*list]);
    let read: Vec<Option<usize>> = read
        .iter()
        .map(|word| header.iter().position(|h| h == *word))
        .collect();
    let mut part = Part::default();
    let mut line = csv::StringRecord::new();
    while csv.read_record(&mut line).map_err(|fault| unread(file, &fault))? {
        let cell = |n: usize| at[n].and_then(|at| line.get(at)).unwrap_or("");
        let raw = Raw {
            number: cell(0),
            name: cell(1),
            born: cell(2),
            sex: cell(3),
            address: cell(4),
            village: cell(5),
            phone: cell(6),
            head: cell(7),
            household: cell(8),
            relation: cell(9),
        };
        let (record, Found { grid, .. }) = reader.read(&raw);
        let cells = match &mut sheets {
            Some((sheets, _)) => read
                .iter()
                .map(|at| sheets.word(at.and_then(|at| line.get(at)).unwrap_or("")))
                .collect(),
            None => Line::default(),
        };
        part.keys.push(line.get(0).unwrap_or("").into());
        part.records.push(record);
        part.grids.push(grid);
        part.lines.push(cells);
    }
    Ok(part)
}

/// Towns, villages and grids that the grids' file names.
fn gazetteer(file: &Path) -> Done<(Gazetteer, HashMap<GridId, String>)> {
    let id = |n: usize| uuid::Uuid::from_u128(n as u128 + 1);
    let (mut towns, mut villages): (Vec<String>, Vec<(usize, String)>) = (Vec::new(), Vec::new());
    let (mut ranges, mut grids) = (Vec::new(), HashMap::new());
    for (n, line) in opened(file)?.records().enumerate() {
        let line = line.map_err(|fault| unread(file, &fault))?;
        if line.len() < GRID_COLUMNS {
            return Err(format!(
                "{}：应有 {GRID_COLUMNS} 列，只有 {} 列。",
                file.display(),
                line.len()
            ));
        }
        let house = |cell: &str| {
            let wrong = || format!("{}：第 {} 行的门牌范围不是数字。", file.display(), n + 2);
            cell.parse().map_err(|_| wrong())
        };
        let at = towns.iter().position(|t| *t == line[1]);
        let town = at.unwrap_or_else(|| {
            towns.push(line[1].to_owned());
            towns.len() - 1
        });
        let named = (town, line[2].to_owned());
        let at = villages.iter().position(|v| *v == named);
        let village = at.unwrap_or_else(|| {
            villages.push(named);
            villages.len() - 1
        });
        let grid = GridId::from_uuid(id(n));
        grids.insert(grid, line[0].to_owned());
        ranges.push(GridRange {
            grid,
            village: DivisionId::from_uuid(id(1000 + village)),
            natural: line[3].to_owned(),
            from: house(&line[4])?,
            to: house(&line[5])?,
        });
    }
    let towns: Vec<Town> = towns
        .into_iter()
        .enumerate()
        .map(|(n, name)| Town {
            id: DivisionId::from_uuid(id(n)),
            name,
            others: Vec::new(),
        })
        .collect();
    let villages: Vec<Village> = villages
        .into_iter()
        .enumerate()
        .map(|(n, (town, name))| Village {
            id: DivisionId::from_uuid(id(1000 + n)),
            town: towns[town].id,
            name,
            others: Vec::new(),
        })
        .collect();
    let above = ["广东省", "江门市", "鹤山市"];
    Ok((Gazetteer::new(&above, &towns, &villages, &ranges), grids))
}

fn opened(file: &Path) -> Done<csv::Reader<std::fs::File>> {
    csv::Reader::from_path(file).map_err(|fault| unread(file, &fault))
}

/// Says where, and not what stood there: it may be a person's.
fn unread(file: &Path, fault: &csv::Error) -> String {
    let place = fault
        .position()
        .map_or(String::new(), |at| format!("第 {} 行", at.line()));
    let why = match fault.kind() {
        csv::ErrorKind::Io(_) => "文件不存在或无法读取",
        csv::ErrorKind::Utf8 { .. } => "不是 UTF-8 文本",
        csv::ErrorKind::UnequalLengths { .. } => "列数与表头不同",
        _ => "不是 CSV",
    };
    format!("{}：{place}{why}。", file.display())
}
