//! Field values: the wire's shapes, strictly by type, and the form in which they are compared.

use crate::catalogue::{Catalogue, Field, Type};
use crate::id_number::IdNumber;
use crate::phone::Phone;
use crate::{date, text};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::fmt;

/// One value of one field. `Null` is cleared or never written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Text(String),
    Set(BTreeSet<String>),
}

impl fmt::Debug for Value {
    /// Never shows content: values are personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Value::Null => "Null",
            Value::Bool(_) => "Bool(…)",
            Value::Integer(_) => "Integer(…)",
            Value::Text(_) => "Text(…)",
            Value::Set(_) => "Set(…)",
        })
    }
}

impl Value {
    pub const fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn to_json(&self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Bool(b) => Json::Bool(*b),
            Value::Integer(n) => Json::from(*n),
            Value::Text(text) => Json::from(text.as_str()),
            Value::Set(set) => Json::from(set.iter().cloned().collect::<Vec<_>>()),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

/// Why a JSON value is no value of a field: a stable code, and a sentence for people without the value in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueFault {
    WrongType,
    TooLong,
    NotADate,
    NotAMonth,
    NotAPhone,
    NotAnIdNumber,
    UnknownCode,
    /// The code was withdrawn and has no successor: kept for a person.
    WithdrawnCode,
    OutOfRange,
}

impl ValueFault {
    pub const fn code(self) -> &'static str {
        match self {
            ValueFault::WrongType => "wrong_type",
            ValueFault::TooLong => "too_long",
            ValueFault::NotADate => "not_a_date",
            ValueFault::NotAMonth => "not_a_month",
            ValueFault::NotAPhone => "not_a_phone",
            ValueFault::NotAnIdNumber => "not_an_id_number",
            ValueFault::UnknownCode => "unknown_code",
            ValueFault::WithdrawnCode => "withdrawn_code",
            ValueFault::OutOfRange => "out_of_range",
        }
    }

    pub const fn message(self) -> &'static str {
        match self {
            ValueFault::WrongType => "值的类型不对",
            ValueFault::TooLong => "内容超过长度限制",
            ValueFault::NotADate => "不是有效日期（格式 YYYY-MM-DD）",
            ValueFault::NotAMonth => "不是有效月份（格式 YYYY-MM）",
            ValueFault::NotAPhone => "不是有效电话号码",
            ValueFault::NotAnIdNumber => "不是有效身份证号码",
            ValueFault::UnknownCode => "不在可选项之内",
            ValueFault::WithdrawnCode => "该选项已停用且没有替代项，已留待人工处理",
            ValueFault::OutOfRange => "数值超出范围",
        }
    }
}

impl Field {
    /// Reads a wire value as this field's. `version` is the catalogue version that the writer had; withdrawn codes
    /// become their successor of `current`.
    pub fn parse_value(&self, json: &Json, version: u32, current: &Catalogue) -> Result<Value, ValueFault> {
        match (self.kind, json) {
            (_, Json::Null) => Ok(Value::Null),
            (Type::Set, Json::Array(items)) => {
                if items.len() > self.limit as usize {
                    return Err(ValueFault::TooLong);
                }
                let read = |item: &Json| {
                    self.parse_element(item.as_str().ok_or(ValueFault::WrongType)?, version, current)
                };
                Ok(Value::Set(items.iter().map(read).collect::<Result<_, _>>()?))
            }
            (Type::Integer | Type::Amount, Json::Number(n)) => {
                let n = n.as_i64().ok_or(ValueFault::WrongType)?;
                if n < 0 || n > i64::from(self.limit) {
                    return Err(ValueFault::OutOfRange);
                }
                Ok(Value::Integer(n))
            }
            (Type::Integer | Type::Amount | Type::Set, _) => Err(ValueFault::WrongType),
            (_, Json::String(text)) => self.parse_text(text, version, current),
            _ => Err(ValueFault::WrongType),
        }
    }

    /// One element of a set, or one code.
    pub fn parse_element(&self, text: &str, version: u32, current: &Catalogue) -> Result<String, ValueFault> {
        let code = text::clean(text);
        if self.codes.is_empty() {
            return match code.chars().count() {
                0 => Err(ValueFault::UnknownCode),
                n if n > 50 => Err(ValueFault::TooLong),
                _ => Ok(code),
            };
        }
        let known = self.codes.iter().find(|c| c.code == code && c.since <= version);
        let known = known.ok_or(ValueFault::UnknownCode)?;
        if known.until.is_some_and(|until| until <= version) {
            return Err(ValueFault::UnknownCode);
        }
        self.newest(known.code, current.version)
            .map(str::to_owned)
            .ok_or(ValueFault::WithdrawnCode)
    }

    /// What a code is called now; `None` when it was withdrawn without successor.
    pub fn newest<'a>(&'a self, code: &'a str, version: u32) -> Option<&'a str> {
        let mut code = code;
        // A chain of successors is at most as long as the list.
        for _ in 0..=self.codes.len() {
            let Some(row) = self.codes.iter().find(|c| c.code == code) else {
                return Some(code);
            };
            match row.until {
                Some(until) if until <= version => code = row.successor?,
                _ => return Some(row.code),
            }
        }
        None
    }

    fn parse_text(&self, text: &str, version: u32, current: &Catalogue) -> Result<Value, ValueFault> {
        let cleaned = if self.kind == Type::Note {
            text::note(text)
        } else {
            text::clean(text)
        };
        if cleaned.is_empty() && self.kind != Type::Note {
            return Ok(Value::Null);
        }
        let value = match self.kind {
            Type::Text | Type::Place | Type::Note => {
                if cleaned.chars().count() > self.limit as usize {
                    return Err(ValueFault::TooLong);
                }
                cleaned
            }
            Type::Date => {
                date::parse_wire(&cleaned).ok_or(ValueFault::NotADate)?;
                cleaned
            }
            Type::Month => {
                date::parse_wire_month(&cleaned).ok_or(ValueFault::NotAMonth)?;
                cleaned
            }
            Type::Code => self.parse_element(&cleaned, version, current)?,
            Type::Phone => Phone::parse(&cleaned)
                .ok_or(ValueFault::NotAPhone)?
                .as_str()
                .to_owned(),
            Type::IdNumber => IdNumber::parse(&cleaned)
                .map_err(|_| ValueFault::NotAnIdNumber)?
                .as_str()
                .to_owned(),
            Type::Integer | Type::Amount | Type::Set => return Err(ValueFault::WrongType),
        };
        Ok(Value::Text(value))
    }

    /// The form in which two values of this field are compared (wire, "Normal form").
    pub fn normal(&self, value: &Value) -> Value {
        let Value::Text(t) = value else {
            return value.clone();
        };
        match self.kind {
            Type::Text => Value::Text(text::normal(t)),
            Type::Place => Value::Text(text::squeezed(t)),
            Type::Code => Value::Text(self.newest(t, u32::MAX).unwrap_or(t).to_owned()),
            Type::Note if t.is_empty() => Value::Null,
            _ => value.clone(),
        }
    }

    /// Whether two values say the same.
    pub fn same(&self, a: &Value, b: &Value) -> bool {
        self.normal(a) == self.normal(b)
    }
}
