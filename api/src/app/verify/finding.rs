//! What a check may find, by stable codes.

use crate::store::check::Hanging;
use uuid::Uuid;

/// One disagreement. It names ids and codes only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub of: Of,
    pub kind: Kind,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Resident(Uuid),
    Grid(Uuid),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    DocumentMissing,
    DocumentUnreadable,
    FactsMissing,
    FactsUnreadable,
    FactsVersionDiffers,
    StateUnknown,
    BirthYearDiffers,
    VersionDiffers,
    EditNumberDiffers,
    EditFactsVersionDiffers,
    EditHeadsDiffer,
    ItemUnreadable,
    ConflictItemMissing,
    ConflictItemLeftOver,
    ProjectionMissing,
    ProjectionUnreadable,
    ProjectionNumberDiffers,
    ProjectionDiffers,
    CardMissing,
    CardUnreadable,
    CardDiffers,
    LookupMissing,
    LookupLeftOver,
    FeedEntryMissing,
    FeedEntryLeftOver,
    FeedEntryAhead,
    FeedMissing,
    FeedCountDiffers,
    FeedDigestDiffers,
    WithoutResident(Hanging),
}

impl Kind {
    /// A stable name.
    pub const fn code(self) -> &'static str {
        self.words().0
    }

    /// For whoever runs the check.
    pub const fn sentence(self) -> &'static str {
        self.words().1
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Kind::DocumentMissing => ("document_missing", "缺少文档"),
            Kind::DocumentUnreadable => ("document_unreadable", "文档无法打开或解析"),
            Kind::FactsMissing => ("facts_missing", "缺少事实记录"),
            Kind::FactsUnreadable => ("facts_unreadable", "事实记录无法打开或解析"),
            Kind::FactsVersionDiffers => ("facts_version_differs", "事实记录的版本与居民记录不一致"),
            Kind::StateUnknown => ("state_unknown", "居民状态不是已知状态"),
            Kind::BirthYearDiffers => ("birth_year_differs", "明文出生年份与事实记录不一致"),
            Kind::VersionDiffers => ("version_differs", "存储的版本号与文档、事实计算所得不一致"),
            Kind::EditNumberDiffers => ("edit_number_differs", "居民记录的序号与最后一次修改的序号不一致"),
            Kind::EditFactsVersionDiffers => (
                "edit_facts_version_differs",
                "居民记录的事实版本与最后一次修改的不一致",
            ),
            Kind::EditHeadsDiffer => ("edit_heads_differ", "文档的末端与最后一次修改留下的不一致"),
            Kind::ItemUnreadable => ("item_unreadable", "待办事项无法打开或解析"),
            Kind::ConflictItemMissing => ("conflict_item_missing", "文档中有冲突，但没有相应的待办事项"),
            Kind::ConflictItemLeftOver => (
                "conflict_item_left_over",
                "冲突待办事项仍然打开，但文档中已无冲突",
            ),
            Kind::ProjectionMissing => ("projection_missing", "缺少展示内容"),
            Kind::ProjectionUnreadable => ("projection_unreadable", "展示内容无法打开"),
            Kind::ProjectionNumberDiffers => ("projection_number_differs", "展示内容的序号与居民记录不一致"),
            Kind::ProjectionDiffers => (
                "projection_differs",
                "展示内容与文档、事实、待办事项计算所得不一致",
            ),
            Kind::CardMissing => ("card_missing", "缺少检索卡"),
            Kind::CardUnreadable => ("card_unreadable", "检索卡无法打开"),
            Kind::CardDiffers => ("card_differs", "检索卡与记录不一致"),
            Kind::LookupMissing => ("lookup_missing", "缺少检索散列"),
            Kind::LookupLeftOver => ("lookup_left_over", "有多余的检索散列"),
            Kind::FeedEntryMissing => ("feed_entry_missing", "在网格中，但不在该网格的下发序列中"),
            Kind::FeedEntryLeftOver => ("feed_entry_left_over", "不在网格中，但仍在该网格的下发序列中"),
            Kind::FeedEntryAhead => ("feed_entry_ahead", "下发序列中的序号超出了序列的末尾"),
            Kind::FeedMissing => ("feed_missing", "网格中有人，但没有下发序列"),
            Kind::FeedCountDiffers => ("feed_count_differs", "下发序列的人数与网格中的人数不一致"),
            Kind::FeedDigestDiffers => (
                "feed_digest_differs",
                "下发序列的校验值与网格中各记录的版本不一致",
            ),
            Kind::WithoutResident(Hanging::Document) => {
                ("document_without_resident", "有文档，但没有居民记录")
            }
            Kind::WithoutResident(Hanging::Facts) => ("facts_without_resident", "有事实记录，但没有居民记录"),
            Kind::WithoutResident(Hanging::Projection) => {
                ("projection_without_resident", "有展示内容，但没有居民记录")
            }
            Kind::WithoutResident(Hanging::SearchCard) => {
                ("card_without_resident", "有检索卡，但没有居民记录")
            }
            Kind::WithoutResident(Hanging::Lookup) => {
                ("lookup_without_resident", "有检索散列，但没有居民记录")
            }
        }
    }
}
