//! The contract: all operations under one service, and the document that says so.

use super::accounts::Accounts;
use super::auth::Auth;
use super::devices::Devices;
use super::health::Health;
use super::inbox::Inbox;
use super::residents::Residents;
use super::rosters::Rosters;
use super::sessions::Sessions;
use super::sync::Sync;
use poem_openapi::{OpenApiService, Tags};

#[derive(Tags)]
pub enum Tag {
    /// 存活与就绪
    Health,
    /// 手机同步与字段目录
    Sync,
    /// 待办：需要人决定的事项
    Inbox,
    /// 登录、密码与会话
    Auth,
    /// 账号与授权
    Accounts,
    /// 设备登记
    Devices,
    /// 居民：查询、历史与更正
    Residents,
    /// 底册导出
    Rosters,
}

type Apis = (
    Health,
    Auth,
    Sessions,
    Accounts,
    Devices,
    Sync,
    Inbox,
    Residents,
    Rosters,
);

/// The service that serves and prints the contract.
pub fn service(base_path: &str) -> OpenApiService<Apis, ()> {
    let server = if base_path.is_empty() { "/" } else { base_path };
    let apis = (
        Health, Auth, Sessions, Accounts, Devices, Sync, Inbox, Residents, Rosters,
    );
    OpenApiService::new(apis, "鹤山网格", env!("CARGO_PKG_VERSION"))
        .description("底册、入格、走访、审核与回流的接口。错误一律为 code、message、fields。")
        .server(server)
}

/// `openapi.yaml`, as the program prints it.
pub fn yaml() -> String {
    service("").spec_yaml()
}
