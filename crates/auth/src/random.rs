//! Random octets of the operating system, for callers who have no generator of their own (feature
//! `getrandom`). Nothing in the crate calls it by itself.

/// The operating system gives no random octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no random octets from the operating system")]
pub struct NoEntropy;

/// Draws `N` octets.
///
/// ```
/// let server_key: [u8; 32] = auth::random::octets()?;
/// # Ok::<(), auth::random::NoEntropy>(())
/// ```
///
/// # Errors
/// There are none.
pub fn octets<const N: usize>() -> Result<[u8; N], NoEntropy> {
    let mut octets = [0; N];
    getrandom::fill(&mut octets).map_err(|_| NoEntropy)?;
    Ok(octets)
}
