//! TRANSID (RFC 1845 section 3, experimental): which transaction is gone on with after a break.

use super::whole;
use crate::syntax::expected;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;
use wire::class::VCHAR;
use wire::parse::{Failure, Parsed, fail};
use wire::{Context, Misuse, ParseErrorKind};

/// RFC 1845 section 3: "transid-value may not be longer than 80 characters".
const MAX: usize = 80;

/// What a client calls a transaction that may be gone on with after a break (RFC 1845 section 3). Servers compare it as it
/// is, case included.
///
/// ```
/// use smtp_proto::TransactionId;
///
/// let id = TransactionId::parse("<12345@claremont.edu>")?;
/// assert_eq!((id.local(), id.domain()), ("12345", "claremont.edu"));
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TransactionId<'a>(Cow<'a, str>);

impl<'a> TransactionId<'a> {
    /// As it stands on the wire, with its angle brackets.
    ///
    /// # Errors
    /// Not of the form `<local@domain>`, or more than 80 octets.
    pub fn parse(wire: &'a (impl AsRef<[u8]> + ?Sized)) -> Result<Self, Misuse> {
        whole(wire.as_ref(), rule, "transid-value")
    }

    fn halves(&self) -> (&str, &str) {
        let spec = self.0.get(1..self.0.len() - 1).unwrap_or_default();
        spec.split_once('@').unwrap_or_default()
    }

    /// What tells this transaction from others of the client.
    #[must_use]
    pub fn local(&self) -> &str {
        self.halves().0
    }

    /// What tells the client from others.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.halves().1
    }

    /// The wire form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same, with octets of its own.
    #[must_use]
    pub fn into_owned(self) -> TransactionId<'static> {
        TransactionId(Cow::Owned(self.0.into_owned()))
    }
}

impl fmt::Debug for TransactionId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// ```text
/// transid-value  ::= "<" transid-spec ">"
///                    ; transid-value may not be longer than
///                    ; 80 characters
/// transid-spec   ::= transid-local "@" transid-domain
/// transid-domain ::= transid-token
/// transid-local  ::= transid-token
/// ```
pub(crate) fn rule<'i>(_: &Context<'_>, i: &'i [u8]) -> Parsed<'i, TransactionId<'i>> {
    let rest = after(i, b"<")?;
    let rest = after(token(rest)?, b"@")?;
    let rest = after(token(rest)?, b">")?;
    match core::str::from_utf8(&i[..i.len() - rest.len()]) {
        Ok(id) if id.len() <= MAX => Ok((rest, TransactionId(Cow::Borrowed(id)))),
        _ => Err(Failure::at(i, expected::TRANSACTION_ID, ParseErrorKind::TooLong)),
    }
}

fn after<'i>(i: &'i [u8], sign: &[u8]) -> Result<&'i [u8], nom::Err<Failure>> {
    match i.strip_prefix(sign) {
        Some(rest) => Ok(rest),
        None => fail(i, expected::TRANSACTION_ID).map(|(rest, ())| rest),
    }
}

/// ```text
/// transid-token  ::= transid-atom *("." transid-atom)
/// transid-atom   ::= 1*<any (ASCII) CHAR except SPACE,
///                       CTLs, tspecials, or ".">
/// ```
/// tspecials are those of MIME; `=` is one. What follows the token.
fn token(i: &[u8]) -> Result<&[u8], nom::Err<Failure>> {
    let atom_char = |octet: &u8| VCHAR.has(*octet) && !br#"()<>@,;:\"/[]?=."#.contains(octet);
    let mut rest = i;
    loop {
        let len = rest.iter().position(|octet| !atom_char(octet)).unwrap_or(rest.len());
        if len == 0 {
            return fail(rest, expected::TRANSACTION_ID).map(|(rest, ())| rest);
        }
        rest = &rest[len..];
        match rest.strip_prefix(b".") {
            Some(next) => rest = next,
            None => return Ok(rest),
        }
    }
}

pub(crate) fn encode(id: &TransactionId<'_>, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    wire.extend_from_slice(id.0.as_bytes());
    Ok(())
}

#[cfg(any(test, feature = "proptest"))]
pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = TransactionId<'static>> {
    use proptest::strategy::Strategy;
    "<[!#-'*+0-9A-Z^-~-]{1,20}(\\.[a-z0-9]{1,9}){0,2}@[a-z0-9-]{1,9}(\\.[a-z]{1,9}){0,2}>"
        .prop_map(|id| TransactionId(Cow::Owned(id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::testing::{refused, taken};

    #[test]
    fn ids() {
        for value in ["<12345@claremont.edu>", "<1@x>", "<a.b.c@d.e>", "<a+b!{}@x>"] {
            taken(rule, encode, &[(value.as_bytes(), TransactionId::parse(value).unwrap())]);
        }
        refused(
            rule,
            &[
                (b"", 0),
                (b"12345@claremont.edu", 0),
                (b"<>", 1),
                (b"<1>", 2),
                (b"<@x>", 1),
                (b"<1@>", 3),
                (b"<1@x", 4),
                (b"<1.@x>", 3),
                (b"<.1@x>", 1),
                (b"<1..2@x>", 3),
                (b"<1@x>y", 5),
                (b"<a b@x>", 2),
                (b"<a=b@x>", 2),
                (b"<a\r@x>", 2),
            ],
        );
    }

    #[test]
    fn at_most_80_octets() {
        let longest = alloc::format!("<{}@x>", "a".repeat(MAX - 4));
        taken(rule, encode, &[(longest.as_bytes(), TransactionId::parse(&longest).unwrap())]);
        let longer = alloc::format!("<{}@x>", "a".repeat(MAX - 3));
        refused(rule, &[(longer.as_bytes(), 0)]);
    }
}
