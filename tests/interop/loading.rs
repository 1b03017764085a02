//! What was dumped and loaded again, read by vantage-live itself.

use crate::common::folder;
use crate::common::random::Random;
use crate::common::rows::{KEYS, rows};
use crate::common::stress::seeds;
use crate::support::{Oracle, contents, encoded, table_names};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use vlive::ops::{DumpFormat, DumpStyle, Replace};
use vlive::{Cache, Fixture, Selection, Snapshot};

/// A cache with rows that vantage-live put there.
fn filled(folder: &Path, random: &mut Random) {
    let oracle = Oracle::open(folder);
    for key in KEYS {
        if random.below(8) > 0 {
            oracle.put(key, &rows(random));
        }
    }
}

/// Dumps the cache to what becomes a fixture: a file, or a folder.
fn dump(cache: &Path, format: DumpFormat, is_tree: bool, to: &Path) {
    let snapshot = Snapshot::open(cache).unwrap();
    let style = DumpStyle { format, ..DumpStyle::default() };
    let dumped = if is_tree {
        fs::create_dir(to).unwrap();
        vlive::ops::dump_tree(&snapshot, &Selection::All.into(), style, to)
    } else {
        vlive::ops::dump(&snapshot, &Selection::All.into(), style, fs::File::create(to).unwrap())
    };
    assert!(dumped.unwrap().unread.is_empty());
}

#[test]
fn vantage_live_reads_loaded_entries_like_its_own() {
    let mut loaded = BTreeSet::new();
    for seed in seeds(3) {
        let random = &mut Random::new(seed);
        let put = folder::temporary();
        filled(put.path(), random);
        for (format, is_tree) in [
            (DumpFormat::Json, false),
            (DumpFormat::Lines, false),
            (DumpFormat::RawLines, false),
            (DumpFormat::Json, true),
            (DumpFormat::Cbor, true),
        ] {
            let folder = folder::temporary();
            let (cache, source) = (folder.path().join("cache"), folder.path().join("source"));
            dump(put.path(), format, is_tree, &source);
            let what = format!("seed {seed}, {format:?}, a tree: {is_tree}");
            let plan = Cache::create(&cache).unwrap().seed(&Fixture::open(&source).unwrap(), Replace::All).unwrap();
            assert!(plan.removed().is_empty(), "{what}");
            assert_eq!(table_names(&cache), table_names(put.path()), "{what}");
            assert!(contents(&cache) == contents(put.path()), "{what}");
            let (theirs, ours) = (Oracle::open(put.path()), Oracle::open(&cache));
            for key in KEYS {
                let (theirs, ours) = (theirs.get(key).unwrap(), ours.get(key).unwrap());
                assert_eq!(ours.as_ref().map(|rows| rows.fetched_at), theirs.as_ref().map(|rows| rows.fetched_at));
                assert!(ours.as_ref().map(encoded) == theirs.as_ref().map(encoded), "{what}: {key:?}");
                loaded.extend(ours.map(|_| key));
            }
        }
    }
    assert_eq!(loaded.len(), KEYS.len(), "{loaded:?}");
}

/// What nobody dumped but somebody wrote.
#[test]
fn vantage_live_reads_a_handwritten_fixture() {
    let folder = folder::temporary();
    let source = folder.path().join("clients.json");
    fs::write(&source, r#"{"clients/page_1": [{"id": 1, "name": "Anna", "score": 2.5}], "clients": {"x": {}}}"#)
        .unwrap();
    Cache::create(folder.path()).unwrap().seed(&Fixture::open(&source).unwrap(), Replace::Entries).unwrap();
    let oracle = Oracle::open(folder.path());
    let page = oracle.get("clients/page_1").unwrap().unwrap();
    assert_eq!(page.rows["1"]["name"], ciborium::Value::from("Anna"));
    assert_eq!(page.rows["1"].values().collect::<Vec<_>>(), [&1.into(), &"Anna".into(), &2.5.into()]);
    assert_eq!(oracle.get("clients").unwrap().unwrap().rows["x"].len(), 0);
}
