//! `bench run` measures and publishes, `bench compare` lays two results side by side.

use bench::cases::Bench;
use bench::county::Size;
use bench::lists::SHARED;
use bench::report::Report;
use bench::{Fault, compare, spans};
use clap::{Parser, Subcommand};
use std::path::PathBuf;
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
    },
    /// Lays two result files side by side
    Compare { before: PathBuf, after: PathBuf },
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
        } => {
            spans::listen()?;
            let program = match program {
                Some(program) => program,
                None => std::env::current_exe()?.with_file_name("heshan-grid"),
            };
            let bench = Bench {
                program,
                beside,
                postgres,
                size: Size::FULL,
                lists: SHARED.iter().collect(),
                rounds,
            };
            let runtime = tokio::runtime::Runtime::new()?;
            let report = runtime.block_on(bench.run())?;
            let table = report.write(&out)?;
            Ok(format!("{}\n({})", report.table(), table.display()))
        }
    }
}
