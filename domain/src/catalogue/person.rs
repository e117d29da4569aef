//! Built-in rows about the person: identity, contact, residence, living, needs, remarks.

use super::codes::{ETHNICITIES, LIFE_STATUS, LIVING, NEEDS, REGISTRATION, RELATIONS, SELF_CARE, SEX};
use super::rows::{CADRE, field, in_village};
use super::{Field, Mask, Merge, Sensitivity, Type};

/// A fact: a cadre decides it in the village, a worker proposes.
const fn fact(key: &'static str, label: &'static str, kind: Type, order: u16) -> Field {
    Field {
        merge: Merge::Guarded,
        deciders: CADRE,
        ..field(key, label, kind, order)
    }
}

/// A value that whoever visits may write.
const fn written(key: &'static str, label: &'static str, kind: Type, order: u16) -> Field {
    in_village(field(key, label, kind, order))
}

pub const ROWS: &[Field] = &[
    Field {
        mask: Mask::Name,
        required: true,
        limit: 50,
        ..fact("name", "姓名", Type::Text, 10)
    },
    Field {
        codes: SEX,
        ..fact("sex", "性别", Type::Code, 20)
    },
    Field {
        mask: Mask::Whole,
        ..fact("birth_date", "出生日期", Type::Date, 30)
    },
    Field {
        mask: Mask::IdNumber,
        sensitivity: Sensitivity::Sensitive,
        ..fact("id_number", "公民身份号码", Type::IdNumber, 40)
    },
    Field {
        codes: ETHNICITIES,
        sensitivity: Sensitivity::Open,
        ..fact("ethnicity", "民族", Type::Code, 50)
    },
    Field {
        codes: REGISTRATION,
        sensitivity: Sensitivity::Open,
        ..fact("registration_kind", "户口性质", Type::Code, 60)
    },
    Field {
        codes: LIFE_STATUS,
        sensitivity: Sensitivity::Open,
        ..fact("life_status", "人员状态", Type::Code, 70)
    },
    Field {
        mask: Mask::Phone,
        ..written("phone", "联系电话", Type::Phone, 110)
    },
    Field {
        mask: Mask::Phone,
        ..written("phone_other", "其他电话", Type::Phone, 120)
    },
    Field {
        mask: Mask::Name,
        limit: 50,
        ..written("guardian_name", "监护人姓名", Type::Text, 130)
    },
    Field {
        mask: Mask::Phone,
        ..written("guardian_phone", "监护人电话", Type::Phone, 140)
    },
    Field {
        mask: Mask::Address,
        ..written("address", "现住址", Type::Place, 210)
    },
    Field {
        mask: Mask::Address,
        ..written("registered_address", "户籍地址", Type::Place, 220)
    },
    // Where in the village: the hamlet 自然村 or village group 村民小组, which people go by and lists often leave out.
    Field {
        limit: 50,
        ..written("place", "自然村或小组", Type::Text, 225)
    },
    Field {
        mask: Mask::Whole,
        limit: 40,
        ..written("household_number", "户编号", Type::Text, 230)
    },
    Field {
        codes: RELATIONS,
        ..written("relation_to_head", "与户主关系", Type::Code, 240)
    },
    Field {
        codes: LIVING,
        ..written("living_arrangement", "居住情况", Type::Code, 310)
    },
    Field {
        codes: SELF_CARE,
        sensitivity: Sensitivity::Sensitive,
        ..written("self_care", "自理能力", Type::Code, 320)
    },
    Field {
        mask: Mask::Name,
        limit: 50,
        ..written("caretaker_name", "照料人姓名", Type::Text, 330)
    },
    Field {
        mask: Mask::Phone,
        ..written("caretaker_phone", "照料人电话", Type::Phone, 340)
    },
    Field {
        merge: Merge::Set,
        codes: NEEDS,
        limit: 20,
        ..written("needs", "需求", Type::Set, 410)
    },
    Field {
        merge: Merge::Note,
        mask: Mask::Whole,
        limit: super::NOTE_LIMIT,
        sensitivity: Sensitivity::Sensitive,
        ..written("remarks", "备注", Type::Note, 510)
    },
];
