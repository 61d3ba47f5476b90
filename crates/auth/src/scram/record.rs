//! What a server stores instead of a password (RFC 5802 section 2.2, RFC 5803).

use super::keys::Keys;
use super::syntax::posit_number;
use super::{Hash, Salt};
use crate::error::malformed;
use crate::expected;
use crate::prepare::{Preparation, Purpose};
use alloc::vec::Vec;
use core::fmt;
use wire::parse::{Expected, Failure, Parsed, end, fail};
use wire::{Misuse, ParseError, Secret};

/// The most iterations that are computed unless the caller says otherwise: what a peer or a store says
/// must not keep a processor busy for long.
pub const MAX_ITERATIONS: u32 = 1_000_000;

/// The fewest iterations that a client accepts unless the caller says otherwise, and the least for new
/// records (RFC 5802 section 5.1, RFC 7677 section 4).
pub const MIN_ITERATIONS: u32 = 4096;

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Form {
    /// The attribute `authPassword` of LDAP (RFC 5803): `SCRAM-SHA-256$4096:salt$stored:server`. `PostgreSQL`
    /// writes the same, with SHA-256 only.
    AuthPassword,
    /// As `doveadm pw` writes it: `{SCRAM-SHA-256}4096,salt,stored,server`.
    Dovecot,
}

/// A record: hash function, salt, iterations and the two keys. With it, logins can be checked, and the password
/// can be tried; with it and one login that was overheard, somebody else can log in. It is not shown.
///
/// ```
/// use auth::prepare::Preparation;
/// use auth::scram::{Form, Hash, Record, Salt};
/// use wire::Secret;
///
/// // from Dovecot's or PostgreSQL's store
/// let record = Record::parse(b"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")?;
/// assert!(record.verify(&Secret::new(*b"pencil"), Preparation::SaslPrep));
///
/// // for a store
/// # let random_octets = [7; 16];
/// let salt = Salt::new(&random_octets)?;
/// let record = Record::new(Hash::Sha256, &Secret::new(*b"pencil"), Preparation::SaslPrep, &salt, 4096)?;
/// assert_eq!(Record::parse(record.encode(Form::Dovecot).expose()), Ok(record));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    hash: Hash,
    iterations: u32,
    salt: Vec<u8>,
    pub(super) keys: Keys,
    /// False: it looks right and lets nobody in.
    pub(super) valid: bool,
}

impl Record {
    /// The longest salt that is read, in octets.
    const MAX_SALT: usize = 255;

    /// Makes the record of a password. It takes as long as `iterations` say.
    ///
    /// # Errors
    /// The password is empty or cannot be prepared as a stored string, or `iterations` is below
    /// [`MIN_ITERATIONS`] or above [`MAX_ITERATIONS`].
    pub fn new(
        hash: Hash,
        password: &Secret,
        preparation: Preparation,
        salt: &Salt,
        iterations: u32,
    ) -> Result<Self, Misuse> {
        if !(MIN_ITERATIONS..=MAX_ITERATIONS).contains(&iterations) {
            return Err(Misuse::Invalid("number of iterations for a new record"));
        }
        let password = preparation.password(password, Purpose::Stored)?;
        Ok(Self::derive(hash, &password, salt.as_slice(), iterations))
    }

    /// Of a password that was prepared.
    pub(super) fn derive(hash: Hash, password: &Secret, salt: &[u8], iterations: u32) -> Self {
        let keys = Keys::derive(hash, password, salt, iterations);
        Self { hash, iterations, salt: salt.to_vec(), keys, valid: true }
    }

    /// One that looks like others and lets nobody in.
    #[cfg(feature = "server")]
    pub(super) fn mimic(hash: Hash, salt: &[u8], iterations: u32, keys: Keys) -> Self {
        Self { hash, iterations, salt: salt.to_vec(), keys, valid: false }
    }

    /// The user may not log in now, and nobody shall see that: the same salt and iterations as ever, and
    /// no proof is right.
    #[must_use]
    pub fn locked(self) -> Self {
        Self { valid: false, ..self }
    }

    /// The hash function, and so the mechanism.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// The number of iterations.
    #[must_use]
    pub const fn iterations(&self) -> u32 {
        self.iterations
    }

    /// The salt: the client is told it.
    #[must_use]
    pub fn salt(&self) -> &[u8] {
        &self.salt
    }

    /// Whether it is the record of this password, which is prepared first, as a query string. It takes as
    /// long as the iterations of the record say; a record of more than [`MAX_ITERATIONS`] matches nothing, and
    /// takes no time.
    #[must_use]
    pub fn verify(&self, password: &Secret, preparation: Preparation) -> bool {
        preparation.password(password, Purpose::Query).is_ok_and(|password| self.matches(&password))
    }

    /// Of a password that was prepared.
    pub(crate) fn matches(&self, password: &Secret) -> bool {
        if self.iterations > MAX_ITERATIONS || password.is_empty() {
            return false;
        }
        let keys = Keys::derive(self.hash, password, &self.salt, self.iterations);
        // both, and then whether it counts, whatever the first says
        (keys.stored == self.keys.stored) & (keys.server == self.keys.server) & self.valid
    }

    /// Reads a record in any [`Form`], of any of the hash functions.
    ///
    /// # Errors
    /// The offset and what was expected there; keys of the wrong length and empty salts among it. No octet
    /// of the record.
    pub fn parse(i: &[u8]) -> Result<Self, ParseError> {
        let rule = if i.first() == Some(&b'{') { dovecot } else { auth_password };
        let parsed = rule(i).and_then(|(rest, record)| end(rest).map(|_| record));
        parsed.map_err(|error| malformed(i, Failure::of(error), expected::name))
    }

    /// Writes it.
    #[must_use]
    pub fn encode(&self, form: Form) -> Secret {
        let iterations = alloc::format!("{}", self.iterations);
        let [salt, stored, server] =
            [&self.salt, self.keys.stored.expose(), self.keys.server.expose()].map(wire::sasl::encoded);
        let name = self.hash.name().as_bytes();
        let [begin, scheme, colon, dollar, last]: [&[u8]; 5] = match form {
            Form::AuthPassword => [b"", b"$", b":", b"$", b":"],
            Form::Dovecot => [b"{", b"}", b",", b",", b","],
        };
        Secret::new(
            [
                begin,
                name,
                scheme,
                iterations.as_bytes(),
                colon,
                salt.expose(),
                dollar,
                stored.expose(),
                last,
                server.expose(),
            ]
            .concat(),
        )
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("hash", &self.hash)
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

/// RFC 5803 section 1, in the syntax of RFC 3112 section 2:
///
/// ```text
/// authPasswordValue = w scheme s authInfo s authValue w
/// s               = w SEP w
/// w               = *SP
/// SEP             = "$"
///
/// scram-mech      = "SCRAM-SHA-1" / scram-mech-ext
/// scram-authInfo  = iter-count ":" salt
/// scram-authValue = stored-key ":" server-key
/// iter-count      = %x31-39 *DIGIT
///                ; SCRAM iteration count.
///                ; A positive number without leading zeros.
/// salt            = <base64-encoded value>
/// stored-key      = <base64-encoded value>
/// server-key      = <base64-encoded value>
/// ```
fn auth_password(i: &[u8]) -> Parsed<'_, Record> {
    let (i, hash) = scheme(blanks(i))?;
    let (i, ()) = separator(blanks(i), b'$')?;
    let (i, iterations) = posit_number(blanks(i))?;
    let (i, ()) = separator(i, b':')?;
    let (i, salt) = salt(i)?;
    let (i, ()) = separator(blanks(i), b'$')?;
    let (i, stored) = key(blanks(i), hash)?;
    let (i, ()) = separator(i, b':')?;
    let (i, server) = key(i, hash)?;
    Ok((blanks(i), Record { hash, iterations, salt, keys: Keys { stored, server }, valid: true }))
}

/// What `doveadm pw -s SCRAM-SHA-256` writes:
///
/// ```text
/// record = "{" scram-mech "}" iter-count "," salt "," stored-key "," server-key
/// ```
fn dovecot(i: &[u8]) -> Parsed<'_, Record> {
    let (i, ()) = separator(i, b'{')?;
    let (i, hash) = scheme(i)?;
    let (i, ()) = separator(i, b'}')?;
    let (i, iterations) = posit_number(i)?;
    let (i, ()) = separator(i, b',')?;
    let (i, salt) = salt(i)?;
    let (i, ()) = separator(i, b',')?;
    let (i, stored) = key(i, hash)?;
    let (i, ()) = separator(i, b',')?;
    let (i, server) = key(i, hash)?;
    Ok((i, Record { hash, iterations, salt, keys: Keys { stored, server }, valid: true }))
}

fn blanks(i: &[u8]) -> &[u8] {
    &i[i.iter().position(|&o| o != b' ').unwrap_or(i.len())..]
}

fn separator(i: &[u8], separator: u8) -> Parsed<'_, ()> {
    match i.split_first() {
        Some((&first, rest)) if first == separator => Ok((rest, ())),
        _ => fail(i, expected::SEPARATOR),
    }
}

/// A mechanism, never with `-PLUS`; schemes are compared without case (RFC 3112 section 2).
fn scheme(i: &[u8]) -> Parsed<'_, Hash> {
    let len = i.iter().position(|&o| !o.is_ascii_alphanumeric() && o != b'-').unwrap_or(i.len());
    let name = core::str::from_utf8(&i[..len]).unwrap_or_default();
    match Hash::of(name) {
        Some((hash, false)) => Ok((&i[len..], hash)),
        _ => fail(i, expected::SCHEME),
    }
}

fn salt(i: &[u8]) -> Parsed<'_, Vec<u8>> {
    let (rest, salt) = base64(i, expected::SALT)?;
    match salt.len() {
        1..=Record::MAX_SALT => Ok((rest, salt.expose().to_vec())),
        _ => fail(i, expected::SALT),
    }
}

fn key(i: &[u8], hash: Hash) -> Parsed<'_, Secret> {
    let (rest, key) = base64(i, expected::KEY)?;
    if key.len() == hash.output_len() { Ok((rest, key)) } else { fail(i, expected::KEY) }
}

fn base64(i: &[u8], expected: Expected) -> Parsed<'_, Secret> {
    let is_base64 = |o: u8| o.is_ascii_alphanumeric() || matches!(o, b'+' | b'/' | b'=');
    let (field, rest) = i.split_at(i.iter().position(|&o| !is_base64(o)).unwrap_or(i.len()));
    if field.is_empty() {
        return fail(i, expected);
    }
    match wire::sasl::decode(field) {
        Ok(octets) => Ok((rest, octets)),
        Err(error) => Err(nom::Err::Error(Failure::of(error).before(rest.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::{format, vec};
    use proptest::prelude::*;

    const SALT: &str = "W22ZaJ0SNY7soEsUEjb6gQ==";
    const STORED: &str = "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=";
    const SERVER: &str = "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

    fn pencil() -> Secret {
        Secret::new(*b"pencil")
    }

    /// The keys of auth-vectors.md, section 4.
    #[test]
    fn vectors() {
        let sha1 = ("QSXCR+Q6sek8bf92", "6dlGYMOdZcOPutkcNY8U2g7vK9Y=", "D+CSWLOshSulAsxiupA+qs2/fTE=");
        let sha512 = (
            SALT,
            "6AAub3065EYRmyFpM2RNwqK+eGnrkYuEWbXn19LsEmBqzu8QaCXNc1FwpnX9NhH2hK/60dzj9DoO5DvVkOHbvg==",
            "jZHbYjC1aHh0/hKbxyBuGFjDrgjgKTT1esA7awWiKcRZ0o/0b1yWEebBeSVkkCFewf91nLDfKF24mvD5nmE6rA==",
        );
        for (hash, (salt, stored, server)) in
            [(Hash::Sha1, sha1), (Hash::Sha256, (SALT, STORED, SERVER)), (Hash::Sha512, sha512)]
        {
            let name = hash.name();
            let auth_password = format!("{name}$4096:{salt}${stored}:{server}");
            let dovecot = format!("{{{name}}}4096,{salt},{stored},{server}");
            let record = Record::parse(auth_password.as_bytes()).unwrap();
            assert_eq!(record.encode(Form::AuthPassword).expose(), auth_password.as_bytes());
            assert_eq!(record.encode(Form::Dovecot).expose(), dovecot.as_bytes());
            assert_eq!(Record::parse(dovecot.as_bytes()).as_ref(), Ok(&record));
            let derived = Record::derive(hash, &pencil(), record.salt(), 4096);
            assert_eq!(derived, record);
            assert!(record.verify(&pencil(), Preparation::SaslPrep));
            assert!(!record.verify(&Secret::new(*b"pencils"), Preparation::SaslPrep));
            assert!(!record.verify(&Secret::default(), Preparation::AsIs));
            assert!(!record.locked().verify(&pencil(), Preparation::SaslPrep));
        }
    }

    #[test]
    fn spaces_of_ldap() {
        let tight = format!("SCRAM-SHA-256$4096:{SALT}${STORED}:{SERVER}");
        let wide = format!(" scram-sha-256  $ 4096:{SALT} $  {STORED}:{SERVER}  ");
        assert_eq!(Record::parse(wide.as_bytes()), Record::parse(tight.as_bytes()));
    }

    #[test]
    fn malformed_records() {
        let short = "AAAA";
        for (text, offset, expected) in [
            (String::new(), 0, "SCRAM mechanism without -PLUS"),
            ("SCRAM-SHA-256-PLUS$1:".into(), 0, "SCRAM mechanism without -PLUS"),
            ("{CRYPT}x".into(), 1, "SCRAM mechanism without -PLUS"),
            ("{SCRAM-SHA-256".into(), 14, "separator"),
            (format!("SCRAM-SHA-256$0:{SALT}${STORED}:{SERVER}"), 14, "number of iterations: i="),
            (format!("SCRAM-SHA-256$04096:{SALT}${STORED}:{SERVER}"), 14, "number of iterations: i="),
            (format!("SCRAM-SHA-256$4294967296:{SALT}${STORED}:{SERVER}"), 14, "number of iterations: i="),
            (format!("SCRAM-SHA-256$4096:${STORED}:{SERVER}"), 19, "salt: s="),
            (format!("SCRAM-SHA-256$4096:AAA${STORED}:{SERVER}"), 22, "base64"),
            (format!("SCRAM-SHA-256$4096:{SALT}${short}:{SERVER}"), 44, "key as long as the hash"),
            (format!("SCRAM-SHA-256$4096:{SALT}${STORED}:{short}"), 89, "key as long as the hash"),
            (format!("SCRAM-SHA-512$4096:{SALT}${STORED}:{SERVER}"), 44, "key as long as the hash"),
            (format!("SCRAM-SHA-256$4096:{SALT}${STORED}:{SERVER}x"), 132, "base64"),
            (format!("SCRAM-SHA-256$4096:{SALT}${STORED}:{SERVER}\n"), 133, "end of line"),
            (format!("{{SCRAM-SHA-256}}4096,{SALT},{STORED}"), 89, "separator"),
            (format!("{{SCRAM-SHA-256}} 4096,{SALT},{STORED},{SERVER}"), 15, "number of iterations: i="),
        ] {
            let error = Record::parse(text.as_bytes()).unwrap_err();
            assert_eq!((error.offset, error.expected), (offset, expected), "{text}");
            assert_eq!(error.got, None);
        }
    }

    #[test]
    fn iterations_have_limits() {
        let salt = Salt::new(&[7; 16]).unwrap();
        let new = |iterations| Record::new(Hash::Sha1, &pencil(), Preparation::SaslPrep, &salt, iterations);
        for iterations in [0, 1, 4095, 1_000_001, u32::MAX] {
            assert!(new(iterations).is_err());
        }
        assert_eq!(new(4096).unwrap().iterations(), 4096);
        // refused at once, or the test would take minutes
        let busy = format!("SCRAM-SHA-256$4294967295:{SALT}${STORED}:{SERVER}");
        assert!(!Record::parse(busy.as_bytes()).unwrap().verify(&pencil(), Preparation::SaslPrep));
        let salt = Salt::new(&[7; 16]).unwrap();
        let empty = Record::new(Hash::Sha1, &Secret::default(), Preparation::AsIs, &salt, 4096);
        assert_eq!(empty, Err(Misuse::Empty));
        let control = Record::new(Hash::Sha1, &Secret::new([7]), Preparation::SaslPrep, &salt, 4096);
        assert!(control.is_err());
    }

    #[test]
    fn nothing_is_printed() {
        let record = Record::derive(Hash::Sha256, &pencil(), b"salt", 1);
        assert_eq!(format!("{record:?}"), "Record { hash: Sha256, iterations: 1, .. }");
    }

    proptest! {
        #[test]
        fn round_trip(
            which in 0..4usize,
            salt in proptest::collection::vec(any::<u8>(), 1..40),
            iterations in 1..=u32::MAX,
            key: [u8; 32],
        ) {
            let hash = Hash::ALL[which];
            let [stored, server] = [b"1", b"2"].map(|what| hash.hmac(&key, &[what]));
            let record = Record { hash, iterations, salt, keys: Keys { stored, server }, valid: true };
            for form in [Form::AuthPassword, Form::Dovecot] {
                let text = record.encode(form);
                prop_assert_eq!(Record::parse(text.expose()), Ok(record.clone()));
                // the last key has its length, so that nothing can be cut off
                for len in 0..text.len() {
                    prop_assert!(Record::parse(&text.expose()[..len]).is_err());
                }
            }
        }

        #[test]
        fn never_panics(octets: Vec<u8>, scheme in "\\{?SCRAM-SHA-(1|256)[}$]") {
            let _ = Record::parse(&octets);
            let _ = Record::parse(&[scheme.as_bytes(), &octets].concat());
        }
    }

    #[test]
    fn salts_are_bounded() {
        let text = |len| {
            let salt = wire::sasl::encoded(&vec![1; len]);
            let salt = core::str::from_utf8(salt.expose()).unwrap();
            format!("SCRAM-SHA-256$4096:{salt}${STORED}:{SERVER}")
        };
        assert!(Record::parse(text(255).as_bytes()).is_ok());
        assert!(Record::parse(text(256).as_bytes()).is_err());
    }
}
