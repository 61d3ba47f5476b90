//! Parameters of MAIL and RCPT.

/// A parameter of MAIL.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MailParameter<'a> {
    /// `SIZE=`
    Size(u64),
    /// Other.
    Other(&'a [u8]),
}
/// A parameter of RCPT.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RcptParameter<'a> {
    /// Other.
    Other(&'a [u8]),
}
/// Names of parameters of MAIL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MailKeyword {
    /// `SIZE`
    Size,
}
/// Names of parameters of RCPT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RcptKeyword {
    /// `NOTIFY`
    Notify,
}
