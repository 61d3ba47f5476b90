//! What OAUTHBEARER (RFC 7628) and XOAUTH2 have in common: the token, and the server's reason in JSON.

mod error_result;
mod token;

pub use error_result::ErrorResult;
pub use token::Token;
pub(crate) use token::authorization as token_rule;

/// `kvsep` of RFC 7628 section 3.1.
pub(crate) const KVSEP: u8 = 1;

#[cfg(feature = "client")]
mod client {
    use crate::Error;
    use alloc::vec::Vec;
    use wire::Secret;

    /// The course of both clients: one message, and if the server does not like it, its reason and a dummy.
    #[derive(Debug)]
    pub(crate) struct Course<M> {
        /// Until it was sent.
        message: Option<M>,
        error: Option<Vec<u8>>,
    }

    impl<M> Course<M> {
        pub(crate) const fn new(message: M) -> Self {
            Self { message: Some(message), error: None }
        }

        pub(crate) fn change<E>(mut self, change: impl FnOnce(M) -> Result<M, E>) -> Result<Self, E> {
            self.message = self.message.map(change).transpose()?;
            Ok(self)
        }

        pub(crate) fn say(&mut self) -> Result<M, Error> {
            self.message.take().ok_or(Error::OutOfTurn)
        }

        /// The server gives its reason: keeps it, and gives the dummy response.
        pub(crate) fn hear(&mut self, challenge: &[u8], dummy: Secret) -> Result<Secret, Error> {
            if self.message.is_some() || self.error.is_some() {
                return Err(Error::OutOfTurn);
            }
            self.error = Some(challenge.to_vec());
            Ok(dummy)
        }

        pub(crate) const fn finish(&self) -> Result<(), Error> {
            match (&self.message, &self.error) {
                (Some(_), _) => Err(Error::Unfinished),
                (None, Some(_)) => Err(Error::Rejected),
                (None, None) => Ok(()),
            }
        }

        pub(crate) fn error(&self) -> Option<&[u8]> {
            self.error.as_deref()
        }
    }
}
#[cfg(feature = "client")]
pub(crate) use client::Course;

#[cfg(feature = "server")]
mod server {
    use super::ErrorResult;
    use crate::{Credentials, Error, Move};

    /// The end of both servers.
    pub(crate) fn decide(credentials: Credentials, result: &ErrorResult) -> Result<Move, Error> {
        let right = credentials.verdict("answer on a token")?;
        Ok(if right.into() { Move::Accept { data: None } } else { refuse(result) })
    }

    pub(crate) fn refuse(result: &ErrorResult) -> Move {
        Move::Refuse { challenge: result.encode().into_bytes(), error: Error::Rejected }
    }
}
#[cfg(feature = "server")]
pub(crate) use server::{decide, refuse};
