//! The first door, looking: one commit of a cache, its tables and entries, read without a lock and without a
//! trace. This wing knows which commit counts and what a race with an app looks like. It knows neither redb nor
//! anything that writes, and what a value means it asks `live`.

mod commit;
mod entries;
pub(crate) mod location;
mod opening;
pub(crate) mod race;
mod sets;
mod tables;
mod watched;
mod watcher;

pub use crate::file::{Damage, PageNumber};
pub use commit::Snapshot;
pub use entries::{Entries, Entry};
pub use location::{caches_in, is_cache};
pub use sets::{Layout, Set, SetRow, SetRows, TableRole};
pub use tables::Table;
pub use watched::{EntryChange, Event, Remembered, SeenCommit};
pub use watcher::{Pace, WatchOptions, Watcher};
