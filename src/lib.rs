//! The on-disk caches of vantage-live: looked into, compared, seeded and invalidated.
//!
//! vantage-live, the locally cached, write-through table wrapper of the Vantage framework, keeps
//! one redb file, `vlive.redb`, in a folder. This crate knows the layout of that file, the codec of
//! its values, and what vantage-live 0.4 makes of both. There are two ways to a cache:
//!
//! - [`Snapshot`] looks. It never takes a lock, never writes, and believes no byte before its
//!   checksum; it works on a cache that an app has open, and on one that was left by a crash.
//! - [`Cache`] changes, through redb itself, and has the cache for itself as long as it lives.
//!
//! A [`Fixture`] is the entries of a cache in files: [`load`] writes it to a cache, and [`diff`] compares.
//!
//! ```
//! use std::time::{Duration, UNIX_EPOCH};
//! use vlive::{Cache, CachedRows, Record, Snapshot};
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let mut clients = CachedRows::new(Default::default());
//! clients.fetched_at = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
//! clients.rows.insert("c1".into(), Record::from_iter([("name".into(), "Anna".into())]));
//!
//! Cache::create(folder)?.put("clients/page_1", &clients)?;
//!
//! let cache = Snapshot::open(folder)?;
//! assert_eq!(cache.get("clients/page_1")?, Some(clients));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod cache;
mod cbor;
mod deviation;
mod envelope;
mod error;
mod file;
mod fixture;
mod holder;
mod in_order;
mod items;
mod json;
mod key;
mod location;
mod meaning;
mod notation;
mod ops;
mod race;
mod redact;
mod snapshot;
mod storage;

pub use cache::Cache;
pub use cbor::DecodeError;
pub use deviation::{Deviation, deviations};
pub use envelope::{CachedRows, Envelope, EnvelopeHead, EnvelopeView, Record};
pub use error::{Error, Result};
pub use file::{Damage, PageNumber};
pub use fixture::{Fixture, FixtureEntry, FixtureOptions, Source};
pub use holder::Holder;
pub use json::{InputError, JsonStyle, JsonWriter, RowsInput};
pub use key::{Key, Selection};
pub use location::is_cache;
pub use meaning::{Meaning, meaning};
pub use notation::notation;
pub use ops::ages::{Age, Ages, ages};
pub use ops::check::{Check, Finding, Findings, check, check_deep};
pub use ops::diff::{Change, DiffOptions, Difference, EntryDiff, FieldDiff, RowDiff, Side, diff};
pub use ops::dump::{DumpFormat, DumpStyle, Dumped, dump, dump_entry, dump_tree};
pub use ops::invalidate::{Plan, Removed};
pub use ops::list::{CacheKeySummary, List, Unreadable, list};
pub use ops::load::{LoadPlan, Replace, load};
pub use ops::salvage::{Salvaged, salvage};
pub use ops::touch::{TouchPlan, Touched};
pub use redact::redact;
pub use snapshot::{Entries, Entry, Snapshot, Table};
