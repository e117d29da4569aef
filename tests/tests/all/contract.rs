//! `openapi.yaml` is what the program prints, and leaves nothing unsaid.

use api::http::contract;
use tests::contract::Contract;
use tests::workspace;

#[test]
fn the_file_is_what_the_program_prints() {
    let (file, program) = (workspace::read("openapi.yaml"), contract::yaml());
    if let Some((at, (old, new))) = file
        .lines()
        .zip(program.lines())
        .enumerate()
        .find(|(_, (old, new))| old != new)
    {
        panic!(
            "line {}: the file has {old:?}, the program {new:?}; `make openapi` rewrites the file",
            at + 1
        );
    }
    assert_eq!(
        file.len(),
        program.len(),
        "one is longer; `make openapi` rewrites the file"
    );
}

#[test]
fn every_operation_is_described() {
    let contract = Contract::parse(&contract::yaml());
    let mut gaps: Vec<String> = contract
        .operations()
        .iter()
        .flat_map(|operation| operation.gaps())
        .collect();
    gaps.extend(
        contract
            .undescribed()
            .iter()
            .map(|member| format!("{member}: no description")),
    );
    assert!(gaps.is_empty(), "{}", gaps.join("\n"));
}

#[test]
fn operation_ids_are_verb_and_resource() {
    let contract = Contract::parse(&contract::yaml());
    let odd: Vec<String> = contract
        .operations()
        .iter()
        .map(|operation| operation.id.clone())
        .filter(|id| {
            id != "sync" && (!id.contains('_') || !id.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        })
        .collect();
    assert!(odd.is_empty(), "not <verb>_<resource>: {odd:?}");
}
