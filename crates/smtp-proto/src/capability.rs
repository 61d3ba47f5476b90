//! Keywords of EHLO.

/// Names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Keyword {
    /// `SIZE`
    Size,
    /// `8BITMIME`
    EightBitMime,
    /// `BINARYMIME`
    BinaryMime,
    /// `SMTPUTF8`
    SmtpUtf8,
    /// `AUTH`
    Auth,
    /// `DSN`
    Dsn,
    /// `DELIVERBY`
    DeliverBy,
    /// `FUTURERELEASE`
    FutureRelease,
    /// `MT-PRIORITY`
    MtPriority,
    /// `REQUIRETLS`
    RequireTls,
    /// `RRVS`
    Rrvs,
    /// `NO-SOLICITING`
    NoSoliciting,
    /// `SUBMITTER`
    Submitter,
    /// `CHECKPOINT`
    Checkpoint,
    /// `MTRK`
    Mtrk,
    /// `CONPERM`
    Conperm,
    /// `CONNEG`
    Conneg,
    /// `UTF8SMTP`
    Utf8Smtp,
}
/// A line of the reply to EHLO.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Capability<'a> {
    /// Other.
    Other(&'a [u8]),
}
