//! `demo`: a county of invented people, and the accounts to try it with.

use crate::app::demo;
use crate::config::Config;
use crate::program::{Program, Schema};
use domain::catalogue::Role;

pub async fn demo(config: &Config, size: usize) -> Result<(), String> {
    let (program, made) = Program::open(config, Schema::Serve)
        .await
        .map_err(|e| e.to_string())?;
    if let Some(folder) = made {
        eprintln!("已生成密钥：{folder}\n请立即另行备份。没有这些密钥，全部数据都无法打开。");
    }
    let filled = demo::fill(&program, size).await.map_err(|e| match e {
        crate::app::Error::Conflict { message, .. } => message,
        other => format!("演示数据写入失败：{other}"),
    })?;
    match filled {
        Some(_) => println!("已生成演示县：{size} 名虚构人员"),
        None => println!("演示县已存在，保留原有数据"),
    }
    println!("演示账号（密码均为 {}）：", demo::PASSWORD);
    for (role, phone) in demo::printed() {
        println!("  {}  {phone}", title(role));
    }
    Ok(())
}

fn title(role: Role) -> &'static str {
    match role {
        Role::Worker => "网格员  ",
        Role::Cadre => "村居干部",
        Role::TownOfficer => "镇街    ",
        Role::Department => "部门    ",
        Role::BureauAdmin => "管理员  ",
        Role::Auditor => "审计员  ",
    }
}
