//! A county's register of any size and the lists that belong to it, each from upload to committed, with the memory
//! that the program took.

use super::where_time_goes;
use crate::Fault;
use crate::county::{self, ADMIN};
use crate::figure::{Figure, millis};
use crate::lists::{Shared, commit, county, is_done, shared, try_out, upload};
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
        report.shares = self.shares().await?;
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
        for list in lists {
            let took = self.hand_in(server, list).await?;
            rows += took.rows;
            total += took.upload + took.commit;
            all.extend(figures(list.kind.name(), list.kind.label(), &took));
        }
        all.push(Figure::new(
            "lists.total",
            &format!("lists of {rows} rows: upload to committed"),
            total,
            "ms",
        ));
        all.extend(peak(server, "lists.peak", "program's memory at most, lists"));
        Ok(all)
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
        let content = list.content(&self.data)?;
        let rows = content.iter().filter(|byte| **byte == b'\n').count() - 1;
        let county = county(&admin).await?;
        let began = Instant::now();
        let id = upload(&admin, &county, (list.source, list.kind, list.file), content).await?;
        let uploaded = began.elapsed();
        let job = try_out(&admin, &id).await?;
        while !is_done(&admin, &job).await? {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let tried = began.elapsed();
        let job = commit(&admin, &id).await?;
        while !is_done(&admin, &job).await? {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Took {
            upload: millis(uploaded),
            dry_run: millis(tried - uploaded),
            commit: millis(began.elapsed() - tried),
            rows,
        })
    }
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
