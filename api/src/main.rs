//! `heshan-grid`: one program for serving, migrating, importing and checking.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
