//! The program's commands.

use api::cli::import;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["import", rest @ ..] => run_import(rest),
        _ => fail("用法：heshan-grid import --dry-run --json 种类 文件"),
    }
}

fn run_import(words: &[&str]) -> ExitCode {
    let (options, plain): (Vec<&str>, Vec<&str>) = words.iter().partition(|w| w.starts_with("--"));
    let known = options.iter().all(|o| matches!(*o, "--dry-run" | "--json"));
    let [kind, file] = plain.as_slice() else {
        return fail("用法：heshan-grid import --dry-run --json 种类 文件");
    };
    if !known || !options.contains(&"--dry-run") {
        return fail("导入入库请通过服务接口；命令行目前只支持 --dry-run。");
    }
    match import::dry_run(kind, Path::new(file)) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(message) => fail(&message),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::FAILURE
}
