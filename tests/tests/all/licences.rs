//! Every crate that we build with may be passed on under a licence that asks nothing of those who use us.

use tests::{licence::satisfied, workspace};

const ACCEPTED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MPL-2.0",
    "Unicode-3.0",
    "Zlib",
];

#[test]
fn every_dependency_has_an_accepted_licence() {
    let metadata = workspace::metadata();
    let refused: Vec<String> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| !satisfied(package["license"].as_str().unwrap_or_default(), ACCEPTED))
        .map(|package| {
            format!(
                "{} {}: {}",
                package["name"], package["version"], package["license"]
            )
        })
        .collect();
    assert!(refused.is_empty(), "licences to look at:\n{}", refused.join("\n"));
}

#[test]
fn expressions_are_read() {
    fn check(expression: &str, expected: bool) {
        assert_eq!(
            satisfied(expression, &["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"]),
            expected,
            "{expression}"
        );
    }
    check("MIT", true);
    check("GPL-3.0", false);
    check("GPL-3.0 OR MIT", true);
    check("GPL-3.0/MIT", true);
    check("GPL-3.0 AND MIT", false);
    check("MIT AND Zlib", true);
    check("(GPL-3.0 OR MIT) AND Zlib", true);
    check("MIT AND (GPL-3.0 OR AGPL-3.0)", false);
    check("Apache-2.0 WITH LLVM-exception", true);
    check("Apache-2.0", false);
    check("GPL-3.0 OR MIT AND Zlib", true);
    check("", false);
    check("(MIT", false);
    check("MIT MIT", false);
}
