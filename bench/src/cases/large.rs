//! A county's register of any size and the lists that belong to it, each from upload to committed, with the memory
//! that the program took.

use super::where_time_goes;
use crate::Fault;
use crate::county::{self, ADMIN};
use crate::figure::{Figure, millis};
use crate::lists::{Shared, commit, county, shared, try_out, until_done, upload};
use crate::phone::sign_in;
use crate::place::Place;
use crate::report::{Report, Share};
use crate::server::Server;
use api::lists::ListKind;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A folder that `county/generate.py` made, and what it is measured with.
pub struct Large {
    pub program: PathBuf,
    pub beside: PathBuf,
    pub postgres: Option<String>,
    pub data: PathBuf,
    /// Rows of a list that are handed in at most, the register's all.
    pub most: Option<usize>,
}

/// Files of the generated county: grids and register, and the lists behind them.
const FILES: [Shared; 6] = [
    shared("社工部", ListKind::Grids, "grids.csv"),
    shared("公安", ListKind::Population, "roster.csv"),
    shared("残联", ListKind::Disabled, "disabled.csv"),
    shared("民政", ListKind::LowIncome, "dibao.csv"),
    shared("民政", ListKind::OldAgeAllowance, "elder.csv"),
    shared("卫健", ListKind::Deaths, "deaths.csv"),
];

/// Upload, dry run and commit of one list.
#[derive(Default)]
struct Took {
    list: String,
    upload: f64,
    dry_run: f64,
    commit: f64,
    rows: usize,
}

impl Large {
    pub async fn run(&self) -> Result<Report, Fault> {
        let mut report = Report::begin(self.postgres.is_some());
        let place = Place::new(&self.beside, self.postgres.as_deref()).await?;
        let program = place.open().await?;
        county::bare(&program).await?;
        drop(program);
        let server = Server::start(&self.program, &place).await?;
        let found = self.measure(&server).await;
        drop(server);
        place.remove().await?;
        report.add(found?);
        if self.most.is_none() {
            report.shares = self.shares().await?;
        }
        Ok(report)
    }

    async fn measure(&self, server: &Server) -> Result<Vec<Figure>, Fault> {
        let [grids, register, lists @ ..] = &FILES;
        self.hand_in(server, grids).await?;
        server.forget_peak();
        let register = self.hand_in(server, register).await?;
        let mut all = figures("register", "population register", &register);
        let whole = register.upload + register.dry_run + register.commit;
        all.push(Figure::new(
            "register.total",
            &format!("register of {} rows: upload, dry run, commit", register.rows),
            whole,
            "ms",
        ));
        all.extend(peak(
            server,
            "register.peak",
            "program's memory at most, register",
        ));
        server.forget_peak();
        let (mut rows, mut total) = (0, 0.0);
        let began = Instant::now();
        let mut dry_runs = 0.0;
        let mut handed = Vec::new();
        for list in lists {
            let took = self.hand_in(server, list).await?;
            handed.push(took.list.clone());
            rows += took.rows;
            total += took.upload + took.commit;
            dry_runs += took.dry_run;
            all.extend(figures(list.kind.name(), list.kind.label(), &took));
        }
        all.push(Figure::new(
            "lists.total",
            &format!("lists of {rows} rows: upload to committed"),
            total,
            "ms",
        ));
        until_quiet(server).await?;
        let quiet = millis(began.elapsed()) - dry_runs;
        all.push(Figure::new(
            "lists.quiet",
            "the same until waiting rows were linked again and the comparison rules had run",
            quiet,
            "ms",
        ));
        let whole = Figure::new(
            "county.total",
            "register and lists, upload to that, without dry runs",
            register.upload + register.commit + quiet,
            "ms",
        );
        all.push(match self.most {
            None => whole.below(90_000.0),
            Some(_) => whole,
        });
        all.extend(peak(server, "lists.peak", "program's memory at most, lists"));
        let asks = asks(server, &handed).await? as f64 / rows as f64;
        let what = "rows of the lists that a person is asked about then";
        all.push(
            Figure::new("lists.asks", what, asks * 100.0, "%")
                .below(1.2)
                .of(rows),
        );
        all.extend(self.one_more(server).await?);
        Ok(all)
    }

    /// What one more row of a list costs against all that is known by then: dry runs of rows that state no number.
    async fn one_more(&self, server: &Server) -> Result<Vec<Figure>, Fault> {
        let disabled = &FILES[2];
        let content = disabled.content(&self.data)?;
        let mut took = Vec::new();
        for rows in [1, 1 + FURTHER] {
            let part = without_numbers(&content, rows)?;
            let mut fastest = f64::INFINITY;
            for round in 0..ROUNDS {
                let source = format!("镇残联{rows}-{round}");
                let tried = self.try_only(server, &source, disabled, part.clone()).await?;
                fastest = fastest.min(tried);
            }
            took.push(fastest);
        }
        let further = (took[1] - took[0]) / FURTHER as f64;
        Ok(vec![
            Figure::new(
                "row.first",
                "a list of one row without a number: dry run",
                took[0],
                "ms",
            )
            .of(ROUNDS),
            Figure::new("row.further", "each further row of it", further, "ms")
                .below(20.0)
                .of(ROUNDS),
        ])
    }

    /// How long the dry run takes.
    async fn try_only(
        &self,
        server: &Server,
        source: &str,
        list: &Shared,
        content: Vec<u8>,
    ) -> Result<f64, Fault> {
        let admin = sign_in(&server.client, ADMIN, None).await?;
        let county = county(&admin).await?;
        let id = upload(&admin, &county, (source, list.kind, list.file), content).await?;
        let began = Instant::now();
        let job = try_out(&admin, &id).await?;
        until_done(&admin, &job, Duration::from_millis(2)).await?;
        Ok(millis(began.elapsed()))
    }

    /// Where the time of all files goes, when they are handed in once more without a dry run.
    async fn shares(&self) -> Result<Vec<Share>, Fault> {
        eprintln!("· where the time goes");
        let place = Place::new(&self.beside, self.postgres.as_deref()).await?;
        let program = place.open().await?;
        county::bare(&program).await?;
        let all: Vec<&Shared> = FILES.iter().collect();
        let found = where_time_goes::shares(program, &all, &self.data).await;
        place.remove().await?;
        found
    }

    async fn hand_in(&self, server: &Server, list: &Shared) -> Result<Took, Fault> {
        eprintln!("· {}", list.file);
        // A list takes longer than the token of one sign-in holds.
        let admin = sign_in(&server.client, ADMIN, None).await?;
        let mut content = list.content(&self.data)?;
        let cut = self
            .most
            .filter(|_| !matches!(list.kind, ListKind::Grids | ListKind::Population));
        content.truncate(end_of_row(&content, cut));
        let rows = content.iter().filter(|byte| **byte == b'\n').count() - 1;
        let county = county(&admin).await?;
        let began = Instant::now();
        let id = upload(&admin, &county, (list.source, list.kind, list.file), content).await?;
        let uploaded = began.elapsed();
        let job = try_out(&admin, &id).await?;
        until_done(&admin, &job, Duration::from_millis(20)).await?;
        let tried = began.elapsed();
        let job = commit(&admin, &id).await?;
        until_done(&admin, &job, Duration::from_millis(20)).await?;
        Ok(Took {
            list: id,
            upload: millis(uploaded),
            dry_run: millis(tried - uploaded),
            commit: millis(began.elapsed() - tried),
            rows,
        })
    }
}

/// Rows behind the first one, and how often they are tried.
const FURTHER: usize = 200;
const ROUNDS: usize = 5;

/// Until no job waits or runs but those of tonight.
async fn until_quiet(server: &Server) -> Result<(), Fault> {
    let admin = sign_in(&server.client, ADMIN, None).await?;
    loop {
        let mut busy = false;
        for kind in ["link_again", "run_rules", "commit_list"] {
            for state in ["queued", "running"] {
                let page = admin
                    .get(&format!("/api/v1/jobs?kind={kind}&state={state}"))
                    .await?
                    .ok()?;
                busy |= page["items"].as_array().is_some_and(|items| !items.is_empty());
            }
        }
        if !busy {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Rows of these lists that wait for a person's answer.
async fn asks(server: &Server, lists: &[String]) -> Result<i64, Fault> {
    let admin = sign_in(&server.client, ADMIN, None).await?;
    let mut waiting = 0;
    for list in lists {
        let list = admin.get(&format!("/api/v1/lists/{list}")).await?.ok()?;
        waiting += list["verdicts"]["ambiguous"].as_i64().unwrap_or(0);
    }
    Ok(waiting)
}

/// Where a file's first rows end, its header not counted; without a number of rows the end of the file.
fn end_of_row(content: &[u8], rows: Option<usize>) -> usize {
    let ends = content.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    rows.and_then(|rows| ends.map(|(at, _)| at + 1).nth(rows))
        .unwrap_or(content.len())
}

/// The header and the first rows of a list in CSV, without the numbers that they state.
fn without_numbers(content: &[u8], rows: usize) -> Result<Vec<u8>, Fault> {
    let text = std::str::from_utf8(&content[..end_of_row(content, Some(rows))])?;
    let number = |cell: &str| cell.len() >= 15 && cell.bytes().all(|b| b.is_ascii_digit() || b == b'X');
    let line = |line: &str| -> String {
        let cells: Vec<&str> = line
            .split(',')
            .map(|cell| if number(cell.trim()) { "" } else { cell })
            .collect();
        cells.join(",")
    };
    let lines: Vec<String> = text.lines().map(line).collect();
    Ok(lines.join("\n").into_bytes())
}

fn figures(key: &str, label: &str, took: &Took) -> Vec<Figure> {
    [
        ("upload", "upload and reading", took.upload),
        ("dry_run", "dry run", took.dry_run),
        ("commit", "commit", took.commit),
    ]
    .map(|(part, what, value)| {
        let what = format!("{label}, {} rows: {what}", took.rows);
        Figure::new(&format!("{key}.{part}"), &what, value, "ms")
    })
    .into()
}

fn peak(server: &Server, key: &str, what: &str) -> Option<Figure> {
    let bytes = server.peak()?;
    Some(Figure::new(key, what, bytes as f64 / 1e6, "MB"))
}
