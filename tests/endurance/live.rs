//! Looking at a cache while vantage-live writes to it as fast as it can, is killed, and starts again.
//!
//! The writer is this test binary in a process of its own. It puts `k/page_0` to `k/page_9` in turn,
//! each put a commit of its own, dated one second later than the one before: a look at one commit
//! shows ten successive seconds, and a mixture of two does not.

use crate::app::App;
use crate::common::layout::{Layout, of_each_layout};
use crate::common::random::Random;
use crate::common::stress::seeds;
use serde_json::Value as Json;
use std::io::{self, BufRead, BufReader, Write};
use std::panic;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};
use vantage_live::cache::CachedRows;
use vlive::ops::Scope;
use vlive::{Selection, Snapshot};

pub const PAGES: u64 = 10;

/// Cache keys that come and go beside the one that is looked at.
const NOISE: [&str; 3] = ["noise0", "noise1", "noise2"];

/// Selects the writer's behaviour.
const ROLE: &str = "VLIVE_TEST_WRITER";

fn rows(generation: u64, rows: usize, padding: usize) -> CachedRows {
    let record = |n: usize| {
        let fields =
            [("generation", generation.into()), ("row", n.to_string().into()), ("padding", "x".repeat(padding).into())];
        fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
    };
    CachedRows {
        rows: (0..rows).map(|n| (n.to_string(), record(n))).collect(),
        fetched_at: UNIX_EPOCH + Duration::from_secs(generation),
    }
}

/// Does something only in the writer's process, where it never returns.
#[test]
fn writer() {
    let Ok(habit) = std::env::var(ROLE) else { return };
    let folder = std::env::current_dir().unwrap();
    let layout = if habit.ends_with("diorama") { Layout::Diorama } else { Layout::Live };
    let mut app = App::open(layout, &folder);
    let last = Snapshot::look(&folder, Duration::from_secs(5), |snapshot| {
        let mut last = None;
        vlive::ops::each_entry::<vlive::Error>(snapshot, &Scope::all(), |entry, _| {
            last = last.max(entry.fetched_at());
            Ok(())
        })?;
        Ok(last)
    });
    let first = last.unwrap().filter(|last| *last >= PAGES).map_or(PAGES, |last| last + 1);
    let mut random = Random::new(first);
    for generation in first.. {
        let page = rows(generation, random.below(30), random.below(400));
        app.put(&format!("k/page_{}", generation % PAGES), page);
        match random.below(6) {
            // Grows, shrinks and drops tables beside the one that is looked at.
            0 => {
                let size = 1 << random.below(9);
                let key = format!("{}/{}", random.one_of(&NOISE), random.below(50));
                app.put(&key, rows(0, size, 500));
            }
            1 => app.invalidate(random.one_of(&NOISE)),
            _ => {}
        }
        if generation == first + PAGES {
            writeln!(io::stderr(), "ready").unwrap();
        }
        if habit.starts_with("closing") && random.below(20) == 0 {
            drop(app);
            app = App::open(layout, &folder);
        }
    }
}

pub struct Writer(Child);

impl Writer {
    pub fn start(folder: &Path, habit: &str) -> Writer {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["live::writer", "--exact", "--nocapture"])
            .env(ROLE, habit)
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Writer(child)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Ten successive seconds, each where its remainder puts it.
pub fn assert_one_commit(fetched_at: &[u64]) {
    let newest = *fetched_at.iter().max().unwrap();
    let expected: Vec<u64> = (0..PAGES).map(|page| newest - (newest - page) % PAGES).collect();
    assert_eq!(fetched_at, expected, "a mixture of commits");
}

/// Standard output of the program, which must succeed and print no warnings.
fn vlive(folder: &Path, arguments: &[&str]) -> Json {
    let output = Command::new(env!("CARGO_BIN_EXE_vlive")).args(arguments).arg("-C").arg(folder).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    let data = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && complaint.is_empty(), "{arguments:?}: {complaint}\n{data:.1000}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// How a writer of that layout is told to behave.
pub fn habit(layout: Layout, habit: &str) -> String {
    match layout {
        Layout::Live => habit.to_owned(),
        Layout::Diorama => format!("{habit} diorama"),
    }
}

/// The pages among entries or sets as the program lists them, in order.
fn pages(list: &Json) -> impl Iterator<Item = &Json> {
    list.as_array().unwrap().iter().filter(|entry| entry["key"].as_str().unwrap().starts_with("k/"))
}

fn seconds(time: &Json) -> u64 {
    time.as_u64().unwrap()
}

/// The times of the pages in a dump, each of which all rows of its page have.
fn times_in(layout: Layout, dump: &Json) -> Vec<u64> {
    let of_page = |page| {
        let entry = &dump[format!("k/page_{page}")];
        let time = match layout {
            Layout::Live => seconds(&entry["fetched_at"]),
            Layout::Diorama => seconds(&entry["refreshed_at"]) / 1_000_000_000,
        };
        assert!(entry["rows"].as_object().unwrap().values().all(|row| row["generation"] == time));
        time
    };
    (0..PAGES).map(of_page).collect()
}

/// The times of the pages in a snapshot.
fn times(layout: Layout, snapshot: &Snapshot) -> vlive::Result<Vec<u64>> {
    match layout {
        Layout::Live => {
            let entries = snapshot.entries(&Selection::prefix("k"))?;
            entries.map(|entry| Ok(entry?.head().unwrap().fetched_at)).collect()
        }
        Layout::Diorama => {
            let sets = snapshot.sets()?;
            let pages = sets.iter().filter(|set| set.name().starts_with("k/"));
            // A missing page of a meta table is not an error of the list.
            pages.map(|set| snapshot.meta_damage(set).map_or_else(|| Ok(set.fetched_at().unwrap()), Err)).collect()
        }
    }
}

fn look(layout: Layout, folder: &Path, n: u64) {
    match (n % 5, layout) {
        (0, Layout::Live) => {
            let list = vlive(folder, &["ls", "--json"]);
            let k = &list[0];
            assert_eq!((k["key"].as_str(), k["entries"].as_u64()), (Some("k"), Some(PAGES)));
            assert_eq!(seconds(&k["newest"]) - seconds(&k["oldest"]), PAGES - 1);
        }
        (0, Layout::Diorama) => {
            let list = vlive(folder, &["ls", "--json"]);
            assert_one_commit(&pages(&list).map(|set| seconds(&set["newest"])).collect::<Vec<_>>());
        }
        (1, _) => {
            let ages = vlive(folder, &["ages", "--json"]);
            assert_one_commit(&pages(&ages).map(|age| seconds(&age["fetched_at"])).collect::<Vec<_>>());
        }
        (2, _) => assert_one_commit(&times_in(layout, &vlive(folder, &["dump"]))),
        (3, _) => {
            let check = vlive(folder, &["check", "--json"]);
            assert_eq!((check["sound"].as_bool(), check["damage"]["count"].as_u64()), (Some(true), Some(0)));
            assert!(check["entries"].as_u64().unwrap() >= PAGES, "{check}");
        }
        _ => {
            let times = Snapshot::look(folder, Duration::from_secs(5), |snapshot| times(layout, snapshot));
            assert_one_commit(&times.unwrap());
        }
    }
}

of_each_layout!(every_look_at_a_busy_cache_is_of_one_commit, look_at_a_busy_cache);

fn look_at_a_busy_cache(layout: Layout) {
    let folder = tempfile::tempdir().unwrap();
    let _writer = Writer::start(folder.path(), &habit(layout, "busy"));
    seeds(110).for_each(|n| look(layout, folder.path(), n));
}

of_each_layout!(
    every_look_at_a_cache_that_is_opened_and_closed_is_of_one_commit,
    look_at_a_cache_that_is_opened_and_closed
);

fn look_at_a_cache_that_is_opened_and_closed(layout: Layout) {
    let folder = tempfile::tempdir().unwrap();
    let _writer = Writer::start(folder.path(), &habit(layout, "closing"));
    seeds(60).for_each(|n| look(layout, folder.path(), n));
}

of_each_layout!(
    every_look_at_a_cache_whose_app_is_killed_and_restarted_is_of_one_commit,
    look_at_a_cache_whose_app_is_killed
);

fn look_at_a_cache_whose_app_is_killed(layout: Layout) {
    let folder = tempfile::tempdir().unwrap();
    let habit = habit(layout, "busy");
    drop(Writer::start(folder.path(), &habit));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut random = Random::new(1);
            while !done.load(Ordering::Relaxed) {
                let writer = Writer::start(folder.path(), &habit);
                thread::sleep(Duration::from_millis(random.next() % 80));
                drop(writer);
                thread::sleep(Duration::from_millis(random.next() % 20));
            }
        });
        // The other thread must end even if a look fails.
        let looks = panic::catch_unwind(|| seeds(60).for_each(|n| look(layout, folder.path(), n)));
        done.store(true, Ordering::Relaxed);
        looks.unwrap_or_else(|failure| panic::resume_unwind(failure));
    });
}

of_each_layout!(a_large_busy_cache_is_dumped_as_one_commit, dump_a_large_busy_cache);

/// The app commits again before this much data is read.
fn dump_a_large_busy_cache(layout: Layout) {
    const LARGE: u64 = 300;
    let folder = tempfile::tempdir().unwrap();
    let app = App::open(layout, folder.path());
    (0..LARGE).for_each(|n| app.put(&format!("k/much{n}"), rows(1, 100, 500)));
    drop(app);
    let _writer = Writer::start(folder.path(), &habit(layout, "busy"));
    for _ in seeds(1) {
        let dump = vlive(folder.path(), &["dump"]);
        let keys = dump.as_object().unwrap().keys().filter(|key| key.starts_with("k/"));
        assert_eq!(keys.count() as u64, LARGE + PAGES);
        assert_one_commit(&times_in(layout, &dump));
    }
}

/// A newer commit is not damage, and entries that it replaced are not lost.
#[test]
fn a_busy_cache_is_salvaged_as_one_commit_or_reported_as_busy() {
    for layout in Layout::ALL {
        let folder = tempfile::tempdir().unwrap();
        let _writer = Writer::start(folder.path(), &habit(layout, "busy"));
        for _ in seeds(2) {
            let new = tempfile::tempdir().unwrap();
            match vlive::ops::salvage(folder.path(), new.path(), Duration::from_secs(5)) {
                Ok(salvaged) => {
                    assert_eq!((salvaged.damage.count, salvaged.lost), (0, Some(0)), "{salvaged:?}");
                    assert_one_commit(&times(layout, &Snapshot::open(new.path()).unwrap()).unwrap());
                }
                Err(vlive::Error::Unsteady { .. } | vlive::Error::InUse { .. }) => {
                    assert_eq!(std::fs::read_dir(new.path()).unwrap().count(), 0, "an empty cache is left behind");
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// The app never writes to the damaged table and never stops committing.
#[test]
fn damage_is_reported_as_damage_while_an_app_keeps_writing() {
    for (layout, table) in [(Layout::Live, "__vlive__quiet"), (Layout::Diorama, "quiet/page_1")] {
        let folder = tempfile::tempdir().unwrap();
        let mark = "MARK".repeat(20);
        let mut quiet = rows(1, 1, 0);
        quiet.rows[0].insert("mark".to_owned(), mark.as_str().into());
        App::open(layout, folder.path()).put("quiet/page_1", quiet);
        let _writer = Writer::start(folder.path(), &habit(layout, "busy"));
        let path = folder.path().join("vlive.redb");
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for (at, _) in bytes.windows(mark.len()).enumerate().filter(|(_, bytes)| *bytes == mark.as_bytes()) {
            std::os::unix::fs::FileExt::write_all_at(&file, b"X", at as u64).unwrap();
        }
        for _ in 0..3 {
            let output =
                Command::new(env!("CARGO_BIN_EXE_vlive")).args(["ls", "-C"]).arg(folder.path()).output().unwrap();
            let complaint = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(3), "{complaint}");
            assert!(complaint.contains(&format!("is damaged in table `{table}`, page ")), "{complaint}");
            let list = String::from_utf8(output.stdout).unwrap();
            assert!(list.lines().any(|line| line.starts_with("k  ") || line.starts_with("k/page_1  ")), "{list}");
        }
    }
}
