//! Fixtures, and what becomes of a cache that is dumped and loaded again: random ones, with redb as the
//! judge of the bytes.

use crate::common::folder;
use crate::common::random::Random;
use crate::common::rows::{KEYS, rows};
use crate::common::scribble::scribble;
use crate::common::stress::{rounds, seeds};
use redb::{Database, ReadableTable, TableDefinition, TableHandle};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use vlive::fixture::{FixtureOptions, Source};
use vlive::json::JsonStyle;
use vlive::live::Envelope;
use vlive::ops::{ChangedKey, DumpFormat, DumpStyle, LoadPlan, Replace};
use vlive::{Cache, CachedRows, Fixture, Key, Selection, Snapshot};

/// Values by cache key and sub-key.
type Model = BTreeMap<(String, String), Vec<u8>>;

fn table(name: &str) -> TableDefinition<'_, &'static str, &'static [u8]> {
    TableDefinition::new(name)
}

/// A cache that redb fills.
fn cache_of(model: &Model) -> TempDir {
    let folder = folder::temporary();
    let database = Database::create(folder.path().join("vlive.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    for ((cache_key, sub_key), value) in model {
        let mut table = transaction.open_table(table(&format!("__vlive__{cache_key}"))).unwrap();
        table.insert(sub_key.as_str(), value.as_slice()).unwrap();
    }
    transaction.commit().unwrap();
    folder
}

/// What redb finds in a cache, all of whose tables must have entries.
fn found(folder: &Path) -> Model {
    let database = Database::open(folder.join("vlive.redb")).unwrap();
    let transaction = database.begin_read().unwrap();
    let mut model = Model::new();
    for handle in transaction.list_tables().unwrap() {
        let before = model.len();
        let cache_key = handle.name().strip_prefix("__vlive__").unwrap();
        for entry in transaction.open_table(table(handle.name())).unwrap().iter().unwrap() {
            let (sub_key, value) = entry.unwrap();
            model.insert((cache_key.to_owned(), sub_key.value().to_owned()), value.value().to_vec());
        }
        assert!(model.len() > before, "an empty table");
    }
    model
}

/// What is no letter in a path, what is another in some file systems, and what is too long for one.
fn awkward_key(random: &mut Random) -> String {
    const PARTS: [&str; 22] = [
        "/", "/", "a", "A", "b", ".", " ", "%", "%2F", "%-", "%+", "con", "NUL", ".json", ".cbor", "\\", ":", "\0",
        "é", "e\u{301}", "日", "🙂",
    ];
    let key: String = (0..random.below(8)).map(|_| random.one_of(&PARTS)).collect();
    // No path may be longer than 4096 bytes, and three of it can stand for one of a key.
    if random.below(15) == 0 { key.repeat(1 + random.below(400 / key.len().max(1))) } else { key }
}

fn split(full_key: &str) -> (String, String) {
    let key = Key::new(full_key);
    (key.cache_key().to_owned(), key.sub_key().to_owned())
}

fn full_key((cache_key, sub_key): &(String, String)) -> String {
    format!("{cache_key}/{sub_key}")
}

/// Random values under awkward keys.
fn random_model(random: &mut Random, mut value: impl FnMut(&mut Random) -> Vec<u8>) -> Model {
    let mut model = Model::new();
    for _ in 0..random.below(60) {
        let key = if random.below(4) == 0 { random.one_of(&KEYS).to_owned() } else { awkward_key(random) };
        model.insert(split(&key), value(random));
    }
    model
}

fn envelope(random: &mut Random) -> Vec<u8> {
    Envelope::encode(&rows(random)).bytes().to_vec()
}

/// What a dump becomes: a text, or files.
#[derive(Clone, Copy, Debug, PartialEq)]
enum To {
    Text,
    Tree,
}

/// Every way to dump that `load` reads.
const DUMPS: [(DumpFormat, bool, To); 7] = [
    (DumpFormat::Json, false, To::Text),
    (DumpFormat::Json, true, To::Text),
    (DumpFormat::Lines, false, To::Text),
    (DumpFormat::RawLines, false, To::Text),
    (DumpFormat::Json, false, To::Tree),
    (DumpFormat::Json, true, To::Tree),
    (DumpFormat::Cbor, false, To::Tree),
];

/// The text of a whole cache.
fn text(cache: &Path, format: DumpFormat, pretty: bool) -> Vec<u8> {
    let style = DumpStyle { format, json: JsonStyle { pretty, ..JsonStyle::default() }, ..DumpStyle::default() };
    let mut text = Vec::new();
    vlive::ops::dump(&Snapshot::open(cache).unwrap(), &Selection::All.into(), style, &mut text).unwrap();
    text
}

fn fixture_of(text: &[u8], options: &FixtureOptions) -> vlive::Result<Fixture> {
    let source = Source::Json { name: "the text".to_owned(), input: Box::new(text) };
    Fixture::read(vec![source], options)
}

/// The fixture that a dump of the cache is.
fn dumped(cache: &Path, (format, pretty, to): (DumpFormat, bool, To)) -> Fixture {
    if to == To::Text {
        return fixture_of(&text(cache, format, pretty), &FixtureOptions::default()).unwrap();
    }
    let tree = folder::temporary();
    let style = DumpStyle { format, json: JsonStyle { pretty, ..JsonStyle::default() }, ..DumpStyle::default() };
    vlive::ops::dump_tree(&Snapshot::open(cache).unwrap(), &Selection::All.into(), style, tree.path()).unwrap();
    Fixture::open(tree.path()).unwrap()
}

#[test]
fn a_folder_that_is_gone_is_not_created_again_by_a_dump() {
    let folder = folder::temporary();
    let gone = folder.path().join("gone");
    for cache in ["bakery/vlive.redb", "diorama/cache.redb"] {
        let cache = Snapshot::open(Path::new("tests/caches").join(cache)).unwrap();
        vlive::ops::dump_tree(&cache, &Selection::All.into(), DumpStyle::default(), &gone).unwrap_err();
        assert!(!gone.exists());
    }
}

/// What redb finds in a new cache to which a fixture is loaded.
fn loaded(fixture: &Fixture) -> Model {
    let folder = folder::temporary();
    Cache::create(folder.path()).unwrap().seed(fixture, Replace::Entries).unwrap();
    found(folder.path())
}

fn of(fixture: &Fixture) -> Model {
    fixture.entries().map(|entry| (split(&entry.key().to_string()), entry.value().unwrap())).collect()
}

#[test]
fn dumping_and_loading_any_rows_under_any_key_restores_their_bytes() {
    for seed in seeds(2) {
        let model = random_model(&mut Random::new(seed), envelope);
        let cache = cache_of(&model);
        for dump in DUMPS {
            let fixture = dumped(cache.path(), dump);
            assert_eq!((fixture.len(), fixture.ignored()), (model.len(), &[][..]), "seed {seed}, {dump:?}");
            assert!(loaded(&fixture) == model, "seed {seed}, {dump:?}");
        }
    }
}

#[test]
fn raw_dumps_restore_any_bytes_exactly() {
    for seed in seeds(4) {
        let mut scribbles = seed * 1000..;
        let model = random_model(&mut Random::new(seed), |_| scribble(scribbles.next().unwrap()));
        let cache = cache_of(&model);
        for dump in [(DumpFormat::RawLines, false, To::Text), (DumpFormat::Cbor, false, To::Tree)] {
            let fixture = dumped(cache.path(), dump);
            assert!(of(&fixture) == model, "seed {seed}, {dump:?}");
            assert!(loaded(&fixture) == model, "seed {seed}, {dump:?}");
        }
    }
}

#[test]
fn readable_entries_of_any_bytes_are_loaded_as_vantage_live_would_write_them() {
    let (mut read, mut unread) = (0, 0);
    for seed in seeds(4) {
        let mut scribbles = seed * 1000..;
        let mut model = random_model(&mut Random::new(seed), |_| scribble(scribbles.next().unwrap()));
        let mut expected = Model::new();
        model.retain(|key, value| {
            let Ok(rows) = CachedRows::decode(value) else {
                unread += 1;
                return true;
            };
            let written = Envelope::encode(&rows).bytes().to_vec();
            // What vantage-live reads from a bignum in segments it may write so that it cannot read it; no load
            // does that to a cache.
            let is_read_again = CachedRows::decode(&written).is_ok();
            if is_read_again {
                expected.insert(key.clone(), written);
            }
            is_read_again
        });
        let cache = cache_of(&model);
        read += expected.len() as u64;
        for dump in DUMPS.into_iter().filter(|(format, ..)| matches!(format, DumpFormat::Json | DumpFormat::Lines)) {
            assert!(loaded(&dumped(cache.path(), dump)) == expected, "seed {seed}, {dump:?}");
        }
    }
    assert!(read > 30 * rounds() && unread > 10 * rounds(), "{read} read, {unread} not");
}

/// A model of what a load does: what goes, then what comes.
fn after(before: &Model, fixture: &Model, replace: Replace) -> Model {
    let gives_way = |cache_key: &String| match replace {
        Replace::Entries => false,
        Replace::CacheKeys => fixture.keys().any(|(named, _)| named == cache_key),
        Replace::All => true,
    };
    let mut after = before.clone();
    after.retain(|(cache_key, _), _| !gives_way(cache_key));
    after.extend(fixture.clone());
    after
}

#[test]
fn a_load_follows_its_plan_and_agrees_with_a_map() {
    let (mut added, mut replaced, mut removed) = (0, 0, 0);
    for seed in seeds(4) {
        let random = &mut Random::new(seed);
        let before = random_model(random, envelope);
        let mut source = random_model(random, envelope);
        // Some keys of both.
        source.extend(before.keys().filter(|_| random.below(3) == 0).map(|key| (key.clone(), b"\xa0".to_vec())));
        let fixture = dumped(cache_of(&source).path(), (DumpFormat::RawLines, false, To::Text));
        for replace in [Replace::Entries, Replace::CacheKeys, Replace::All] {
            let folder = cache_of(&before);
            let plan = LoadPlan::new(&Snapshot::open(folder.path()).unwrap(), &fixture, replace).unwrap();
            let done = Cache::open(folder.path()).unwrap().seed(&fixture, replace).unwrap();
            let expected = after(&before, &source, replace);
            assert!(found(folder.path()) == expected, "seed {seed}, {replace:?}");
            let keys = |keys: &mut dyn Iterator<Item = ChangedKey>| -> Vec<ChangedKey> { keys.collect() };
            let given = |is_there: bool| {
                source.keys().filter(|key| before.contains_key(*key) == is_there).map(full_key).collect::<Vec<_>>()
            };
            let gone: Vec<_> = before.keys().filter(|key| !expected.contains_key(*key)).map(full_key).collect();
            for plan in [&plan, &done] {
                assert_eq!(keys(&mut plan.added(&fixture)), given(false), "seed {seed}, {replace:?}");
                assert_eq!(keys(&mut plan.replaced(&fixture)), given(true), "seed {seed}, {replace:?}");
                assert_eq!(plan.removed(), gone, "seed {seed}, {replace:?}");
            }
            added += given(false).len() as u64;
            replaced += given(true).len() as u64;
            removed += gone.len() as u64;
        }
    }
    let least = 10 * rounds();
    assert!(added > least && replaced > least && removed > least, "{added}, {replaced}, {removed}");
}

#[test]
fn entries_of_a_fixture_are_in_the_order_of_a_cache() {
    let text = br#"{"k/2":{},"k":{"fetched_at":5,"rows":{}}} {"key":"a/1","raw":"oA=="} {"b/b":[],"K/1":{},"k/10":{}}"#;
    let options = FixtureOptions { undated: 9.into(), ..FixtureOptions::default() };
    let fixture = fixture_of(text, &options).unwrap();
    let seen: Vec<_> =
        fixture.entries().map(|entry| (entry.key().to_string(), entry.is_dated(), entry.len())).collect();
    let expected = [
        ("K/1", false, 19),
        ("a/1", true, 1),
        ("b/b", false, 19),
        ("k/10", false, 19),
        ("k/2", false, 19),
        ("k/__root__", true, 19),
    ];
    // By cache key, then by sub-key.
    assert_eq!(seen, expected.map(|(key, is_dated, len)| (key.to_owned(), is_dated, len)));
    assert_eq!((fixture.len(), fixture.is_empty(), fixture.bytes()), (6, false, 5 * 19 + 1));
    let dates = |fixture: &Fixture| -> Vec<_> {
        fixture.entries().map(|entry| entry.value().unwrap()).filter_map(|value| value.get(12).copied()).collect()
    };
    assert_eq!(dates(&fixture), [9, 9, 9, 9, 5]);
    let fixture = fixture_of(text, &FixtureOptions { fetched_at: Some(7.into()), ..options }).unwrap();
    assert!(fixture.entries().all(|entry| entry.is_dated()));
    assert_eq!(dates(&fixture), [7; 6]);
}

/// Documents, lines and raw lines without a fault.
const VALID: [&str; 4] = [
    r#"{"k/1":{"fetched_at":1,"rows":{"a":{"x":[1,-2,3.5e3,"t\u00e9\n",null,true],"y":{"$tag":[2,{"$bytes":"AQ=="}]}}}},
 "k":[{"id":"a","v":{"$map":[[{"$float":"NaN"},{"$int":"-18446744073709551616"}]]}},{"id":2}],
 "":{}}"#,
    r#"{"key":"k/1","fetched_at":5,"rows":{"a":{"x":"é"},"b":{}}}
{"rows":[{"id":1}],"key":"k/2"}
{"fetched_at":7,"rows":{},"key":"k\/3"}
"#,
    r#"{"key":"k/1","raw":"omR6b25lAGpmZXRjaGVkX2F0Aw=="}
{"raw":"gA==","key":"k/2"}
{"key":"k/3","raw":""}
"#,
    r#"{"k/1":{}} {"key":"k/2","rows":{"a":{}}}{"k/3":{"b":{}}}
{"key":"k/4","raw":"oA=="}"#,
];

const ALPHABET: &[u8] = b"{}[]\",:\\/0123456789.eE+-truefalsnkeywrofch_di$bytmapg= \n\t\x00\x7f\xc3\xa9\xff";

/// A valid text with some bytes that were not in it, or without some that were.
fn tampered(random: &mut Random) -> Vec<u8> {
    let mut bytes = random.one_of(&VALID).as_bytes().to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len().max(1));
        let piece = at..bytes.len().min(at + random.below(12));
        match random.below(6) {
            0 => drop(bytes.drain(piece)),
            1 => bytes.insert(at, random.one_of(ALPHABET)),
            2 if at < bytes.len() => bytes[at] = random.one_of(ALPHABET),
            3 => bytes.extend(bytes[piece].to_vec()),
            4 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

#[test]
fn tampered_text_is_refused_with_its_line_or_is_a_fixture_that_reads_back() {
    let options = FixtureOptions::default();
    let (mut taken, mut refused) = (0, 0);
    for seed in seeds(2_000) {
        let text = tampered(&mut Random::new(seed));
        let lines = text.iter().filter(|byte| **byte == b'\n').count() + 1;
        match fixture_of(&text, &options) {
            Ok(fixture) => {
                taken += 1;
                if taken % 50 == 0 {
                    let model = of(&fixture);
                    let again = dumped(cache_of(&model).path(), (DumpFormat::RawLines, false, To::Text));
                    assert!(of(&again) == model && loaded(&fixture) == model, "seed {seed}");
                }
            }
            Err(error) => {
                refused += 1;
                let told = error.to_string();
                let rest = told.strip_prefix("the text, line ").unwrap_or_else(|| panic!("seed {seed}: {told}"));
                let line: usize = rest.split(',').next().unwrap().parse().unwrap();
                assert!((1..=lines).contains(&line), "seed {seed}: {told}");
                assert!(matches!(error, vlive::Error::Refused { .. }), "seed {seed}: {told}");
            }
        }
    }
    assert!(taken > 100 * rounds() && refused > 1_000 * rounds(), "{taken} taken, {refused} refused");
}

#[test]
fn text_read_in_small_pieces_gives_the_same_fixture() {
    struct Trickle<'t>(&'t [u8], Random);
    impl std::io::Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.1.below(4) == 0 {
                return Err(std::io::ErrorKind::Interrupted.into());
            }
            let len = (1 + self.1.below(3)).min(self.0.len());
            buffer[..len].copy_from_slice(&self.0[..len]);
            self.0 = &self.0[len..];
            Ok(len)
        }
    }
    let options = FixtureOptions { undated: 1.into(), ..FixtureOptions::default() };
    let texts = VALID.iter().map(|valid| valid.as_bytes().to_vec());
    for (seed, text) in (0..).zip(texts.chain(seeds(50).map(|seed| tampered(&mut Random::new(seed))))) {
        let input = Box::new(Trickle(&text, Random::new(seed)));
        let trickled = Fixture::read(vec![Source::Json { name: "the text".to_owned(), input }], &options);
        match (fixture_of(&text, &options), trickled) {
            (Ok(whole), Ok(trickled)) => assert!(of(&whole) == of(&trickled), "seed {seed}"),
            (Err(whole), Err(trickled)) => assert_eq!(whole.to_string(), trickled.to_string(), "seed {seed}"),
            (whole, trickled) => panic!("seed {seed}: {whole:?}, in pieces {trickled:?}"),
        }
    }
}

#[test]
fn an_input_that_fails_to_read_is_named_and_loads_nothing() {
    struct Failing<'t>(&'t [u8]);
    impl std::io::Read for Failing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            match std::mem::take(&mut self.0) {
                b"" => Err(std::io::Error::other("the wire was cut")),
                text => {
                    buffer[..text.len()].copy_from_slice(text);
                    Ok(text.len())
                }
            }
        }
    }
    for text in ["", "{", r#"{"k/1":{}}"#, r#"{"k/1":{"a"#] {
        let source = Source::Json { name: "the wire".to_owned(), input: Box::new(Failing(text.as_bytes())) };
        let error = Fixture::read(vec![source], &FixtureOptions::default()).unwrap_err();
        let reason = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(
            (error.to_string(), reason.as_deref()),
            ("cannot read the wire".to_owned(), Some("the wire was cut"))
        );
    }
}

#[test]
fn a_folder_without_entries_is_a_fixture_without_entries() {
    let folder = folder::temporary();
    fs::create_dir(folder.path().join("empty")).unwrap();
    let fixture = Fixture::open(folder.path()).unwrap();
    assert!(fixture.is_empty() && fixture.ignored().is_empty());
}
