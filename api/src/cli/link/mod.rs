//! `heshan-grid link --data DIR --out DIR`: links a folder of plain CSV files, of the shape that
//! `bench/county/generate.py` writes, and writes what it found. Neither server nor database is needed.
//!
//! `--answers FILE` holds what people said to the questions of a run before (`source,record_id,roster_id`, empty for
//! nobody of the register). `--why KEY` prints how a row was decided.

mod folder;
mod written;

use folder::Folder;
use matching::clues::{self, catalogue};
use matching::county::{Answer, County, Judged, people};
use matching::explain;
use matching::hands::Hands;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// What to link, and where to.
pub struct What<'a> {
    pub data: &'a Path,
    pub out: &'a Path,
    pub answers: Option<&'a Path>,
    pub why: Option<&'a str>,
}

/// All processors of the machine.
struct Processors;

impl Hands for Processors {
    fn each<T: Send>(&self, n: usize, least: usize, f: impl Fn(usize, &mut Vec<u32>) -> T + Sync) -> Vec<T> {
        let all = (0..n).into_par_iter().with_min_len(least.max(1));
        all.map_init(Vec::new, |found, at| f(at, found)).collect()
    }
}

/// Links, writes, and says in one line how long each part took and how much memory there was at most.
///
/// # Errors
/// A Chinese sentence where a file cannot be read or written.
pub fn link(what: &What<'_>) -> Result<(), String> {
    let mut clock = Clock::default();
    let folder = Folder::read(what.data)?;
    clock.passed("读取");
    let county = County::new(
        &Processors,
        &folder.reader.names,
        &folder.register.records,
        &folder.rows,
    );
    clock.passed("学习权重");
    let judged = county.judge(&Processors, &folder.rows);
    clock.passed("关联");
    if let Some(at) = what.why.and_then(|key| folder.find(key)) {
        why(&folder, &judged[at]);
    }
    let answers = what.answers.map(|file| folder.answers(file)).transpose()?;
    let answers = answers.unwrap_or_default();
    let (mut links, mut waiting) = people::settled(&judged);
    for (row, answer) in &answers {
        (links[*row], waiting[*row]) = (*answer, false);
    }
    let person = people::people(&Processors, &county, &folder.rows, &links, &waiting);
    clock.passed("归人");
    let answered: BTreeSet<u32> = answers.iter().map(|(row, _)| *row as u32).collect();
    let doubts = people::doubts(&county, &judged, &answered);
    let everybody = people::for_rules(&county, &folder.rows, &person, &doubts);
    let rules = catalogue::rules();
    // Where no row states a date there is nothing that a rule could look at.
    let clues = folder
        .date()
        .map(|at| clues::run(&rules, &folder.sheets, &everybody, at))
        .unwrap_or_default();
    clock.passed("比对");
    std::fs::create_dir_all(what.out).map_err(|_| format!("{}：无法建立。", what.out.display()))?;
    written::links(&folder, what.out, &judged)?;
    written::people(&folder, what.out, &person)?;
    written::clues(&folder, what.out, &rules, &clues)?;
    written::grids(&folder, what.out)?;
    clock.passed("写出");
    let linked = judged.iter().filter(|j| j.answer == Answer::Linked).count();
    let asks = judged.iter().filter(|j| matches!(j.answer, Answer::Asks(_)));
    println!(
        "底册 {} 行，名单 {} 行：自动关联 {linked}，请人确认 {}，疑点 {}。{}",
        folder.register.records.len(),
        folder.rows.len(),
        asks.count(),
        clues.len(),
        clock.said(),
    );
    Ok(())
}

/// Prints a decision as a cadre reads it.
fn why(folder: &Folder, said: &Judged) {
    println!("{}", explain::answer(said.answer));
    for candidate in said.candidates.iter().take(3) {
        let key = &folder.register.keys[candidate.at as usize];
        println!("{key}（{:.1}）", candidate.weight);
        for line in explain::candidate(candidate) {
            let strength = explain::strength(line.weight);
            println!(
                "  {}：{}，{strength}（{:+.1}）",
                line.field, line.says, line.weight
            );
        }
    }
}

/// How long each part took.
struct Clock {
    began: Instant,
    last: Instant,
    parts: Vec<(&'static str, Duration)>,
}

impl Default for Clock {
    fn default() -> Clock {
        let now = Instant::now();
        Clock {
            began: now,
            last: now,
            parts: Vec::new(),
        }
    }
}

impl Clock {
    fn passed(&mut self, part: &'static str) {
        self.parts.push((part, self.last.elapsed()));
        self.last = Instant::now();
    }

    fn said(&self) -> String {
        let parts = self.parts.iter();
        let parts: Vec<String> = parts
            .map(|(part, took)| format!("{part} {:.2}", took.as_secs_f64()))
            .collect();
        let memory = peak().map_or(String::new(), |kb| format!("；内存最多 {} MB", kb / 1024));
        let all = self.began.elapsed().as_secs_f64();
        format!("用时 {all:.2} 秒（{}）{memory}。", parts.join("，"))
    }
}

/// Most memory so far, in kB, where the system says it.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
