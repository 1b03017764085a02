//! The same caches, by vantage-live 0.4.8 itself and by this crate.

mod caches;
mod decoding;
mod loading;
mod sequences;
mod support;
mod touching;

#[path = "../support/properties/value.rs"]
mod properties;
#[path = "../support/random.rs"]
mod random;
#[path = "../support/rows.rs"]
mod rows;
#[path = "../support/scribble.rs"]
mod scribble;
