//! The contract: all operations under one service, and the document that says so.

use super::Jobs;
use super::accounts::Accounts;
use super::audit::Audit;
use super::auth::Auth;
use super::clients::Clients;
use super::clues::{ClueRules, Clues};
use super::devices::Devices;
use super::divisions::Divisions;
use super::erasures::Erasures;
use super::grids::Grids;
use super::hand_over::HandOver;
use super::health::Health;
use super::inbox::Inbox;
use super::lists::{ListMappings, Lists, Verdicts};
use super::live::Listening;
use super::merging::Merging;
use super::metrics::Metrics;
use super::moves::Moves;
use super::oauth::OAuth;
use super::phones::Phones;
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
    /// 名单：上传、查看、提交
    Lists,
    /// 登录、密码与会话
    Auth,
    /// 账号与授权
    Accounts,
    /// 设备登记
    Devices,
    /// 区划与网格
    Divisions,
    /// 后台任务
    Jobs,
    /// 居民：查询、历史与更正
    Residents,
    /// 底册导出
    Rosters,
    /// 部门接口客户端与令牌
    Clients,
    /// 疑点与比对规则
    Clues,
    /// 审计记录
    Audit,
}

/// Every area's operations, in the order of the contract.
pub type Apis = (
    (Health, Metrics),
    Auth,
    Sessions,
    Accounts,
    (Devices, Phones),
    (Sync, Listening),
    Inbox,
    Divisions,
    (Grids, HandOver),
    Jobs,
    // A tuple holds sixteen at most.
    (Lists, ListMappings, Verdicts),
    Residents,
    (Moves, Merging, Erasures),
    (Rosters, OAuth, Clients),
    (Clues, ClueRules),
    Audit,
);

/// The service that serves and prints the contract.
pub fn service(base_path: &str) -> OpenApiService<Apis, ()> {
    let server = if base_path.is_empty() { "/" } else { base_path };
    let apis = (
        (Health, Metrics),
        Auth,
        Sessions,
        Accounts,
        (Devices, Phones),
        (Sync, Listening),
        Inbox,
        Divisions,
        (Grids, HandOver),
        Jobs,
        (Lists, ListMappings, Verdicts),
        Residents,
        (Moves, Merging, Erasures),
        (Rosters, OAuth, Clients),
        (Clues, ClueRules),
        Audit,
    );
    OpenApiService::new(apis, "鹤山网格", env!("CARGO_PKG_VERSION"))
        .description(include_str!("contract.md"))
        .server(server)
}

/// `openapi.yaml`, as the program prints it.
pub fn yaml() -> String {
    service("").spec_yaml()
}
