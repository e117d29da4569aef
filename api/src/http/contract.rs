//! The contract: all operations under one service, and the document that says so.

use super::health::Health;
use poem_openapi::{OpenApiService, Tags};

#[derive(Tags)]
pub enum Tag {
    /// 存活与就绪
    Health,
}

/// Every area's operations, in the order of the contract.
pub type Apis = Health;

/// The service that serves and prints the contract.
pub fn service(base_path: &str) -> OpenApiService<Apis, ()> {
    let server = if base_path.is_empty() { "/" } else { base_path };
    OpenApiService::new(Health, "鹤山网格", env!("CARGO_PKG_VERSION"))
        .description(include_str!("contract.md"))
        .server(server)
}

/// `openapi.yaml`, as the program prints it.
pub fn yaml() -> String {
    service("").spec_yaml()
}
