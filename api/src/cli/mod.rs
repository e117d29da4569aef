//! Commands. Each reads the configuration, does one thing, and says in Chinese what became of it.

mod serve;

use api::config::Config;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "heshan-grid", version, about = "鹤山网格：底册、入格、走访与审核")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// 启动服务
    Serve,
    /// 升级数据库结构
    Migrate,
    /// 打印接口文档 openapi.yaml
    Openapi,
}

pub fn run() -> ExitCode {
    let cli = Cli::parse();
    if let Command::Openapi = cli.command {
        print!("{}", api::http::contract::yaml());
        return ExitCode::SUCCESS;
    }
    let config = match Config::load() {
        Ok(config) => config,
        Err(faults) => {
            for fault in faults {
                eprintln!("配置有误：{fault}");
            }
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    let done = runtime.block_on(async {
        match cli.command {
            Command::Serve => serve::serve(&config).await,
            Command::Migrate => serve::migrate(&config).await,
            Command::Openapi => Ok(()),
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
