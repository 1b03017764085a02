//! Compacting on a disk that runs full at any call, and on one that has no room from the beginning.

use super::{Compacted, Disk, compact_on};
use crate::database::FileStorage;
use crate::database::full_disk::{self, DISK, FullDisk};
use crate::error::{Action, Error, Result};
use redb::{Builder, Database, StorageBackend, TableDefinition};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

fn on_full_disk(folder: &Path) -> Result<Compacted> {
    compact_on(&Disk { free: |_| None, storage: FullDisk::boxed }, folder)
}

/// Caches of both layouts that can be made smaller.
const SAMPLES: [&str; 2] = ["live-demo/vlive.redb", "diorama/cache.redb"];

/// The folder of a copy of one.
fn folder(sample: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/caches").join(sample);
    fs::copy(sample, folder.path().join("vlive.redb")).expect("a copy");
    folder
}

fn bytes(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("vlive.redb")).expect("the cache")
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).expect("the folder").count()
}

/// To be killed at a call is the same as a disk that takes nothing from that call on.
#[test]
fn a_disk_that_runs_full_at_any_call_gives_an_error_and_leaves_the_cache_as_it_was() {
    for (sample, recovers) in SAMPLES.into_iter().flat_map(|sample| [(sample, false), (sample, true)]) {
        let folder = folder(sample);
        let folder = folder.path();
        let before = bytes(folder);
        let mut failed = 0;
        for room in 0.. {
            let what = format!("{sample}, refused after {room} calls, recovers: {recovers}");
            DISK.set(full_disk::Disk { room: Some(room), recovers, ..full_disk::Disk::default() });
            let result = on_full_disk(folder);
            let refused = DISK.take().failed;
            assert_eq!(files(folder), 1, "{what}: something is left");
            match result {
                Err(Error::Io { action: Action::WriteBeside, source, .. }) => {
                    assert_eq!(source.kind(), io::ErrorKind::StorageFull, "{what}");
                    assert!(bytes(folder) == before, "{what}: the cache has changed");
                    failed += 1;
                }
                Ok(compacted) => {
                    assert_eq!(refused, 0, "{what}: nobody learns of it");
                    assert!(compacted.given_back() > 0);
                    break;
                }
                Err(error) => panic!("{what}: {error:?}"),
            }
        }
        assert!(failed > 10, "{sample}: it failed only {failed} times");
    }
}

#[test]
fn a_disk_without_room_is_refused_before_anything_is_written() {
    for sample in SAMPLES {
        let folder = folder(sample);
        let before = bytes(folder.path());
        let nothing_is_written = |_: &_| unreachable!("there is no room");
        let full = Disk { free: |_| Some(1000), storage: nothing_is_written };
        let error = compact_on(&full, folder.path()).expect_err("there is no room");
        let Error::NoRoom { needed, free: 1000, .. } = error else { panic!("{error:?}") };
        assert!(bytes(folder.path()) == before && files(folder.path()) == 1);
        let roomy = Disk { free: |_| None, storage: FullDisk::boxed };
        assert_eq!(compact_on(&roomy, folder.path()).expect("there is room").after, needed, "{sample}");
    }
}

/// A file that takes no room on the disk for zeros.
#[derive(Debug)]
struct Sparse(Box<dyn StorageBackend>);

const BLOCK: usize = 4096;

impl StorageBackend for Sparse {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        self.0.read(offset, len)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self, _eventual: bool) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if data.len() < 1 << 20 {
            return self.0.write(offset, data);
        }
        // Pages of this size are written where nothing was, since no value is written twice.
        for (block, at) in data.chunks(BLOCK).zip((offset..).step_by(BLOCK)) {
            if block != &[0; BLOCK][..block.len()] {
                self.0.write(at, block)?;
            }
        }
        Ok(())
    }
}

/// From 4 GiB on redb numbers pages by region.
#[test]
#[ignore = "it moves twenty gigabytes through memory"]
fn a_cache_of_more_than_four_gigabytes_is_compacted_like_any_other() {
    const VALUE: usize = 63 << 20;
    const KEYS: u8 = 66;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("vlive.redb");
    let file = fs::File::options().read(true).write(true).create_new(true).open(&path).expect("a file");
    let storage = Sparse(FileStorage::boxed(&Arc::new(file)));
    let database = Builder::new().set_cache_size(1 << 20).create_with_backend(storage).expect("a database");
    let mut value = vec![0; VALUE];
    for key in 0..KEYS {
        let transaction = database.begin_write().expect("a transaction");
        let table = TableDefinition::<&str, &[u8]>::new("__vlive__k");
        value[..7].copy_from_slice(b"value \0");
        value[6] = key;
        let mut table = transaction.open_table(table).expect("a table");
        table.insert(format!("{key:02}").as_str(), value.as_slice()).expect("a value");
        drop(table);
        transaction.commit().expect("a commit");
    }
    drop(database);
    let disk = Disk { free: |_| None, storage: |file| Box::new(Sparse(FileStorage::boxed(file))) };
    let compacted = compact_on(&disk, folder.path()).expect("it is compacted");
    assert!(compacted.given_back() > 0 && compacted.after > 4 << 30, "{compacted:?}");
    let database = Database::open(&path).expect("redb opens it");
    let table = TableDefinition::<&str, &[u8]>::new("__vlive__k");
    let table = database.begin_read().expect("a transaction").open_table(table).expect("the table");
    for key in 0..KEYS {
        let value = table.get(format!("{key:02}").as_str()).expect("a look").expect("the value");
        assert!(value.value().len() == VALUE && value.value()[6] == key, "{key}");
    }
}
