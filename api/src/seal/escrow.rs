//! Master key and look-up key as one text under a passphrase, to be kept away from the data.
//!
//! Argon2id makes a key of the passphrase, AES-256-GCM seals both secrets with it; every line before the sealed one is
//! bound to it. What the two secrets open lies in the database, so this text alone opens nothing.

use super::cipher::{Algorithm, Key, NONCE};
use super::master::Secrets;
use argon2::{Argon2, Params, Version};
use rand::RngExt;

const TITLE: &str = "heshan-grid keys 1";
/// Letters of the shortest passphrase.
pub const LEAST: usize = 12;
/// 64 MiB, three passes, one lane: a second or less on a small machine, and dear for whoever guesses.
const COST: Cost = Cost {
    memory: 64 * 1024,
    passes: 3,
};
/// A text that asks for more than this was not made here, and would only keep the machine busy.
const MOST: Cost = Cost {
    memory: 1024 * 1024,
    passes: 16,
};

#[derive(Clone, Copy)]
struct Cost {
    /// In KiB.
    memory: u32,
    passes: u32,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EscrowFault {
    #[error("口令至少 {LEAST} 个字符")]
    Short,
    #[error("这不是 heshan-grid keys export 写的文件，或已损坏")]
    Malformed,
    #[error("口令不对，或文件已损坏")]
    Passphrase,
}

/// The text; `made` is shown in it and may be anything on one line.
///
/// # Errors
/// [`EscrowFault::Short`].
pub fn export(secrets: &Secrets, passphrase: &str, made: &str) -> Result<String, EscrowFault> {
    if passphrase.chars().count() < LEAST {
        return Err(EscrowFault::Short);
    }
    let (salt, nonce): ([u8; 16], [u8; NONCE]) = (rand::rng().random(), rand::rng().random());
    let head = format!(
        "{TITLE}\nmade {made}\nargon2id {} {} {}\nnonce {}\n",
        COST.memory,
        COST.passes,
        hex(&salt),
        hex(&nonce)
    );
    let plain = [secrets.master, secrets.lookup].concat();
    let key = key(passphrase, &salt, COST).ok_or(EscrowFault::Malformed)?;
    let sealed = key.seal(Algorithm::Aes256Gcm, &nonce, head.as_bytes(), &plain);
    Ok(format!("{head}sealed {}\n", hex(&sealed)))
}

/// The secrets in a text.
///
/// # Errors
/// [`EscrowFault::Malformed`], [`EscrowFault::Passphrase`].
pub fn import(text: &str, passphrase: &str) -> Result<Secrets, EscrowFault> {
    let text = text.replace("\r\n", "\n");
    let read = read(&text).ok_or(EscrowFault::Malformed)?;
    let key = key(passphrase, &read.salt, read.cost).ok_or(EscrowFault::Malformed)?;
    let plain = key
        .open(
            Algorithm::Aes256Gcm,
            &read.nonce,
            read.head.as_bytes(),
            &read.sealed,
        )
        .ok_or(EscrowFault::Passphrase)?;
    let (master, lookup) = plain.split_first_chunk::<32>().ok_or(EscrowFault::Malformed)?;
    Ok(Secrets {
        master: *master,
        lookup: lookup.try_into().map_err(|_| EscrowFault::Malformed)?,
    })
}

struct Read<'a> {
    head: &'a str,
    cost: Cost,
    salt: [u8; 16],
    nonce: [u8; NONCE],
    sealed: Vec<u8>,
}

fn read(text: &str) -> Option<Read<'_>> {
    let start = text.find(TITLE)?;
    let (head, sealed) = text[start..].split_once("sealed ")?;
    let mut lines = head.lines().skip(2);
    let mut words = lines.next()?.strip_prefix("argon2id ")?.split(' ');
    let cost = Cost {
        memory: words.next()?.parse().ok().filter(|m| *m <= MOST.memory)?,
        passes: words.next()?.parse().ok().filter(|p| *p <= MOST.passes)?,
    };
    Some(Read {
        head,
        cost,
        salt: bytes(words.next()?)?.try_into().ok()?,
        nonce: bytes(lines.next()?.strip_prefix("nonce ")?)?.try_into().ok()?,
        sealed: bytes(sealed.split_whitespace().next()?)?,
    })
}

fn key(passphrase: &str, salt: &[u8], cost: Cost) -> Option<Key> {
    let params = Params::new(cost.memory, cost.passes, 1, Some(32)).ok()?;
    let argon = Argon2::new(argon2::Algorithm::Argon2id, Version::V0x13, params);
    let mut out = [0; 32];
    argon
        .hash_password_into(passphrase.as_bytes(), salt, &mut out)
        .ok()?;
    Some(Key::new(&out))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Bytes from an even number of hexadecimal digits; `None` where they are none.
pub fn bytes(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRETS: Secrets = Secrets {
        master: [7; 32],
        lookup: [9; 32],
    };

    #[test]
    fn comes_back_with_its_passphrase_only() {
        let text = export(&SECRETS, "榕树头下的老石桥一二三四", "2026-11-30").unwrap();
        assert!(!text.contains(&hex(&SECRETS.master)) && !text.contains(&hex(&SECRETS.lookup)));
        let back = import(&format!("\u{feff}{text}\n"), "榕树头下的老石桥一二三四").unwrap();
        assert!(back.master == SECRETS.master && back.lookup == SECRETS.lookup);
        let windows = import(&text.replace('\n', "\r\n"), "榕树头下的老石桥一二三四").unwrap();
        assert!(windows.master == SECRETS.master);
        let other = import(&text, "榕树头下的老石桥一二三五").unwrap_err();
        assert_eq!(other, EscrowFault::Passphrase);
        // Every line before is bound to what is sealed.
        let moved = text.replace("2026-11-30", "2025-11-30");
        assert_eq!(
            import(&moved, "榕树头下的老石桥一二三四").unwrap_err(),
            EscrowFault::Passphrase
        );
    }

    #[test]
    fn other_texts_are_refused() {
        assert_eq!(export(&SECRETS, "short", "").unwrap_err(), EscrowFault::Short);
        let text = export(&SECRETS, "long enough it is", "x").unwrap();
        for bad in [
            String::new(),
            "heshan-grid keys 1".into(),
            text.replace("argon2id 65536 3", "argon2id 4294967295 3"),
            text.replace("argon2id 65536 3", "argon2id 65536 4000"),
            text.replace("nonce ", "nonce 0"),
            text.replace("sealed ", "sealed"),
        ] {
            assert_eq!(
                import(&bad, "long enough it is").unwrap_err(),
                EscrowFault::Malformed,
                "{bad}"
            );
        }
    }
}
