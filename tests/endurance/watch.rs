//! `vlive watch` beside vantage-live at full speed, killed and started again.

use crate::common::caches::Contents;
use crate::common::layout::{Layout, of_each_layout};
use crate::common::random::Random;
use crate::common::stress::rounds;
use crate::live::{PAGES, Writer, assert_one_commit, habit};
use crate::oracle::{META, SEPARATOR, set_of};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};
use vlive::diorama::row::RowView;
use vlive::{Cache, CachedRows, Snapshot, ops};

type State = Contents;

/// A key as [`Layout::read`] has it, of a set by its tables.
fn of_set(set: &str, part: &str, key: &str) -> String {
    let end = if part == "meta" { META } else { "" };
    format!("{set}{end}{SEPARATOR}{key}")
}

/// Rows of a set in a state, and their bytes.
fn sum(state: &State, set: &str) -> (u64, u64) {
    let rows = state.iter().filter(|(stored, _)| set_of(stored) == (set, false));
    rows.fold((0, 0), |(rows, bytes), (_, value)| (rows + 1, bytes + value.len() as u64))
}

/// Takes what an event says to the state, and returns how many bytes of values the entry had; `None` if it was not there.
fn apply(layout: Layout, event: &Json, state: &mut State) -> Option<u64> {
    let key = event["key"].as_str().unwrap();
    let decoded = |value: &Json| value.as_str().map(|value| STANDARD.decode(value).unwrap());
    if layout == Layout::Live {
        let was = match decoded(&event["raw"]) {
            Some(value) => {
                assert_eq!(event["bytes"].as_u64(), Some(value.len() as u64));
                state.insert(key.to_owned(), value)
            }
            None => state.remove(key),
        };
        return was.map(|was| was.len() as u64);
    }
    let is_of_it = |stored: &str| set_of(stored).0 == key;
    let was = state.keys().any(|stored| is_of_it(stored)).then(|| sum(state, key).1);
    // Rows are told that differ, and all that is remembered.
    state.retain(|stored, _| !is_of_it(stored) || event["raw"].is_object() && !set_of(stored).1);
    for part in ["raw", "meta"] {
        for (name, value) in event[part].as_object().into_iter().flatten() {
            match decoded(value) {
                Some(value) => drop(state.insert(of_set(key, part, name), value)),
                None => assert!(state.remove(&of_set(key, part, name)).is_some(), "{event}"),
            }
        }
    }
    let told = event["raw"].is_object().then(|| (event["rows"].as_u64().unwrap(), event["bytes"].as_u64().unwrap()));
    assert_eq!(told.unwrap_or_default(), sum(state, key), "{event}");
    was
}

/// Replays the lines of a watch, and calls `each` with every state that it reports.
fn replay(layout: Layout, lines: ChildStdout, mut each: impl FnMut(u64, &State)) -> (State, u64) {
    let mut state = State::new();
    let mut open: Option<u64> = None;
    let mut commits = 0;
    for line in BufReader::new(lines).lines() {
        let event: Json = serde_json::from_str(&line.unwrap()).unwrap();
        let number = event["commit"].as_u64().unwrap();
        if open != Some(number) {
            if let Some(open) = open.replace(number) {
                each(open, &state);
            }
            commits += 1;
        }
        let was = apply(layout, &event, &mut state);
        let word = match (was.is_some(), event["raw"].is_null()) {
            (false, false) => "added",
            (true, true) => "removed",
            (true, false) => "replaced",
            (false, true) => panic!("what is not there is removed: {event}"),
        };
        let is_touched = event["event"] == "touched" && word == "replaced";
        assert!(is_touched || event["event"] == word, "{word}: {event}");
        assert_eq!(event["was"]["bytes"].as_u64(), was, "{event}");
    }
    if let Some(open) = open {
        each(open, &state);
    }
    (state, commits)
}

/// A watch that ends with the entry that [`end`] puts, and with the test.
struct Watching(Child);

impl Watching {
    fn start(folder: &Path) -> Watching {
        let until = format!("added:{END}");
        let arguments = ["watch", "--json", "--raw", "--initial", "--quiet", "--until", &until, "-C"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_vlive"));
        Watching(command.args(arguments).arg(folder).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap())
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

const END: &str = "end/now";

fn end(layout: Layout, folder: &Path) {
    let cache = Cache::open(folder).unwrap();
    layout.write(&cache, END, None).unwrap();
    cache.close().unwrap();
}

/// The number of the newest commit.
fn commit(folder: &Path) -> u64 {
    Snapshot::look(folder, Duration::from_secs(5), ops::stat_quick).unwrap().commit
}

/// The time of a page of the writer, which is that of all its rows; `None` if the page is not there yet.
fn time_of_page(layout: Layout, state: &State, page: u64) -> Option<u64> {
    let key = format!("k/page_{page}");
    match layout {
        Layout::Live => {
            let rows = CachedRows::decode(state.get(&key)?).unwrap();
            let time = rows.fetched_at.duration_since(UNIX_EPOCH).unwrap().as_secs();
            assert!(rows.rows.values().all(|row| row["generation"] == time.into()), "{key}");
            Some(time)
        }
        Layout::Diorama => {
            let stamp = state.get(&of_set(&key, "meta", "refreshed_at"))?.as_slice();
            let time = u64::from_le_bytes(stamp.try_into().unwrap()) / 1_000_000_000;
            for (_, row) in state.iter().filter(|(stored, _)| set_of(stored) == (&key, false)) {
                let row = RowView::new(row).unwrap().decode();
                assert!(row["generation"] == time.into(), "{key}");
            }
            Some(time)
        }
    }
}

/// Every page of the writer is of one commit.
fn assert_state(layout: Layout, state: &State) {
    let times: Vec<u64> = (0..PAGES).filter_map(|page| time_of_page(layout, state, page)).collect();
    if times.len() as u64 == PAGES {
        assert_one_commit(&times);
    }
}

/// Commits that a writer makes while it is watched.
const COMMITS: u64 = 600;

/// Watches what `write` does: every state that is reported is of one commit, the last is that of the file, and more
/// than this many commits are seen.
fn watch_while(layout: Layout, commits: u64, write: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    thread::scope(|scope| {
        let mut watching = Watching::start(folder);
        let lines = watching.0.stdout.take().unwrap();
        let replaying = scope.spawn(move || replay(layout, lines, |_, state| assert_state(layout, state)));
        write(folder);
        end(layout, folder);
        let (state, seen) = replaying.join().unwrap();
        assert!(seen > commits, "{seen} commits were seen");
        assert_eq!(state, layout.read(folder).unwrap());
    });
}

of_each_layout!(
    replaying_the_events_of_a_busy_cache_gives_states_of_single_commits_and_ends_with_the_last,
    replay_a_busy_cache
);

fn replay_a_busy_cache(layout: Layout) {
    watch_while(layout, 20, |folder| {
        let _writer = Writer::start(folder, &habit(layout, "busy"));
        while commit(folder) < COMMITS * rounds() {
            thread::sleep(Duration::from_millis(50));
        }
    });
}

of_each_layout!(a_watch_outlives_an_app_that_is_killed_and_started_again, watch_an_app_that_is_killed);

fn watch_an_app_that_is_killed(layout: Layout) {
    watch_while(layout, 8, |folder| {
        let mut random = Random::new(1);
        for n in 0.. {
            let writer = Writer::start(folder, &habit(layout, if n % 3 == 0 { "closing" } else { "busy" }));
            thread::sleep(Duration::from_millis(random.next() % 200));
            drop(writer);
            if n >= 8 && commit(folder) >= COMMITS * rounds() {
                break;
            }
        }
    });
}
