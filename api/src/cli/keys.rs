//! `keys`: what the operator does about keys.

use crate::app::signing;
use crate::config::Config;
use crate::program::{Program, Schema, StartFault};
use crate::seal::signing::RIPENING;

pub async fn rotate_signing(config: &Config) -> Result<(), String> {
    let opened = Program::open(config, Schema::Serve).await;
    let (program, _) = opened.map_err(|fault| match fault {
        StartFault::Locked => "数据目录正被另一个进程使用：请先停止服务，再更换密钥".to_owned(),
        other => other.to_string(),
    })?;
    let id = signing::rotate(&program)
        .await
        .map_err(|error| format!("密钥未更换：{error}"))?;
    let seconds = RIPENING / 1000;
    println!("已生成新的签名密钥，编号 {id}；{seconds} 秒后起用它签发，此前签发的登录令牌到期前仍然有效");
    Ok(())
}
