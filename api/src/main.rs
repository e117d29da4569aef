//! `heshan-grid`: one program for serving, migrating, importing and checking.

fn main() -> std::process::ExitCode {
    api::cli::run()
}
