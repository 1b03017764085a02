//! Side by side: vlive, and what a user would write without it, on the same caches in one run.
//!
//! `cargo bench` prints the table that README.md of this folder explains; `cargo bench -- WORD`
//! only the rows that have the word in their name. Nothing fails on a time.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a table is what it is for")]

mod caches;
mod itself;
mod measure;
mod reference;
mod watching;

use caches::{Caches, ENTRY};
use measure::{Process, Side, in_turn};
use std::env;
use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::hint::black_box;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use vantage_live::Cache as _;
use vantage_live::cache::RedbCache;
use vlive::json::{JsonStyle, JsonWriter, write_envelope};
use vlive::live::EnvelopeView;
use vlive::ops::Replace;
use vlive::{Cache, CachedRows, Fixture, Key, Selection, Snapshot};

type BoxError = Box<dyn Error>;

/// The program, built for this run.
const VLIVE: &str = env!("CARGO_BIN_EXE_vlive");

/// Bytes of memory that `ages` may take for each entry and beside them.
const AGES_BYTES: [u64; 2] = [80, 12 * 1024 * 1024];

/// Bytes of values that a check may take a second for on each core, beside reading the file.
const DECODED_A_SECOND: f64 = 400e6;

fn main() -> Result<(), BoxError> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [first, rest @ ..] = arguments.as_slice()
        && first == reference::ARGUMENT
    {
        return reference::run(rest);
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("nothing is measured but by `cargo bench`");
        return Ok(());
    }
    let number = |name, default| env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().ok_or("a folder for the caches")?;
    let folder = target.join("bench-caches");
    let caches = Caches::prepare(&folder, number("VLIVE_BENCH_SCALE", 1.0))?;
    let word = arguments.into_iter().find(|argument| !argument.starts_with('-')).unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    let runs = number("VLIVE_BENCH_RUNS", 3.0).max(1.0) as usize;
    let bench = Bench { caches, word, runs };
    bench.tell_caches()?;
    bench.compare_outputs()?;
    bench.whole_caches(&folder)?;
    bench.checks()?;
    bench.loads(&folder)?;
    bench.single_entries()?;
    bench.start_to_finish()?;
    bench.searches()?;
    bench.sets()?;
    bench.compaction(&folder)?;
    bench.watch_idle()?;
    bench.watch_a_commit()?;
    bench.browse(&folder)?;
    bench.decoding()
}

/// What is to be reached.
#[derive(Clone, Copy)]
enum Goal {
    /// At least so many times faster than the reference.
    Faster(f64),
    /// At most so many times the time of the reference, and perhaps something on top.
    AtMost(f64, Duration),
    None,
}

impl Goal {
    fn at_most(times: f64) -> Goal {
        Goal::AtMost(times, Duration::ZERO)
    }

    /// The ratio, the goal, and whether it was reached.
    fn judge(self, vlive: Duration, reference: Duration) -> [String; 2] {
        let ratio = vlive.as_secs_f64() / reference.as_secs_f64();
        let mark = |reached| if reached { "reached" } else { "missed" };
        match self {
            Goal::Faster(times) => {
                let reached = mark(1.0 / ratio >= times);
                [format!("{:.1}x faster", 1.0 / ratio), format!(">= {times}x faster: {reached}")]
            }
            Goal::AtMost(times, extra) => {
                let reached = mark(vlive <= reference.mul_f64(times) + extra);
                if times < 0.1 {
                    let percent = |share: f64| format!("{:.2} %", share * 100.0);
                    return [format!("{} of it", percent(ratio)), format!("<= {}: {reached}", percent(times))];
                }
                let extra = if extra.is_zero() { String::new() } else { format!(" + {}", time(extra)) };
                [format!("{ratio:.2}x its time"), format!("<= {times}x{extra}: {reached}")]
            }
            Goal::None => [format!("{:.1}x faster", 1.0 / ratio), "-".into()],
        }
    }
}

struct Bench {
    caches: Caches,
    word: String,
    runs: usize,
}

impl Bench {
    fn tell_caches(&self) -> Result<(), BoxError> {
        let Caches { large, many, small, empty, sets, .. } = &self.caches;
        let file = fs::metadata(sets.join("vlive.redb"))?.len();
        println!("sets: the rows of large, in three sets of vantage-diorama, a file of {}", size(file));
        for (name, folder) in [("large", large), ("many", many), ("small", small), ("empty", empty)] {
            let (entries, bytes) = entries_and_bytes(folder)?;
            let file = fs::metadata(folder.join("vlive.redb"))?.len();
            println!("{name}: {entries} entries, {} of values, a file of {}", size(bytes), size(file));
        }
        println!("the program: {}\n", size(fs::metadata(VLIVE)?.len()));
        line(["what", "vlive", "reference", "ratio", "goal", "memory", "its memory"]);
        Ok(())
    }

    fn row(&self, what: &str, goal: Goal, mut vlive: Side<'_>, mut reference: Side<'_>) -> Result<(), BoxError> {
        if !what.contains(&self.word) {
            return Ok(());
        }
        let [ours, theirs] = in_turn(self.runs, &mut vlive, &mut reference)?;
        let [ratio, goal] = goal.judge(ours, theirs);
        let memory = |side: &Side<'_>| {
            let told = |peak: u64| match side.is_within(peak) {
                Some(false) => format!("{}: missed", size(peak)),
                _ => size(peak),
            };
            side.peak().map(|peak| peak.map_or_else(|| "-".into(), told))
        };
        let (memory, its_memory) = (memory(&vlive)?, memory(&reference)?);
        line([what, &time(ours), &time(theirs), &ratio, &goal, &memory, &its_memory]);
        Ok(())
    }

    /// Both sides must mean the same before their times do.
    fn compare_outputs(&self) -> Result<(), BoxError> {
        let sets = &self.caches.small_sets;
        let [document, other] = ["vlive", "reference"].map(|side| sets.with_extension(format!("{side}.json")));
        if document_of(&vlive(sets, &["dump"]), &document)? != document_of(&reference(sets, &["dump-sets"]), &other)? {
            return Err("the dumps of `small-sets` differ".into());
        }
        [document, other].iter().try_for_each(fs::remove_file)?;
        let folder = &self.caches.small;
        let [document, other] = ["vlive", "reference"].map(|side| folder.with_extension(format!("{side}.json")));
        let ours = document_of(&vlive(folder, &["dump", "--pretty"]), &document)?;
        if ours != document_of(&reference(folder, &["dump"]), &other)? {
            return Err("the dumps of `small` differ".into());
        }
        let loaded = folder.with_extension("loaded");
        for process in [load(&loaded, &document), load_by_reference(&loaded, &document)] {
            process.time()?;
            if ours != document_of(&vlive(&loaded, &["dump"]), &other)? {
                return Err("what was loaded of the dump of `small` differs from it".into());
            }
        }
        measure::remove(&loaded)?;
        Ok([document, other].iter().try_for_each(fs::remove_file)?)
    }

    fn whole_caches(&self, scratch: &Path) -> Result<(), BoxError> {
        let Caches { large, many, sets, .. } = &self.caches;
        for command in ["ls", "ages"] {
            self.row(
                &format!("{command}, large, against cat"),
                Goal::at_most(1.5),
                Side::process(&vlive(large, &[command])),
                Side::process(&Process::new("cat", [large.join("vlive.redb")])),
            )?;
        }
        for (name, folder) in [("large", large), ("many", many)] {
            let (entries, _) = entries_and_bytes(folder)?;
            let [each, beside] = AGES_BYTES;
            self.row(
                &format!("ages, {name}"),
                Goal::Faster(4.0),
                Side::process(&vlive(folder, &["ages"])).within(entries * each + beside),
                Side::process(&reference(folder, &["ages"])),
            )?;
        }
        let files = ["vlive.json", "reference.json"].map(|name| scratch.join(name));
        for (name, folder) in [("large", large), ("many", many), ("sets", sets)] {
            let of_theirs = |command: &str| match name {
                "sets" => reference(folder, &[&format!("{command}-sets")]),
                _ => reference(folder, &[command]),
            };
            self.row(
                &format!("ls, {name}"),
                Goal::Faster(4.0),
                Side::process(&vlive(folder, &["ls"])),
                Side::process(&of_theirs("ls")),
            )?;
            let (ours, theirs) = (vlive(folder, &["dump", "--pretty"]), of_theirs("dump"));
            let goal = if name == "large" { Goal::Faster(12.0) } else { Goal::None };
            self.row(
                &format!("dump, {name}, to a file"),
                goal,
                Side::process(&ours.clone().into_file(files[0].clone())),
                Side::process(&theirs.clone().into_file(files[1].clone())),
            )?;
            for file in &files {
                let _ = fs::remove_file(file);
            }
            self.row(&format!("dump, {name}, to nowhere"), goal, Side::process(&ours), Side::process(&theirs))?;
        }
        let (ours, theirs) = (vlive(large, &["dump", "--pretty"]), reference(large, &["dump"]));
        if let Some((ours, theirs)) = ours.on_one_core().zip(theirs.on_one_core()) {
            let what = "dump, large, to nowhere, one core";
            self.row(what, Goal::Faster(7.0), Side::process(&ours), Side::process(&theirs))?;
        }
        Ok(())
    }

    /// What looks at every byte, and what looks at next to none.
    fn checks(&self) -> Result<(), BoxError> {
        let Caches { large, empty, sets, .. } = &self.caches;
        let cores = thread::available_parallelism()?.get();
        let (_, bytes) = entries_and_bytes(large)?;
        #[expect(clippy::cast_precision_loss, reason = "it is about")]
        let decoding = Duration::from_secs_f64(bytes as f64 / (DECODED_A_SECOND * cores as f64));
        // The same rows, and so about the same values.
        for (name, folder) in [("large", large), ("sets", sets)] {
            self.row(
                &format!("check, {name}, against cat"),
                Goal::AtMost(2.0, decoding),
                Side::process(&vlive(folder, &["check"])),
                Side::process(&Process::new("cat", [folder.join("vlive.redb")])),
            )?;
        }
        self.row(
            "ls --quick, large against empty",
            Goal::AtMost(1.1, Duration::from_micros(200)),
            Side::process(&vlive(large, &["ls", "--quick"])),
            Side::process(&vlive(empty, &["ls", "--quick"])),
        )
    }

    /// All entries of `large` into a new cache.
    fn loads(&self, scratch: &Path) -> Result<(), BoxError> {
        let large = &self.caches.large;
        let [loaded, file] = ["loaded", "loaded.json"].map(|name| scratch.join(name));
        let what = "load of encoded entries, large";
        if what.contains(&self.word) {
            vlive(large, &["dump", "--format", "jsonl", "--raw"]).into_file(file.clone()).time()?;
            let fixture = Fixture::open(&file)?;
            let into_new = |load: fn(&Path, &Fixture) -> Result<(), BoxError>| {
                let (loaded, fixture) = (&loaded, &fixture);
                Side::timed(move || {
                    measure::remove(loaded)?;
                    let begun = Instant::now();
                    load(loaded, fixture)?;
                    Ok(begun.elapsed())
                })
            };
            self.row(what, Goal::at_most(2.0), into_new(load_fixture), into_new(reference::insert))?;
        }
        let what = "load of a document, large";
        if what.contains(&self.word) {
            vlive(large, &["dump"]).into_file(file.clone()).time()?;
            let (ours, theirs) = (load(&loaded, &file), load_by_reference(&loaded, &file));
            self.row(what, Goal::None, Side::process(&ours), Side::process(&theirs))?;
        }
        let _ = fs::remove_file(file);
        measure::remove(&loaded)
    }

    fn single_entries(&self) -> Result<(), BoxError> {
        let Caches { large, small, .. } = &self.caches;
        for (name, folder) in [("small", small), ("large", large)] {
            self.row(
                &format!("dump of one entry, {name}"),
                Goal::None,
                Side::work(|| dump_one(folder)).memory_of(&vlive(folder, &["dump", "--pretty", ENTRY])),
                Side::work(|| reference::dump_one(folder, ENTRY, io::sink()))
                    .memory_of(&reference(folder, &["dump", ENTRY])),
            )?;
        }
        self.row(
            "dump of one entry, large against small",
            Goal::at_most(2.0),
            Side::work(|| dump_one(large)),
            Side::work(|| dump_one(small)),
        )?;
        for (name, folder) in [("small", small), ("large", large)] {
            let rows = Snapshot::open(folder)?.get(ENTRY)?.ok_or("the entry is missing")?;
            self.row(
                &format!("put of one entry, {name}"),
                Goal::at_most(1.5),
                Side::work(|| put(folder, &rows)),
                put_by_vantage_live(folder)?,
            )?;
        }
        let rows = Snapshot::open(small)?.get(ENTRY)?.ok_or("the entry is missing")?;
        self.row(
            "put of one entry, large against small",
            Goal::at_most(2.0),
            Side::work(|| put(large, &rows)),
            Side::work(|| put(small, &rows)),
        )
    }

    fn start_to_finish(&self) -> Result<(), BoxError> {
        self.row(
            "ls, small, against true",
            Goal::AtMost(1.5, Duration::from_millis(1)),
            Side::process(&vlive(&self.caches.small, &["ls"])),
            Side::process(&Process::new("true", [""; 0])),
        )
    }

    /// How fast values are decoded on one core, without file and output.
    fn decoding(&self) -> Result<(), BoxError> {
        if !"decoding".contains(&self.word) {
            return Ok(());
        }
        let snapshot = Snapshot::open(&self.caches.large)?;
        let entries: Vec<_> = snapshot.entries(&Selection::All)?.step_by(11).take(1000).collect::<Result<_, _>>()?;
        let values: Vec<Vec<u8>> = entries.iter().map(|entry| entry.value().to_owned()).collect();
        println!("\ndecoding on one core, in MB of CBOR a second");
        self.throughput(&values, "vlive: verified to the end", |value| {
            black_box(EnvelopeView::new(value)?);
            Ok(())
        })?;
        let mut json = JsonWriter::document(io::sink(), JsonStyle { pretty: true, ..JsonStyle::default() });
        self.throughput(&values, "vlive: verified, and to JSON text", |value| Ok(json.entry("k", value)?))?;
        self.throughput(&values, "reference: ciborium values as rows", |value| {
            black_box(reference::decode(value)?);
            Ok(())
        })?;
        self.throughput(&values, "reference: the same, and to JSON text", |value| {
            Ok(serde_json::to_writer_pretty(io::sink(), &reference::envelope(value)?)?)
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "for people")]
    fn throughput(
        &self,
        values: &[Vec<u8>],
        what: &str,
        mut decode: impl FnMut(&[u8]) -> Result<(), BoxError>,
    ) -> Result<(), BoxError> {
        let bytes: usize = values.iter().map(Vec::len).sum();
        let mut best = Duration::MAX;
        for _ in 0..self.runs {
            let begun = Instant::now();
            values.iter().try_for_each(|value| decode(value))?;
            best = best.min(begun.elapsed());
        }
        println!("{what:<38}{:>8.0}", bytes as f64 / best.as_secs_f64() / 1e6);
        Ok(())
    }
}

/// A run of the program.
fn vlive(folder: &Path, arguments: &[&str]) -> Process {
    Process::new(VLIVE, [OsStr::new("-C"), folder.as_os_str()].into_iter().chain(arguments.iter().map(OsStr::new)))
}

/// A run of the reference, which is this program under another argument.
fn reference(folder: &Path, arguments: &[&str]) -> Process {
    let (command, rest) = arguments.split_first().expect("a command");
    let arguments = [OsStr::new(reference::ARGUMENT), OsStr::new(command), folder.as_os_str()];
    let this = env::current_exe().expect("the path of this program");
    Process::new(this, arguments.into_iter().chain(rest.iter().map(OsStr::new)))
}

/// Runs that make a new cache in `folder`.
fn load(folder: &Path, document: &Path) -> Process {
    let process = vlive(folder, &["--quiet", "load", &document.to_string_lossy()]);
    process.making(folder.to_owned())
}

fn load_by_reference(folder: &Path, document: &Path) -> Process {
    let process = reference(folder, &["load", &document.to_string_lossy()]);
    process.making(folder.to_owned())
}

/// From no cache to a closed one.
fn load_fixture(folder: &Path, fixture: &Fixture) -> Result<(), BoxError> {
    Cache::create(folder)?.seed(fixture, Replace::Entries)?;
    Ok(())
}

/// The JSON that a run writes to `file`.
fn document_of(process: &Process, file: &Path) -> Result<serde_json::Value, BoxError> {
    process.clone().into_file(file.to_owned()).time()?;
    Ok(serde_json::from_slice(&fs::read(file)?)?)
}

/// How many entries there are, and how many bytes of values.
fn entries_and_bytes(folder: &Path) -> Result<(u64, u64), BoxError> {
    let snapshot = Snapshot::open(folder)?;
    let mut entries = snapshot.entries(&Selection::All)?;
    entries.try_fold((0, 0), |(entries, bytes), entry| Ok((entries + 1, bytes + entry?.value().len() as u64)))
}

/// From opening to output.
fn dump_one(folder: &Path) -> Result<(), BoxError> {
    let entry = Snapshot::open(folder)?.entry(Key::new(ENTRY))?.ok_or("the entry is missing")?;
    let style = JsonStyle { pretty: true, ..JsonStyle::default() };
    Ok(write_envelope(&entry.envelope()?, style, io::sink())?)
}

/// Open, put, close; the entry is replaced by itself.
fn put(folder: &Path, rows: &CachedRows) -> Result<(), BoxError> {
    Ok(Cache::open(folder)?.put(ENTRY, rows)?)
}

/// The same by vantage-live.
fn put_by_vantage_live(folder: &Path) -> Result<Side<'_>, BoxError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let failed = |error| format!("vantage-live: {error}");
    let open = move || RedbCache::open(folder).map_err(failed);
    let rows = runtime.block_on(open()?.get(ENTRY)).map_err(failed)?.ok_or("the entry is missing")?;
    Ok(Side::timed(move || {
        let rows = rows.clone();
        let begun = Instant::now();
        runtime.block_on(async { open()?.put(ENTRY, rows).await.map_err(failed) })?;
        Ok(begun.elapsed())
    }))
}

fn line(cells: [&str; 7]) {
    let [what, vlive, reference, ratio, goal, memory, its_memory] = cells;
    println!("{what:<39}{vlive:>10}{reference:>11}  {ratio:<16}{goal:<26}{memory:>11}{its_memory:>11}");
}

fn time(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1000.0;
    match milliseconds {
        1000.0.. => format!("{:.2} s", milliseconds / 1000.0),
        10.0.. => format!("{milliseconds:.0} ms"),
        _ => format!("{milliseconds:.2} ms"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn size(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1024.0 / 1024.0)
}
