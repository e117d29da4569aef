//! Why a value cannot be, and what a cell says.

use domain::id_number::IdFault;

/// Why a value cannot be: the codes of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    IdAsNumber,
    IdDigitsLost,
    IdLength,
    IdCheckCharacter,
    IdDateImpossible,
    DateImpossible,
    CertificateDisagrees,
    FormulaWithoutResult,
    CellError,
    TwiceInFile,
}

impl Why {
    pub const fn code(self) -> &'static str {
        match self {
            Why::IdAsNumber => "id_as_number",
            Why::IdDigitsLost => "id_digits_lost",
            Why::IdLength => "id_length",
            Why::IdCheckCharacter => "id_check_character",
            Why::IdDateImpossible => "id_date_impossible",
            Why::DateImpossible => "date_impossible",
            Why::CertificateDisagrees => "certificate_disagrees",
            Why::FormulaWithoutResult => "formula_without_result",
            Why::CellError => "cell_error",
            Why::TwiceInFile => "twice_in_file",
        }
    }

    /// What to tell the clerk.
    pub const fn message(self) -> &'static str {
        match self {
            Why::IdAsNumber => "身份证号被存为数字，后几位可能已丢失，请把该列设为文本后重新填写",
            Why::IdDigitsLost => "身份证号的后几位已丢失（变成 0），请重新填写",
            Why::IdLength => "身份证号的位数不对",
            Why::IdCheckCharacter => "身份证号的校验位不对",
            Why::IdDateImpossible => "身份证号中的出生日期不存在",
            Why::DateImpossible => "日期不存在或无法识别",
            Why::CertificateDisagrees => "残疾证号与身份证号或残疾类别、等级不一致",
            Why::FormulaWithoutResult => "单元格是没有计算结果的公式，请在表格软件中打开并保存后再上传",
            Why::CellError => "单元格是错误值",
            Why::TwiceInFile => "同一个人在本文件中出现多次且内容不同",
        }
    }
}

impl From<IdFault> for Why {
    fn from(fault: IdFault) -> Why {
        match fault {
            IdFault::DigitsLost => Why::IdDigitsLost,
            IdFault::NotStated | IdFault::Length => Why::IdLength,
            IdFault::CheckCharacter => Why::IdCheckCharacter,
            IdFault::DateImpossible => Why::IdDateImpossible,
        }
    }
}

/// What a cell says about a number of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said<T> {
    Nothing,
    Value(T),
    Fault(Why),
}

/// What a formula that only quotes holds (`="0750"`); clerks keep numbers whole with it.
pub fn unquoted(shown: &str) -> &str {
    let inner = shown
        .trim()
        .strip_prefix("=\"")
        .and_then(|rest| rest.strip_suffix('"'));
    inner.filter(|text| !text.contains('"')).unwrap_or(shown)
}
