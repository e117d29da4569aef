//! What a file is, told by its bytes: names lie, clerks rename.

use super::refusal::{Code, Refusal};

/// How the bytes are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Office Open XML workbook.
    Xlsx,
    /// BIFF workbook in an OLE container.
    Xls,
    Html,
    /// XML Spreadsheet 2003.
    Xml2003,
    /// Comma, tab or semicolon separated text.
    Delimited,
}

/// Tells the format by the first bytes of a file, or why it holds no list.
pub fn sniff(bytes: &[u8]) -> Result<Format, Refusal> {
    if is_blank(bytes) || bytes == b"\xEF\xBB\xBF" {
        return Err(Refusal::new(Code::EmptyFile, "文件是空的，里面没有内容。"));
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Ok(Format::Xlsx);
    }
    if bytes.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        return Ok(Format::Xls);
    }
    for (magic, what) in [
        (&b"\xFF\xD8\xFF"[..], "图片"),
        (b"\x89PNG", "图片"),
        (b"GIF8", "图片"),
        (b"BM", "图片"),
        (b"II*\0", "图片"),
        (b"MM\0*", "图片"),
        (b"%PDF", " PDF 文件"),
        (b"Rar!", "压缩包"),
        (b"7z\xBC\xAF", "压缩包"),
        (b"\x1F\x8B", "压缩包"),
        (b"{\\rtf", "文字文档"),
        (b"MZ", "程序文件"),
        (b"\x7FELF", "程序文件"),
        (b"SQLite format 3", "数据库文件"),
    ] {
        // "BM" and "MZ" may begin a line of text: binary bytes must follow.
        if bytes.starts_with(magic) && (magic.len() > 2 || has_binary(bytes)) {
            return Err(not_readable(what));
        }
    }
    // A BIFF stream without its container, as some old programs write it.
    if !super::encoding::is_utf16(bytes)
        && matches!(bytes, [0x09, 0x00 | 0x02 | 0x04 | 0x08, 0x04..=0x10, 0x00, ..])
    {
        return Err(not_readable("旧版 Excel 文件"));
    }
    if bytes.starts_with(b"MIME-Version:") {
        return Err(not_readable("网页归档文件"));
    }
    let text = head_as_text(bytes);
    let text = text.trim_start();
    if text.starts_with('<') {
        let lower = text.to_ascii_lowercase();
        if lower.contains("urn:schemas-microsoft-com:office:spreadsheet") && lower.contains("workbook") {
            return Ok(Format::Xml2003);
        }
        if [
            "<html",
            "<table",
            "<!doctype html",
            "<body",
            "<meta",
            "<head",
            "<style",
            "<div",
            "<tr",
        ]
        .iter()
        .any(|tag| lower.contains(tag))
        {
            return Ok(Format::Html);
        }
        return Err(not_readable("标记文件"));
    }
    if !super::encoding::is_utf16(bytes) && has_binary(bytes) {
        return Err(not_readable("二进制文件"));
    }
    Ok(Format::Delimited)
}

/// Control characters that no text has, in the first 64 KiB.
fn has_binary(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(65_536)];
    let odd = head
        .iter()
        .filter(|b| **b < 0x20 && !matches!(**b, b'\t' | b'\n' | b'\r' | 0x0C | 0x1A | 0x1F))
        .count();
    odd * 200 > head.len()
}

fn head_as_text(bytes: &[u8]) -> String {
    let head = &bytes[..bytes.len().min(16_384)];
    if super::encoding::is_utf16(bytes) {
        return super::encoding::decode(head).text;
    }
    String::from_utf8_lossy(head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head)).into_owned()
}

/// Nothing but blanks and zeros.
pub fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| b.is_ascii_whitespace() || *b == 0)
}

/// Whether an OLE container holds an encrypted workbook. Its directory may be anywhere in the file.
pub fn is_encrypted(bytes: &[u8]) -> bool {
    let name: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    memchr::memmem::find(bytes, &name).is_some()
}

pub fn password() -> Refusal {
    Refusal::new(
        Code::PasswordProtected,
        "文件设有打开密码，无法读取；请在表格软件中取消密码后再上传。",
    )
}

fn not_readable(what: &str) -> Refusal {
    Refusal::new(
        Code::NotAList,
        format!("这是{what}，不是名单表格；请上传 xlsx、xls 或 csv 格式的表格。"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_by_content() {
        let cases: [(&[u8], Result<Format, Code>); 12] = [
            (b"", Err(Code::EmptyFile)),
            (b" \r\n ", Err(Code::EmptyFile)),
            (b"\xFF\xD8\xFF\xE0\0\x10JFIF", Err(Code::NotAList)),
            (b"%PDF-1.7", Err(Code::NotAList)),
            (b"PK\x03\x04....", Ok(Format::Xlsx)),
            (b"<html><body><table><tr><td>x", Ok(Format::Html)),
            (b"\xEF\xBB\xBF <table>", Ok(Format::Html)),
            (b"name,id\n1,2", Ok(Format::Delimited)),
            (b"BM,x\n1,2", Ok(Format::Delimited)),
            (b"\0\x01\x02\x03\x04\x05abc", Err(Code::NotAList)),
            (b"\xFF\xFEa\0,\0b\0", Ok(Format::Delimited)),
            (b"a\0,\0b\0\n\0", Ok(Format::Delimited)),
        ];
        for (bytes, expected) in cases {
            assert_eq!(sniff(bytes).map_err(|r| r.code), expected, "{bytes:?}");
        }
    }
}
