//! Reading a cache: one commit, its tables and entries, without a lock and without writing anything. This wing knows
//! which commit counts and how to recognize a race with an app. It knows neither redb nor anything that writes; `live`
//! and `diorama` read the values.

mod commit;
mod entry;
mod fetch_time;
mod find_sets;
mod live_entries;
pub(crate) mod location;
mod opening;
mod pace;
pub(crate) mod race;
mod roles;
mod row;
mod set;
mod set_key;
mod set_rows;
mod tables;
mod watched;
mod watched_file;
mod watched_sets;
mod watcher;

pub use crate::file::{Damage, PageNumber};
pub use commit::Snapshot;
pub use entry::{Entry, EntryKey, Layout};
pub use fetch_time::FetchTime;
pub(crate) use live_entries::LiveRun;
pub use live_entries::{Entries, LiveEntry};
pub use location::{caches_in, is_cache};
pub use opening::PastDamage;
pub use pace::Pace;
pub use roles::TableRole;
pub(crate) use row::Ranges;
pub use row::{Row, RowFault, VisitRow};
pub use set::Set;
pub use set_key::SetKey;
pub(crate) use set_rows::RowRun;
pub use set_rows::{SetRow, SetRows};
pub use tables::{Table, TableKind};
pub use watched::{EntryChange, Event, Remembered, RowChange, RowChanges, SeenCommit, SetState};
pub use watcher::{WatchOptions, Watcher, WholeSets};
