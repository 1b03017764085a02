//! The caches in `tests/caches`, and what this crate reads from any.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use vlive::{Selection, Snapshot};

/// Values by full key.
pub type Contents = BTreeMap<String, Vec<u8>>;

/// The folder of a sample, which is only to be looked at.
pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/caches").join(name)
}

/// The file of a sample, which is named itself or by its folder.
pub fn bytes(name: &str) -> Vec<u8> {
    let sample = sample(name);
    fs::read(if sample.is_dir() { sample.join("vlive.redb") } else { sample }).unwrap()
}

/// All entries of a cache.
pub fn read(path: &Path) -> vlive::Result<Contents> {
    let snapshot = Snapshot::open(path)?;
    let entries = snapshot.entries(&Selection::All)?;
    entries.map(|entry| entry.map(|entry| (entry.key().to_string(), entry.value().to_vec()))).collect()
}
