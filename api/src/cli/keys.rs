//! `keys`: what the operator does about keys.

use super::passphrase;
use crate::app::{Error, rotation, signing};
use crate::clock::Clock;
use crate::config::Config;
use crate::program::{self, Program, Schema, StartFault};
use crate::seal::escrow;
use crate::seal::master::{self, Secrets};
use crate::seal::signing::RIPENING;
use crate::store::keys as keyring;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

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

/// Makes a new data key; a running server seals everything anew with it.
pub async fn rotate(config: &Config) -> Result<(), String> {
    let (program, _) = Program::open(config, Schema::Beside)
        .await
        .map_err(|e| e.to_string())?;
    let (id, job) = rotation::rotate(&program).await.map_err(|error| match error {
        Error::Conflict { message, .. } => message,
        other => format!("密钥未更换：{other}"),
    })?;
    println!(
        "已生成新的数据密钥，编号 {id}；{} 秒后起用它加密。已有内容由正在运行（或下次启动）的服务在后台逐步换用新密钥，\
         任务编号 {job}，完成后旧密钥停用。检索密钥不在此更换",
        RIPENING / 1000
    );
    Ok(())
}

/// Writes both secrets under a passphrase into a new file.
pub fn export(config: &Config, file: &Path) -> Result<(), String> {
    let secrets = match config.secrets {
        Some((master, lookup)) => Secrets { master, lookup },
        None => {
            let read = master::from_folder(&config.data.join("keys"), false);
            read.map_err(|fault| fault.to_string())?.0
        }
    };
    let made = Clock::with_offset(config.clock_offset).now().minute();
    let text = escrow::export(&secrets, &passphrase::ask(true)?, &made).map_err(|e| e.to_string())?;
    let fault = |e: std::io::Error| format!("{}：{e}", file.display());
    let mut options = std::fs::OpenOptions::new();
    let mut out = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .map_err(fault)?;
    out.write_all(text.as_bytes())
        .and_then(|()| out.sync_all())
        .map_err(fault)?;
    println!("密钥已写入 {}；请与口令、与数据分开保管", file.display());
    Ok(())
}

/// Puts the secrets of such a file into the data folder, unless there are others, or the database has others.
pub async fn import(config: &Config, file: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("{}：{e}", file.display()))?;
    let secrets = escrow::import(&text, &passphrase::ask(false)?).map_err(|e| e.to_string())?;
    match program::connect(config, Schema::Read).await {
        Ok((db, _)) => {
            let any = keyring::any(&db).await;
            if any.map_err(|e| StartFault::from(e).to_string())? {
                let now = Clock::with_offset(config.clock_offset).now().millis();
                let opened = keyring::open(&db, &secrets, config.algorithm, now).await;
                opened.map_err(|e| e.to_string())?;
            }
        }
        // Nothing is there yet: keys come before a restore.
        Err(StartFault::Folder(..)) => {}
        Err(error) => return Err(error.to_string()),
    }
    let folder = config.data.join("keys");
    master::put(&folder, &secrets).map_err(|fault| fault.to_string())?;
    println!("密钥已放入 {}", folder.display());
    Ok(())
}
