//! What a row takes from what stands around it: its place, its roster, the head of its household, an address that is
//! written elsewhere.

use super::around::{Place, Roster};
use super::kind::ListKind;
use super::plan::Plan;
use super::row::Row;
use super::{values, words};
use domain::text::squeezed;

/// Stands for a roster that nothing tells, where several are meant.
const UNKNOWN_ROSTER: &str = "unknown";

impl Row {
    /// Town, village and group from a path, or from a village's or a group's cell that names more than its own.
    pub(super) fn places(&mut self, plan: &Plan) {
        if let Some(path) = self.values.get(".path").cloned() {
            let said = values::places(&path);
            let shared = plan.column(".path");
            for (key, part) in [("town", said.town), ("village", said.village)] {
                if plan.column(key) == shared {
                    self.values.remove(key);
                    if let Some(part) = part {
                        self.values.insert(key, part);
                    }
                }
            }
            if let Some(group) = said.group {
                self.values.entry(".group").or_insert(group);
            }
        }
        if let Some(group) = self.values.get(".group").cloned()
            && plan.column("village").is_none()
        {
            let said = values::places(&group);
            for (key, part) in [
                ("town", said.town),
                ("village", said.village),
                (".group", said.group),
            ] {
                if let Some(part) = part.filter(|_| plan.column(key).is_none_or(|_| key == ".group")) {
                    self.values.insert(key, part);
                }
            }
        }
        if let Some(village) = self.values.get("village").cloned()
            && let values::Places {
                town: Some(town),
                village: Some(rest),
                group,
            } = values::places(&village)
        {
            if !self.values.contains_key("town") {
                self.values.insert("town", town.clone());
            }
            if self.values.get("town") == Some(&town) {
                self.values.insert("village", rest);
                if let Some(group) = group {
                    self.values.entry(".group").or_insert(group);
                }
            }
        }
    }

    /// Which roster the row is about, where its own columns do not say it in words that are known.
    pub(super) fn roster(&mut self, kind: ListKind, around: Roster) {
        let own = ["category", ".benefit"]
            .iter()
            .filter_map(|key| self.values.get(*key));
        let own = own.map(|said| words::roster(said)).next();
        let said = match (own, around) {
            _ if kind != ListKind::LowIncome => return,
            (Some(Some(_)), _) | (None, Roster::Unsaid) | (Some(None), Roster::Unsaid | Roster::Several) => {
                return;
            }
            (_, Roster::One(roster)) => roster,
            (None, Roster::Several) => UNKNOWN_ROSTER,
        };
        self.values.insert(".roster", said.to_owned());
    }

    /// 旧围1-60号 in the cell of a place: the place, and the houses of it.
    pub(super) fn house_range(&mut self) {
        let has = |key: &str| self.values.contains_key(key);
        if has("house_range") || has("house_from") {
            return;
        }
        let Some(place) = self.values.get("place").cloned() else {
            return;
        };
        let Some(at) = place.find(|c: char| c.is_ascii_digit()).filter(|at| *at > 0) else {
            return;
        };
        let (name, range) = place.split_at(at);
        let between = ['-', '—', '－', '~', '～', '至', '到'];
        let fits = range
            .chars()
            .all(|c| c.is_ascii_digit() || between.contains(&c) || "号以上下".contains(c));
        if fits && (range.contains(between) || range.contains("以")) {
            self.values.insert("place", name.trim().to_owned());
            self.values.insert("house_range", range.to_owned());
        }
    }

    /// A register of deaths that names the head and how the dead was related: he died himself where it says so.
    pub(super) fn head_himself(&mut self, plan: &Plan) {
        if plan.kind != ListKind::Deaths || plan.column("name").is_some() {
            return;
        }
        let relation = self
            .values
            .get("relation")
            .map(|r| squeezed(r))
            .unwrap_or_default();
        if words::text("head").contains(&relation.as_str())
            && let Some(head) = self.values.get(".head_name").cloned()
        {
            self.values.insert("name", head);
        }
    }

    /// Town and village from around the row where no column says them.
    pub(super) fn around(&mut self, plan: &Plan, place: &Place) {
        for (key, said) in [("town", &place.town), ("village", &place.village)] {
            if let (Some(said), None) = (said, plan.column(key)) {
                self.values.entry(key).or_insert_with(|| said.clone());
            }
        }
    }

    /// 同户籍地址 and 同上 stand for another cell.
    pub(super) fn address(&mut self, plan: &Plan, above: Option<&str>) {
        let Some(said) = self.values.get("address").map(|a| squeezed(a)) else {
            return;
        };
        let meant =
            if words::text("same_address").iter().any(|w| said.starts_with(w)) && said.chars().count() <= 9 {
                let other = plan.columns.iter().find(|c| c.key == ".address_other");
                other
                    .filter(|c| c.header.contains('户'))
                    .and_then(|_| self.values.get(".address_other").cloned())
            } else if matches!(said.as_str(), "同上" | "〃" | "″" | "\"") {
                above.map(str::to_owned)
            } else {
                return;
            };
        match meant {
            Some(address) => self.values.insert("address", address),
            None => self.values.remove("address"),
        };
    }
}
