//! The master key and the look-up key: owner-only files in the data folder, or given by configuration.

use super::cipher::{Algorithm, Key, NONCE};
use rand::RngExt;
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The two secrets that everything sealed hangs on.
pub struct Secrets {
    pub master: [u8; 32],
    pub lookup: [u8; 32],
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    #[error("密钥文件 {0} 可被他人读取；请执行 chmod 600")]
    Readable(PathBuf),
    #[error("密钥文件 {0} 不是 64 位十六进制文本")]
    Malformed(PathBuf),
    #[error("密钥文件 {0}：{1}")]
    Io(PathBuf, io::Error),
    #[error("{0} 已存在，不会覆盖")]
    There(PathBuf),
    #[error("数据库里已有密钥记录，但数据目录里没有密钥文件 {0}；没有原来的密钥，数据无法打开")]
    Missing(PathBuf),
}

/// Reads both keys from `folder`, or makes them when `may_make` (a database that holds nothing yet).
/// Answers the secrets and whether they are new.
pub fn from_folder(folder: &Path, may_make: bool) -> Result<(Secrets, bool), KeyFault> {
    let (master, lookup) = (folder.join("master.key"), folder.join("lookup.key"));
    let missing = [&master, &lookup].into_iter().find(|file| !file.exists());
    if let Some(file) = missing {
        if !may_make {
            return Err(KeyFault::Missing(file.clone()));
        }
        make_folder(folder).map_err(|e| KeyFault::Io(folder.to_owned(), e))?;
        for file in [&master, &lookup] {
            if !file.exists() {
                write_new(file, &rand::rng().random()).map_err(|e| KeyFault::Io(file.clone(), e))?;
            }
        }
    }
    let secrets = Secrets {
        master: read(&master)?,
        lookup: read(&lookup)?,
    };
    Ok((secrets, missing.is_some()))
}

/// Writes both keys into `folder`, where there is none of them yet.
///
/// # Errors
/// [`KeyFault::There`], [`KeyFault::Io`].
pub fn put(folder: &Path, secrets: &Secrets) -> Result<(), KeyFault> {
    let files = [
        (folder.join("master.key"), &secrets.master),
        (folder.join("lookup.key"), &secrets.lookup),
    ];
    if let Some((there, _)) = files.iter().find(|(file, _)| file.exists()) {
        return Err(KeyFault::There(there.clone()));
    }
    make_folder(folder).map_err(|e| KeyFault::Io(folder.to_owned(), e))?;
    for (file, secret) in files {
        write_new(&file, secret).map_err(|e| KeyFault::Io(file.clone(), e))?;
    }
    Ok(())
}

/// Reads 64 hexadecimal digits, as configuration and key files hold them.
pub fn parse(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(key)
}

fn read(file: &Path) -> Result<[u8; 32], KeyFault> {
    let fault = |e| KeyFault::Io(file.to_owned(), e);
    if readable_by_others(&fs::metadata(file).map_err(fault)?) {
        return Err(KeyFault::Readable(file.to_owned()));
    }
    parse(&fs::read_to_string(file).map_err(fault)?).ok_or_else(|| KeyFault::Malformed(file.to_owned()))
}

#[cfg(unix)]
fn readable_by_others(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    meta.permissions().mode() & 0o077 != 0
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(unix)]
fn write_new(file: &Path, secret: &[u8; 32]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let text: String = secret.iter().map(|b| format!("{b:02x}")).collect();
    let mut out = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    writeln!(out, "{text}")?;
    out.sync_all()
}

/// Wraps a key under the master key; `id` and `purpose` are bound to it.
pub fn wrap(master: &[u8; 32], id: i32, purpose: &str, secret: &[u8]) -> Vec<u8> {
    let nonce: [u8; NONCE] = rand::rng().random();
    let mut out = nonce.to_vec();
    // AES-256 for wrapping whatever the data cipher: a wrapped key must outlive that setting.
    out.extend(Key::new(master).seal(Algorithm::Aes256Gcm, &nonce, &aad(id, purpose), secret));
    out
}

/// `None` when the master key is another one or the row was changed.
pub fn unwrap(master: &[u8; 32], id: i32, purpose: &str, wrapped: &[u8]) -> Option<Vec<u8>> {
    let (nonce, body) = wrapped.split_first_chunk::<NONCE>()?;
    Key::new(master).open(Algorithm::Aes256Gcm, nonce, &aad(id, purpose), body)
}

fn aad(id: i32, purpose: &str) -> Vec<u8> {
    [&id.to_be_bytes(), purpose.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn keys_are_made_once_and_refused_when_others_can_read_them() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("keys");
        assert!(matches!(from_folder(&folder, false), Err(KeyFault::Missing(_))));
        let (made, new) = from_folder(&folder, true).unwrap();
        let (again, newer) = from_folder(&folder, false).unwrap();
        assert!(new && !newer && made.master == again.master && made.lookup == again.lookup);
        assert_ne!(made.master, made.lookup);
        let file = folder.join("lookup.key");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(from_folder(&folder, true), Err(KeyFault::Readable(_))));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&file, "not a key").unwrap();
        assert!(matches!(from_folder(&folder, true), Err(KeyFault::Malformed(_))));
    }

    #[test]
    fn a_wrapped_key_opens_with_its_master_id_and_purpose_only() {
        let wrapped = wrap(&[1; 32], 5, "data", &[8; 32]);
        assert_eq!(unwrap(&[1; 32], 5, "data", &wrapped).unwrap(), [8; 32]);
        assert!(unwrap(&[2; 32], 5, "data", &wrapped).is_none());
        assert!(unwrap(&[1; 32], 6, "data", &wrapped).is_none());
        assert!(unwrap(&[1; 32], 5, "signing", &wrapped).is_none());
    }
}
