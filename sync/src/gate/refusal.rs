//! Why a change is not taken.

/// Each has its own answer; the first that is found is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Packed or unpacked larger than a change may be.
    TooLarge,
    /// Not a change: no magic, a wrong length or checksum, something left over, columns that do not add up.
    Damaged,
    /// A whole document, a bundle, or a kind that is yet to come.
    WrongKind,
    /// Made in the name of another edit.
    ForgedActor,
    TooManyOperations,
    /// Names more other authors than a record has.
    TooManyActors,
    MessageTooLong,
    /// Stands on nothing.
    NoBase,
    /// Says nothing.
    Empty,
    /// The changes of one edit stand on too many different versions.
    TooManyBases,
    /// Stands on changes that the record does not have.
    Missing,
    /// Stands on an earlier life of the record.
    StaleEpoch,
    /// The library does not understand it, or broke over it.
    Unreadable,
    ObjectMade,
    /// Writes where no field is.
    ForeignPath,
    /// Counts, marks, or writes over a letter.
    OperationNotAllowed,
    /// A register is cleared by writing null, never deleted.
    RegisterDeleted,
    ValueNotAllowed,
    /// A set's element says another edit than the one that wrote it.
    ElementOfAnother,
    /// Made again on our own document it is not the same.
    NotReplayed,
    /// Policy takes one of its fields from nobody, not from this author, or not in this form.
    Fields,
}

impl Refusal {
    pub const ALL: [Refusal; 21] = [
        Refusal::TooLarge,
        Refusal::Damaged,
        Refusal::WrongKind,
        Refusal::ForgedActor,
        Refusal::TooManyOperations,
        Refusal::TooManyActors,
        Refusal::MessageTooLong,
        Refusal::NoBase,
        Refusal::Empty,
        Refusal::TooManyBases,
        Refusal::Missing,
        Refusal::StaleEpoch,
        Refusal::Unreadable,
        Refusal::ObjectMade,
        Refusal::ForeignPath,
        Refusal::OperationNotAllowed,
        Refusal::RegisterDeleted,
        Refusal::ValueNotAllowed,
        Refusal::ElementOfAnother,
        Refusal::NotReplayed,
        Refusal::Fields,
    ];

    /// A stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Refusal::TooLarge => "change_too_large",
            Refusal::Damaged => "change_damaged",
            Refusal::WrongKind => "change_wrong_kind",
            Refusal::ForgedActor => "change_forged_actor",
            Refusal::TooManyOperations => "change_too_many_operations",
            Refusal::TooManyActors => "change_too_many_actors",
            Refusal::MessageTooLong => "change_message_too_long",
            Refusal::NoBase => "change_without_base",
            Refusal::Empty => "change_empty",
            Refusal::TooManyBases => "change_too_many_bases",
            Refusal::Missing => "changes_missing",
            Refusal::StaleEpoch => "change_stale_epoch",
            Refusal::Unreadable => "change_unreadable",
            Refusal::ObjectMade => "change_object_made",
            Refusal::ForeignPath => "change_foreign_path",
            Refusal::OperationNotAllowed => "change_operation_not_allowed",
            Refusal::RegisterDeleted => "change_register_deleted",
            Refusal::ValueNotAllowed => "change_value_not_allowed",
            Refusal::ElementOfAnother => "change_element_of_another",
            Refusal::NotReplayed => "change_not_replayed",
            Refusal::Fields => "change_fields_refused",
        }
    }

    /// For people.
    pub const fn message(self) -> &'static str {
        match self {
            Refusal::TooLarge => "变更超过大小限制，已原样保留",
            Refusal::Damaged => "变更数据已损坏，已原样保留",
            Refusal::WrongKind => "只接收单个变更，不接收整份文档，已原样保留",
            Refusal::ForgedActor => "变更的作者与修改编号不符，已原样保留",
            Refusal::TooManyOperations => "变更包含的操作过多，已原样保留",
            Refusal::TooManyActors => "变更涉及的作者过多，已原样保留",
            Refusal::MessageTooLong => "变更附言过长，已原样保留",
            Refusal::NoBase => "变更没有基于任何版本，已原样保留",
            Refusal::Empty => "变更没有任何内容，已原样保留",
            Refusal::TooManyBases => "同一条修改中的变更基于过多版本，已原样保留",
            Refusal::Missing => "变更所基于的内容服务器上没有，已原样保留，请重新获取该人员",
            Refusal::StaleEpoch => "变更基于该人员已归档的旧文档，已原样保留，请重新获取该人员",
            Refusal::Unreadable => "变更无法解析，已原样保留",
            Refusal::ObjectMade => "变更新建了文档对象，已原样保留",
            Refusal::ForeignPath => "变更写入了字段以外的位置，已原样保留",
            Refusal::OperationNotAllowed => "变更包含不允许的操作，已原样保留",
            Refusal::RegisterDeleted => "清空字段应写入空值而不是删除，已原样保留",
            Refusal::ValueNotAllowed => "变更写入了不允许的值类型，已原样保留",
            Refusal::ElementOfAnother => "集合元素写入了其他修改的编号，已原样保留",
            Refusal::NotReplayed => "变更无法按约定重现，已原样保留",
            Refusal::Fields => "变更写入了不能直接写入的字段或不合规范的值，已原样保留",
        }
    }
}
