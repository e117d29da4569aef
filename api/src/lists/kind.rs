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
    Vehicles,
    Property,
    Business,
    MovedOut,
    Custody,
    Orphans,
    Care,
}

impl ListKind {
    pub const ALL: [ListKind; 13] = [
        ListKind::Population,
        ListKind::Disabled,
        ListKind::LowIncome,
        ListKind::OldAgeAllowance,
        ListKind::Deaths,
        ListKind::Grids,
        ListKind::Vehicles,
        ListKind::Property,
        ListKind::Business,
        ListKind::MovedOut,
        ListKind::Custody,
        ListKind::Orphans,
        ListKind::Care,
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
            ListKind::Vehicles => "vehicles",
            ListKind::Property => "property",
            ListKind::Business => "business",
            ListKind::MovedOut => "moved_out",
            ListKind::Custody => "custody",
            ListKind::Orphans => "orphans",
            ListKind::Care => "care",
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
            ListKind::Vehicles => "机动车登记",
            ListKind::Property => "不动产登记",
            ListKind::Business => "工商登记",
            ListKind::MovedOut => "户口迁出、注销登记",
            ListKind::Custody => "服刑、强制隔离戒毒名单",
            ListKind::Orphans => "孤儿、事实无人抚养儿童名单",
            ListKind::Care => "关爱走访名单",
        }
    }

    /// Whether its rows are people.
    pub const fn of_people(self) -> bool {
        !matches!(self, ListKind::Grids)
    }

    /// Whether comparison rules alone read it: its rows are linked, and write nothing.
    pub const fn only_compared(self) -> bool {
        matches!(
            self,
            ListKind::Vehicles
                | ListKind::Property
                | ListKind::Business
                | ListKind::MovedOut
                | ListKind::Custody
                | ListKind::Orphans
                | ListKind::Care
        )
    }

    /// Whether its rows enrol people in categories.
    pub const fn enrols(self) -> bool {
        matches!(
            self,
            ListKind::Disabled | ListKind::LowIncome | ListKind::OldAgeAllowance
        )
    }
}
