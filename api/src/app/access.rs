//! Refusals that many use cases begin with.

use crate::actor::{Actor, Operation};
use crate::app::Error;
use domain::catalogue::Role;

impl Actor {
    /// # Errors
    /// `Forbidden` `must_change_password` for who signed in with a one-time code.
    pub fn ready(&self) -> Result<(), Error> {
        match self.must_change {
            true => Err(Error::Forbidden {
                code: "must_change_password",
                message: "请先修改一次性密码",
            }),
            false => Ok(()),
        }
    }

    /// # Errors
    /// `Forbidden` `operation_not_granted` for a client without this operation. Accounts go by their roles alone.
    pub fn may(&self, operation: Operation) -> Result<(), Error> {
        match &self.client {
            Some(client) if !client.operations.contains(&operation) => Err(Error::Forbidden {
                code: "operation_not_granted",
                message: "该接口客户端未获授权进行此操作",
            }),
            _ => Ok(()),
        }
    }

    /// # Errors
    /// `Forbidden` `role_required` when the actor has none of `roles`.
    pub fn must_be(&self, roles: &[Role]) -> Result<(), Error> {
        match roles.iter().any(|role| self.has(*role)) {
            true => Ok(()),
            false => Err(Error::Forbidden {
                code: "role_required",
                message: "您的角色不能进行此操作",
            }),
        }
    }
}
