//! Addresses of an envelope, and their groups.

use super::block;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use wire::Misuse;

/// `address` (RFC 9051 section 7.5.2), its octets as they stand in the header.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Address<'a> {
    /// The display name; perhaps with encoded words (RFC 2047).
    pub name: Option<Cow<'a, [u8]>>,
    /// The source route, which is obsolete.
    pub route: Option<Cow<'a, [u8]>>,
    /// What stands before the `@`. Where a group starts, its name; where it ends, `None`.
    pub mailbox: Option<Cow<'a, [u8]>>,
    /// What stands behind the `@`. `None` where a group starts or ends.
    pub host: Option<Cow<'a, [u8]>>,
}

impl<'a> Address<'a> {
    /// With a display name.
    #[must_use]
    pub fn new(
        name: &'a (impl AsRef<[u8]> + ?Sized),
        mailbox: &'a (impl AsRef<[u8]> + ?Sized),
        host: &'a (impl AsRef<[u8]> + ?Sized),
    ) -> Self {
        Self { name: Some(name.as_ref().into()), ..Self::bare(mailbox, host) }
    }

    /// Without a display name.
    #[must_use]
    pub fn bare(mailbox: &'a (impl AsRef<[u8]> + ?Sized), host: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self { mailbox: Some(mailbox.as_ref().into()), host: Some(host.as_ref().into()), ..Self::default() }
    }

    /// Where a group starts.
    #[must_use]
    pub fn group_start(name: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self { mailbox: Some(name.as_ref().into()), ..Self::default() }
    }

    /// Where a group ends.
    #[must_use]
    pub fn group_end() -> Self {
        Self::default()
    }

    /// The name of the group that starts here.
    #[must_use]
    pub fn is_group_start(&self) -> bool {
        self.host.is_none() && self.mailbox.is_some()
    }

    /// Whether a group ends here.
    #[must_use]
    pub fn is_group_end(&self) -> bool {
        self.host.is_none() && self.mailbox.is_none()
    }

    /// `mailbox@host`, if both are there.
    #[must_use]
    pub fn email(&self) -> Option<Vec<u8>> {
        let (mailbox, host) = (self.mailbox.as_deref()?, self.host.as_deref()?);
        Some([mailbox, b"@", host].concat())
    }

    /// What was probably meant: without the angle brackets that some servers leave in, without hosts that say that there is none, and
    /// with the name and the address in their places where they were swapped (rows 90 and 92 of the project's list of quirks).
    #[must_use]
    pub fn cleaned(&self) -> Self {
        let mut address = self.clone();
        address.mailbox = address.mailbox.map(|octets| without(octets, b"<", b""));
        address.host = address.host.map(|octets| without(octets, b"", b">"));
        if address.host.as_deref().is_some_and(is_no_host) {
            address.host = None;
        }
        let name = address.name.as_deref().unwrap_or_default();
        let mailbox = address.mailbox.as_deref().unwrap_or_default();
        let host = address.host.as_deref().unwrap_or_default();
        // the address in the name: and the mailbox is none
        if let Some((local, domain)) = split_email(name) {
            let swapped = host.is_empty() || memchr::memchr(b' ', mailbox).is_some();
            if swapped {
                let was = address.mailbox.take().filter(|octets| !octets.is_empty());
                let (local, domain) = (local.to_vec(), domain.to_vec());
                address.mailbox = Some(local.into());
                address.host = Some(domain.into());
                address.name = was;
                return address;
            }
        }
        // all of it in the mailbox
        if host.is_empty() {
            if let Some((local, domain)) = split_email(mailbox) {
                let (local, domain) = (local.to_vec(), domain.to_vec());
                address.mailbox = Some(local.into());
                address.host = Some(domain.into());
            }
        }
        address
    }

    /// Without a lifetime.
    #[must_use]
    pub fn into_owned(self) -> Address<'static> {
        let own = |octets: Option<Cow<'_, [u8]>>| octets.map(|octets| Cow::Owned(octets.into_owned()));
        Address {
            name: own(self.name),
            route: own(self.route),
            mailbox: own(self.mailbox),
            host: own(self.host),
        }
    }

    /// Writes it into a block.
    pub(super) fn put(&self, out: &mut Vec<u8>) -> Result<(), Misuse> {
        out.push(b'(');
        for (n, field) in [&self.name, &self.route, &self.mailbox, &self.host].into_iter().enumerate() {
            if n > 0 {
                out.push(b' ');
            }
            if let Some(offset) = field.as_deref().and_then(|octets| memchr::memchr(0, octets)) {
                return Err(Misuse::IllegalOctet { offset });
            }
            block::put_nstring(out, field.as_deref());
        }
        out.push(b')');
        Ok(())
    }

    /// Any address, for property tests.
    #[cfg(any(test, feature = "proptest"))]
    pub fn strategy() -> impl proptest::strategy::Strategy<Value = Address<'static>> {
        use crate::core::IString;
        use proptest::prelude::*;
        let text = || {
            proptest::option::of(IString::strategy())
                .prop_map(|string| string.map(|string| Cow::Owned(string.as_bytes().to_vec())))
        };
        (text(), text(), text(), text()).prop_map(|(name, route, mailbox, host)| Address {
            name,
            route,
            mailbox,
            host,
        })
    }
}

fn without<'a>(octets: Cow<'a, [u8]>, front: &[u8], back: &[u8]) -> Cow<'a, [u8]> {
    let of = |octets: &[u8]| -> (usize, usize) {
        let start = if octets.starts_with(front) { front.len() } else { 0 };
        let end = if octets.ends_with(back) { octets.len() - back.len() } else { octets.len() };
        (start, end.max(start))
    };
    let (start, end) = of(&octets);
    match octets {
        Cow::Borrowed(octets) => Cow::Borrowed(&octets[start..end]),
        Cow::Owned(octets) => Cow::Owned(octets[start..end].to_vec()),
    }
}

/// What servers write where an address has no host.
fn is_no_host(host: &[u8]) -> bool {
    let names: [&[u8]; 5] =
        [b"", b".MISSING-HOST-NAME.", b"MISSING_DOMAIN", b"missing_host", b".SYNTAX-ERROR."];
    names.iter().any(|name| host.eq_ignore_ascii_case(name))
}

fn split_email(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let octets = octets.strip_prefix(b"<").unwrap_or(octets);
    let octets = octets.strip_suffix(b">").unwrap_or(octets);
    let at = memchr::memrchr(b'@', octets)?;
    let (local, host) = (&octets[..at], &octets[at + 1..]);
    let word = |octets: &[u8]| !octets.is_empty() && octets.iter().all(|&o| o > b' ' && o != b'<');
    (word(local) && word(host)).then_some((local, host))
}

/// The addresses of a field, one after the other; groups by their start and end.
#[derive(Debug, Clone)]
pub struct Addresses<'a> {
    /// Behind `(`, or nothing.
    rest: &'a [u8],
}

/// A group of addresses (RFC 5322 section 3.4), or addresses that are in none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressGroup<'a> {
    /// Its name; `None` of those that are in none.
    pub name: Option<Cow<'a, [u8]>>,
    /// Its addresses.
    pub members: Vec<Address<'a>>,
}

impl<'a> Addresses<'a> {
    /// Of a list at the start of `block`, or NIL.
    pub(super) fn of(block: &'a [u8]) -> Self {
        Self { rest: block.strip_prefix(b"(").unwrap_or_default() }
    }

    /// In groups, in their order.
    #[must_use]
    pub fn groups(self) -> Vec<AddressGroup<'a>> {
        let mut groups: Vec<AddressGroup<'a>> = Vec::new();
        let mut inside = false;
        for address in self {
            if address.is_group_start() {
                inside = true;
                groups.push(AddressGroup { name: address.mailbox, members: Vec::new() });
            } else if address.is_group_end() {
                inside = false;
            } else {
                match groups.last_mut() {
                    Some(group) if inside || group.name.is_none() => group.members.push(address),
                    _ => groups.push(AddressGroup { name: None, members: [address].into() }),
                }
            }
        }
        groups
    }
}

impl<'a> Iterator for Addresses<'a> {
    type Item = Address<'a>;

    #[inline]
    fn next(&mut self) -> Option<Address<'a>> {
        // behind each field stands a space, or the end
        let (name, rest) = block::take(block::octet(self.rest, b'(')?)?;
        let (route, rest) = block::take(rest.get(1..)?)?;
        let (mailbox, rest) = block::take(rest.get(1..)?)?;
        let (host, rest) = block::take(rest.get(1..)?)?;
        self.rest = rest.get(1..)?;
        Some(Address { name, route, mailbox, host })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups() {
        let block = b"((NIL NIL \"x\" \"h\")(NIL NIL \"Group\" NIL)(NIL NIL \"a\" \"h\")(NIL NIL \"b\" \"h\")(NIL NIL NIL NIL)(NIL NIL \"y\" \"h\")(NIL NIL \"Empty\" NIL)(NIL NIL NIL NIL)) NIL";
        let groups = Addresses::of(block).groups();
        let of = |name: Option<&'static str>, members: &[&'static str]| AddressGroup {
            name: name.map(|name| Cow::Borrowed(name.as_bytes())),
            members: members.iter().map(|member| Address::bare(*member, "h")).collect(),
        };
        assert_eq!(
            groups,
            [of(None, &["x"]), of(Some("Group"), &["a", "b"]), of(None, &["y"]), of(Some("Empty"), &[])]
        );
        assert_eq!(Addresses::of(b"NIL").count(), 0);
    }

    #[test]
    fn what_was_meant() {
        let email = |address: &Address<'_>| address.cleaned().email().map(|e| String::from_utf8(e).unwrap());
        use alloc::string::String;
        // quirk 92
        assert_eq!(email(&Address::bare("<user", "host>")).as_deref(), Some("user@host"));
        let nobody = Address { mailbox: None, ..Address::bare("", ".MISSING-HOST-NAME.") };
        assert_eq!(nobody.cleaned(), Address::default());
        // quirk 90
        let swapped = Address::new("joe@example.org", "Joe Doe", "");
        assert_eq!(swapped.cleaned(), Address::new("Joe Doe", "joe", "example.org"));
        let swapped = Address::new("joe@example.org", "Joe Doe", ".SYNTAX-ERROR.");
        assert_eq!(email(&swapped).as_deref(), Some("joe@example.org"));
        assert_eq!(email(&Address::bare("joe@example.org", "")).as_deref(), Some("joe@example.org"));
        // what is right stays
        for address in [
            Address::new("joe@example.org", "joe", "example.org"),
            Address::group_start("Friends"),
            Address::group_end(),
            Address::new("a <b>", "x", "y"),
        ] {
            assert_eq!(address.cleaned(), address);
        }
    }
}
