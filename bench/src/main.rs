//! `bench run` measures and publishes, `bench compare` lays two results side by side.

use bench::cases::Bench;
use bench::cases::large::Large;
use bench::county::Size;
use bench::lists::SHARED;
use bench::report::Report;
use bench::{Fault, compare, spans};
use clap::{Parser, Subcommand, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "bench", about = "Measures heshan-grid over HTTP, see bench/README.md")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures everything and writes a result file and a table
    Run {
        /// The program's file; where it is not given, the one beside this
        #[arg(long)]
        program: Option<PathBuf>,
        /// A PostgreSQL server's URL, of a user who may create databases; else the embedded database
        #[arg(long)]
        postgres: Option<String>,
        /// Where data folders are made for the time of the run: the disk that is measured
        #[arg(long, default_value = "target")]
        beside: PathBuf,
        /// Where results are written
        #[arg(long, default_value = "bench/results")]
        out: PathBuf,
        /// How often something short is measured
        #[arg(long, default_value_t = 20)]
        rounds: usize,
        /// Rows of the roster that is exported
        #[arg(long, default_value_t = 1_000_000)]
        export: usize,
        /// Nothing but this
        #[arg(long, value_enum)]
        only: Option<Only>,
    },
    /// Hands in a county that `bench/county/generate.py` made: register and lists, with time and memory
    County {
        /// The generated folder
        #[arg(long)]
        data: PathBuf,
        /// Rows of each list at most; the register is handed in whole
        #[arg(long)]
        rows: Option<usize>,
        /// The program's file; where it is not given, the one beside this
        #[arg(long)]
        program: Option<PathBuf>,
        /// As of `run`
        #[arg(long)]
        postgres: Option<String>,
        /// As of `run`
        #[arg(long, default_value = "target")]
        beside: PathBuf,
        /// Where results are written
        #[arg(long, default_value = "bench/results")]
        out: PathBuf,
    },
    /// Lays two result files side by side
    Compare { before: PathBuf, after: PathBuf },
}

#[derive(Clone, Copy, ValueEnum)]
enum Only {
    /// Rosters out, and edits beside them
    Exports,
    /// The storm of workers, and phones that ask
    Storm,
}

fn main() -> ExitCode {
    match done(Cli::parse().command) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

fn done(command: Command) -> Result<String, Fault> {
    match command {
        Command::Compare { before, after } => {
            Ok(compare::table(&Report::read(&before)?, &Report::read(&after)?))
        }
        Command::Run {
            program,
            postgres,
            beside,
            out,
            rounds,
            export,
            only,
        } => {
            spans::listen()?;
            let bench = Bench {
                program: beside_this(program)?,
                beside,
                postgres,
                size: Size::FULL,
                lists: SHARED.iter().collect(),
                rounds,
                export,
                crowd: Size::CROWD,
            };
            let runtime = tokio::runtime::Runtime::new()?;
            match only {
                Some(Only::Exports) => said(&runtime.block_on(bench.only_exports())?, &out, "exports-"),
                Some(Only::Storm) => said(&runtime.block_on(bench.only_storm())?, &out, "storm-"),
                None => said(&runtime.block_on(bench.run())?, &out, ""),
            }
        }
        Command::County {
            data,
            rows,
            program,
            postgres,
            beside,
            out,
        } => {
            spans::listen()?;
            let large = Large {
                program: beside_this(program)?,
                beside,
                postgres,
                data,
                most: rows,
            };
            let report = tokio::runtime::Runtime::new()?.block_on(large.run())?;
            let part = if rows.is_some() { "large-" } else { "county-" };
            said(&report, &out, part)
        }
    }
}

fn beside_this(program: Option<PathBuf>) -> Result<PathBuf, Fault> {
    match program {
        Some(program) => Ok(program),
        None => Ok(std::env::current_exe()?.with_file_name("heshan-grid")),
    }
}

fn said(report: &Report, out: &Path, part: &str) -> Result<String, Fault> {
    let table = report.write(out, part)?;
    Ok(format!("{}\n({})", report.table(), table.display()))
}
