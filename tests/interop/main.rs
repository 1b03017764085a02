//! The same caches, by vantage-live 0.4.8 itself and by this crate.

mod caches;
mod compacting;
mod decoding;
mod loading;
mod sequences;
mod support;
mod touching;

#[path = "../common/mod.rs"]
mod common;
