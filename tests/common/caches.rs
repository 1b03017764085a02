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

/// All entries and sets of a cache, a set by its rows and by what is remembered of them.
pub fn read_both(path: &Path) -> vlive::Result<Contents> {
    let mut contents = read(path)?;
    let snapshot = Snapshot::open(path)?;
    for set in snapshot.sets()? {
        for row in snapshot.rows(&set) {
            let row = row?;
            contents.insert(format!("{}\0{}", set.name(), row.id()), row.value().to_vec());
        }
        let pairs = set.meta().pairs().map(|(key, value)| (format!("{}\u{1}meta\0{key}", set.name()), value.to_vec()));
        contents.extend(pairs);
        if let Some(damage) = snapshot.meta_damage(&set) {
            return Err(damage);
        }
    }
    Ok(contents)
}

/// All entries of vantage-live in a cache.
pub fn read(path: &Path) -> vlive::Result<Contents> {
    let snapshot = Snapshot::open(path)?;
    let entries = snapshot.entries(&Selection::All)?;
    entries.map(|entry| entry.map(|entry| (entry.key().to_string(), entry.value().to_vec()))).collect()
}
