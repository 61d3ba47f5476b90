//! BY (RFC 2852 section 4): until when the message is to be delivered.

use crate::syntax::expected;
use alloc::vec::Vec;
use wire::class::DIGIT;
use wire::number::{decimal, number32};
use wire::parse::{Failure, Parsed, fail};
use wire::{Context, Misuse, ParseErrorKind};

/// Within how many seconds the message is to be delivered, and what is to be done if it was not (RFC 2852 section 4).
///
/// ```
/// use smtp_proto::{By, ByMode};
///
/// let by = By::new(120, ByMode::Return, true)?;
/// assert_eq!((by.seconds(), by.mode(), by.trace()), (120, ByMode::Return, true));
/// assert!(By::new(0, ByMode::Return, false).is_err());
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct By {
    seconds: i32,
    mode: ByMode,
    trace: bool,
}

/// What is to be done with a message that is late (RFC 2852 section 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ByMode {
    /// `N`: tell the sender, and go on.
    Notify,
    /// `R`: give it back.
    Return,
}

impl By {
    /// The most seconds, before and after now.
    pub const MAX_SECONDS: i32 = 999_999_999;

    /// Seconds from now on, negative if that is past; what then; and whether relays that do not know the extension are
    /// to be reported (`T`).
    ///
    /// # Errors
    /// More seconds than [`MAX_SECONDS`](Self::MAX_SECONDS), before or after; none or a negative number to return a message.
    pub fn new(seconds: i32, mode: ByMode, trace: bool) -> Result<Self, Misuse> {
        let lowest = if mode == ByMode::Return { 1 } else { -Self::MAX_SECONDS };
        if (lowest..=Self::MAX_SECONDS).contains(&seconds) {
            Ok(Self { seconds, mode, trace })
        } else {
            Err(Misuse::Invalid("by-time"))
        }
    }

    /// Seconds from the command on; zero or negative if it is late already.
    #[must_use]
    pub const fn seconds(self) -> i32 {
        self.seconds
    }

    /// What is to be done if it is late.
    #[must_use]
    pub const fn mode(self) -> ByMode {
        self.mode
    }

    /// Whether relays that do not know the extension are to be reported.
    #[must_use]
    pub const fn trace(self) -> bool {
        self.trace
    }
}

/// ```text
/// by-value     = by-time";"by-mode[by-trace]
/// by-time      = ["-" / "+"]1*9digit ; a negative or zero value is not
///                                    ; allowed with a by-mode of "R"
/// by-mode      = "N" / "R"           ; "Notify" or "Return"
/// by-trace     = "T"                 ; "Trace"
/// ```
pub(crate) fn rule<'i>(_: &Context<'_>, i: &'i [u8]) -> Parsed<'i, By> {
    let (digits, sign) = match i {
        [b'-', rest @ ..] => (rest, -1),
        [b'+', rest @ ..] => (rest, 1),
        _ => (i, 1),
    };
    let range = || Err(Failure::at(i, expected::BY, ParseErrorKind::Range));
    let seconds = match DIGIT.run(digits) {
        0 => return fail(digits, expected::BY),
        1..=9 => number32(digits)?.1,
        _ => return range(),
    };
    let rest = &digits[DIGIT.run(digits)..];
    let Some(mode) = rest.strip_prefix(b";") else { return fail(rest, expected::BY) };
    let (rest, mode) = match mode {
        [b'N' | b'n', rest @ ..] => (rest, ByMode::Notify),
        [b'R' | b'r', rest @ ..] => (rest, ByMode::Return),
        _ => return fail(mode, expected::BY),
    };
    let (rest, trace) = match rest {
        [b'T' | b't', rest @ ..] => (rest, true),
        _ => (rest, false),
    };
    match i32::try_from(seconds).ok().and_then(|seconds| By::new(sign * seconds, mode, trace).ok()) {
        Some(by) => Ok((rest, by)),
        None => range(),
    }
}

pub(crate) fn encode(by: &By, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    if by.seconds < 0 {
        wire.push(b'-');
    }
    wire.extend_from_slice(decimal(by.seconds.unsigned_abs().into(), &mut [0; 20]));
    wire.extend_from_slice(if by.mode == ByMode::Notify { b";N" } else { b";R" });
    if by.trace {
        wire.push(b'T');
    }
    Ok(())
}

#[cfg(any(test, feature = "proptest"))]
pub(crate) fn strategy() -> impl proptest::strategy::Strategy<Value = By> {
    use proptest::prelude::*;
    let seconds = prop_oneof![-3..3, -By::MAX_SECONDS..=By::MAX_SECONDS];
    (seconds, any::<bool>(), any::<bool>()).prop_filter_map("by-time", |(seconds, notify, trace)| {
        By::new(seconds, if notify { ByMode::Notify } else { ByMode::Return }, trace).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::testing::{refused, taken};

    #[test]
    fn case_86() {
        let by = |seconds, mode, trace| By::new(seconds, mode, trace).unwrap();
        taken(
            rule,
            encode,
            &[
                (b"120;R", by(120, ByMode::Return, false)),
                (b"+5;r", by(5, ByMode::Return, false)),
                (b"-5;N", by(-5, ByMode::Notify, false)),
                (b"0;n", by(0, ByMode::Notify, false)),
                (b"120;RT", by(120, ByMode::Return, true)),
                (b"-999999999;Nt", by(-999_999_999, ByMode::Notify, true)),
                (b"999999999;R", by(999_999_999, ByMode::Return, false)),
                (b"000000001;R", by(1, ByMode::Return, false)),
            ],
        );
        refused(
            rule,
            &[
                (b"", 0),
                (b"-", 1),
                (b"abc", 0),
                (b"120", 3),
                (b"120;", 4),
                (b"120;X", 4),
                (b"120;RX", 5),
                (b"120;RTT", 6),
                (b"0;R", 0),
                (b"-5;R", 0),
                (b"1000000000;N", 0),
                (b"99999999999;R", 0),
                (b"--5;N", 1),
            ],
        );
        assert!(By::new(1_000_000_000, ByMode::Notify, false).is_err());
        assert!(By::new(i32::MIN, ByMode::Notify, false).is_err());
        assert!(By::new(0, ByMode::Return, false).is_err());
    }
}
