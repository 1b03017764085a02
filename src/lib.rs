//! Inspects, compares, seeds and invalidates the on-disk caches of vantage-live and vantage-diorama.
//!
//! Both crates are the local cache of the Vantage framework. vantage-live keeps one redb file, `vlive.redb`, in a
//! folder, with a value for each key; its successor vantage-diorama keeps one redb file at any path, with two tables
//! for each set of rows. This crate knows both layouts and the codecs of their values, as vantage-live 0.4 and
//! vantage-diorama 1.5 use them. There are two ways to open a cache:
//!
//! - [`Snapshot`] reads. It takes no lock, writes nothing, and verifies the checksum of every page; it works on a cache
//!   that an app has open, and on one that a crash has left behind.
//! - [`Cache`] changes, through redb itself, and locks the cache as long as it lives.
//!
//! A [`Fixture`] is the entries of a cache in files: [`Fixture::seed`] writes them to a cache, [`diff`] compares them
//! with one, and [`assert_same`] asserts in a test that a cache has exactly these entries.
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
pub mod cbor;
mod database;
pub mod diorama;
pub mod error;
mod file;
pub mod fixture;
pub mod json;
pub mod live;
pub mod ops;
pub mod snapshot;
pub mod system;

pub use cache::Cache;
pub use error::{Error, Result};
pub use fixture::Fixture;
pub use live::{CachedRows, Key, Record, Selection};
pub use ops::{assert_same, diff};
pub use snapshot::Snapshot;
pub use {ciborium, indexmap};
