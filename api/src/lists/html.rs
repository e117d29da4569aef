//! HTML tables, which web systems hand out under the name of a spreadsheet.

use super::cell::{Cell, GridRow, Merge, SheetHead};
use super::xlsx::entity;

/// Most columns that are kept, as in a spreadsheet.
const MOST_COLUMNS: u32 = 16_384;
/// Most cells that a span may cover in one row.
const MOST_SPAN: u32 = 1000;

/// The tables of a page, each as a sheet. A table inside a cell belongs to the cell's text.
pub fn tables(html: &str) -> Vec<(SheetHead, Vec<GridRow>)> {
    let mut page = Page::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        page.text(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("<!--") {
            // Conditional comments of spreadsheet programs hold no cells.
            rest = after.split_once("-->").map_or("", |(_, rest)| rest);
            continue;
        }
        let Some(end) = end_of_tag(rest) else { break };
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        let name: String = tag
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '/')
            .collect::<String>()
            .to_ascii_lowercase();
        if matches!(name.as_str(), "script" | "style" | "title") && !tag.ends_with('/') {
            let close = format!("</{name}");
            rest = match find_ignoring_case(rest, &close) {
                Some(at) => &rest[at..],
                None => "",
            };
            continue;
        }
        page.tag(&name, tag);
    }
    page.text(rest);
    page.finish()
}

#[derive(Default)]
struct Page {
    tables: Vec<(SheetHead, Vec<GridRow>)>,
    /// Tables that are open around this place.
    depth: u32,
    row: GridRow,
    next_column: u32,
    cell: Option<(u32, String)>,
    /// Cells that reach down into later rows: column and last row.
    reaching: Vec<(u32, u32)>,
    rows_so_far: u32,
    hidden: bool,
}

impl Page {
    fn text(&mut self, text: &str) {
        if let Some((_, cell)) = &mut self.cell {
            cell.push_str(text);
        }
    }

    fn tag(&mut self, name: &str, tag: &str) {
        match name {
            "table" => {
                self.depth += 1;
                if self.depth == 1 {
                    self.begin_table();
                }
            }
            "/table" => {
                if self.depth == 1 {
                    self.end_row();
                }
                self.depth = self.depth.saturating_sub(1);
            }
            "tr" if self.depth <= 1 => {
                self.end_row();
                if self.depth == 0 {
                    // A row without its table: some exports are only that.
                    self.depth = 1;
                    self.begin_table();
                }
                self.rows_so_far += 1;
                self.row.number = self.rows_so_far;
                self.row.hidden = tag.replace(' ', "").to_ascii_lowercase().contains("display:none");
            }
            "/tr" if self.depth == 1 => self.end_row(),
            "td" | "th" if self.depth == 1 && self.rows_so_far > 0 => self.begin_cell(tag),
            "/td" | "/th" if self.depth == 1 => self.end_cell(),
            "br" | "br/" | "/p" | "/div" | "/tr" => self.text("\n"),
            "/td" => self.text(" "),
            _ => {}
        }
    }

    fn begin_table(&mut self) {
        let name = format!("表格{}", self.tables.len() + 1);
        self.tables.push((
            SheetHead {
                name,
                visible: true,
                ..SheetHead::default()
            },
            Vec::new(),
        ));
        self.rows_so_far = 0;
        self.reaching.clear();
        self.row = GridRow::default();
        self.next_column = 0;
        self.hidden = false;
    }

    fn begin_cell(&mut self, tag: &str) {
        self.end_cell();
        let number = self.rows_so_far;
        self.reaching.retain(|(_, last)| *last >= number);
        while self
            .reaching
            .iter()
            .any(|(column, _)| *column == self.next_column)
        {
            self.next_column += 1;
        }
        let span = |name| attribute(tag, name).and_then(|v| v.parse().ok()).unwrap_or(1_u32);
        let (across, down) = (
            span("colspan").clamp(1, MOST_SPAN),
            span("rowspan").clamp(1, 65_536),
        );
        let column = self.next_column;
        self.next_column += across;
        if (across > 1 || down > 1)
            && let Some((head, _)) = self.tables.last_mut()
        {
            head.merges.push(Merge {
                first_row: number,
                last_row: number + down - 1,
                first_column: column,
                last_column: column + across - 1,
            });
        }
        if down > 1 && self.reaching.len() < MOST_COLUMNS as usize {
            self.reaching
                .extend((column..column + across).map(|c| (c, number + down - 1)));
        }
        self.cell = (column < MOST_COLUMNS).then(|| (column, String::new()));
    }

    fn end_cell(&mut self) {
        if let Some((column, raw)) = self.cell.take()
            && let Some(cell) = Cell::text(&plain(&raw))
        {
            self.row.cells.push((column, cell));
        }
    }

    fn end_row(&mut self) {
        self.end_cell();
        let row = std::mem::take(&mut self.row);
        self.next_column = 0;
        if let Some((_, rows)) = self.tables.last_mut()
            && !row.cells.is_empty()
        {
            rows.push(row);
        }
    }

    fn finish(mut self) -> Vec<(SheetHead, Vec<GridRow>)> {
        self.end_row();
        for (head, _) in &mut self.tables {
            head.merges
                .sort_unstable_by_key(|m| (m.first_row, m.first_column));
        }
        self.tables
    }
}

/// The end of a tag, passing over quoted attributes; tags longer than 64 KiB are text.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, b) in text.bytes().enumerate().take(65_536) {
        match (b, quote) {
            (b'>', None) => return Some(at),
            (b'"' | b'\'', None) => quote = Some(b),
            (b, Some(q)) if b == q => quote = None,
            _ => {}
        }
    }
    // A quote that never closes: the first bracket ends the tag.
    text.find('>')
}

fn find_ignoring_case(text: &str, what: &str) -> Option<usize> {
    let (text, what) = (text.as_bytes(), what.as_bytes());
    memchr::memchr_iter(b'<', text).find(|at| {
        text[*at..]
            .get(..what.len())
            .is_some_and(|part| part.eq_ignore_ascii_case(what))
    })
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let at = lower.find(&format!(" {name}="))? + name.len() + 2;
    let value = tag[at..].trim_start_matches(['"', '\'', ' ']);
    Some(value.chars().take_while(char::is_ascii_digit).collect())
}

/// Entities resolved, runs of blanks one, line breaks kept where the page has them.
fn plain(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.as_bytes().iter().take(12).position(|b| *b == b';');
        match end {
            Some(end) => {
                let name = &rest[1..end];
                text.push_str(match name {
                    "nbsp" | "ensp" | "emsp" => " ",
                    "middot" => "·",
                    _ => "",
                });
                text.push_str(&entity(name));
                rest = &rest[end + 1..];
            }
            None => {
                text.push('&');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(html: &str) -> String {
        tables(html)
            .iter()
            .map(|(head, rows)| {
                let rows: Vec<String> = rows
                    .iter()
                    .map(|row| {
                        let cells: Vec<String> = row
                            .cells
                            .iter()
                            .map(|(c, cell)| format!("{c}={}", cell.shown()))
                            .collect();
                        format!("{}:{}", row.number, cells.join(" "))
                    })
                    .collect();
                format!("{}[{}]", rows.join(" | "), head.merges.len())
            })
            .collect::<Vec<_>>()
            .join(" || ")
    }

    #[test]
    fn pages() {
        let cases = [
            (
                "<table><tr><td>a<td>b&amp;c<tr><th>d</table>",
                "1:0=a 1=b&c | 2:0=d[0]",
            ),
            (
                "<TABLE><TR><TD COLSPAN=2>t</TD></TR><tr><td rowspan='2'>x</td><td>1</td></tr><tr><td>2</td></tr></TABLE>",
                "1:0=t | 2:0=x 1=1 | 3:1=2[2]",
            ),
            (
                "<style>td{x:'<td>'}</style><table><tr><td style=\"a:'>'\">v</td></tr></table>",
                "1:0=v[0]",
            ),
            (
                "<table><tr><td>a<br>b&nbsp;</td><td></td></tr></table>",
                "1:0=a\nb[0]",
            ),
            (
                "<table><tr><td><table><tr><td>in</td></tr></table></td><td>z</td></tr></table>",
                "1:0=in 1=z[0]",
            ),
            (
                "<!-- <table> --><table><tr><td>1</td></tr></table><table><tr><td>2",
                "1:0=1[0] || 1:0=2[0]",
            ),
            ("<p>no table</p>", ""),
        ];
        for (html, expected) in cases {
            assert_eq!(shown(html), expected, "{html}");
        }
    }
}
