//! Why a file is refused as a whole: a stable code, and a sentence that a clerk understands.

use std::fmt;

/// A file that is no list, or none that may be read. Nothing of its content is in the message but names of sheets.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: Code,
    /// One Chinese sentence that says what to do.
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    EmptyFile,
    /// A picture, a document, a program: nothing that holds a table.
    NotAList,
    /// Broken off or damaged.
    Damaged,
    PasswordProtected,
    /// More than the limits allow, unpacked or as it is.
    TooLarge,
    TooManyRows,
    /// No row that could be a header.
    NoTable,
    /// A header and nothing below it.
    NoRows,
    /// A list, but of another kind than it was handed in as.
    WrongKind,
}

impl Code {
    pub const fn name(self) -> &'static str {
        match self {
            Code::EmptyFile => "empty_file",
            Code::NotAList => "not_a_list",
            Code::Damaged => "file_damaged",
            Code::PasswordProtected => "password_protected",
            Code::TooLarge => "too_large",
            Code::TooManyRows => "too_many_rows",
            Code::NoTable => "no_table",
            Code::NoRows => "no_rows",
            Code::WrongKind => "wrong_kind",
        }
    }
}

impl Refusal {
    pub fn new(code: Code, message: impl Into<String>) -> Refusal {
        Refusal {
            code,
            message: message.into(),
        }
    }

    pub fn damaged() -> Refusal {
        Refusal::new(
            Code::Damaged,
            "文件已损坏或不完整，无法读取；请在表格软件中重新打开并另存后再上传。",
        )
    }

    pub fn too_large(what: &str) -> Refusal {
        Refusal::new(
            Code::TooLarge,
            format!("文件{what}，超出限制，未读取；请删去多余的行列或拆分后再上传。"),
        )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refusal({})", self.code.name())
    }
}

impl std::error::Error for Refusal {}
