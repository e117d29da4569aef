//! Links a folder of plain CSV files as `bench/county/generate.py` writes them and writes what it found.
//!
//! `link --data DIR --out DIR [--answers FILE]`: `answers` holds what people said to the questions of a run before
//! (`source,record_id,roster_id`, empty for nobody of the register). `--why KEY` prints how a row was decided.

mod folder;
mod threads;

use folder::Folder;
use matching::clues::{self, catalogue};
use matching::county::{Answer, County, Judged, people};
use matching::explain;
use std::collections::BTreeSet;
use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;
use threads::Threads;

fn main() -> Result<(), Box<dyn Error>> {
    let argument = |name: &str| {
        let mut all = std::env::args().skip_while(move |a| a != name);
        all.nth(1).map(PathBuf::from)
    };
    let data = argument("--data").ok_or("--data DIR")?;
    let out = argument("--out").ok_or("--out DIR")?;
    let start = Instant::now();
    let mut folder = Folder::read(&data)?;
    let read = (start.elapsed(), processor().unwrap_or(0.0));
    let county = County::new(
        &Threads,
        &folder.reader.names,
        &folder.register.records,
        &folder.rows,
    );
    let learned = (start.elapsed(), processor().unwrap_or(0.0));
    let judged = county.judge(&Threads, &folder.rows);
    let linked = (start.elapsed(), processor().unwrap_or(0.0));
    if let Some(at) = argument("--why").and_then(|key| folder.find(&key.to_string_lossy())) {
        why(&folder, &judged[at]);
    }
    let answers = argument("--answers")
        .map(|file| folder.answers(&file))
        .transpose()?
        .unwrap_or_default();
    let (mut links, mut waiting) = people::settled(&judged);
    for (row, answer) in &answers {
        (links[*row], waiting[*row]) = (*answer, false);
    }
    let person = people::people(&Threads, &county, &folder.rows, &links, &waiting);
    let clustered = (start.elapsed(), processor().unwrap_or(0.0));
    let answered: BTreeSet<u32> = answers.iter().map(|(row, _)| *row as u32).collect();
    let doubts = people::doubts(&county, &judged, &answered);
    let everybody = people::for_rules(&county, &folder.rows, &person, &doubts);
    let rules = catalogue::rules();
    let at = folder.date().ok_or("no row states a date")?;
    let clues = clues::run(&rules, &folder.sheets, &everybody, at);
    let compared = (start.elapsed(), processor().unwrap_or(0.0));
    std::fs::create_dir_all(&out)?;
    folder.write_links(&out, &judged)?;
    folder.write_people(&out, &person)?;
    folder.write_clues(&out, &rules, &clues)?;
    folder.write_grids(&out)?;
    let count = |asked: bool| {
        let of = |a: &Answer| {
            if asked {
                matches!(a, Answer::Asks(_))
            } else {
                *a == Answer::Linked
            }
        };
        judged.iter().filter(|j| of(&j.answer)).count()
    };
    eprintln!(
        "register={} rows={} linked={} asks={} | read {read:.2?} learn {learned:.2?} link {linked:.2?} people {clustered:.2?} rules {compared:.2?} all {:.2?} {:.2} s | {} MB",
        folder.register.records.len(),
        folder.rows.len(),
        count(false),
        count(true),
        start.elapsed(),
        processor().unwrap_or(0.0),
        peak().unwrap_or(0) / 1024,
    );
    Ok(())
}

/// Prints a decision as a cadre reads it.
fn why(folder: &Folder, said: &Judged) {
    println!("{}", explain::answer(said.answer));
    for candidate in said.candidates.iter().take(3) {
        println!(
            "{}（{:.1}）",
            folder.register.keys[candidate.at as usize], candidate.weight
        );
        for line in explain::candidate(candidate) {
            let strength = explain::strength(line.weight);
            println!(
                "  {}：{}，{strength}（{:+.1}）",
                line.field, line.says, line.weight
            );
        }
    }
}

/// Seconds of processor time so far, of all threads, where the system says it.
fn processor() -> Option<f32> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let ticks = |n: usize| stat.split_whitespace().nth(n)?.parse::<u32>().ok();
    Some((ticks(13)? + ticks(14)?) as f32 / 100.0)
}

/// Most memory so far, in kB, where the system says it.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
