//! The library as its users call it: values in, values out. Nothing here runs the program.

mod allocations;
mod assertion;
mod deviation;
mod diff;
mod diorama;
mod find;
mod fixture;
mod forged;
mod json;
mod model;
mod notation;
mod notation_of_any_bytes;
mod properties;
mod redact;
mod space;
mod watcher;
mod wings;

#[path = "../common/mod.rs"]
mod common;
