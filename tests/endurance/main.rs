//! What must hold for long and under load: caches that are written to while they are looked at,
//! writes that are killed, files that are damaged, and entries that are large.

mod app;
mod browsing;
mod compact;
mod crash;
mod damage;
mod live;
mod memory;
mod oracle;
mod recording;
mod safe_writes;
mod watch;

#[path = "../common/mod.rs"]
mod common;
