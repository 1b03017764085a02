//! The same caches, by vantage-live 0.4.8 itself and by this crate.

// The library is also tested without the program.
#[cfg(all(target_os = "linux", feature = "cli"))]
mod browsing;
mod caches;
mod compacting;
mod decoding;
mod loading;
mod sequences;
mod support;
mod touching;

#[path = "../common/mod.rs"]
mod common;
