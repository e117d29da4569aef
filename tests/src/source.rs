//! What a Rust source file names: paths by their first two steps, read from its text.

/// The text without comments, so that prose may name what code may not.
pub fn code(source: &str) -> String {
    source
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Every name that follows `start::` in `code`, also inside a group: `crate::{app, store::db}` names app and store.
pub fn named_after(start: &str, code: &str) -> Vec<String> {
    let start = format!("{start}::");
    let mut names = Vec::new();
    for (at, _) in code.match_indices(&start) {
        let begins_a_word = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        if !begins_a_word {
            continue;
        }
        let rest = code[at + start.len()..].trim_start();
        match rest.strip_prefix('{') {
            Some(group) => names.extend(first_names_of_group(group)),
            None => names.push(first_name(rest)),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn first_name(text: &str) -> String {
    text.trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

fn first_names_of_group(group: &str) -> Vec<String> {
    let mut names = vec![first_name(group)];
    let mut depth = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(first_name(&group[at + 1..])),
            _ => {}
        }
    }
    names
}
