//! Placeholder until the dot engine lands.
