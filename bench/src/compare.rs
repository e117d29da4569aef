//! Two result files side by side.

use crate::report::{Report, number};
use std::fmt::Write;

/// A table with every figure of either file, and how the second stands to the first.
pub fn table(before: &Report, after: &Report) -> String {
    let mut out = String::new();
    for (name, report) in [("A", before), ("B", after)] {
        let machine = &report.machine;
        let _ = writeln!(
            out,
            "{name}: {}, commit {}, {}, {} build, {} cores ({}), load {}, {}",
            report.date,
            report.commit,
            report.database,
            report.build,
            machine.cores,
            machine.processor,
            machine.load,
            machine.speed(),
        );
    }
    out.push_str("\n| what | A | B | B ÷ A |\n|---|--:|--:|--:|\n");
    let value = |report: &Report, key: &str| {
        let found = report.figures.iter().find(|figure| figure.key == key);
        found.map(|figure| figure.value)
    };
    let only_after = after
        .figures
        .iter()
        .filter(|figure| value(before, &figure.key).is_none());
    for figure in before.figures.iter().chain(only_after) {
        let (a, b) = (value(before, &figure.key), value(after, &figure.key));
        let shown =
            |v: Option<f64>| v.map_or_else(|| "–".into(), |v| format!("{} {}", number(v), figure.unit));
        let ratio = match (a, b) {
            (Some(a), Some(b)) if a != 0.0 => number(b / a),
            _ => "–".into(),
        };
        let _ = writeln!(out, "| {} | {} | {} | {ratio} |", figure.what, shown(a), shown(b));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Figure;

    #[test]
    fn every_figure_of_either_file_has_a_line() {
        let (mut a, mut b) = (Report::begin(false), Report::begin(false));
        a.add(vec![
            Figure::new("x", "both", 10.0, "ms"),
            Figure::new("y", "gone", 3.0, "ms"),
        ]);
        b.add(vec![
            Figure::new("x", "both", 15.0, "ms"),
            Figure::new("z", "new", 2.5, "kB"),
        ]);
        let table = table(&a, &b);
        for line in [
            "| both | 10 ms | 15 ms | 1.50 |",
            "| gone | 3 ms | – | – |",
            "| new | – | 2.50 kB | – |",
        ] {
            assert!(table.contains(line), "{table}");
        }
    }
}
