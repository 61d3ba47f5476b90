//! How a server checks a password that the client has sent, for PLAIN and its relatives.

use crate::prepare::{Preparation, Purpose};
use crate::scram::{Hash, MAX_ITERATIONS};
use crate::{Credentials, Error, text};
use subtle::Choice;
use wire::{Misuse, Secret};

/// The settings of the check.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Check {
    pub(crate) preparation: Preparation,
    /// What users cost of whom a record is stored, and so those that do not exist.
    work: Option<(Hash, u32)>,
}

impl Check {
    pub(crate) const fn new() -> Self {
        Self { preparation: Preparation::SaslPrep, work: None }
    }

    /// Users that do not exist cost as much as records with these parameters.
    pub(crate) fn costing(mut self, hash: Hash, iterations: u32) -> Result<Self, Misuse> {
        if !(1..=MAX_ITERATIONS).contains(&iterations) {
            return Err(Misuse::Invalid("number of iterations"));
        }
        self.work = Some((hash, iterations));
        Ok(self)
    }

    /// Prepares what the client sent. If that is not possible the login fails (RFC 4616 section 2).
    pub(crate) fn prepare(&self, name: &str, password: &Secret) -> Option<(alloc::string::String, Secret)> {
        let name = self.preparation.identity(name, Purpose::Query).ok()?;
        let password = self.preparation.password(password, Purpose::Query).ok()?;
        Some((name, password))
    }

    /// Whether `presented`, which was prepared, is right.
    ///
    /// # Errors
    /// Misuse: the answer does not fit.
    pub(crate) fn is_right(&self, presented: &Secret, credentials: &Credentials) -> Result<bool, Error> {
        Ok(match credentials {
            Credentials::Password(stored) => {
                match self.preparation.password(stored, Purpose::Stored) {
                    Ok(stored) => compare(presented, &stored, true),
                    // an empty one never matches, nor one that cannot be prepared
                    Err(_) => compare(presented, presented, false),
                }
            }
            Credentials::ScramRecord(record) if record.iterations() > MAX_ITERATIONS => {
                return Err(Misuse::Invalid("record: it has too many iterations").into());
            }
            Credentials::ScramRecord(record) => record.matches(presented),
            Credentials::Accepted => true,
            Credentials::OneTimePassword(_) => return Err(Misuse::Invalid("answer about a password").into()),
            // as much work as for a user, and in vain
            Credentials::Rejected | Credentials::NoSuchUser => {
                if let Some((hash, iterations)) = self.work {
                    core::hint::black_box(hash.hi(presented.expose(), &[0; 16], iterations));
                }
                compare(presented, presented, false)
            }
        })
    }
}

fn compare(presented: &Secret, stored: &Secret, valid: bool) -> bool {
    (text::same(presented.expose(), stored.expose()) & Choice::from(u8::from(valid))).into()
}
