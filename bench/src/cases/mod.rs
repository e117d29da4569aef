//! The cases of a run, in their order. Each says what it found as figures.

mod beside;
pub mod exports;
pub mod large;
mod lists;
mod search;
mod start;
mod storm;
mod sync;
mod where_time_goes;

use crate::Fault;
use crate::county::{self, Size};
use crate::figure::{Figure, millis};
use crate::lists::{Shared, shared_folder};
use crate::place::Place;
use crate::report::{Report, Share};
use crate::server::Server;
use std::path::PathBuf;
use std::time::Instant;

/// What a run is made with.
pub struct Bench {
    /// The program's file.
    pub program: PathBuf,
    /// Where data folders are made: the disk that is measured.
    pub beside: PathBuf,
    /// A PostgreSQL server's URL; without one the embedded database.
    pub postgres: Option<String>,
    pub size: Size,
    /// The shared lists that are handed in, in their order.
    pub lists: Vec<&'static Shared>,
    /// How often something short is measured.
    pub rounds: usize,
    /// Rows of the roster that is exported.
    pub export: usize,
    /// The town in which a phone syncs beside that export, and the list that commits meanwhile.
    pub crowd: Size,
}

impl Bench {
    async fn place(&self) -> Result<Place, Fault> {
        Place::new(&self.beside, self.postgres.as_deref()).await
    }

    /// Every case, with what is being done told as it begins.
    pub async fn run(&self) -> Result<Report, Fault> {
        let mut report = Report::begin(self.postgres.is_some());
        tell("the shared lists, in an empty county");
        report.add(self.shared_lists().await?);
        tell("where the time of the lists goes");
        report.shares = self.shares().await?;
        tell("filling a town");
        report.add(self.town().await?);
        tell("rosters out");
        report.add(self.exports().await?);
        Ok(report)
    }

    async fn shared_lists(&self) -> Result<Vec<Figure>, Fault> {
        let place = self.place().await?;
        let program = place.open().await?;
        county::bare(&program).await?;
        drop(program);
        let server = Server::start(&self.program, &place).await?;
        let found = lists::shared(&server, &self.lists).await;
        drop(server);
        place.remove().await?;
        found
    }

    async fn shares(&self) -> Result<Vec<Share>, Fault> {
        let place = self.place().await?;
        let program = place.open().await?;
        county::bare(&program).await?;
        let found = where_time_goes::shares(program, &self.lists, &shared_folder()).await;
        place.remove().await?;
        found
    }

    /// Rosters out, by themselves.
    pub async fn only_exports(&self) -> Result<Report, Fault> {
        let mut report = Report::begin(self.postgres.is_some());
        tell("rosters out");
        report.add(self.exports().await?);
        Ok(report)
    }

    /// Everybody at once, by themselves.
    pub async fn only_storm(&self) -> Result<Report, Fault> {
        let mut report = Report::begin(self.postgres.is_some());
        tell("filling a town");
        let place = self.filled(self.size).await?;
        let found = async { self.at_once(&Server::start(&self.program, &place).await?).await }.await;
        place.remove().await?;
        report.add(found?);
        Ok(report)
    }

    async fn at_once(&self, server: &Server) -> Result<Vec<Figure>, Fault> {
        tell("a storm, and many phones that ask");
        let mut all = storm::storm(self, server).await?;
        all.extend(storm::polls(self, server).await?);
        Ok(all)
    }

    /// A place with a town of this size.
    async fn filled(&self, size: Size) -> Result<Place, Fault> {
        let place = self.place().await?;
        county::town(&place.open().await?, size).await?;
        Ok(place)
    }

    async fn exports(&self) -> Result<Vec<Figure>, Fault> {
        let place = self.filled(self.crowd).await?;
        let found = exports::exports(self, &place, self.export).await;
        place.remove().await?;
        found
    }

    async fn town(&self) -> Result<Vec<Figure>, Fault> {
        let place = self.place().await?;
        let program = place.open().await?;
        let began = Instant::now();
        county::town(&program, self.size).await?;
        let filled = millis(began.elapsed());
        drop(program);
        let mut all = vec![
            Figure::new(
                "fill.resident",
                "writing one resident (before the measurements, 100 a transaction)",
                filled / self.size.residents() as f64,
                "ms",
            )
            .of(self.size.residents()),
        ];
        let found = self.measure(&place, &mut all).await;
        place.remove().await?;
        found.map(|()| all)
    }

    async fn measure(&self, place: &Place, all: &mut Vec<Figure>) -> Result<(), Fault> {
        tell("starts");
        all.extend(start::starts(self, place).await?);
        all.extend(sync::first_of_all(self, place).await?);
        let server = Server::start(&self.program, place).await?;
        tell("loads, reconnects, edits");
        all.extend(sync::syncs(self, &server, place).await?);
        tell("searches");
        all.extend(search::searches(self, &server).await?);
        all.extend(self.at_once(&server).await?);
        tell("edits while a list commits");
        all.extend(beside::beside(self, &server).await?);
        Ok(())
    }
}

fn tell(what: &str) {
    eprintln!("· {what}");
}
