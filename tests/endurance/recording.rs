//! `vlive watch --record` beside an app that changes a row of a large set at a time, as fast as it can.

use crate::common::stress::rounds;
use redb::{Database, Durability, TableDefinition};
use serde_json::Value as Json;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use vlive::diorama::row::{Status, encode};

/// Rows of the set; most pages of them stay as they are in a commit.
const ROWS: u64 = 4000;

/// Rows that a commit changes, each on another page.
const CHANGED: u64 = 20;

/// The row that a generation replaces. Consecutive generations replace rows that are far from each other, and each row
/// is replaced once in [`ROWS`] generations.
fn row_of(generation: u64) -> u64 {
    generation * 1009 % ROWS
}

const SET: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("set");
const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("set\u{1}meta");

/// Commits some generations. Each replaces one row and sets the time of the set to its own number.
fn commit(database: &Database, generations: std::ops::Range<u64>) {
    let mut transaction = database.begin_write().unwrap();
    // Durable commits would be slower.
    transaction.set_durability(Durability::Eventual);
    {
        let mut rows = transaction.open_table(SET).unwrap();
        let mut meta = transaction.open_table(META).unwrap();
        for generation in generations {
            let fields = [("generation", generation.into()), ("padding", "x".repeat(200).into())];
            let fields = fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
            let id = format!("{:04}", row_of(generation));
            rows.insert(id.as_str(), encode(&fields, Status::Complete).as_slice()).unwrap();
            let stamp = generation * 1_000_000_000;
            meta.insert("refreshed_at", stamp.to_le_bytes().as_slice()).unwrap();
        }
    }
    transaction.commit().unwrap();
}

/// The last generation in a recorded commit, after asserting that every row is from that generation.
fn last_generation(recorded: &Path) -> u64 {
    let set: Json = serde_json::from_slice(&fs::read(recorded.join("set.json")).unwrap()).unwrap();
    let last = set["refreshed_at"].as_u64().unwrap() / 1_000_000_000;
    let rows = set["rows"].as_object().unwrap();
    assert_eq!(rows.len() as u64, ROWS);
    for generation in last + 1 - ROWS..=last {
        let id = format!("{:04}", row_of(generation));
        assert_eq!(rows[&id]["generation"], generation, "row {id} at {last}");
    }
    last
}

#[test]
fn each_recording_of_a_changing_set_is_one_commit() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.redb");
    let database = Database::create(&file).unwrap();
    commit(&database, 0..ROWS);
    let history = folder.path().join("history");
    let mut watch = Command::new(env!("CARGO_BIN_EXE_vlive"));
    watch.arg("-C").arg(&file).args(["watch", "set", "--quiet", "--record"]).arg(&history);
    watch.args(["--until", "added:end", "--for", "1h"]).stdout(Stdio::null()).stderr(Stdio::piped());
    let watching = watch.spawn().unwrap();
    let is_over = AtomicBool::new(false);
    let recorded = || fs::read_dir(&history).map_or(0, |commits| commits.count() as u64);
    let output = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut generation = ROWS;
            while !is_over.load(Ordering::Relaxed) {
                commit(&database, generation..generation + CHANGED);
                generation += CHANGED;
            }
        });
        let watched = scope.spawn(|| watching.wait_with_output().unwrap());
        while recorded() < 20 * rounds() && !watched.is_finished() {
            thread::sleep(Duration::from_millis(10));
        }
        is_over.store(true, Ordering::Relaxed);
        writer.join().unwrap();
        let transaction = database.begin_write().unwrap();
        let end: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("end");
        transaction.open_table(end).unwrap().insert("a", &b"\x00\xa0"[..]).unwrap();
        transaction.commit().unwrap();
        watched.join().unwrap()
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut commits: Vec<_> = fs::read_dir(&history).unwrap().map(|commit| commit.unwrap().path()).collect();
    commits.sort();
    let mut last = 0;
    for commit in commits.iter().filter(|commit| commit.join("set.json").exists()) {
        let generation = last_generation(commit);
        assert!(generation > last, "{generation} after {last}");
        last = generation;
    }
}
