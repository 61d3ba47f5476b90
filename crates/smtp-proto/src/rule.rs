//! The repairs and remarks that this crate reports, as [`Diagnostic`](wire::Diagnostic)s.
//!
//! "From" says from which [`Tolerance`](wire::Tolerance) on it is accepted; below, it is an error. A remark is
//! reported at each tolerance.

use wire::{Rule, line};

wire::rules! {
    /// A line, or a line of a body, ends in LF without CR. From Default; raw is the LF.
    BARE_LF = line::BARE_LF;
    /// More than one CR before the LF of a line. From Default; raw is the CRs.
    EXTRA_CR = line::EXTRA_CR;
    /// More than one space between arguments, or a tab. From Default.
    EXTRA_SPACE = line::EXTRA_SPACE;
    /// A space stands at the end of a command without need. From Default.
    TRAILING_SPACE = line::TRAILING_SPACE;
    /// Something follows the last argument of a command; it is ignored. From Lenient.
    EXTRA_ARGUMENT = line::EXTRA_ARGUMENT;
}
