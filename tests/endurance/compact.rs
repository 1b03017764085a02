//! `compact` killed at any instant.

use crate::common::layout::Layout;
use crate::common::random::Random;
use crate::common::stress::rounds;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;
use vlive::Cache;

/// Compactions that are killed before they say that they are done.
const KILLS: u64 = 20;

fn compact(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vlive"));
    command.args(["compact", "-C"]).arg(folder).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A cache with room to give back.
fn used(layout: Layout, folder: &Path, random: &mut Random) {
    let database = redb::Database::create(folder.join("vlive.redb")).unwrap();
    // Diorama ignores what follows an empty row.
    let (name, begin) = match layout {
        Layout::Live => ("__vlive__k", &b""[..]),
        Layout::Diorama => ("k", &b"\x00\xa0"[..]),
    };
    for _ in 0..2 {
        let transaction = database.begin_write().unwrap();
        {
            let table = redb::TableDefinition::<&str, &[u8]>::new(name);
            let mut table = transaction.open_table(table).unwrap();
            for n in 0..1000 {
                let value = [begin, &vec![b'v'; random.below(4000)]].concat();
                table.insert(format!("{n}").as_str(), value.as_slice()).unwrap();
            }
        }
        transaction.commit().unwrap();
    }
}

/// The size of the file that a compaction is writing; 0 if there is none yet.
fn largest_beside(file: &Path) -> u64 {
    let beside = fs::read_dir(file.parent().unwrap()).unwrap().map(Result::unwrap).filter(|entry| entry.path() != file);
    beside.filter_map(|entry| Some(entry.metadata().ok()?.len())).max().unwrap_or(0)
}

#[test]
fn a_compaction_that_is_killed_leaves_the_old_cache_or_the_new_one_and_the_next_write_clears_the_rest() {
    let wanted = KILLS * rounds();
    let (mut killed, mut left_over, mut replaced) = (0, 0, 0);
    for seed in 0..20 * wanted {
        if killed >= wanted {
            break;
        }
        let mut random = Random::new(seed);
        let folder = tempfile::tempdir().unwrap();
        // In turn, so that half of those that are killed are of either layout.
        let layout = Layout::of_turn(killed);
        used(layout, folder.path(), &mut random);
        let file = folder.path().join("vlive.redb");
        let (before, bytes) = (layout.read(folder.path()).unwrap(), fs::read(&file).unwrap());
        let mut child = compact(folder.path()).spawn().unwrap();
        // Before the new file is begun, at any of its sizes, or while it is verified.
        let size = (random.below(2) * random.below(bytes.len() / 2)) as u64;
        let patience = Duration::from_micros(random.below(3000) as u64);
        while child.try_wait().unwrap().is_none() {
            if largest_beside(&file) >= size {
                thread::sleep(patience);
                break;
            }
        }
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            continue;
        }
        killed += 1;
        let now = fs::read(&file).unwrap();
        replaced += u64::from(now != bytes);
        assert!(now == bytes || now.len() < bytes.len(), "{seed}: neither the old file nor a shorter one");
        assert!(layout.read(folder.path()).unwrap() == before, "{seed}, {layout:?}");
        left_over += u64::from(fs::read_dir(folder.path()).unwrap().count() > 1);
        layout.write(&Cache::open(folder.path()).unwrap(), "other/a", None).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{seed}: something is left");
        assert!(compact(folder.path()).status().unwrap().success(), "{seed}");
        let mut after = layout.read(folder.path()).unwrap();
        assert!(layout.take(&mut after, "other/a") && after == before, "{seed}, {layout:?}");
    }
    assert!(
        killed >= wanted && left_over > 0,
        "{killed} were killed in time, {left_over} while they wrote, {replaced} after"
    );
}
