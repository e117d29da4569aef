//! Commands. Each reads the configuration, does one thing, and says in Chinese what became of it.

mod account;
mod backup;
mod demo;
mod doctor;
pub mod import;
mod keys;
mod link;
mod passphrase;
mod person;
mod restore;
mod serve;
mod verify;

use crate::config::Config;
use crate::http::contract;
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
    /// 生成演示县（虚构人员与各角色账号）；已有则保留
    Demo {
        /// 人数
        #[arg(long, default_value_t = 5000)]
        size: usize,
    },
    /// 账号
    Account {
        #[command(subcommand)]
        what: Account,
    },
    /// 密钥
    Keys {
        #[command(subcommand)]
        what: Keys,
    },
    /// 核对数据（只读；服务运行时也可执行）
    Verify {
        #[command(subcommand)]
        what: Verify,
    },
    /// 居民本人的信息报告；抹除之后的核查
    Person {
        #[command(subcommand)]
        what: Person,
    },
    /// 体检：密钥、时钟、磁盘、备份、后台任务、手机等，一页说明。
    /// 全部正常时退出码为 0，有需要注意的为 1，有故障为 2；服务运行时也可执行
    Doctor {
        /// 以 JSON 输出
        #[arg(long)]
        json: bool,
    },
    /// 备份数据库（不含密钥），服务运行时也可执行；每次成败都会登记，体检时可见
    Backup {
        /// 备份文件；是目录时按时间命名。仅用于内置数据库
        #[arg(conflicts_with = "run")]
        target: Option<std::path::PathBuf>,
        /// 目录中保留最近几个备份，其余删除
        #[arg(long, requires = "target")]
        keep: Option<usize>,
        /// 执行这条备份命令（例如 pg_dump）并登记成败
        #[arg(long)]
        run: Option<String>,
    },
    /// 从备份恢复，并开始新的一代数据（手机会重新比对）。须先停止服务
    Restore {
        /// heshan-grid backup 写的文件。仅用于内置数据库
        #[arg(required_unless_present = "mark", conflicts_with = "mark")]
        file: Option<std::path::PathBuf>,
        /// 数据目录中已有数据库时替换；原有文件移到一旁
        #[arg(long, requires = "file")]
        replace: bool,
        /// 数据库已用其他工具恢复，只作标记
        #[arg(long)]
        mark: bool,
        /// 另有连接时仍然标记
        #[arg(long, requires = "mark")]
        force: bool,
    },
    /// 打印接口文档 openapi.yaml
    Openapi,
    /// 读取名单文件并显示读到的内容（不需要服务和数据库）
    Import {
        /// 只读取，不入库
        #[arg(long, required = true)]
        dry_run: bool,
        /// 以 JSON 输出
        #[arg(long)]
        json: bool,
        /// population、disabled、low_income、old_age_allowance、deaths、grids
        kind: String,
        file: std::path::PathBuf,
    },
    /// 把一个文件夹里的底册和名单（CSV）关联、归人、入格、比对，结果写成 CSV（不需要服务和数据库）
    Link {
        /// 含 roster.csv、grids.csv 和各名单的文件夹
        #[arg(long)]
        data: std::path::PathBuf,
        /// 写结果的文件夹
        #[arg(long)]
        out: std::path::PathBuf,
        /// 上次询问的答复：source,record_id,roster_id
        #[arg(long)]
        answers: Option<std::path::PathBuf>,
        /// 打印这一行是怎样判定的
        #[arg(long)]
        why: Option<String>,
    },
}

#[derive(Subcommand)]
enum Account {
    /// 建立管理员账号，并显示一次性密码。
    /// 使用内置数据库时须先停止服务；使用 PostgreSQL 时服务可以继续运行
    CreateAdmin {
        /// 11 位手机号，用于登录
        #[arg(long)]
        phone: String,
        /// 姓名
        #[arg(long)]
        name: String,
        /// 已有可用的管理员时仍然建立
        #[arg(long)]
        force: bool,
    },
}

#[derive(Subcommand)]
enum Keys {
    /// 更换登录令牌的签名密钥；已签发的令牌到期前仍然有效。
    /// 使用内置数据库时须先停止服务；使用 PostgreSQL 时运行中的各节点自行读取新密钥
    RotateSigning,
    /// 更换数据密钥；服务运行时也可执行。已有内容由服务在后台逐步换用新密钥
    Rotate,
    /// 把主密钥和检索密钥以口令加密写入一个文件；口令在终端输入，或从标准输入传入一行
    Export { file: std::path::PathBuf },
    /// 把 keys export 写的密钥放回数据目录；已有密钥时不会覆盖
    Import { file: std::path::PathBuf },
}

#[derive(Subcommand)]
enum Person {
    /// 打印（JSON）保存了此人哪些信息、来自何处、谁查阅过、在哪些手机上；登记入审计。
    /// 服务运行时也可执行；输出含个人信息，请妥善保管
    Report {
        /// 居民编号；不给时从标准输入读取一行身份证号
        id: Option<uuid::Uuid>,
    },
    /// 查找已抹除的人是否仍有遗留：逐项打开全部加密内容；列出未确认删除的手机和抹除前的备份。
    /// 没有遗留且手机均已确认时退出码为 0，否则为 3
    Erased {
        /// 被抹除者原来的居民编号
        id: uuid::Uuid,
    },
    /// 按抹除登记（erasures.ndjson）再次抹除：恢复备份时没有找到登记，后来找到了。服务运行时也可执行
    Again {
        /// 原数据目录或较新备份旁的登记；确知没有抹除过任何人时可给出空文件
        file: std::path::PathBuf,
    },
}

#[derive(Subcommand)]
enum Verify {
    /// 逐一核对居民记录：文档、事实、展示内容、下发序列、检索散列、检索卡、修改序号。
    /// 无差异时退出码为 0，有差异时为 3，未能完成核对时为 1
    Records,
}

pub fn run() -> ExitCode {
    let cli = Cli::parse();
    if let Command::Openapi = cli.command {
        print!("{}", contract::yaml());
        return ExitCode::SUCCESS;
    }
    if let Command::Import { kind, file, .. } = &cli.command {
        return said(
            import::dry_run(kind, file)
                .map(|report| println!("{report}"))
                .map(success),
        );
    }
    if let Command::Link {
        data,
        out,
        answers,
        why,
    } = &cli.command
    {
        let what = link::What {
            data,
            out,
            answers: answers.as_deref(),
            why: why.as_deref(),
        };
        return said(link::link(&what).map(success));
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
            Command::Serve => serve::serve(&config).await.map(success),
            Command::Migrate => serve::migrate(&config).await.map(success),
            Command::Demo { size } => demo::demo(&config, size).await.map(success),
            Command::Account {
                what: Account::CreateAdmin { phone, name, force },
            } => account::create_admin(&config, &phone, &name, force)
                .await
                .map(success),
            Command::Keys {
                what: Keys::RotateSigning,
            } => keys::rotate_signing(&config).await.map(success),
            Command::Keys { what: Keys::Rotate } => keys::rotate(&config).await.map(success),
            Command::Keys {
                what: Keys::Export { file },
            } => keys::export(&config, &file).map(success),
            Command::Keys {
                what: Keys::Import { file },
            } => keys::import(&config, &file).await.map(success),
            Command::Verify {
                what: Verify::Records,
            } => verify::records(&config).await,
            Command::Person {
                what: Person::Report { id },
            } => person::report(&config, id).await.map(success),
            Command::Person {
                what: Person::Erased { id },
            } => person::erased(&config, id).await,
            Command::Person {
                what: Person::Again { file },
            } => person::again(&config, &file).await.map(success),
            Command::Backup { target, keep, run } => {
                let what = backup::What {
                    target: target.as_deref(),
                    keep,
                    run: run.as_deref(),
                };
                backup::backup(&config, what).await.map(success)
            }
            Command::Restore {
                file: Some(file),
                replace,
                ..
            } => restore::from_file(&config, &file, replace).await.map(success),
            Command::Restore { force, .. } => restore::mark(&config, force).await.map(success),
            Command::Doctor { json } => doctor::doctor(&config, json).await,
            Command::Openapi | Command::Import { .. } | Command::Link { .. } => Ok(ExitCode::SUCCESS),
        }
    });
    said(done)
}

fn success(_: ()) -> ExitCode {
    ExitCode::SUCCESS
}

fn said(done: Result<ExitCode, String>) -> ExitCode {
    match done {
        Ok(code) => code,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
