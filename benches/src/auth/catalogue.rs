//! Which workload has which contestants.

use crate::auth::{ITERATIONS, ours, peers, users};
use crate::catalogue::{Catalogue, chain, work};

/// Enters them all.
pub fn enter(catalogue: &mut Catalogue<'_>) {
    catalogue.add("auth/scram-sha-256/exchange".into(), |scale| {
        let users = users(scale.messages.clamp(1, 1000));
        let (count, octets) = (users.len(), users.iter().map(String::len).sum());
        let contestants = chain([ours::exchange(&users), peers::exchange(&users)]);
        work(octets, count as u64, "exchange", count as u64, contestants)
    });
    catalogue.add(format!("auth/scram-sha-256/record/{ITERATIONS}"), |scale| {
        let count = scale.messages.clamp(1, 20);
        let contestants = chain([ours::record(count), peers::pbkdf2(count)]);
        work(count * 6, count as u64, "password", count as u64, contestants)
    });
}
