//! Access tokens (15 minutes, signed) and refresh tokens (`family.generation.HMAC`).

use crate::app::Error;
use crate::seal::{Keyring, SigningKeys};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Instant;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// Seconds that an access token lives.
pub const ACCESS_LIFE: i64 = 15 * 60;
/// Seconds by which clocks of nodes may differ.
const LEEWAY: i64 = 60;
/// Milliseconds that a family lives without use.
pub const IDLE: i64 = 180 * 24 * 3600 * 1000;

const ACCESS: &str = "access";
const CLIENT: &str = "client";

#[derive(Serialize, Deserialize)]
struct Claims {
    /// What the token is for: one of another kind opens nothing here.
    typ: String,
    sub: Uuid,
    sid: Uuid,
    iat: i64,
    exp: i64,
    /// Of a client: the operations that it asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

/// What an access token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    pub account: Uuid,
    pub session: Uuid,
}

/// What a client's token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAccess {
    pub client: Uuid,
    pub secret: Uuid,
    /// Names of operations with blanks between.
    pub scope: String,
}

/// A token that opens something.
pub enum Token {
    Session(Access),
    Client(ClientAccess),
}

/// The answer to every token that does not open: which part was wrong is nobody's business.
pub const fn invalid() -> Error {
    Error::Unauthorized {
        code: "token_invalid",
        message: "登录状态无效，请重新登录",
    }
}

const fn expired() -> Error {
    Error::Unauthorized {
        code: "token_expired",
        message: "登录状态已过期，请刷新",
    }
}

/// Signs an access token for one session.
pub fn access(signing: &SigningKeys, of: Access, now: Instant) -> Result<String, Error> {
    sign(signing, ACCESS, (of.account, of.session), None, now)
}

/// Signs an access token for a client's secret.
pub fn client(signing: &SigningKeys, of: &ClientAccess, now: Instant) -> Result<String, Error> {
    let scope = Some(of.scope.clone());
    sign(signing, CLIENT, (of.client, of.secret), scope, now)
}

fn sign(
    signing: &SigningKeys,
    typ: &str,
    of: (Uuid, Uuid),
    scope: Option<String>,
    now: Instant,
) -> Result<String, Error> {
    let (id, secret) = signing
        .current(now.millis())
        .ok_or(Error::Damaged("signing keys"))?;
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(id.to_string());
    let claims = Claims {
        typ: typ.into(),
        sub: of.0,
        sid: of.1,
        iat: now.seconds(),
        exp: now.seconds() + ACCESS_LIFE,
        scope,
    };
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&secret))
        .map_err(|_| Error::Damaged("signing"))
}

/// The id of the key that a token says it was signed with. Anybody can write one.
pub fn key_id(token: &str) -> Option<i32> {
    let header = jsonwebtoken::decode_header(token).ok()?;
    header.kid?.parse().ok()
}

/// Reads an access token of a session.
///
/// # Errors
/// As [`read`]; `token_invalid` for a client's.
pub fn read_access(signing: &SigningKeys, token: &str, now: Instant) -> Result<Access, Error> {
    match read(signing, token, now)? {
        Token::Session(access) => Ok(access),
        Token::Client(_) => Err(invalid()),
    }
}

/// Reads an access token, a session's or a client's.
///
/// # Errors
/// `Unauthorized`: `token_expired` for one of ours that is too old, `token_invalid` for everything else.
pub fn read(signing: &SigningKeys, token: &str, now: Instant) -> Result<Token, Error> {
    let id = key_id(token).ok_or(invalid())?;
    let secret = signing.get(id).ok_or(invalid())?;
    let mut validation = Validation::new(Algorithm::HS256);
    // The library would read the machine's clock; ours is the database's.
    validation.validate_exp = false;
    validation.validate_aud = false;
    let key = DecodingKey::from_secret(&secret);
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation)
        .map_err(|_| invalid())?
        .claims;
    if ![ACCESS, CLIENT].contains(&claims.typ.as_str()) {
        return Err(invalid());
    }
    if claims.exp.saturating_add(LEEWAY) <= now.seconds() {
        return Err(expired());
    }
    Ok(match claims.scope {
        Some(scope) if claims.typ == CLIENT => Token::Client(ClientAccess {
            client: claims.sub,
            secret: claims.sid,
            scope,
        }),
        None if claims.typ == ACCESS => Token::Session(Access {
            account: claims.sub,
            session: claims.sid,
        }),
        _ => return Err(invalid()),
    })
}

/// The refresh token of a family's generation: always the same one, so that a lost answer can be given again.
pub fn refresh(keys: &Keyring, family: Uuid, generation: i32) -> String {
    let mac = URL_SAFE_NO_PAD.encode(mac(keys, family, generation));
    format!("{}.{generation}.{mac}", family.simple())
}

/// Family and generation of a refresh token that we made.
///
/// # Errors
/// `Unauthorized` `token_invalid`.
pub fn read_refresh(keys: &Keyring, token: &str) -> Result<(Uuid, i32), Error> {
    let read = || {
        let (family, rest) = token.split_once('.')?;
        let (generation, given) = rest.split_once('.')?;
        let family = Uuid::try_parse(family).ok()?;
        let generation: i32 = generation.parse().ok()?;
        let given = URL_SAFE_NO_PAD.decode(given).ok()?;
        let right: bool = mac(keys, family, generation).as_slice().ct_eq(&given).into();
        // One token has one spelling.
        (right && refresh(keys, family, generation) == token).then_some((family, generation))
    };
    read().ok_or(invalid())
}

fn mac(keys: &Keyring, family: Uuid, generation: i32) -> [u8; 32] {
    keys.digest(&[b"refresh token", family.as_bytes(), &generation.to_be_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn at(seconds: i64) -> Instant {
        Instant::from_millis((1_800_000_000 + seconds) * 1000)
    }

    fn told(result: Result<Access, Error>) -> &'static str {
        match result {
            Ok(_) => "fine",
            Err(Error::Unauthorized { code, .. }) => code,
            Err(other) => panic!("{other:?}"),
        }
    }

    fn with_claims(secret: &[u8], header: &Header, claims: &serde_json::Value) -> String {
        jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret)).unwrap()
    }

    #[test]
    fn access_tokens() {
        let keys = SigningKeys::new([(3, [1; 32], 0), (4, [2; 32], at(0).millis())]);
        let of = Access {
            account: Uuid::now_v7(),
            session: Uuid::now_v7(),
        };
        let token = access(&keys, of, at(0)).unwrap();
        assert_eq!(read_access(&keys, &token, at(10)).unwrap(), of);
        // A new key only verifies at first: other nodes have yet to learn of it.
        let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
        assert_eq!(kid(&token), "3");
        assert_eq!(kid(&access(&keys, of, at(3600)).unwrap()), "4");
        let one = |kid: Option<&str>| {
            let mut header = Header::new(Algorithm::HS256);
            header.kid = kid.map(str::to_owned);
            header
        };
        let claims = |typ: &str| {
            let id = of.account;
            serde_json::json!({"typ": typ, "sub": id, "sid": id, "iat": 0, "exp": at(900).seconds()})
        };
        let mut changed = token.clone().into_bytes();
        let middle = token.find('.').unwrap() + 9;
        changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        let cases = [
            (token.clone(), 0, "fine"),
            (token.clone(), 959, "fine"),
            (token.clone(), 960, "token_expired"),
            (String::from_utf8(changed).unwrap(), 0, "token_invalid"),
            (unsigned, 0, "token_invalid"),
            (String::new(), 0, "token_invalid"),
            ("a.b.c".to_owned(), 0, "token_invalid"),
            (
                with_claims(&[1; 32], &one(Some("3")), &claims("access")),
                0,
                "fine",
            ),
            (
                with_claims(&[1; 32], &one(Some("3")), &claims("export")),
                0,
                "token_invalid",
            ),
            (
                with_claims(&[1; 32], &one(Some("4")), &claims("access")),
                0,
                "token_invalid",
            ),
            (
                with_claims(&[1; 32], &one(Some("9")), &claims("access")),
                0,
                "token_invalid",
            ),
            (
                with_claims(&[1; 32], &one(None), &claims("access")),
                0,
                "token_invalid",
            ),
            (
                with_claims(
                    &[1; 32],
                    &Header {
                        kid: Some("3".into()),
                        ..Header::new(Algorithm::HS512)
                    },
                    &claims("access"),
                ),
                0,
                "token_invalid",
            ),
        ];
        for (place, (token, seconds, expected)) in cases.into_iter().enumerate() {
            assert_eq!(
                told(read_access(&keys, &token, at(seconds))),
                expected,
                "case {place}"
            );
        }
    }

    #[test]
    fn refresh_tokens() {
        let ring = |lookup| {
            let data = BTreeMap::from([(1, [7; 32])]);
            Keyring::new(data, 1, crate::seal::Algorithm::Sm4Gcm, [lookup; 32])
        };
        let family = Uuid::now_v7();
        let token = refresh(&ring(3), family, 7);
        assert_eq!(read_refresh(&ring(3), &token).unwrap(), (family, 7));
        for wrong in [
            token.replace(".7.", ".8."),
            token.replace(".7.", ".07."),
            token.to_uppercase(),
            format!("{token}A"),
            "x".to_owned(),
            String::new(),
        ] {
            assert!(read_refresh(&ring(3), &wrong).is_err(), "{wrong}");
        }
        assert!(read_refresh(&ring(4), &token).is_err());
    }
}
