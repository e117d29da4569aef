//! Signing keys of a running program: they change in the database, by whatever process, and every node follows.

use crate::app::{Error, tokens};
use crate::program::Program;
use crate::store::audit::{self, Entry};
use crate::store::keys::{self, KeyringFault};

/// Milliseconds between two readings that tokens can cause: anybody can write a key id that nobody knows.
const PAUSE: i64 = 5 * 1000;

/// Reads the keys anew.
pub async fn follow(program: &Program) -> Result<(), Error> {
    let now = program.clock.now().millis();
    let read = keys::reread_signing(&program.db, &program.secrets, &program.signing, now);
    Ok(read.await?)
}

/// Reads the keys anew where `token` names one that this node does not know, unless that was done a moment ago.
pub async fn learn(program: &Program, token: &str) -> Result<(), Error> {
    let Some(id) = tokens::key_id(token) else {
        return Ok(());
    };
    if program.signing.get(id).is_some() {
        return Ok(());
    }
    let mut asked = program.signing.asked().await;
    let now = program.clock.now().millis();
    let lately = asked.is_some_and(|at| (now - at).abs() < PAUSE);
    if lately || program.signing.get(id).is_some() {
        return Ok(());
    }
    *asked = Some(now);
    follow(program).await
}

/// Makes a new key and answers its id. Tokens of the keys before are good until they expire.
pub async fn rotate(program: &Program) -> Result<i32, Error> {
    let now = program.clock.now().millis();
    let id = keys::rotate_signing(&program.db, &program.secrets, now).await?;
    let done = program.db.write(|txn| async move {
        let entry = Entry {
            action: "rotate_signing_key",
            outcome: "done",
            detail: Some(id.to_string()),
            ..Default::default()
        };
        audit::insert(&*txn, entry, now).await?;
        Ok::<_, Error>(())
    });
    done.await?;
    follow(program).await?;
    Ok(id)
}

impl From<KeyringFault> for Error {
    fn from(fault: KeyringFault) -> Error {
        match fault {
            KeyringFault::WrongKey => Error::Damaged("signing keys"),
            KeyringFault::Database(error) => error.into(),
        }
    }
}
