//! What a touch leaves behind, read by vantage-live itself.

use crate::common::caches::sample;
use crate::common::folder;
use crate::common::random::Random;
use crate::common::scribble::scribble;
use crate::common::stress::seeds;
use crate::support::{Oracle, contents, copy_of, encoded, folder_of};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};
use vlive::live::FetchedAt;
use vlive::{Cache, CachedRows, Selection};

const TIMES: [u64; 3] = [0, 1_770_010_000, i64::MAX.unsigned_abs()];

/// What vantage-live says of each of these keys.
fn answers(folder: &Path, keys: &[String]) -> Vec<Result<CachedRows, String>> {
    let oracle = Oracle::open(folder);
    keys.iter().map(|key| oracle.get(key).map(Option::unwrap)).collect()
}

/// Touches everything: vantage-live must read that time and the rows of before, or refuse the bytes of
/// before. Returns how many entries it reads and how many it refuses.
fn touch(folder: &Path, fetched_at: u64) -> (usize, usize) {
    let (before, others) = of_the_cache(folder);
    let keys: Vec<String> = before.iter().map(|(key, _)| key.clone()).collect();
    let were = answers(folder, &keys);
    let told = Cache::open(folder).unwrap().touch(&Selection::All.into(), FetchedAt::new(fetched_at).unwrap()).unwrap();
    let (after, others_after) = of_the_cache(folder);
    assert!(others == others_after && after.iter().map(|(key, _)| key).eq(&keys), "other entries");
    let (mut touched, mut refused) = (Vec::new(), Vec::new());
    let entries = before.into_iter().zip(after).zip(were.iter().zip(answers(folder, &keys)));
    for (((key, old), (_, new)), answers) in entries {
        match answers {
            (Ok(was), Ok(is)) => {
                assert_eq!(is.fetched_at, UNIX_EPOCH + Duration::from_secs(fetched_at), "{key}");
                let expected = CachedRows { fetched_at: is.fetched_at, rows: was.rows.clone() };
                assert!(encoded(&is) == encoded(&expected), "{key}: {old:02x?}, then {new:02x?}");
                if let Some(expected) = usual(&old, fetched_at) {
                    assert!(new == expected, "{key}: {old:02x?}, then {new:02x?}");
                }
                touched.push(key);
            }
            (Err(_), Err(_)) => {
                assert_eq!(old, new, "{key}");
                refused.push(key);
            }
            (was, is) => panic!("{key}: {old:02x?}: {was:?}, then {is:?}"),
        }
    }
    assert_eq!(told.keys, touched);
    assert_eq!(told.unread.unreadable.iter().map(|entry| entry.key.to_string()).collect::<Vec<_>>(), refused);
    assert!(told.matched.unmatched.is_empty());
    (touched.len(), refused.len())
}

/// Full key and value of every entry of the cache, and the same of tables that are none of its own.
fn of_the_cache(folder: &Path) -> (Entries, Entries) {
    let named = |((table, sub_key), value)| (format!("{table}/{sub_key}"), value);
    let (mut own, others): (Entries, Entries) =
        contents(folder).into_iter().map(named).partition(|(name, _)| name.starts_with("__vlive__"));
    for (name, _) in &mut own {
        name.drain(.."__vlive__".len());
    }
    (own, others)
}

type Entries = Vec<(String, Vec<u8>)>;

/// The bytes that a value has to have then, if it begins as vantage-live writes one.
fn usual(value: &[u8], fetched_at: u64) -> Option<Vec<u8>> {
    let rest = value.strip_prefix(b"\xa2\x6afetched_at")?;
    let len = match *rest.first()? {
        0..24 => 1,
        24 => 2,
        25 => 3,
        26 => 5,
        27 => 9,
        _ => return None,
    };
    let rest = rest.get(len..).filter(|rest| rest.starts_with(b"\x64rows"))?;
    let mut expected = b"\xa2\x6afetched_at".to_vec();
    ciborium::into_writer(&fetched_at, &mut expected).unwrap();
    expected.extend_from_slice(rest);
    Some(expected)
}

#[test]
fn vantage_live_reads_the_same_rows_and_the_new_time_after_a_touch_of_every_sample() {
    for name in ["live-demo", "bakery", "odd-keys", "values", "envelopes", "foreign", "crashed", "format-v3"] {
        for fetched_at in TIMES {
            let folder = copy_of(&sample(name));
            let (touched, refused) = touch(folder.path(), fetched_at);
            assert!(touched > 1, "{name}");
            assert_eq!(refused, if name == "envelopes" { 17 } else { 0 }, "{name}");
        }
    }
}

#[test]
fn a_touched_value_has_the_same_rows_and_the_new_time_to_vantage_live_or_is_left_alone() {
    let values: Vec<Vec<u8>> = seeds(2_000).map(scribble).collect();
    let folder = folder_of(&values);
    for fetched_at in TIMES {
        let (touched, refused) = touch(folder.path(), fetched_at);
        assert!(touched > values.len() / 2 && refused > values.len() / 10, "{touched} touched, {refused} refused");
    }
}

/// So that redb writes to the file before it commits, while entries are read from it.
#[test]
fn touching_more_than_redb_caches_loses_nothing() {
    let random = &mut Random::new(1);
    let folder = folder::temporary();
    let cache = Cache::create(folder.path()).unwrap();
    let put = |cache: &Cache, key: &str, len: usize| {
        let record = vlive::Record::from_iter([("padding".to_owned(), key.repeat(len / key.len()).into())]);
        let rows = [(key.to_owned(), record)].into_iter().collect();
        cache.put(key, &CachedRows { rows, fetched_at: UNIX_EPOCH }).unwrap();
    };
    for n in 0..300 {
        let len = if random.below(20) == 0 { 2 << 20 } else { random.below(60_000) };
        put(&cache, &format!("k{}/page_{n}", n % 3), len);
    }
    // Pages of earlier commits are free by now, and lie between those that are read.
    cache.invalidate_prefix("k1/page_1").unwrap();
    for fetched_at in TIMES {
        // With redb open, and as it is opened.
        let touched = cache.touch(&Selection::All.into(), FetchedAt::new(fetched_at).unwrap()).unwrap();
        assert!(touched.keys.len() > 200 && touched.unread.is_empty());
    }
    let len = std::fs::metadata(cache.path()).unwrap().len();
    drop(cache);
    for fetched_at in TIMES {
        touch(folder.path(), fetched_at);
    }
    // What one touch has freed is there for the next.
    let longer = std::fs::metadata(folder.path().join("vlive.redb")).unwrap().len();
    assert!(longer <= len, "from {len} to {longer} bytes");
}
