//! What a handed-in file is a list of.

/// The kinds of list that departments hand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListKind {
    Population,
    Disabled,
    LowIncome,
    OldAgeAllowance,
    Deaths,
    Grids,
}

impl ListKind {
    pub const ALL: [ListKind; 6] = [
        ListKind::Population,
        ListKind::Disabled,
        ListKind::LowIncome,
        ListKind::OldAgeAllowance,
        ListKind::Deaths,
        ListKind::Grids,
    ];

    pub fn parse(name: &str) -> Option<ListKind> {
        ListKind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    pub const fn name(self) -> &'static str {
        match self {
            ListKind::Population => "population",
            ListKind::Disabled => "disabled",
            ListKind::LowIncome => "low_income",
            ListKind::OldAgeAllowance => "old_age_allowance",
            ListKind::Deaths => "deaths",
            ListKind::Grids => "grids",
        }
    }

    /// What a clerk calls it.
    pub const fn label(self) -> &'static str {
        match self {
            ListKind::Population => "人口底册",
            ListKind::Disabled => "残疾人名单",
            ListKind::LowIncome => "低保、特困等救助名单",
            ListKind::OldAgeAllowance => "高龄津贴名单",
            ListKind::Deaths => "死亡登记",
            ListKind::Grids => "网格划分",
        }
    }

    /// Whether its rows are people.
    pub const fn of_people(self) -> bool {
        !matches!(self, ListKind::Grids)
    }

    /// Whether its rows enrol people in categories.
    pub const fn enrols(self) -> bool {
        matches!(
            self,
            ListKind::Disabled | ListKind::LowIncome | ListKind::OldAgeAllowance
        )
    }
}
