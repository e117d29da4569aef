//! `heshan-grid`: one program for serving, migrating, importing and checking.

/// A list's rows and their documents are many small allocations: the system's allocator takes a sixth of a commit.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    api::cli::run()
}
