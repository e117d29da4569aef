//! `account`: what the operator does about accounts at the machine itself.

use crate::app::Error;
use crate::app::accounts::{self, NewAccount};
use crate::app::passwords::CODE_LIFE;
use crate::config::Config;
use crate::program::{Program, Schema, StartFault};

/// Makes an administrator and prints the one-time code.
pub async fn create_admin(config: &Config, phone: &str, name: &str, force: bool) -> Result<(), String> {
    let opened = Program::open(config, Schema::Serve).await;
    let (program, made) = opened.map_err(|fault| match fault {
        StartFault::Locked => "数据目录正被另一个进程使用：请先停止服务，再建立管理员账号".to_owned(),
        other => other.to_string(),
    })?;
    if let Some(folder) = made {
        eprintln!("已生成密钥：{folder}\n请立即另行备份。没有这些密钥，全部数据都无法打开。");
    }
    let new = NewAccount {
        name,
        phone,
        home: None,
    };
    let now = program.clock.now();
    let code = accounts::first_admin(&program.db, &program.keys, new, force, now)
        .await
        .map_err(|error| match error {
            Error::Conflict {
                code: "admin_exists",
                message,
                ..
            } => format!("{message}；确需在此建立的，请加 --force"),
            Error::Conflict { message, .. } | Error::Refused { message, .. } => message,
            other => format!("账号未建立：{other}"),
        })?;
    println!("已建立管理员账号：{}", code.account);
    println!("一次性密码：{}", code.code);
    let hours = CODE_LIFE / (3600 * 1000);
    println!("请在 {hours} 小时内登录；首次登录须修改密码。此密码只显示这一次。");
    Ok(())
}
