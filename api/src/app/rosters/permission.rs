//! Whether somebody still may: asked before every page of an export, and before every part of its file.

use crate::actor::{Actor, Operation, Scope};
use crate::app::{Error, clients, sign_in};
use crate::program::Program;
use crate::store::accounts::{self, State};
use uuid::Uuid;

/// What an export is made by and for. It holds as long as this is what the asker may see.
#[derive(Clone)]
pub struct Permission {
    pub account: Uuid,
    pub of_client: bool,
    /// The session of an account, the secret of a client; none for work in the background.
    pub session: Option<Uuid>,
    pub operation: Operation,
    pub scope: Scope,
}

impl Permission {
    pub fn of(actor: &Actor, operation: Operation, scope: Scope) -> Permission {
        Permission {
            account: actor.account,
            of_client: actor.client.is_some(),
            session: Some(actor.session),
            operation,
            scope,
        }
    }

    /// A digest of what may be seen: kept beside a file, so that it is handed out only to who may see the same.
    pub fn digest(program: &Program, scope: &Scope) -> String {
        let told = match scope {
            Scope::County => "county".to_owned(),
            Scope::Villages(all) => format!("villages {}", sorted(all)),
            Scope::Grids(all) => format!("grids {}", sorted(all)),
            Scope::Categories {
                categories,
                department,
                villages,
            } => {
                let villages = villages.as_deref().map(sorted).unwrap_or_default();
                format!("{department} {} {villages}", categories.join(","))
            }
            Scope::Nothing => "nothing".to_owned(),
        };
        sync::digest::hex(&program.keys.digest(&[b"scope", told.as_bytes()])[..16])
    }

    /// # Errors
    /// `Unauthorized` when the asker is no more; `Forbidden` `permission_changed` when it may see something else.
    pub async fn still(&self, program: &Program) -> Result<(), Error> {
        let actor = asker(program, self.account, self.of_client, self.session).await?;
        actor.may(self.operation)?;
        match actor.scope() == self.scope {
            true => Ok(()),
            false => Err(Error::Forbidden {
                code: "permission_changed",
                message: "权限已变更，请重新导出",
            }),
        }
    }
}

fn sorted(ids: &[Uuid]) -> String {
    let mut ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    ids.sort();
    ids.join(",")
}

/// The account or client as it stands now.
///
/// # Errors
/// `Unauthorized` when it is barred or gone.
pub async fn asker(
    program: &Program,
    account: Uuid,
    of_client: bool,
    session: Option<Uuid>,
) -> Result<Actor, Error> {
    let (db, keys, now) = (&program.db, &program.keys, program.clock.now());
    match (of_client, session) {
        (true, None) => clients::of_client(db, keys, account, now).await,
        (true, Some(secret)) => clients::with_secret(db, keys, account, secret, now).await,
        (false, Some(session)) => sign_in::actor(db, keys, session, now).await,
        (false, None) => {
            let row = accounts::find(db.read(), account).await?;
            let row = row.filter(|row| row.state == State::Active.name());
            let row = row.ok_or(Error::Unauthorized {
                code: "account_disabled",
                message: "账号已停用",
            })?;
            sign_in::of_account(db, keys, &row, Uuid::nil(), None, now).await
        }
    }
}
