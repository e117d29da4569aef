//! `verify`: whether what is kept agrees. Reads only.

use crate::app::verify::{self, Of};
use crate::config::Config;
use crate::program::{Program, Schema};
use std::process::ExitCode;

/// The exit code of a check that was carried through and found something.
const FOUND: u8 = 3;

pub async fn records(config: &Config) -> Result<ExitCode, String> {
    let (program, _) = Program::open(config, Schema::Read)
        .await
        .map_err(|e| e.to_string())?;
    let looked = verify::records(&program, |finding| {
        let (what, id) = match finding.of {
            Of::Resident(id) => ("居民", id),
            Of::Grid(id) => ("网格", id),
        };
        println!("{what} {id} {} {}", finding.kind.code(), finding.kind.sentence());
    })
    .await
    .map_err(|e| format!("核对未能完成：{e}"))?;
    println!(
        "已核对：居民 {} 人，网格 {} 个，差异 {} 处",
        looked.residents, looked.grids, looked.findings
    );
    Ok(match looked.findings {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(FOUND),
    })
}
