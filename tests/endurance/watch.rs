//! `vlive watch` beside vantage-live at full speed, killed and started again.

use crate::common::random::Random;
use crate::common::stress::rounds;
use crate::live::{PAGES, Writer, assert_one_commit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexMap;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};
use vlive::{Cache, CachedRows, Selection, Snapshot, ops};

type State = BTreeMap<String, Vec<u8>>;

/// Replays the lines of a watch, and calls `each` with every state that it reports.
fn replay(child: Child, mut each: impl FnMut(u64, &State)) -> (State, u64) {
    let mut state = State::new();
    let mut open: Option<u64> = None;
    let mut commits = 0;
    for line in BufReader::new(child.stdout.unwrap()).lines() {
        let event: Json = serde_json::from_str(&line.unwrap()).unwrap();
        let number = event["commit"].as_u64().unwrap();
        if open != Some(number) {
            if let Some(open) = open.replace(number) {
                each(open, &state);
            }
            commits += 1;
        }
        let key = event["key"].as_str().unwrap().to_owned();
        let was = match event["raw"].as_str() {
            Some(raw) => {
                let value = STANDARD.decode(raw).unwrap();
                assert_eq!(event["bytes"].as_u64(), Some(value.len() as u64));
                state.insert(key, value)
            }
            None => state.remove(&key),
        };
        let word = match (&was, event["raw"].is_null()) {
            (None, false) => "added",
            (Some(_), true) => "removed",
            (Some(_), false) => "replaced",
            (None, true) => panic!("what is not there is removed: {event}"),
        };
        let is_touched = event["event"] == "touched" && word == "replaced";
        assert!(is_touched || event["event"] == word, "{word}: {event}");
        assert_eq!(event["was"]["bytes"].as_u64(), was.map(|was| was.len() as u64), "{event}");
    }
    if let Some(open) = open {
        each(open, &state);
    }
    (state, commits)
}

/// A watch that ends with the entry that [`end`] puts.
fn watch(folder: &Path) -> Child {
    let until = format!("added:{END}");
    let arguments = ["watch", "--json", "--raw", "--initial", "--quiet", "--until", &until, "--for", "1h", "-C"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_vlive"));
    command.args(arguments).arg(folder).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap()
}

const END: &str = "end/now";

fn end(folder: &Path) {
    let rows = CachedRows { rows: IndexMap::default(), fetched_at: UNIX_EPOCH };
    Cache::open(folder).unwrap().put(END, &rows).unwrap();
}

/// The number of the newest commit.
fn commit(folder: &Path) -> u64 {
    ops::stat_quick(&Snapshot::open(folder).unwrap()).unwrap().commit
}

/// Every page of the writer is of one commit, and every row is of its page.
fn assert_state(number: u64, state: &State) {
    let times: Vec<u64> = (0..PAGES)
        .filter_map(|page| {
            let rows = CachedRows::decode(state.get(&format!("k/page_{page}"))?).unwrap();
            let time = rows.fetched_at.duration_since(UNIX_EPOCH).unwrap().as_secs();
            assert!(rows.rows.values().all(|row| row["generation"] == time.into()), "commit {number}");
            Some(time)
        })
        .collect();
    if times.len() as u64 == PAGES {
        assert_one_commit(&times);
    }
}

fn last_state(folder: &Path) -> State {
    let snapshot = Snapshot::open(folder).unwrap();
    let entries = snapshot.entries(&Selection::All).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.key().to_string(), entry.value().to_vec())).collect()
}

/// Commits that a writer makes while it is watched.
const COMMITS: u64 = 1000;

#[test]
fn replaying_the_events_of_a_busy_cache_gives_states_of_single_commits_and_ends_with_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let watching = watch(folder.path());
    let writing = folder.path().to_owned();
    let writer = thread::spawn(move || {
        let writer = Writer::start(&writing, "busy");
        while commit(&writing) < COMMITS * rounds() {
            thread::sleep(Duration::from_millis(50));
        }
        drop(writer);
        end(&writing);
    });
    let (state, commits) = replay(watching, assert_state);
    writer.join().unwrap();
    assert!(commits > 20, "{commits} commits were seen");
    assert_eq!(state, last_state(folder.path()));
}

#[test]
fn a_watch_outlives_an_app_that_is_killed_and_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let watching = watch(folder.path());
    let writing = folder.path().to_owned();
    let writer = thread::spawn(move || {
        let mut random = Random::new(1);
        for n in 0.. {
            let writer = Writer::start(&writing, if n % 3 == 0 { "closing" } else { "busy" });
            thread::sleep(Duration::from_millis(random.next() % 200));
            drop(writer);
            if n >= 12 && commit(&writing) >= COMMITS * rounds() {
                break;
            }
        }
        end(&writing);
    });
    let (state, commits) = replay(watching, assert_state);
    writer.join().unwrap();
    assert!(commits > 12, "{commits} commits were seen");
    assert_eq!(state, last_state(folder.path()));
}
