//! Every case once on a tiny town: the load generator works, whatever the times are.

#![allow(clippy::unwrap_used)]

use bench::cases::Bench;
use bench::county::Size;
use bench::lists::SHARED;
use bench::report::Report;
use bench::spans;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_on_a_tiny_town() {
    spans::listen().unwrap();
    for postgres in [None, Some(tests::postgres::server())] {
        let folder = tempfile::tempdir().unwrap();
        let bench = Bench {
            program: tests::process::program(),
            beside: folder.path().to_owned(),
            postgres,
            size: Size::TINY,
            // Grids, one list of people, and deaths: the larger files are read and committed by other tests.
            lists: vec![&SHARED[0], &SHARED[4], &SHARED[5]],
            rounds: 1,
            export: 300,
            crowd: Size::TINY,
        };
        let report = bench.run().await.unwrap();
        let table = report.write(folder.path(), "").unwrap();
        let read = Report::read(&table.with_extension("json")).unwrap();
        assert_eq!(read.figures.len(), report.figures.len());
        let named = std::fs::read_to_string(table).unwrap();
        for figure in &report.figures {
            assert!(named.contains(&figure.what), "{} is not in the table", figure.key);
        }
        // What the spans are called here is what they are called there.
        assert!(
            report.shares.iter().all(|share| share.count > 0),
            "{:?}",
            report.shares
        );
    }
}
