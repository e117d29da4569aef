//! Handing lists in over HTTP, from the first byte to the committed state.

use crate::Fault;
use crate::client::{Client, encoded};
use crate::figure::millis;
use api::lists::ListKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A file of a county, and what it is handed in as.
pub struct Shared {
    pub source: &'static str,
    pub kind: ListKind,
    pub file: &'static str,
}

pub const MONTH: &str = "2026-10";

/// The register of 5,000 people and its lists, in the order in which a county hands them in.
pub const SHARED: [Shared; 6] = [
    shared("社工部", ListKind::Grids, "网格划分.csv"),
    shared("公安", ListKind::Population, "公安-人口底册.xlsx"),
    shared("残联", ListKind::Disabled, "残联-持证残疾人名单.xlsx"),
    shared("民政", ListKind::LowIncome, "民政-低保低边特困花名册.xls"),
    shared("民政", ListKind::OldAgeAllowance, "民政-高龄津贴发放名册.csv"),
    shared("卫健", ListKind::Deaths, "卫健-死亡登记.csv"),
];

pub const fn shared(source: &'static str, kind: ListKind, file: &'static str) -> Shared {
    Shared { source, kind, file }
}

impl Shared {
    pub fn content(&self, folder: &Path) -> Result<Vec<u8>, Fault> {
        Ok(std::fs::read(folder.join(self.file))?)
    }
}

/// Where the files of [`SHARED`] are.
pub fn shared_folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/lists"))
}

/// The county's own division, which lists cover.
pub async fn county(admin: &Client) -> Result<String, Fault> {
    let all = admin.get("/api/v1/divisions").await?.ok()?;
    let county = all
        .as_array()
        .into_iter()
        .flatten()
        .find(|d| d["level"] == "county");
    let id = county.and_then(|d| d["id"].as_str()).ok_or("no county")?;
    Ok(id.to_owned())
}

/// Uploads a file; answers the list's id.
pub async fn upload(
    admin: &Client,
    county: &str,
    list: (&str, ListKind, &str),
    content: Vec<u8>,
) -> Result<String, Fault> {
    let (source, kind, file) = list;
    let path = format!(
        "/api/v1/lists?kind={}&source={}&division={county}&month={MONTH}&name={}",
        kind.name(),
        encoded(source),
        encoded(file)
    );
    let done = admin.upload(&path, content).await?.ok()?;
    Ok(done["id"].as_str().ok_or("no list")?.to_owned())
}

/// Starts the commit; answers the job.
pub async fn commit(admin: &Client, list: &str) -> Result<String, Fault> {
    let started = admin
        .post(&format!("/api/v1/lists/{list}/commit"), &serde_json::Value::Null)
        .await?
        .ok()?;
    Ok(started["job"].as_str().ok_or("no job")?.to_owned())
}

/// Starts a dry run; answers the job.
pub async fn try_out(admin: &Client, list: &str) -> Result<String, Fault> {
    let started = admin
        .post(&format!("/api/v1/lists/{list}/dry-run"), &serde_json::Value::Null)
        .await?
        .ok()?;
    Ok(started["job"].as_str().ok_or("no job")?.to_owned())
}

/// Whether the job is done; a failed one ends the run.
async fn is_done(admin: &Client, job: &str) -> Result<bool, Fault> {
    let job = admin.get(&format!("/api/v1/jobs/{job}")).await?.ok()?;
    match job["state"].as_str() {
        Some("done") => Ok(true),
        Some("failed") => Err(format!("the commit failed: {}", job["last_error"]).into()),
        _ => Ok(false),
    }
}

/// Looks at the job at this interval until it is done.
pub async fn until_done(admin: &Client, job: &str, every: Duration) -> Result<(), Fault> {
    while !is_done(admin, job).await? {
        tokio::time::sleep(every).await;
    }
    Ok(())
}

/// Upload and commit of a shared list, in milliseconds each.
pub async fn hand_in(admin: &Client, county: &str, list: &Shared) -> Result<(f64, f64), Fault> {
    let content = list.content(&shared_folder())?;
    let began = Instant::now();
    let id = upload(admin, county, (list.source, list.kind, list.file), content).await?;
    let uploaded = began.elapsed();
    let job = commit(admin, &id).await?;
    until_done(admin, &job, Duration::from_millis(5)).await?;
    Ok((millis(uploaded), millis(began.elapsed() - uploaded)))
}
