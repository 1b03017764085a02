//! What `stat` tells of a cache's space, and what `compact` gives back of it.

use redb::{Database, MultimapTableDefinition, ReadableMultimapTable, ReadableTable, TableDefinition};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use vlive::{Selection, Snapshot};

use crate::common::random::Random;

const SAMPLES: [&str; 8] =
    ["bakery", "crashed", "envelopes", "foreign", "format-v3", "live-demo", "odd-keys", "values"];

fn sample(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/caches").join(name).join("vlive.redb")
}

fn entries(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let snapshot = Snapshot::open(folder).unwrap();
    let entries = snapshot.entries(&Selection::All).unwrap();
    entries.map(|entry| entry.unwrap()).map(|entry| (entry.key().to_string(), entry.value().to_vec())).collect()
}

fn tables(folder: &Path) -> Vec<String> {
    Snapshot::open(folder)
        .unwrap()
        .tables()
        .unwrap()
        .iter()
        .map(|table| format!("{} {} {}", table.name(), table.kind(), table.entries()))
        .collect()
}

#[test]
fn every_sample_is_the_same_after_it_was_compacted() {
    for name in SAMPLES {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(sample(name), folder.path().join("vlive.redb")).unwrap();
        let (before, tables_before) = (entries(folder.path()), tables(folder.path()));
        let estimate = vlive::ops::stat(&Snapshot::open(folder.path()).unwrap(), 0).unwrap().0;
        let compacted = vlive::ops::compact(folder.path()).unwrap();
        eprintln!("{name} {compacted:?} {:?}", estimate.contents.unwrap().space);
        assert_eq!(entries(folder.path()), before);
        assert_eq!(tables(folder.path()), tables_before);
        let mut database = Database::open(folder.path().join("vlive.redb")).unwrap();
        assert!(database.check_integrity().unwrap());
        drop(database);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        eprintln!("  after an app {}", fs::metadata(folder.path().join("vlive.redb")).unwrap().len());
    }
}
