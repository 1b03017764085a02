//! Compacting on a disk that runs full at any call, and on one that has no room from the beginning.

use super::{Compacted, Disk, compact_on};
use crate::database::full_disk::{self, DISK, FullDisk};
use crate::error::{Action, Error, Result};
use std::fs;
use std::io;
use std::path::Path;

fn on_full_disk(folder: &Path) -> Result<Compacted> {
    compact_on(&Disk { free: |_| None, storage: FullDisk::boxed }, folder)
}

/// The folder of a cache that has something to give back.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/caches/live-demo/vlive.redb");
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
    let folder = folder();
    let folder = folder.path();
    let before = bytes(folder);
    for recovers in [false, true] {
        let mut failed = 0;
        for room in 0.. {
            let what = format!("refused after {room} calls, recovers: {recovers}");
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
        assert!(failed > 10, "it failed only {failed} times");
        fs::write(folder.join("vlive.redb"), &before).expect("the cache as it was");
    }
}

#[test]
fn a_disk_without_room_is_refused_before_anything_is_written() {
    let folder = folder();
    let before = bytes(folder.path());
    let nothing_is_written = |_: &_| unreachable!("there is no room");
    let full = Disk { free: |_| Some(1000), storage: nothing_is_written };
    let error = compact_on(&full, folder.path()).expect_err("there is no room");
    let Error::NoRoom { needed, free: 1000, .. } = error else { panic!("{error:?}") };
    assert!(bytes(folder.path()) == before && files(folder.path()) == 1);
    let just = compact_on(&Disk { free: |_| None, storage: FullDisk::boxed }, folder.path()).expect("there is room");
    assert_eq!(just.after, needed);
}
