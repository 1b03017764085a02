//! Fixtures take three times the largest entry and 64 MiB of memory at the most, however many entries
//! there are; of a set of diorama a row counts as an entry does, but for a set in a file of its own. `VLIVE_STRESS`
//! multiplies the size of the largest entry, and tries each kind of value with both layouts and in every form.
//!
//! redb rounds the room for a value up to a power of two, so that it takes most memory for one that is hardly larger.

#![cfg(target_os = "linux")]

use crate::common::layout::{Layout, of_each_layout};
use crate::common::stress::rounds;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;
use vlive::{Key, Selection, Snapshot};

const MIB: u64 = 1 << 20;

/// What a command may take whatever there is in a cache.
const ANYWAY: u64 = 64 * MIB;

/// Two runs of the same command do not take the very same.
const NOISE: u64 = 2 * MIB;

/// Bytes of a small entry, and what may be kept of one: its key, and where it lies.
const SMALL: usize = 2048;
const KEPT: u64 = 400;

const LARGE_KEY: &str = "large/1";

/// The forms of a fixture: a name, and how `dump` is told to write it.
const FORMS: [(&str, &[&str]); 4] = [
    ("document", &["--output", "document"]),
    ("lines", &["--format", "jsonl", "--output", "lines"]),
    ("raw lines", &["--format", "jsonl", "--raw", "--output", "raw lines"]),
    ("tree", &["--output", "tree/"]),
];

/// Those that are tried.
fn forms() -> &'static [(&'static str, &'static [&'static str])] {
    if rounds() > 1 { &FORMS } else { &FORMS[..2] }
}

/// Bytes of a large entry.
fn large() -> usize {
    6_000_000 * usize::try_from(rounds()).unwrap()
}

/// Bytes of a large entry with a single value, hardly more than a power of two. In a build with debug assertions redb
/// fills its pages to their ends, and needs more for the large ones of `VLIVE_STRESS`.
fn above_a_power_of_two() -> usize {
    let power = large().next_power_of_two() / 2;
    power + power / 64
}

/// More than a fixture keeps in memory before it spills to a file.
fn small_entries() -> usize {
    (large() / 4000).max(5000)
}

/// The most memory that `vlive` had resident, in bytes.
fn peak(folder: &Path, args: &[&str]) -> u64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vlive"));
    command.args(args).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // Memory of this size is given back at once, as that of 200 MB always is, and not kept for later.
    command.env("MALLOC_MMAP_THRESHOLD_", "1000000");
    let mut child = command.spawn().unwrap();
    let mut peak = 0;
    let status = loop {
        let status = child.try_wait().unwrap();
        // What is told of a process is never less than before, but nothing when it has ended.
        peak = high_water_mark(child.id()).unwrap_or(peak);
        if let Some(status) = status {
            break status;
        }
        thread::sleep(Duration::from_millis(1));
    };
    // That something differs is one.
    assert!(status.code().is_some_and(|code| code < 2), "{args:?}: {status}");
    assert_ne!(peak, 0, "{args:?} ended before it was looked at");
    peak
}

/// The mark of a process that is `vlive` already: until then it has the memory of this one.
fn high_water_mark(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kilobytes = status.strip_prefix("Name:\tvlive\n")?.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    kilobytes.trim().strip_suffix(" kB")?.parse().ok().map(|kilobytes: u64| kilobytes * 1024)
}

/// What stands before the rows of an entry in a line.
fn head(layout: Layout, key: &str) -> String {
    match layout {
        Layout::Live => format!(r#"{{"key":"{key}","fetched_at":1,"rows":{{"#),
        Layout::Diorama => format!(r#"{{"key":"{key}","layout":"diorama","refreshed_at":1,"rows":{{"#),
    }
}

/// Writes so many small entries, or one set of as many rows, and before them a large one with these rows.
fn write_lines(layout: Layout, path: &Path, rows: Option<&str>, small: usize) {
    let mut lines = BufWriter::new(fs::File::create(path).unwrap());
    if let Some(rows) = rows {
        writeln!(lines, "{}{rows}}}}}", head(layout, LARGE_KEY)).unwrap();
    }
    let value = "x".repeat(SMALL);
    for n in 0..small {
        let (begin, end) = match layout {
            Layout::Live => (head(layout, &format!("small/{n:07}")), "}}\n"),
            Layout::Diorama if n == 0 => (head(layout, "small"), ""),
            Layout::Diorama => (",".to_owned(), ""),
        };
        write!(lines, r#"{begin}"{n:07}":{{"value":"{value}"}}{end}"#).unwrap();
    }
    if layout == Layout::Diorama && small > 0 {
        lines.write_all(b"}}\n").unwrap();
    }
    lines.flush().unwrap();
}

/// Bytes of the large entry, or of the largest row of the large set.
fn large_value(layout: Layout, cache: &Path) -> u64 {
    let snapshot = Snapshot::open(cache).unwrap();
    let bytes = match layout {
        Layout::Live => snapshot.entry(Key::new(LARGE_KEY)).unwrap().map(|entry| entry.value().len()),
        Layout::Diorama => {
            let sets = snapshot.selected_sets(&Selection::exact(LARGE_KEY)).unwrap();
            sets.first().and_then(|set| snapshot.rows(set).map(|row| row.unwrap().value().len()).max())
        }
    };
    bytes.unwrap_or(0) as u64
}

/// What was done, and the most memory that it took.
type Peaks = Vec<(String, u64)>;

/// Everything that is done with a fixture; returns the bytes of the large value too.
fn peaks(layout: Layout, rows: Option<&str>, small: usize) -> (Peaks, u64) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_lines(layout, &folder.join("source"), rows, small);
    let one_more = [rows.unwrap_or_default(), r#""another":{}"#].join(if rows.is_some() { "," } else { "" });
    write_lines(layout, &folder.join("changed"), Some(&one_more), small);
    for (cache, source) in [("cache", "source"), ("other", "changed")] {
        peak(folder, &["load", "-C", cache, source]);
    }
    let mut peaks = Peaks::new();
    let mut run = |what: String, args: &[&str]| peaks.push((what, peak(folder, args)));
    for &(form, args) in forms() {
        run(format!("dump as {form}"), &[&["dump", "-C", "cache"], args].concat());
        run(format!("load of {form}"), &["load", "-C", &format!("of {form}"), form]);
    }
    run("load of document again".to_owned(), &["load", "-C", "of document", "document"]);
    run("diff of caches".to_owned(), &["diff", "cache", "other"]);
    run("diff of a cache and a fixture".to_owned(), &["diff", "cache", "changed"]);
    (peaks, large_value(layout, &folder.join("cache")))
}

/// The peaks without a large entry, but with so many others that the cache is none that is kept in memory.
fn small_alone(layout: Layout) -> &'static Peaks {
    static LIVE: LazyLock<Peaks> = LazyLock::new(|| peaks(Layout::Live, None, 2 * small_entries()).0);
    static DIORAMA: LazyLock<Peaks> = LazyLock::new(|| peaks(Layout::Diorama, None, 2 * small_entries()).0);
    match layout {
        Layout::Live => &LIVE,
        Layout::Diorama => &DIORAMA,
    }
}

/// A file of a tree is an entry, and read whole: of a set all rows are in it.
fn has_rows_of_a_set_in_memory(layout: Layout, what: &str) -> bool {
    layout == Layout::Diorama && what == "load of tree"
}

/// The layouts that a kind of value is tried with: one, where both treat it alike.
fn layouts(one: Layout) -> Vec<Layout> {
    if rounds() > 1 { Layout::ALL.to_vec() } else { vec![one] }
}

/// What the entry adds shows a copy too many where it is small beside the 64 MiB.
/// Of the rows of a set their keys are kept.
fn takes_three_times_the_entry_at_the_most(layout: Layout, rows: &str, count: usize) {
    let (peaks, large) = peaks(layout, Some(rows), small_entries());
    for ((what, peak), (_, without)) in peaks.iter().zip(small_alone(layout)) {
        if has_rows_of_a_set_in_memory(layout, what) {
            continue;
        }
        let told = format!("{layout:?}, {what}: {peak} bytes, {without} without the entry, which has {large}");
        // Rows of a set are on their way from thread to thread.
        let rest = if layout == Layout::Diorama { 2 * NOISE + count as u64 * KEPT } else { NOISE };
        assert!(*peak <= 3 * large + ANYWAY.min(without + rest), "{told}");
    }
}

#[test]
fn a_long_text_is_in_memory_at_most_three_times() {
    let line = format!("{}\\n", "x".repeat(79));
    for layout in layouts(Layout::Live) {
        let rows = format!(r#""1":{{"text":"{}"}}"#, line.repeat(above_a_power_of_two() / 80));
        takes_three_times_the_entry_at_the_most(layout, &rows, 1);
    }
}

#[test]
fn a_long_byte_string_is_in_memory_at_most_three_times() {
    let bytes = BASE64.encode(vec![1; above_a_power_of_two()]);
    for layout in layouts(Layout::Diorama) {
        takes_three_times_the_entry_at_the_most(layout, &format!(r#""1":{{"bytes":{{"$bytes":"{bytes}"}}}}"#), 1);
    }
}

of_each_layout!(many_rows_are_in_memory_at_most_three_times_and_of_those_of_a_set_only_the_keys, many_rows);

fn many_rows(layout: Layout) {
    let note = "x".repeat(100);
    let row = |n: usize| {
        let numbers = format!(r#""id":{n},"price":{n}.25,"count":-{n}"#);
        let texts = format!(r#""name":"Somebody","street":"Some street {n}","city":"Somewhere","note":"{note}""#);
        format!(r#""row{n}":{{{numbers},{texts},"active":true,"tags":["a","b"],"more":{{"x":null}}}}"#)
    };
    // A row takes as many bytes in an entry, more or less.
    let rows: Vec<String> = (0..large() / 245).map(row).collect();
    takes_three_times_the_entry_at_the_most(layout, &rows.join(","), rows.len());
}

/// Of a value that differs both sides are told, and so they are in memory as JSON too.
#[test]
fn a_diff_of_large_values_keeps_only_their_bytes_and_their_json() {
    let text = |end: &str| format!(r#""{}{end}""#, "x".repeat(large()));
    let bytes = |end: u8| format!(r#"{{"$bytes":"{}"}}"#, BASE64.encode([vec![1; large()], vec![end]].concat()));
    let texts = layouts(Layout::Live).into_iter().map(|layout| (layout, text("a"), text("b")));
    let byte_strings = layouts(Layout::Diorama).into_iter().map(|layout| (layout, bytes(1), bytes(2)));
    for (layout, old, new) in texts.chain(byte_strings) {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        for (name, value) in [("old", &old), ("new", &new)] {
            write_lines(layout, &folder.join("source"), Some(&format!(r#""1":{{"value":{value}}}"#)), 0);
            peak(folder, &["load", "-C", name, "source"]);
        }
        let both = 2 * (large() + old.len()) as u64;
        let (_, without) = small_alone(layout).iter().find(|(what, _)| what == "diff of caches").unwrap();
        for args in [&["diff", "old", "new"][..], &["diff", "--json", "old", "new"]] {
            let peak = peak(folder, args);
            assert!(
                peak <= both + without + NOISE,
                "{layout:?}, {args:?}: {peak} bytes, {without} for small values, {both} of both"
            );
        }
    }
}

#[test]
fn twice_the_entries_or_rows_take_memory_for_their_keys_only() {
    for layout in layouts(Layout::Diorama) {
        twice_the_entries(layout);
    }
}

fn twice_the_entries(layout: Layout) {
    let more = small_entries() as u64;
    let (once, _) = peaks(layout, None, small_entries());
    for ((what, peak), (_, once)) in small_alone(layout).iter().zip(&once) {
        if has_rows_of_a_set_in_memory(layout, what) {
            continue;
        }
        let told = format!("{layout:?}, {what}: {peak} bytes, {once} with half the entries");
        assert!(*peak <= ANYWAY.min(once + more * KEPT + NOISE), "{told}");
    }
}

#[test]
fn a_table_of_many_rows_takes_no_more_memory_than_one_of_few() {
    for layout in layouts(Layout::Diorama) {
        table_of_many_rows(layout);
    }
}

/// Rows are read once for the widths of their columns and once more to print them; what filters leave is kept in a file.
fn table_of_many_rows(layout: Layout) {
    let of_one_key = match layout {
        Layout::Live => 100,
        Layout::Diorama => usize::MAX,
    };
    let cache_of = |rows: usize| {
        let folder = tempfile::tempdir().unwrap();
        let mut lines = BufWriter::new(fs::File::create(folder.path().join("source")).unwrap());
        let text = "x".repeat(80);
        for row in 0..rows {
            let begin = if row % of_one_key == 0 { head(layout, &format!("k/{row}")) } else { ",".to_owned() };
            let end = if (row + 1) % of_one_key == 0 || row + 1 == rows { "}}\n" } else { "" };
            write!(lines, r#"{begin}"row {row}":{{"text":"{text}","n":{row}}}{end}"#).unwrap();
        }
        lines.flush().unwrap();
        peak(folder.path(), &["load", "-C", "cache", "source"]);
        folder
    };
    let (few, many) = (cache_of(5_000), cache_of(80_000));
    for args in [&["show"][..], &["show", "--json"], &["show", "-o", "out.md"], &["show", "--select", "."]] {
        let args = [args, &["-C", "cache"]].concat();
        let (few, many) = (peak(few.path(), &args), peak(many.path(), &args));
        // Rows would take some hundred bytes each; of the cache, 10 MiB, the pages are kept.
        assert!(many < few + 16 * MIB + NOISE, "{layout:?}, {args:?}: {many} bytes, {few} for a sixteenth of the rows");
    }
}
