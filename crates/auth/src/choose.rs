//! Which mechanism to use: the strongest of those that the server offers, that the credentials allow, and that are strong
//! enough.
//!
//! # Which mechanism when, and what each protects against
//!
//! In the order in which [`Chooser`] takes them. "Reads" is somebody who reads the connection (there is no TLS, or it was broken
//! open), "middle" is somebody who has got between with a certificate that the client takes, "server" is the server itself or
//! who takes it over, "stolen" is who has a copy of what the server stores.
//!
//! | Mechanism | reads | middle | server | stolen | When |
//! |---|---|---|---|---|---|
//! | `EXTERNAL` | learns nothing | fails: TLS itself shows the certificate | learns nothing | learns nothing | clients with certificates |
//! | `SCRAM-*-PLUS` | can try passwords | fails: the exchange is bound to the TLS connection | learns nothing at login | can try passwords, slowly | passwords, wherever both sides have it |
//! | `SCRAM-*` | can try passwords, slowly | can pass the login on, and then has the session; the password stays unknown | learns nothing at login | can try passwords, slowly | passwords |
//! | `OAUTHBEARER` | has the token | has the token | has the token, while it is good, for its scope | as the issuer stores it | single sign-on; no password ever reaches the mail server |
//! | `XOAUTH2` | as above | as above | as above | as above | servers that have not got `OAUTHBEARER` |
//! | `OTP` | can try pass phrases | can use this one password | has this one password | can try pass phrases | machines that are not trusted with a password |
//! | `DIGEST-MD5` | can try passwords, fast | can pass the login on | learns nothing at login | can log in: it is stored in the clear, or as good as that | old servers; historic (RFC 6331) |
//! | `CRAM-MD5` | can try passwords, fast | can pass the login on | learns nothing at login | can log in | old servers |
//! | `APOP` | can try passwords, fast; in the middle, compute some octets | can pass the login on | learns nothing at login | can log in | old POP3 servers; not SASL, never chosen here |
//! | `PLAIN` | has the password | has the password | has the password | whatever the server stores: it can be a good hash | under TLS, if the server has no SCRAM |
//! | `LOGIN` | has the password | has the password | has the password | likewise | as `PLAIN`, for servers that do not even have that |
//! | `ANONYMOUS` | learns the trace | | | | strangers; only on demand |
//!
//! `SCRAM` and `DIGEST-MD5` also show the client that the server knows the password: a server that does not, and so no impostor,
//! passes for it.
//!
//! `NTLM` and `GSSAPI` are not here. Of the crates with NTLM, ntlmclient 0.2 is of an older generation of hashes, sspi 0.23 needs Rust
//! 1.93, and both ask the system for the time and for random octets; GSSAPI needs a Kerberos library.
//!
//! # What the choice is made from
//!
//! - The list of mechanisms must be the one that was seen after TLS: one that came without can have been cut by somebody in the
//!   middle (RFC 4422 section 6.1.2).
//! - There is no second choice. A login that failed has failed: if a client tried the next weaker one by itself, somebody in the
//!   middle could make it show the password. A user who wants that lowers the floor.
//! - A server that takes both a strong and a weak mechanism of a user is as weak as the weak one.
//!
//! ```
//! use auth::choose::{Chooser, Strength, Unavailable};
//! use auth::{Forbidden, Policy};
//!
//! let offered = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "SCRAM-SHA-1"];
//! let chooser = Chooser::new(Policy::with_tls()).with_password();
//! assert_eq!(chooser.choose(offered)?.mechanism(), "SCRAM-SHA-256");
//! assert_eq!(chooser.choose(["LOGIN", "PLAIN"])?.mechanism(), "PLAIN");
//!
//! // not without TLS
//! let open = Chooser::new(Policy::without_tls()).with_password();
//! assert_eq!(open.choose(["LOGIN", "PLAIN"]), Err(Unavailable::Forbidden(Forbidden::Cleartext)));
//! // nor below what the user has set, perhaps because the server was known to have better
//! let wary = chooser.at_least(Strength::Mutual);
//! assert_eq!(wary.choose(["LOGIN", "PLAIN"]), Err(Unavailable::TooWeak));
//! # Ok::<(), Unavailable>(())
//! ```

use crate::scram::Hash;
use crate::{Forbidden, Policy, Profile};
use alloc::vec::Vec;

/// What a mechanism protects, weakest first: the floor of a [`Chooser`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Strength {
    /// Nothing is proved: `ANONYMOUS`.
    Nobody,
    /// The server gets the password or token: `PLAIN`, `LOGIN`, `OAUTHBEARER`, `XOAUTH2`.
    Shown,
    /// The server gets something with which the password can be tried, or that is good once: `CRAM-MD5`, `OTP`.
    Hidden,
    /// And proves that it knows the password: `SCRAM`, `DIGEST-MD5`.
    Mutual,
    /// And all of it holds for this TLS connection only: `SCRAM` with `-PLUS`, `EXTERNAL`.
    Bound,
}

/// What the client says about channel binding in a SCRAM exchange (RFC 5802 section 6, `gs2-cbind-flag`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BindingFlag {
    /// `n`: the client cannot, or the mechanism has no such thing.
    None,
    /// `y`: the client can, and the server seems not to: no mechanism with `-PLUS` was offered. If somebody has cut those out of
    /// the list, the server sees it by this.
    NotOffered,
    /// `p`: a mechanism with `-PLUS` was chosen.
    Used,
}

/// What it takes to use a mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Password,
    Token,
    Certificate,
    PassPhrase,
    Nothing,
}

/// All that can be chosen, strongest first.
const ALL: [(Profile, Strength, Takes); 17] = {
    use Strength::{Bound, Hidden, Mutual, Nobody, Shown};
    use Takes::{Certificate, Nothing, PassPhrase, Password, Token};
    [
        (crate::external::PROFILE, Bound, Certificate),
        (Hash::Sha3_512.profile(true), Bound, Password),
        (Hash::Sha512.profile(true), Bound, Password),
        (Hash::Sha256.profile(true), Bound, Password),
        (Hash::Sha1.profile(true), Bound, Password),
        (Hash::Sha3_512.profile(false), Mutual, Password),
        (Hash::Sha512.profile(false), Mutual, Password),
        (Hash::Sha256.profile(false), Mutual, Password),
        (Hash::Sha1.profile(false), Mutual, Password),
        (crate::oauthbearer::PROFILE, Shown, Token),
        (crate::xoauth2::PROFILE, Shown, Token),
        (crate::otp::PROFILE, Hidden, PassPhrase),
        (crate::digest_md5::PROFILE, Mutual, Password),
        (crate::cram_md5::PROFILE, Hidden, Password),
        (crate::plain::PROFILE, Shown, Password),
        (crate::login::PROFILE, Shown, Password),
        (crate::anonymous::PROFILE, Nobody, Nothing),
    ]
};

/// Whether a server that offers this knows channel binding.
fn is_plus(name: &str) -> bool {
    name.len() > 5 && name.as_bytes()[name.len() - 5..].eq_ignore_ascii_case(b"-PLUS")
}

/// Chooses a mechanism.
///
/// What a [`Policy`] does not permit is never chosen: nothing that shows the password without TLS, and neither `CRAM-MD5` nor
/// `DIGEST-MD5` without [`Policy::allow_weak`].
#[derive(Debug, Clone)]
pub struct Chooser {
    policy: Policy,
    floor: Strength,
    takes: Vec<Takes>,
    binding: bool,
    without: Vec<&'static str>,
}

impl Chooser {
    /// With no credentials yet.
    #[must_use]
    pub const fn new(policy: Policy) -> Self {
        Self { policy, floor: Strength::Shown, takes: Vec::new(), binding: false, without: Vec::new() }
    }

    /// The client has a password.
    #[must_use]
    pub fn with_password(self) -> Self {
        self.with(Takes::Password)
    }

    /// The client has a token for OAUTHBEARER or XOAUTH2.
    #[must_use]
    pub fn with_token(self) -> Self {
        self.with(Takes::Token)
    }

    /// The client has shown a certificate in the TLS handshake.
    #[must_use]
    pub fn with_certificate(self) -> Self {
        self.with(Takes::Certificate)
    }

    /// The client has a pass phrase for OTP.
    #[must_use]
    pub fn with_pass_phrase(self) -> Self {
        self.with(Takes::PassPhrase)
    }

    /// The client would be a stranger, if it finds nothing better. This lowers the floor to [`Strength::Nobody`].
    #[must_use]
    pub fn or_anonymous(self) -> Self {
        Self { floor: Strength::Nobody, ..self.with(Takes::Nothing) }
    }

    fn with(mut self, takes: Takes) -> Self {
        self.takes.push(takes);
        self
    }

    /// The client has channel-binding data of the TLS connection (RFC 9266, RFC 5929).
    #[must_use]
    pub fn with_channel_binding(self) -> Self {
        Self { binding: true, ..self }
    }

    /// Nothing weaker than this. [`Strength::Shown`] without it.
    #[must_use]
    pub fn at_least(self, floor: Strength) -> Self {
        Self { floor, ..self }
    }

    /// Not this one, which the caller cannot do or does not want.
    #[must_use]
    pub fn without(mut self, mechanism: &'static str) -> Self {
        self.without.push(mechanism);
        self
    }

    /// Chooses from what the server offers: the list that was seen after TLS. Names have no case. The same list gives the same
    /// mechanism, however often.
    ///
    /// # Errors
    /// Why there is none: of those that the credentials would allow, the best one is told of.
    pub fn choose<S: AsRef<str>>(&self, offered: impl IntoIterator<Item = S>) -> Result<Chosen, Unavailable> {
        let (mut seen, mut plus) = ([false; ALL.len()], false);
        for name in offered {
            let name = name.as_ref();
            plus |= is_plus(name);
            for (seen, (profile, ..)) in seen.iter_mut().zip(&ALL) {
                *seen |= profile.name.eq_ignore_ascii_case(name);
            }
        }
        let mut why = Unavailable::NoneOffered;
        for ((profile, strength, takes), seen) in ALL.iter().zip(seen) {
            let left_out = self.without.iter().any(|name| profile.name.eq_ignore_ascii_case(name));
            if !seen || !self.takes.contains(takes) || left_out || (is_plus(profile.name) && !self.binding) {
                continue;
            }
            let refused = match self.policy.permits(profile) {
                Ok(()) if *strength >= self.floor => {
                    let is_scram = profile.name.starts_with("SCRAM-");
                    let binding = match (is_plus(profile.name), self.binding && is_scram) {
                        (true, _) => BindingFlag::Used,
                        // with -PLUS in the list, `y` would make the server think of an attack
                        (false, true) if !plus => BindingFlag::NotOffered,
                        _ => BindingFlag::None,
                    };
                    return Ok(Chosen { mechanism: profile.name, strength: *strength, binding });
                }
                Ok(()) => Unavailable::TooWeak,
                Err(forbidden) => Unavailable::Forbidden(forbidden),
            };
            if why == Unavailable::NoneOffered {
                why = refused;
            }
        }
        Err(why)
    }
}

/// What a [`Chooser`] has chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    mechanism: &'static str,
    strength: Strength,
    binding: BindingFlag,
}

impl Chosen {
    /// The name of the mechanism.
    #[must_use]
    pub const fn mechanism(&self) -> &'static str {
        self.mechanism
    }

    /// What it protects. A client that stores this can set it as the floor of the next connection, so that nobody can talk it
    /// down.
    #[must_use]
    pub const fn strength(&self) -> Strength {
        self.strength
    }

    /// What to say about channel binding.
    #[must_use]
    pub const fn binding_flag(&self) -> BindingFlag {
        self.binding
    }
}

/// Why a [`Chooser`] has found nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Unavailable {
    /// The server offers nothing for which there are credentials.
    #[error("the server offers no mechanism for these credentials")]
    NoneOffered,
    /// The policy does not permit the best one.
    #[error(transparent)]
    Forbidden(Forbidden),
    /// All are below the floor.
    #[error("the server offers only mechanisms below the floor")]
    TooWeak,
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::sasl::Mechanism;

    const EVERYTHING: [&str; 17] = [
        "ANONYMOUS",
        "LOGIN",
        "PLAIN",
        "XOAUTH2",
        "OAUTHBEARER",
        "CRAM-MD5",
        "DIGEST-MD5",
        "OTP",
        "SCRAM-SHA-1",
        "SCRAM-SHA-1-PLUS",
        "SCRAM-SHA-256",
        "SCRAM-SHA-256-PLUS",
        "SCRAM-SHA-512",
        "SCRAM-SHA-512-PLUS",
        "SCRAM-SHA3-512",
        "SCRAM-SHA3-512-PLUS",
        "EXTERNAL",
    ];

    fn everybody(policy: Policy) -> Chooser {
        let chooser = Chooser::new(policy).with_password().with_token().with_certificate();
        chooser.with_pass_phrase().or_anonymous().with_channel_binding()
    }

    /// Takes the chosen one out of the list, again and again.
    fn order(chooser: &Chooser) -> Vec<&'static str> {
        let mut left = EVERYTHING.to_vec();
        let mut order = Vec::new();
        while let Ok(chosen) = chooser.choose(&left) {
            assert_eq!(chooser.choose(left.iter().rev()), Ok(chosen));
            left.retain(|name| *name != chosen.mechanism());
            order.push(chosen.mechanism());
        }
        order
    }

    #[test]
    fn strongest_first() {
        let all = order(&everybody(Policy::with_tls().allow_weak()));
        assert_eq!(all, ALL.map(|(profile, ..)| profile.name));
        for name in all {
            assert_eq!(Mechanism::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn nothing_weak_or_open_by_itself() {
        let tls = order(&everybody(Policy::with_tls()));
        assert!(!tls.contains(&"CRAM-MD5") && !tls.contains(&"DIGEST-MD5"));
        assert_eq!(tls.len(), ALL.len() - 2);
        let open = order(&everybody(Policy::without_tls()));
        for name in ["PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2", "CRAM-MD5", "DIGEST-MD5"] {
            assert!(!open.contains(&name), "{name}");
        }
        let chooser = Chooser::new(Policy::without_tls()).with_password();
        for (offered, why) in [
            (&["PLAIN", "LOGIN"][..], Unavailable::Forbidden(Forbidden::Cleartext)),
            (&["PLAIN", "CRAM-MD5"], Unavailable::Forbidden(Forbidden::Weak)),
            (
                &["OAUTHBEARER", "EXTERNAL", "ANONYMOUS", "NTLM", "PLAIN-CLIENTTOKEN"],
                Unavailable::NoneOffered,
            ),
            (&[], Unavailable::NoneOffered),
        ] {
            assert_eq!(chooser.choose(offered), Err(why), "{offered:?}");
        }
        // strangers only on demand
        let stranger = Chooser::new(Policy::with_tls());
        assert_eq!(stranger.choose(EVERYTHING), Err(Unavailable::NoneOffered));
        assert_eq!(stranger.or_anonymous().choose(EVERYTHING).map(|c| c.mechanism()), Ok("ANONYMOUS"));
    }

    #[test]
    fn the_floor_holds() {
        use Strength::{Bound, Hidden, Mutual, Nobody, Shown};
        for floor in [Nobody, Shown, Hidden, Mutual, Bound] {
            let chooser = everybody(Policy::with_tls().allow_weak()).at_least(floor);
            let order = order(&chooser);
            for (profile, strength, _) in ALL {
                assert_eq!(order.contains(&profile.name), strength >= floor);
            }
        }
        let chooser = Chooser::new(Policy::with_tls()).with_password().at_least(Mutual);
        assert_eq!(chooser.choose(["PLAIN", "LOGIN"]), Err(Unavailable::TooWeak));
    }

    /// RFC 5802 section 6; case 168.
    #[test]
    fn channel_binding() {
        use BindingFlag::{None, NotOffered, Used};
        for (offered, can, mechanism, binding) in [
            (&["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"][..], true, "SCRAM-SHA-256-PLUS", Used),
            (&["scram-sha-256", "scram-sha-256-plus"], true, "SCRAM-SHA-256-PLUS", Used),
            (&["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"], false, "SCRAM-SHA-256", None),
            (&["SCRAM-SHA-256", "PLAIN"], true, "SCRAM-SHA-256", NotOffered),
            (&["SCRAM-SHA-256", "PLAIN"], false, "SCRAM-SHA-256", None),
            // a weaker hash, but bound
            (&["SCRAM-SHA-512", "SCRAM-SHA-1-PLUS"], true, "SCRAM-SHA-1-PLUS", Used),
            // another -PLUS, which is not known here: the server does know channel binding
            (&["SCRAM-SHA-256", "SCRAM-FOO-PLUS"], true, "SCRAM-SHA-256", None),
            (&["PLAIN"], true, "PLAIN", None),
        ] {
            let mut chooser = Chooser::new(Policy::with_tls()).with_password();
            if can {
                chooser = chooser.with_channel_binding();
            }
            let chosen = chooser.choose(offered).unwrap();
            assert_eq!((chosen.mechanism(), chosen.binding_flag()), (mechanism, binding), "{offered:?}");
        }
        let chooser = everybody(Policy::with_tls()).without("external").without("SCRAM-SHA3-512-PLUS");
        assert_eq!(chooser.choose(EVERYTHING).map(|c| c.mechanism()), Ok("SCRAM-SHA-512-PLUS"));
    }
}
