//! Passwords: what is taken as one, and hashing that cannot take the machine.

use crate::app::Error;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use rand::RngExt;
use std::fmt;
use std::sync::LazyLock;
use tokio::sync::Semaphore;

const LEAST: usize = 10;
/// Nobody types more; hashing a megabyte would be work for a stranger to give.
const MOST: usize = 128;

/// How long a one-time code is good, in milliseconds.
pub const CODE_LIFE: i64 = 72 * 3600 * 1000;

/// Each hash takes 19 MiB and a core: the rest of the machine keeps serving.
static HASHING: Semaphore = Semaphore::const_new(2);

/// What unknown accounts are checked against, so that they take as long as known ones.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now(&code()));

/// Often used passwords of ten characters and more; shorter ones are refused anyway. Lower case.
const COMMON: &[&str] = &[
    "1234567890",
    "0123456789",
    "0987654321",
    "9876543210",
    "12345678910",
    "123456789a",
    "a123456789",
    "1234567891",
    "12345678900",
    "123456789q",
    "q123456789",
    "123123123123",
    "123456123456",
    "1122334455",
    "1111111111",
    "1qaz2wsx3edc",
    "1q2w3e4r5t",
    "1q2w3e4r5t6y",
    "q1w2e3r4t5",
    "qwertyuiop",
    "qwerty12345",
    "qwerty123456",
    "asdfghjkl123",
    "zxcvbnm123",
    "password12",
    "password123",
    "password1234",
    "passw0rd123",
    "p@ssw0rd123",
    "administrator",
    "admin123456",
    "admin12345",
    "admin@12345",
    "admin@123456",
    "root123456",
    "iloveyou123",
    "iloveyou520",
    "woaini1314",
    "woaini1314520",
    "woaini520520",
    "5201314520",
    "1314520520",
    "aa123456789",
    "abc1234567",
    "abc12345678",
    "abc123456789",
    "abcd123456",
    "abcd1234567",
    "abcd12345678",
    "abcdefghij",
    "abcdefg123",
    "a1b2c3d4e5",
    "aa12345678",
    "asd1234567",
    "qq123456789",
    "qwe1234567",
    "test123456",
    "user123456",
    "zhang123456",
    "heshan123456",
    "heshan2026",
    "heshan@2026",
    "wangge123456",
    "changeme123",
    "welcome123",
    "letmein1234",
    "147258369",
    "1472583690",
    "0147258369",
    "7894561230",
    "3141592653",
    "qazwsxedcrfv",
    "qazwsx123456",
    "zaq12wsxcde3",
    "dearbook123",
    "guangdong123",
];

/// A password that may be set.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Password {
    /// # Errors
    /// `Refused`: `password_short`, `password_long`, `password_common`, each naming `field`.
    pub fn parse(text: &str, field: &str) -> Result<Password, Error> {
        let length = text.chars().count();
        if length < LEAST {
            return Err(Error::field("password_short", "密码至少 10 个字符", field));
        }
        if length > MOST {
            return Err(Error::field("password_long", "密码最多 128 个字符", field));
        }
        let lower = text.to_lowercase();
        let mut different: Vec<char> = lower.chars().collect();
        different.sort_unstable();
        different.dedup();
        // A telephone number alone is the first thing that somebody who knows the owner would try.
        let mobile = length == 11 && lower.bytes().all(|b| b.is_ascii_digit());
        if different.len() < 4 || mobile || COMMON.contains(&lower.as_str()) {
            return Err(Error::field("password_common", "密码过于常见，请换一个", field));
        }
        Ok(Password(text.to_owned()))
    }

    /// An argon2id hash with its salt and parameters.
    pub async fn hash(&self) -> Result<String, Error> {
        hash(self.0.clone()).await
    }
}

/// A one-time code: ten characters that nobody confuses on paper (49 bits).
pub fn code() -> String {
    const LETTERS: &[u8] = b"23456789abcdefghjkmnpqrstuvwxyz";
    let mut random = rand::rng();
    let letter = |_| LETTERS[random.random_range(0..LETTERS.len())] as char;
    (0..10).map(letter).collect()
}

/// Hashes a password or a one-time code.
pub async fn hash(text: String) -> Result<String, Error> {
    let _permit = HASHING.acquire().await;
    tokio::task::spawn_blocking(move || hash_now(&text))
        .await
        .map_err(|_| Error::Damaged("hashing"))
}

/// Whether `text` is what `known` was made of. Takes as long when there is nothing to compare with.
pub async fn verify(known: Option<String>, text: String) -> Result<bool, Error> {
    let _permit = HASHING.acquire().await;
    let work = move || {
        let nobody: &str = &NOBODY;
        let against = known.as_deref().unwrap_or(nobody);
        // Whatever is longer than a password can be is not looked at whole.
        let right = text.chars().count() <= MOST;
        let text: String = text.chars().take(MOST).collect();
        let parsed = PasswordHash::new(against);
        let equal =
            parsed.is_ok_and(|hash| Argon2::default().verify_password(text.as_bytes(), &hash).is_ok());
        equal && right && known.is_some()
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Error::Damaged("hashing"))
}

fn hash_now(text: &str) -> String {
    Argon2::default()
        .hash_password(text.as_bytes())
        .expect("argon2 takes passwords of any length that we pass")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_password() {
        let cases = [
            ("短密码", "password_short"),
            ("123456789", "password_short"),
            ("1234567890", "password_common"),
            ("PassWord123", "password_common"),
            ("ababababab", "password_common"),
            ("13900078411", "password_common"),
            ("围墙边三棵荔枝树下面", "fine"),
            ("walks-at-dawn-7", "fine"),
        ];
        for (input, expected) in cases {
            let told = match Password::parse(input, "password") {
                Ok(_) => "fine",
                Err(Error::Refused { code, .. }) => code,
                Err(other) => panic!("{other:?}"),
            };
            assert_eq!(told, expected, "{input}");
        }
        let long = "长".repeat(129);
        assert!(Password::parse(&long, "password").is_err());
    }

    #[tokio::test]
    async fn hashes_are_compared() {
        let known = hash("walks-at-dawn-7".to_owned()).await.unwrap();
        assert!(known.starts_with("$argon2id$"));
        for (known, text, expected) in [
            (Some(known.clone()), "walks-at-dawn-7", true),
            (Some(known), "walks-at-dawn-8", false),
            (None, "walks-at-dawn-7", false),
            (Some("not a hash".to_owned()), "x", false),
        ] {
            assert_eq!(verify(known, text.to_owned()).await.unwrap(), expected);
        }
    }
}
