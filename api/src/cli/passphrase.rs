//! A passphrase from whoever sits at the machine, or from a pipe. Never from an argument or the environment, which
//! others on the machine can read.

use std::io::{self, BufRead, IsTerminal};

/// One line. At a terminal it is asked for and not shown; `twice` asks again, so that a slip of the finger locks
/// nothing away.
pub fn ask(twice: bool) -> Result<String, String> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return line();
    }
    let first = hidden("口令：")?;
    if twice && hidden("再输入一次：")? != first {
        return Err("两次输入的口令不同".into());
    }
    Ok(first)
}

fn line() -> Result<String, String> {
    let mut text = String::new();
    let read = io::stdin().lock().read_line(&mut text);
    read.map_err(|e| format!("口令无法读取：{e}"))?;
    let text = text.trim_end_matches(['\n', '\r']).to_owned();
    if text.is_empty() {
        return Err("没有给出口令：请在终端中输入，或从标准输入传入一行".into());
    }
    Ok(text)
}

#[cfg(target_os = "linux")]
fn hidden(prompt: &str) -> Result<String, String> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    eprint!("{prompt}");
    let fault = |e: rustix::io::Errno| format!("终端无法使用：{e}");
    let shown = tcgetattr(io::stdin()).map_err(fault)?;
    let mut silent = shown.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(io::stdin(), OptionalActions::Now, &silent).map_err(fault)?;
    let read = line();
    tcsetattr(io::stdin(), OptionalActions::Now, &shown).map_err(fault)?;
    eprintln!();
    read
}

#[cfg(not(target_os = "linux"))]
fn hidden(prompt: &str) -> Result<String, String> {
    eprint!("{prompt}");
    line()
}
