//! Built-in rows about enrolments: decided by the lists of the department that owns the category, in the village by
//! a cadre; workers propose.

use super::codes::{
    ALLOWANCE_BANDS, DISABILITY, DISABILITY_GRADE, ENROLMENT_STATUS, LOW_INCOME_KIND, SUPPORT_KIND, YES_NO,
};
use super::rows::{CADRE, field};
use super::{Category, Code, Field, Mask, Merge, Sensitivity, Type};

const DISABLED: Category = category("disabled", "残疾人", "残联");
const LOW_INCOME: Category = category("low_income", "低保", "民政");
const LOW_INCOME_EDGE: Category = category("low_income_edge", "低保边缘", "民政");
const DESTITUTE: Category = category("destitute", "特困", "民政");
const RIGID_EXPENSE: Category = category("rigid_expense", "刚性支出", "民政");
const OLD_AGE: Category = category("old_age_allowance", "高龄津贴", "民政");

pub const CATEGORIES: &[Category] = &[
    DISABLED,
    LOW_INCOME,
    LOW_INCOME_EDGE,
    DESTITUTE,
    RIGID_EXPENSE,
    OLD_AGE,
];

const fn category(key: &'static str, label: &'static str, owner: &'static str) -> Category {
    Category {
        key,
        label,
        owner,
        since: 1,
        until: None,
    }
}

/// An attribute of an enrolment: guarded, owned by the category's department.
const fn of(c: Category, key: &'static str, label: &'static str, kind: Type, order: u16) -> Field {
    Field {
        category: Some(c.key),
        merge: Merge::Guarded,
        deciders: CADRE,
        owner: Some(c.owner),
        sensitivity: Sensitivity::Sensitive,
        mask: Mask::Whole,
        ..field(key, label, kind, order)
    }
}

const fn coded(row: Field, codes: &'static [Code]) -> Field {
    Field { codes, ..row }
}

const fn emptied(row: Field) -> Field {
    Field {
        may_be_emptied: true,
        ..row
    }
}

pub const ROWS: &[Field] = &[
    emptied(coded(
        of(DISABLED, "disabled.status", "残疾人在册状态", Type::Code, 1010),
        ENROLMENT_STATUS,
    )),
    of(DISABLED, "disabled.since", "残疾人在册起始月", Type::Month, 1020),
    emptied(of(DISABLED, "disabled.until", "残疾证有效期至", Type::Date, 1030)),
    Field {
        limit: 22,
        ..of(
            DISABLED,
            "disabled.certificate_number",
            "残疾人证号",
            Type::Text,
            1040,
        )
    },
    coded(
        of(DISABLED, "disabled.category", "残疾类别", Type::Code, 1050),
        DISABILITY,
    ),
    coded(
        of(DISABLED, "disabled.grade", "残疾等级", Type::Code, 1060),
        DISABILITY_GRADE,
    ),
    emptied(coded(
        of(
            DISABLED,
            "disabled.living_subsidy",
            "困难残疾人生活补贴",
            Type::Code,
            1070,
        ),
        YES_NO,
    )),
    emptied(coded(
        of(
            DISABLED,
            "disabled.care_subsidy",
            "重度残疾人护理补贴",
            Type::Code,
            1080,
        ),
        YES_NO,
    )),
    emptied(coded(
        of(LOW_INCOME, "low_income.status", "低保在册状态", Type::Code, 1110),
        ENROLMENT_STATUS,
    )),
    of(LOW_INCOME, "low_income.since", "低保起始月", Type::Month, 1120),
    emptied(of(
        LOW_INCOME,
        "low_income.until",
        "低保停止月",
        Type::Month,
        1130,
    )),
    Field {
        limit: 40,
        ..of(
            LOW_INCOME,
            "low_income.certificate_number",
            "低保证号",
            Type::Text,
            1140,
        )
    },
    coded(
        of(LOW_INCOME, "low_income.kind", "保障类别", Type::Code, 1150),
        LOW_INCOME_KIND,
    ),
    emptied(of(
        LOW_INCOME,
        "low_income.amount",
        "月保障金额",
        Type::Amount,
        1160,
    )),
    emptied(coded(
        of(
            LOW_INCOME_EDGE,
            "low_income_edge.status",
            "低保边缘在册状态",
            Type::Code,
            1210,
        ),
        ENROLMENT_STATUS,
    )),
    of(
        LOW_INCOME_EDGE,
        "low_income_edge.since",
        "低保边缘起始月",
        Type::Month,
        1220,
    ),
    emptied(of(
        LOW_INCOME_EDGE,
        "low_income_edge.until",
        "低保边缘停止月",
        Type::Month,
        1230,
    )),
    Field {
        limit: 40,
        ..of(
            LOW_INCOME_EDGE,
            "low_income_edge.certificate_number",
            "低保边缘证号",
            Type::Text,
            1240,
        )
    },
    emptied(of(
        LOW_INCOME_EDGE,
        "low_income_edge.amount",
        "月救助金额",
        Type::Amount,
        1250,
    )),
    emptied(coded(
        of(DESTITUTE, "destitute.status", "特困在册状态", Type::Code, 1310),
        ENROLMENT_STATUS,
    )),
    of(DESTITUTE, "destitute.since", "特困起始月", Type::Month, 1320),
    emptied(of(DESTITUTE, "destitute.until", "特困停止月", Type::Month, 1330)),
    Field {
        limit: 40,
        ..of(
            DESTITUTE,
            "destitute.certificate_number",
            "特困证号",
            Type::Text,
            1340,
        )
    },
    coded(
        of(DESTITUTE, "destitute.kind", "供养方式", Type::Code, 1350),
        SUPPORT_KIND,
    ),
    emptied(of(
        DESTITUTE,
        "destitute.amount",
        "月供养金额",
        Type::Amount,
        1360,
    )),
    emptied(coded(
        of(
            RIGID_EXPENSE,
            "rigid_expense.status",
            "刚性支出在册状态",
            Type::Code,
            1410,
        ),
        ENROLMENT_STATUS,
    )),
    of(
        RIGID_EXPENSE,
        "rigid_expense.since",
        "刚性支出起始月",
        Type::Month,
        1420,
    ),
    emptied(of(
        RIGID_EXPENSE,
        "rigid_expense.until",
        "刚性支出停止月",
        Type::Month,
        1430,
    )),
    emptied(of(
        RIGID_EXPENSE,
        "rigid_expense.amount",
        "刚性支出金额",
        Type::Amount,
        1440,
    )),
    emptied(coded(
        of(
            OLD_AGE,
            "old_age_allowance.status",
            "高龄津贴在册状态",
            Type::Code,
            1510,
        ),
        ENROLMENT_STATUS,
    )),
    of(
        OLD_AGE,
        "old_age_allowance.since",
        "高龄津贴起发月",
        Type::Month,
        1520,
    ),
    emptied(of(
        OLD_AGE,
        "old_age_allowance.until",
        "高龄津贴停发月",
        Type::Month,
        1530,
    )),
    coded(
        of(OLD_AGE, "old_age_allowance.kind", "高龄年龄段", Type::Code, 1540),
        ALLOWANCE_BANDS,
    ),
    emptied(of(
        OLD_AGE,
        "old_age_allowance.amount",
        "月发放标准",
        Type::Amount,
        1550,
    )),
    emptied(of(
        OLD_AGE,
        "old_age_allowance.certified_date",
        "最近认证日期",
        Type::Date,
        1560,
    )),
];
