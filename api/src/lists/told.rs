//! A plan beside what people said of such headers: what they answered, what they corrected, and what is still to be
//! asked.

use super::asking;
use super::candidate::Candidate;
use super::cell::GridRow;
use super::find::Head;
use super::mapping::Mapping;
use super::plan::{Column, Plan, Sure};
use super::values::SexCodes;

impl Plan {
    /// Questions about who a row is about. Without an answer no number is read: none is better than another's.
    pub(super) fn ask_who(
        &mut self,
        candidates: &[Candidate],
        head: &Head,
        rows: &[&GridRow],
        said: &Mapping,
    ) {
        for (code, key, what) in [
            (asking::WHICH_NUMBER, "id_number", "身份证号"),
            (asking::WHICH_NAME, "name", "姓名"),
        ] {
            let rivals = asking::rivals(key, candidates, rows);
            let at = |c: &&Candidate| head.cells.iter().position(|cell| cell.column == c.cell.column);
            let columns: Vec<(usize, String)> = rivals
                .iter()
                .filter_map(|c| Some((at(c)?, c.cell.text.clone())))
                .collect();
            let settled = said.answers.contains_key(code)
                || said.columns.values().any(|to| *to == Some(key))
                || columns
                    .iter()
                    .filter(|(at, _)| said.columns.get(at) != Some(&None))
                    .count()
                    < 2;
            if columns.len() > 1 && !settled {
                if key == "id_number" {
                    self.columns.retain(|c| c.key != key);
                }
                self.questions.push(asking::which(code, what, &columns));
            }
        }
        let settled = said.answers.contains_key(asking::UNNAMED_NUMBER)
            || said.columns.values().any(|to| *to == Some("id_number"));
        if !settled && self.questions.iter().all(|q| q.code != asking::WHICH_NUMBER) {
            self.questions.extend(asking::unnamed(self, head, rows));
        }
    }

    /// Questions about what values mean.
    pub(super) fn ask_what(&mut self, rows: &[&GridRow], said: &Mapping) {
        let answer = |code: &str| said.answers.get(code).map(String::as_str);
        match answer(asking::SEX_CODES) {
            Some("zero_man") => self.sex_codes = SexCodes::ZeroMan,
            Some("zero_woman") => self.sex_codes = SexCodes::ZeroWoman,
            Some(_) => self.columns.retain(|c| c.key != "sex"),
            None => self.questions.extend(asking::sex_codes(self, rows)),
        }
        match answer(asking::AGES) {
            Some(asking::NONE) => self.columns.retain(|c| c.key != ".age"),
            Some(how) => self.ages = Some(how.to_owned()),
            None => self.questions.extend(asking::ages(self)),
        }
        match answer(asking::YEAR) {
            Some(year) => self.year = year.parse().ok(),
            None => self.questions.extend(asking::year(self, rows)),
        }
    }

    /// Reads columns as a person said.
    pub(super) fn apply(&mut self, said: &Mapping) {
        let mut columns = said.columns.clone();
        for code in [asking::WHICH_NUMBER, asking::UNNAMED_NUMBER, asking::WHICH_NAME] {
            let key = if code == asking::WHICH_NAME {
                "name"
            } else {
                "id_number"
            };
            let answered = said.answers.get(code).and_then(|at| at.parse().ok());
            columns.extend(answered.map(|at: usize| (at, Some(key))));
        }
        for (at, key) in columns {
            let Some((column, header)) = self.headers.get(at).cloned() else {
                continue;
            };
            self.columns.retain(|c| c.column != column && Some(c.key) != key);
            for member in &mut self.members {
                member.retain(|(_, c)| *c != column);
            }
            self.members_in_cell = self.members_in_cell.filter(|(names, _)| *names != column);
            if let Some(key) = key {
                self.columns.push(Column {
                    key,
                    column,
                    header,
                    sure: Sure::Certain,
                    why: "按以前的更正读取".to_owned(),
                });
            }
        }
    }
}
