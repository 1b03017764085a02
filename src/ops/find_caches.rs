//! Searching a machine for caches.

use crate::error::Result;
use crate::live::key::Selection;
use crate::snapshot::{Set, Snapshot, TableRole, location};
use crate::system::holder::{self, Holder};
use crate::system::search::{self, Limits};
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The size in bytes of the smallest file that redb makes.
const SMALLEST: u64 = 512 * 1024;

/// How long to look at one cache that an app writes to.
const LOOK: Duration = Duration::from_millis(200);

/// What a search has found.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct FoundCaches {
    /// The caches in the order of their paths, each once.
    pub caches: Vec<FoundCache>,
    /// Whether the search was completed in time.
    pub is_complete: bool,
}

/// A redb file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FoundCache {
    /// Where it is.
    pub path: PathBuf,
    /// Its length in bytes.
    pub len: u64,
    /// What it holds; `None` if that cannot be read.
    pub kind: Option<CacheKind>,
    /// When its newest entry or set was fetched, in seconds since 1970; `None` if that is unknown, or there was no time
    /// to read it.
    pub newest: Option<u64>,
    /// The processes that have it open; `None` if the system does not say.
    pub holders: Option<Vec<Holder>>,
}

/// What a redb file holds, as its tables say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CacheKind {
    /// Tables of vantage-live, or none at all under the name that it gives its file.
    VantageLive,
    /// Tables of vantage-diorama.
    Diorama,
    /// Tables of either.
    Both,
    /// Tables of something else, or none.
    Other,
}

/// Searches `roots`, which are folders or files, and with `open` also the files that other processes have open, as far
/// as the system shows them. It looks at most `depth` folders below a root, and stops after `time`. It follows no
/// links, and skips what it may not read.
#[must_use]
pub fn find_caches(roots: &[PathBuf], open: bool, depth: usize, time: Duration) -> FoundCaches {
    let limits = Limits { depth, until: Instant::now().checked_add(time) };
    let mut seen = HashSet::new();
    let mut files: BTreeMap<PathBuf, u64> = BTreeMap::new();
    let mut visit = |path: &Path, metadata: &fs::Metadata| {
        if may_be_cache(path, metadata) && seen.insert(search::identity(path, metadata)) {
            files.insert(path.to_owned(), metadata.len());
        }
    };
    let mut is_complete = roots.iter().all(|root| search::below(root, limits, &mut visit));
    if open {
        is_complete &= search::open_files(limits, &mut visit);
    }
    let mut caches = Vec::with_capacity(files.len());
    for (path, len) in files {
        let look = |snapshot: &Snapshot| look(snapshot, limits);
        let looked = if limits.are_over() { None } else { Snapshot::look(&path, LOOK, look).ok() };
        is_complete &= !limits.are_over();
        let holders = fs::metadata(&path).ok().and_then(|metadata| holder::of(&metadata));
        let (kind, newest) = looked.map_or((None, None), |(kind, newest)| (Some(kind), newest));
        caches.push(FoundCache { path, len, kind, newest, holders });
    }
    FoundCaches { caches, is_complete }
}

/// The caches in the folders just below a folder, sound or not, in the order of their paths.
#[must_use]
pub fn caches_just_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let limits = Limits { depth: 1, until: Instant::now().checked_add(Duration::from_secs(1)) };
    search::below(folder, limits, &mut |path, metadata| {
        if may_be_cache(path, metadata) {
            found.push(path.to_owned());
        }
    });
    found.sort();
    found
}

fn may_be_cache(path: &Path, metadata: &fs::Metadata) -> bool {
    let is_named = path.file_name().is_some_and(|name| name == location::FILE_NAME);
    (is_named || metadata.len() >= SMALLEST) && location::is_cache(path)
}

fn look(snapshot: &Snapshot, limits: Limits) -> Result<(CacheKind, Option<u64>)> {
    let roles = snapshot.roles()?;
    let is_named = snapshot.path().file_name().is_some_and(|name| name == location::FILE_NAME);
    let holds_live = roles.iter().any(|(_, role)| *role == TableRole::CacheKey) || roles.is_empty() && is_named;
    let holds_sets = roles.iter().any(|(_, role)| role.is_of_set());
    let newest_of_live = if holds_live { newest_entry(snapshot, limits)? } else { None };
    let newest_of_sets = snapshot.sets_of(roles)?.iter().filter_map(Set::fetched_at).max();
    let kind = match (holds_live, holds_sets) {
        (true, true) => CacheKind::Both,
        (true, false) => CacheKind::VantageLive,
        (false, true) => CacheKind::Diorama,
        (false, false) => CacheKind::Other,
    };
    Ok((kind, newest_of_live.max(newest_of_sets)))
}

/// `None` if there is no entry, or no time to read all of them.
fn newest_entry(snapshot: &Snapshot, limits: Limits) -> Result<Option<u64>> {
    let mut newest = None;
    for entry in snapshot.entries(&Selection::All)? {
        if limits.are_over() {
            return Ok(None);
        }
        newest = newest.max(entry?.head().ok().map(|head| head.fetched_at));
    }
    Ok(newest)
}
