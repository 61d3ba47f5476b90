//! Logging in: SCRAM, and what hashing a password costs.

pub mod catalogue;
pub mod ours;
pub mod peers;

/// Of everybody in these workloads.
pub const PASSWORD: &str = "pencil";
/// Of its record.
pub const SALT: [u8; 16] = [7; 16];
/// One iteration, so that an exchange costs what it costs without PBKDF2.
pub const RECORD: &str = "{SCRAM-SHA-256}1,BwcHBwcHBwcHBwcHBwcHBw==,XIyLahSjxI7WzOTbFRtvgFqWpxRKFF2HSDsjq3bZnCk=,UUrn4LS6R+o7pW5c0K0zDjR6xp+VilcWJvhUFaNcIZs=";
/// Iterations of a password that is hashed (RFC 7677 section 4).
pub const ITERATIONS: u32 = 4096;

/// Different users, as many as there are exchanges.
pub fn users(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("user{n}@example.org")).collect()
}
