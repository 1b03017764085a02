//! The diorama sets that a scope selects, in addition to the entries of vantage-live.

use super::scope::{Matched, Scope};
use super::{past_damage, unless_moved};
use crate::diorama::identity::is_narrowed_copy;
use crate::error::{Error, Result};
use crate::live::key::Selection;
use crate::snapshot::{Set, SetKey, Snapshot};
use std::collections::HashSet;

/// What a set of diorama has and an entry of vantage-live does not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetFacts {
    /// Its key as people read it.
    pub shown: String,
    /// The number of rows at its source, if that is known.
    pub total: Option<u64>,
}

impl SetFacts {
    pub(super) fn of(set: &Set) -> SetFacts {
        SetFacts { shown: set.shown(), total: set.meta().total }
    }
}

/// The sets in a scope, each once: a whole set, or each selected row of it. Their matches are added to `matched`, which
/// has those of the entries of vantage-live.
///
/// # Errors
/// [`Error::Damaged`], also if the meta table of one of them is damaged: see [`readable_sets`].
pub(crate) fn selected_sets(snapshot: &Snapshot, scope: &Scope, matched: &mut Matched) -> Result<Vec<Set>> {
    let sets = chosen_sets(snapshot, scope, matched)?;
    sets.iter().try_for_each(|set| snapshot.meta_damage(set).map_or(Ok(()), Err))?;
    Ok(sets)
}

/// The sets in a scope, like [`selected_sets`], for readers: damage to meta tables is skipped and added to `damage`.
pub(crate) fn readable_sets(
    snapshot: &Snapshot,
    scope: &Scope,
    matched: &mut Matched,
    damage: &mut Vec<Error>,
) -> Result<Vec<Set>> {
    let sets = chosen_sets(snapshot, scope, matched)?;
    for found in sets.iter().filter_map(|set| snapshot.meta_damage(set)) {
        past_damage::<()>(unless_moved(Err(found), snapshot), damage)?;
    }
    Ok(sets)
}

fn chosen_sets(snapshot: &Snapshot, scope: &Scope, matched: &mut Matched) -> Result<Vec<Set>> {
    let all = snapshot.sets()?;
    let mut chosen: Vec<Set> = Vec::new();
    for (index, selection) in scope.selections().iter().enumerate() {
        // A key means an entry of vantage-live if there is one, and else a row. Quotes around the name of its set
        // always mean the row.
        if let Selection::Entry(key) | Selection::StartsWith(key) | Selection::Begins(key) = selection
            && snapshot.entry(key)?.is_some()
        {
            continue;
        }
        let found = snapshot.select(&all, selection)?;
        // The set itself, or its row, may already have been removed.
        let copies = if scope.takes_narrowed() { snapshot.copies(&all, selection)? } else { Vec::new() };
        if !found.is_empty() || !copies.is_empty() {
            matched.unmatched.retain(|unmatched| *unmatched != index);
        }
        chosen.extend(found.into_iter().chain(copies));
    }
    let whole: HashSet<String> = chosen.iter().filter(|set| set.row().is_none()).map(|set| set.name().into()).collect();
    let mut seen = HashSet::new();
    chosen.retain(|set| {
        (set.row().is_none() || !whole.contains(set.name()))
            && seen.insert((set.name().to_owned(), set.row().map(str::to_owned)))
            && scope.is_within(|| set.fetch_time(), matched)
    });
    let Some(filter) = scope.filter() else { return Ok(chosen) };
    let mut kept = Vec::new();
    for set in chosen {
        match filter.reduce_set(snapshot, set)? {
            Some(set) => kept.push(set),
            None => matched.without_rows += 1,
        }
    }
    Ok(kept)
}

/// The one set, or row of a set, that a scope selects; `None` if it selects several, or anything of vantage-live.
///
/// # Errors
/// Those of the cache.
pub fn only_set(snapshot: &Snapshot, scope: &Scope) -> Result<Option<Set>> {
    let [selection] = scope.selections() else { return Ok(None) };
    if *selection == Selection::All || scope.is_narrowed() || snapshot.entries(selection)?.next().is_some() {
        return Ok(None);
    }
    let mut sets = chosen_sets(snapshot, scope, &mut Matched::default())?;
    Ok(if sets.len() == 1 { sets.pop() } else { None })
}

/// The sets in a scope, each once: a whole set, or each selected row of it.
///
/// # Errors
/// Those of the cache, but not damage to meta tables.
pub fn sets_in(snapshot: &Snapshot, scope: &Scope) -> Result<Vec<Set>> {
    chosen_sets(snapshot, scope, &mut Matched::default())
}

/// The sets that hold narrowed copies of the selected ones and are not selected themselves.
pub(crate) fn narrowed_copies(snapshot: &Snapshot, selected: &[Set]) -> Result<Vec<SetKey>> {
    let selected_keys: HashSet<SetKey> = selected.iter().map(Set::key).collect();
    let mut left = Vec::new();
    for copy in snapshot.sets()? {
        if selected_keys.contains(&copy.key()) {
            continue;
        }
        for base in selected.iter().filter(|base| is_narrowed_copy(base.name(), copy.name())) {
            let is_left = match base.row() {
                None => true,
                Some(row) => snapshot.with_row(&copy, row)?.is_some_and(|row| !selected_keys.contains(&row.key())),
            };
            if is_left {
                left.push(copy.key());
                break;
            }
        }
    }
    Ok(left)
}
