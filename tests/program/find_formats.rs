//! What `find` prints of the same places in every format, and how much of it with a limit.

use crate::common::irregular::irregularly_encoded;
use crate::common::random::Random;
use crate::common::rows::{KEYS, rows};
use crate::common::stress::seeds;
use crate::support::Folder;
use redb::{Database, TableDefinition};
use serde_json::Value;
use std::path::Path;
use std::time::UNIX_EPOCH;
use vlive::diorama::row::{Status, encode};
use vlive::live::Envelope;
use vlive::{CachedRows, Key};

/// Text that brings values beyond what is searched at once.
const LONG: &str = "a word, and many more like it, none of which says anything";

fn insert(file: &Path, pairs: &[(String, String, Vec<u8>)]) {
    let database = Database::create(file).unwrap();
    let transaction = database.begin_write().unwrap();
    for (table, key, value) in pairs {
        let table = TableDefinition::<&str, &[u8]>::new(table);
        transaction.open_table(table).unwrap().insert(key.as_str(), value.as_slice()).unwrap();
    }
    transaction.commit().unwrap();
}

/// Random rows, and perhaps so many more that all cores get some.
fn random_rows(random: &mut Random, many: usize) -> CachedRows {
    let mut cached = CachedRows { fetched_at: UNIX_EPOCH, ..rows(random) };
    for n in 0..many {
        let field = if n % 7 == 0 { "日\nx" } else { "name" };
        cached.rows.insert(format!("row {n}"), [(field.to_owned(), format!("{LONG} {n}").into())].into());
    }
    cached
}

/// A cache of vantage-live.
fn live(random: &mut Random) -> Folder {
    let folder = Folder::empty();
    let mut pairs = Vec::new();
    for (n, key) in KEYS.iter().filter(|key| !key.contains('\n')).enumerate() {
        // One of the values is too large to be handed to another thread.
        let many = [0, 14_000, 2000, 100][n.min(3)];
        let rows = random_rows(random, many);
        let value = match random.below(2) {
            0 => Envelope::encode(&rows).into_bytes(),
            _ => irregularly_encoded(&rows, random),
        };
        let key = Key::new(key);
        pairs.push((format!("__vlive__{}", key.cache_key()), key.sub_key().to_owned(), value));
    }
    insert(&folder.file(), &pairs);
    folder
}

/// A cache of sets.
fn sets(random: &mut Random) -> Folder {
    let folder = Folder::empty();
    let mut pairs = Vec::new();
    for (table, many) in [("clients", 7000), ("clients#日", 0), ("orders a", 100), ("products", 1)] {
        for (id, fields) in random_rows(random, many).rows {
            let status = if random.below(5) == 0 { Status::Incomplete } else { Status::Complete };
            pairs.push((table.to_owned(), id, encode(&fields, status)));
        }
    }
    insert(&folder.file(), &pairs);
    folder
}

fn stdout(folder: &Folder, pattern: &str, args: &[&str]) -> String {
    let run = folder.vlive([&["find", "-q", pattern], args].concat()).output();
    assert!(run.status <= 1 && run.stderr.is_empty(), "{args:?}: {} {}", run.status, run.stderr);
    run.stdout
}

/// The cells of a place as delimited formats have them.
fn cells(place: &Value) -> Vec<String> {
    let cell = |name| match &place[name] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        number => number.to_string(),
    };
    ["key", "fetched_at", "age", "place", "id", "path", "value"].map(cell).to_vec()
}

/// Asserts that every format tells of these places, which are the first ones.
fn assert_all_tell(places: &[Value], folder: &Folder, pattern: &str, limit: &[&str]) {
    let print = |args: &[&str]| stdout(folder, pattern, &[args, limit].concat());
    let lines: Vec<Value> =
        print(&["--format", "jsonl"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines == places, "jsonl");
    let array: Vec<Value> = serde_json::from_str(&print(&["--json"])).unwrap();
    assert!(array == places, "json");
    for (format, delimiter) in [("csv", b','), ("tsv", b'\t')] {
        let text = print(&["--format", format]);
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
        let records: Vec<Vec<String>> =
            reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        assert!(records == places.iter().map(cells).collect::<Vec<_>>(), "{format}");
    }
    // One heading, and a line that says which columns hold numbers.
    assert_eq!(print(&["--format", "markdown"]).lines().count(), places.len() + 2);
    assert_eq!(print(&[]).lines().count(), places.len());
    assert_eq!(print(&["--count"]), format!("{}\n", places.len()));
    let mut keys: Vec<&str> = places.iter().map(|place| place["key"].as_str().unwrap()).collect();
    keys.dedup();
    let printed = print(&["--keys", "-0"]);
    assert_eq!(printed.split_terminator('\0').collect::<Vec<_>>(), keys);
}

#[test]
fn every_format_has_the_same_matches_and_a_limit_keeps_the_first() {
    for seed in seeds(1) {
        for (make, pattern) in [(live as fn(&mut Random) -> Folder, "a"), (sets, "日")] {
            let random = &mut Random::new(seed);
            let folder = make(random);
            let all: Vec<Value> = stdout(&folder, pattern, &["--format", "jsonl"])
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect();
            assert!(all.len() > 1000, "seed {seed}, `{pattern}`: {}", all.len());
            assert_all_tell(&all, &folder, pattern, &[]);
            for limit in [1, 2 + random.below(all.len() - 2)] {
                assert_all_tell(&all[..limit], &folder, pattern, &["--limit", &limit.to_string()]);
            }
        }
    }
}
