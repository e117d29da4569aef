//! Where the members of a household stand whom one row of a file names together: each has a row of its own, so that each
//! is linked, judged and answered alone. Such a row keeps the number of the file's row, on a sheet of its own behind all
//! sheets of the file.

/// Sheets between a member's and the next one's. No workbook has so many.
const SHEETS: i32 = 1_000_000;
/// Most members of one row that have room before the sheet of people who are missing.
pub const MOST_MEMBERS: usize = 2000;

/// The sheet on which the rows of members are kept: the first one's is 1.
pub fn sheet_of_member(sheet: i32, member: usize) -> i32 {
    sheet + SHEETS * member as i32
}

/// The sheet of the file, and which member of the row's household; none for whom the row is about himself.
pub fn in_file(sheet: i32) -> (i32, Option<i32>) {
    let member = sheet / SHEETS;
    (sheet % SHEETS, (member > 0).then_some(member))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_go_behind_all_sheets() {
        assert_eq!(in_file(3), (3, None));
        assert_eq!(in_file(sheet_of_member(3, 2)), (3, Some(2)));
        assert!(sheet_of_member(SHEETS - 1, MOST_MEMBERS) < super::super::MISSING_SHEET);
    }
}
