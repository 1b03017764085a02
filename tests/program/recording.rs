//! `watch --record` of a cache that cannot be read whole.

use crate::support::Folder;
use redb::{Database, TableDefinition};
use std::fs;
use std::io::Read;
use std::process::{ExitStatus, Stdio};

type Bytes = TableDefinition<'static, &'static str, &'static [u8]>;

const ENTRIES: Bytes = TableDefinition::new("__vlive__k");
const ROWS: Bytes = TableDefinition::new("s");
const META: Bytes = TableDefinition::new("s\u{1}meta");

/// `{"fetched_at": 1, "rows": {}}`
const ENVELOPE: &[u8] = b"\xa2\x6afetched_at\x01\x64rows\xa0";

fn row(n: u16) -> Vec<u8> {
    let text = format!("{n:01000}");
    [b"\x00\xa1\x61a\x79\x03\xe8", text.as_bytes()].concat()
}

/// A cache with so many entries that a pipe does not hold their events, and a set with damage in one of its pages.
fn damaged() -> Folder {
    let folder = Folder::empty();
    let database = Database::create(folder.file()).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut entries = transaction.open_table(ENTRIES).unwrap();
        for n in 0..2_000 {
            entries.insert(&*format!("{n:0100}"), ENVELOPE).unwrap();
        }
        let mut rows = transaction.open_table(ROWS).unwrap();
        for n in 0..50 {
            rows.insert(&*format!("{n:02}"), &*row(n)).unwrap();
        }
        transaction.open_table(META).unwrap().insert("refreshed_at", &1_u64.to_le_bytes()[..]).unwrap();
    }
    transaction.commit().unwrap();
    // Now the previous commit has the rows too.
    add(&database, "first");
    drop(database);
    folder.flip(&row(20));
    folder
}

fn add(database: &Database, sub_key: &str) {
    let transaction = database.begin_write().unwrap();
    transaction.open_table(ENTRIES).unwrap().insert(sub_key, ENVELOPE).unwrap();
    transaction.commit().unwrap();
}

/// Watches and records the damaged cache, of which everything is new. Calls `act` while the first commit is reported,
/// so before it is recorded. Returns the errors of the watch, its status, and the names of what was recorded.
fn recorded(args: &[&str], act: impl FnOnce(&Folder)) -> (String, ExitStatus, Vec<String>) {
    let folder = damaged();
    let args = [&["watch", "--initial", "--record", "history"], args].concat();
    let mut watch = folder.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut events = watch.stdout.take().unwrap();
    let mut rest = vec![0];
    events.read_exact(&mut rest).unwrap();
    act(&folder);
    events.read_to_end(&mut rest).unwrap();
    let ended = watch.wait_with_output().unwrap();
    let commits = fs::read_dir(folder.path().join("history")).unwrap();
    let files = commits.flat_map(|commit| fs::read_dir(commit.unwrap().path().join("k")).unwrap());
    let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.truncate(2);
    (String::from_utf8(ended.stderr).unwrap(), ended.status, names)
}

#[test]
fn a_damaged_commit_that_the_app_overwrites_is_not_recorded_and_the_next_one_is() {
    let until = ["--until", "added:k/second"];
    let (stderr, status, names) = recorded(&until, |folder| add(&Database::open(folder.file()).unwrap(), "second"));
    assert_eq!(status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("error: commit #") && stderr.contains(" is not recorded: "), "{stderr}");
    assert_eq!(names, ["second.json"], "{stderr}");
}

#[test]
fn a_damaged_commit_that_stays_is_recorded_without_what_is_lost() {
    let (stderr, status, names) = recorded(&["--until", "added:k/first"], |_| {});
    assert_eq!(status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("is damaged in table `s`") && !stderr.contains("not recorded"), "{stderr}");
    assert_eq!(names.len(), 2, "{stderr}");
}
