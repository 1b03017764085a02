//! What a compaction leaves, read by vantage-live itself.

use crate::common::caches::sample;
use crate::support::{Oracle, contents, copy_of};
use std::path::Path;
use vlive::ops;

type Answers = Vec<(String, Result<Option<vlive::CachedRows>, String>)>;

fn answers(folder: &Path) -> Answers {
    let keys = contents(folder).into_keys().filter_map(|(table, sub_key)| {
        let cache_key = table.strip_prefix("__vlive__")?;
        Some(format!("{cache_key}/{sub_key}"))
    });
    let keys: Vec<String> = keys.collect();
    let oracle = Oracle::open(folder);
    keys.into_iter().map(|key| (key.clone(), oracle.get(&key))).collect()
}

#[test]
fn vantage_live_reads_and_writes_a_compacted_cache_as_before() {
    for name in ["bakery", "crashed", "envelopes", "foreign", "live-demo", "odd-keys", "values", "format-v3"] {
        let folder = copy_of(&sample(name));
        let (before, bytes) = (answers(folder.path()), contents(folder.path()));
        ops::compact(folder.path()).unwrap();
        assert!(contents(folder.path()) == bytes, "{name}");
        assert!(format!("{:?}", answers(folder.path())) == format!("{before:?}"), "{name}");
        let oracle = Oracle::open(folder.path());
        let rows = vlive::CachedRows::new(indexmap::IndexMap::default());
        oracle.put("new/a", &rows);
        oracle.invalidate_prefix("new");
        drop(oracle);
        assert!(contents(folder.path()) == bytes, "{name}");
    }
}
