//! Finds keys that are similar to one that is missing.

use crate::error::Result;
use crate::live::key::Selection;
use crate::snapshot::{Set, Snapshot};
use std::mem;

/// The most entries to read, so that the search is quick in a very large cache key.
const LOOKED_AT: usize = 100_000;

/// The most keys to name.
const NAMED: usize = 3;

/// Keys near a selection that matches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Near {
    /// The keys that differ from the selection in the fewest letters, at most three, the nearest first. They are full
    /// keys, or cache keys if the selection names a cache key.
    pub keys: Vec<String>,
    /// The number of entries that the selection would match as a prefix.
    pub as_prefix: u64,
}

/// Finds keys near a selection that matches nothing. In a cache key with very many entries only the first are
/// considered.
///
/// # Errors
/// The cache cannot be read.
pub fn near(snapshot: &Snapshot, selection: &Selection) -> Result<Near> {
    let (sets, entries) = (near_sets(snapshot, selection)?, near_entries(snapshot, selection)?);
    let keys = if sets.keys.is_empty() { entries.keys } else { sets.keys };
    Ok(Near { keys, as_prefix: sets.as_prefix + entries.as_prefix })
}

/// The full keys of vantage-live that are near, or its cache keys if the selection names one.
fn near_entries(snapshot: &Snapshot, selection: &Selection) -> Result<Near> {
    let Some(cache_key) = selection.cache_key() else { return Ok(Near::default()) };
    let tables = snapshot.tables()?;
    let cache_keys: Vec<&str> = tables.iter().filter_map(|table| table.cache_key()).collect();
    let key = match selection {
        Selection::Entry(key) | Selection::StartsWith(key) | Selection::Begins(key) => key,
        Selection::All | Selection::CacheKey(_) | Selection::Set(_) => {
            let keys = nearest(cache_key, third(cache_key), cache_keys.into_iter().map(str::to_owned));
            return Ok(Near { keys, as_prefix: 0 });
        }
    };
    let mut as_prefix = 0;
    if cache_keys.contains(&cache_key) {
        for entry in snapshot.entries(&Selection::StartsWith(key.clone()))? {
            as_prefix += u64::from(entry.is_ok());
        }
    }
    let of = if cache_keys.contains(&cache_key) {
        Some(cache_key.to_owned())
    } else {
        nearest(cache_key, third(cache_key), cache_keys.into_iter().map(str::to_owned)).into_iter().next()
    };
    let of_another = of.as_deref() != Some(cache_key);
    let Some(of) = of else { return Ok(Near::default()) };
    let entries = snapshot.entries(&Selection::CacheKey(of))?.take(LOOKED_AT);
    let keys = entries.filter_map(|entry| entry.ok().map(|entry| entry.key().to_string()));
    let limit = third(key.sub_key()) + if of_another { third(cache_key) } else { 0 };
    Ok(Near { keys: nearest(&key.to_string(), limit, keys), as_prefix })
}

/// The sets or rows of a set that are near, by their readable names.
fn near_sets(snapshot: &Snapshot, selection: &Selection) -> Result<Near> {
    let Some(typed) = selection.named() else { return Ok(Near::default()) };
    let sets = snapshot.sets()?;
    for (cut, _) in typed.rmatch_indices('/') {
        let set = snapshot.select(&sets, &Selection::Set(typed[..cut].to_owned()))?;
        if let [set] = set.as_slice() {
            let row = &typed[cut + 1..];
            let mut as_prefix = 0;
            let ids = snapshot.rows(set).take(LOOKED_AT).filter_map(|row| row.ok().map(|row| row.id().to_owned()));
            let ids = ids.inspect(|id| as_prefix += u64::from(id.starts_with(row)));
            let near = nearest(row, third(row), ids);
            let keys = near.into_iter().map(|id| format!("{}/{id}", set.shown())).collect();
            return Ok(Near { keys, as_prefix });
        }
    }
    Ok(Near { keys: nearest(&typed, third(&typed), sets.iter().map(Set::shown)), as_prefix: 0 })
}

/// How many letters of a text may differ.
fn third(text: &str) -> usize {
    (text.chars().count() / 3).max(1)
}

/// The candidates that differ from `wanted` in the fewest letters, and in no more than `limit`.
fn nearest(wanted: &str, limit: usize, candidates: impl Iterator<Item = String>) -> Vec<String> {
    let wanted: Vec<char> = wanted.chars().collect();
    let mut found: Vec<(usize, String)> = Vec::new();
    for candidate in candidates {
        if let Some(distance) = distance(&wanted, &candidate, limit) {
            found.push((distance, candidate));
            found.sort();
            found.truncate(NAMED);
        }
    }
    found.into_iter().map(|(_, key)| key).collect()
}

/// The number of letters to insert, remove, replace or swap with a neighbour to turn one text into the other; `None`
/// above `limit`.
fn distance(a: &[char], b: &str, limit: usize) -> Option<usize> {
    // A character has at most four bytes.
    if b.len() > 4 * (a.len() + limit) {
        return None;
    }
    let b: Vec<char> = b.chars().collect();
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut row = vec![0; b.len() + 1];
    for i in 1..=a.len() {
        row[0] = i;
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        if row.iter().all(|distance| *distance > limit) {
            return None;
        }
        mem::swap(&mut before_last, &mut last);
        mem::swap(&mut last, &mut row);
    }
    Some(last[b.len()]).filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_inserted_removed_replaced_and_swapped() {
        for (a, b, limit, expected) in [
            ("page_1", "page_1", 1, Some(0)),
            ("page_1", "page_10", 2, Some(1)),
            ("page_1", "pag_1", 2, Some(1)),
            ("page_1", "page_2", 2, Some(1)),
            ("clinets", "clients", 2, Some(1)),
            ("größe", "grosse", 3, Some(3)),
            ("page_1", "order_7", 2, None),
            ("", "ab", 2, Some(2)),
            ("", "ab", 1, None),
        ] {
            let a: Vec<char> = a.chars().collect();
            assert_eq!(distance(&a, b, limit), expected, "{a:?} {b}");
        }
    }

    #[test]
    fn the_nearest_keys_come_first_and_distant_ones_are_left_out() {
        let keys = ["clients/page_1", "clients/page_2", "clients/page_20", "clients/page_12", "orders/page_2"];
        let found = nearest("clients/page_22", 2, keys.iter().map(|key| (*key).to_owned()));
        assert_eq!(found, ["clients/page_12", "clients/page_2", "clients/page_20"]);
        assert!(nearest("x", 1, keys.iter().map(|key| (*key).to_owned())).is_empty());
    }
}
