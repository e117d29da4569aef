//! No source file is longer than a person reads in one go.

use tests::workspace;

/// Beyond this a file is split by use case.
const LIMIT: usize = 400;

#[test]
fn no_source_file_is_too_long() {
    let long: Vec<String> = ["rs", "ts", "vue", "js", "wxss", "wxml"]
        .iter()
        .flat_map(|extension| workspace::files("", extension))
        .map(|file| (workspace::read(&file).lines().count(), file))
        .filter(|(lines, _)| *lines > LIMIT)
        .map(|(lines, file)| format!("{file}: {lines} lines"))
        .collect();
    assert!(
        long.is_empty(),
        "longer than {LIMIT} lines, split by use case:\n{}",
        long.join("\n")
    );
}
