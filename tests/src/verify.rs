//! The program's own check of its data, for the end of any test.

use crate::app::TestApp;
use api::app::verify::{self, Finding};
use api::program::Program;

/// Ends the test unless all that is kept agrees.
pub async fn verify(app: &TestApp) {
    agrees(&app.program).await;
}

/// The same of a program that no test app serves.
pub async fn agrees(program: &Program) {
    let found = findings(program).await;
    assert!(found.is_empty(), "{found:?}");
}

/// What the check finds, in its order.
pub async fn findings(program: &Program) -> Vec<Finding> {
    let mut found = Vec::new();
    let looked = verify::records(program, |finding| found.push(finding))
        .await
        .unwrap();
    assert_eq!(looked.findings, found.len() as u64);
    found
}
