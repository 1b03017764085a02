//! Watching a cache: each look compares the newest commit with the last one that was seen, and reads only the pages
//! that differ.

use crate::diorama::identity::TableName;
use crate::error::{Error, Result};
use crate::file::{self, Advance, Damaged, Definition, File, Mirror, PageStore, Records};
use crate::live::key::{self, Key, Selection};
use crate::snapshot::commit::Snapshot;
use crate::snapshot::set_key::SetKey;
use crate::snapshot::tables::Table;
use crate::snapshot::watched::{EntryChange, Remembered, SeenCommit};
use crate::snapshot::watched_file::{WatchedFile, WatchedLook};
use crate::snapshot::watched_sets::{self, ChangedTable, SetReport, WatchedSets};
use crate::snapshot::{location, race};
use crate::system::holder::{self, Holder};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What a watcher keeps of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WatchOptions {
    /// Remember the values themselves, so that changes have the old one too: up to 16 MiB in memory, and the rest
    /// in a temporary file without a name.
    pub old_values: bool,
    /// Pin the pages that are read, so that the new values of entries that changed can be read from the
    /// snapshot that is handed out, whatever the app commits meanwhile. Of a set these are the rows that changed.
    pub new_values: bool,
    /// With `new_values`: the changed sets of which all rows are pinned.
    pub whole_sets: WholeSets,
}

/// Sets of which all rows are to be pinned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WholeSets {
    /// None.
    #[default]
    None,
    /// Touched sets, of which no row changed.
    Touched,
    /// All changed sets.
    Changed,
}

/// Reports what an app does to its cache, commit by commit, without taking a lock or writing anything.
///
/// If an app commits faster than the watcher looks, only some of its commits are seen. The differences between these
/// are reported, and a report never mixes two commits. A watcher outlives the end of the app, its crash and restart,
/// and the removal or replacement of the file.
///
/// ```no_run
/// use std::{thread, time::Duration};
/// use vlive::Selection;
/// use vlive::snapshot::{Pace, WatchOptions, Watcher};
///
/// let mut watcher = Watcher::new("cache", vec![Selection::All], WatchOptions::default());
/// let mut pace = Pace::default();
/// loop {
///     let seen = watcher.look(Duration::from_secs(5), |commit, change| {
///         println!("#{} {} {}", commit.number, change.event, change.key);
///         Ok::<(), vlive::Error>(())
///     })?;
///     thread::sleep(pace.next(seen.is_some()));
/// }
/// # Ok::<(), vlive::Error>(())
/// ```
#[derive(Debug)]
pub struct Watcher {
    file: WatchedFile,
    selections: Vec<Selection>,
    options: WatchOptions,
    /// The number of the last commit that was seen of the open file.
    last: Option<u64>,
    /// Whether a commit has been seen, of any file.
    has_seen: bool,
    /// Definitions by the names of tables.
    tables: Mirror,
    /// The tables of selected cache keys and sets, by name.
    entries: BTreeMap<String, Mirror>,
    /// The sets that these tables belong to.
    sets: WatchedSets,
    records: Records,
}

/// The differences of a commit from the last one.
struct Attempt {
    tables: Advance,
    entries: Vec<(String, Advance)>,
    /// Changed tables of sets, and whether they exist.
    sets: Vec<(String, bool)>,
    damage: Vec<Error>,
}

/// A changed table.
struct Changed {
    name: String,
    root: Option<file::PageRef>,
    /// Whether a table of a set exists; `None` for other tables.
    of_set: Option<bool>,
}

impl Watcher {
    /// Watches the selected entries of the cache at `path`, a folder or the file in it, which need not exist yet.
    #[must_use]
    pub fn new(path: impl AsRef<Path>, selections: Vec<Selection>, options: WatchOptions) -> Watcher {
        let path = location::find(path.as_ref()).unwrap_or_else(|_| location::cache_file(path.as_ref()));
        Watcher {
            file: WatchedFile::new(path),
            selections,
            options,
            last: None,
            has_seen: false,
            tables: Mirror::default(),
            entries: BTreeMap::new(),
            sets: WatchedSets::default(),
            records: Records::default(),
        }
    }

    /// The cache file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Looks once. If there is a new commit, calls `each` with every selected entry that differs from the last commit
    /// that was seen, in the order of a cache. The first look reports every entry as new. If the file was replaced, the
    /// new file is compared with the old one.
    ///
    /// # Errors
    /// The cache cannot be read at the moment: [`Error::Missing`] if it does not exist, [`Error::Unsteady`] if no
    /// commit could be read whole within `wait`. The next look compares with the same commit, so that no change is
    /// missed.
    pub fn look<E: From<Error>>(
        &mut self,
        wait: Duration,
        each: impl FnMut(&SeenCommit, EntryChange) -> Result<(), E>,
    ) -> Result<Option<SeenCommit>, E> {
        let Some(look) = self.file.look()? else { return Ok(None) };
        if look.is_new {
            self.last = None;
        }
        let store = (self.options.new_values).then(|| Arc::new(PageStore::default()));
        let (snapshot, attempt) = match self.attempt(&look, store.as_ref(), wait) {
            Ok(read) => read,
            Err(error) => {
                self.forget_ahead();
                return Err(error.into());
            }
        };
        self.file.has_seen(&look);
        Ok(Some(self.take(snapshot, attempt, each)?))
    }

    fn attempt(
        &mut self,
        WatchedLook { file, is_new, .. }: &WatchedLook,
        store: Option<&Arc<PageStore>>,
        wait: Duration,
    ) -> Result<(Snapshot, Attempt)> {
        let path = self.path().to_owned();
        let opened = |snapshot: Snapshot| {
            let mut snapshot = snapshot;
            if let Some(store) = store {
                snapshot.keep_pages(store);
            }
            snapshot
        };
        let strict = race::retry(&path, wait, || {
            // After a crash redb may not open the newest commit of a file. If the file was seen before, its newest
            // commit counts.
            let in_use = !is_new || is_in_use(file);
            let snapshot = opened(Snapshot::of(&path, Arc::clone(file), in_use)?.whole()?);
            let attempt = self.read(&snapshot, Damaged::Refuse)?;
            if store.is_some() {
                self.pin_sets(&snapshot, &attempt)?;
            }
            Ok((snapshot, attempt))
        });
        let damage = match strict {
            Err(error @ Error::Damaged { .. }) => error,
            strict => return strict,
        };
        let in_context = |error| Error::file(error, &path, None);
        let slots = File::open(Arc::clone(file)).and_then(|file| file.header().candidates()).map_err(in_context)?;
        // After a crash redb goes back to the previous commit, if that one is whole.
        let modes = slots.iter().skip(1).filter(|_| !is_in_use(file)).map(|slot| (slot, Damaged::Refuse));
        for (slot, mode) in modes.chain(slots.iter().take(1).map(|slot| (slot, Damaged::PassBy))) {
            let opening = File::open(Arc::clone(file)).map_err(in_context)?;
            let snapshot = opened(Snapshot::of_commit(&path, opening, *slot, true));
            match self.read(&snapshot, mode) {
                Err(Error::Damaged { .. }) => {}
                read => return read.map(|attempt| (snapshot, attempt)),
            }
        }
        Err(damage)
    }

    /// Reads the differences of a commit from the last one.
    fn read(&mut self, snapshot: &Snapshot, damaged: Damaged) -> Result<Attempt> {
        let file = snapshot.file();
        let definition = |value: &[u8], to: &mut Vec<u8>| to.extend_from_slice(value);
        let mut tables = self
            .tables
            .read(file, snapshot.slot().user.as_ref(), &definition, &mut self.records, damaged)
            .map_err(|error| snapshot.error(error, None))?;
        let damage = tables.damage.drain(..).map(|damage| snapshot.error(damage.into(), None)).collect();
        let mut attempt = Attempt { tables, entries: Vec::new(), sets: Vec::new(), damage };
        for Changed { name, root, of_set } in self.changed_tables(&attempt, snapshot)? {
            attempt.sets.extend(of_set.map(|exists| (name.clone(), exists)));
            let mirror = self.entries.entry(name.clone()).or_default();
            if mirror.is_of(root.as_ref()) {
                continue;
            }
            // Metadata are only a few bytes.
            let keep = self.options.old_values || matches!(TableName::of(&name), TableName::Meta(_));
            let remember = |value: &[u8], to: &mut Vec<u8>| Remembered::append(value, keep, to);
            let mut advance = mirror
                .read(file, root.as_ref(), &remember, &mut self.records, damaged)
                .map_err(|error| snapshot.error(error, Some(&name)))?;
            let found = std::mem::take(&mut advance.damage);
            attempt.damage.extend(found.into_iter().map(|damage| snapshot.error(damage.into(), Some(&name))));
            attempt.entries.push((name, advance));
        }
        Ok(attempt)
    }

    /// Reads the rest of the changed sets as far as it is to be pinned, so that the pages are kept.
    fn pin_sets(&self, snapshot: &Snapshot, attempt: &Attempt) -> Result<()> {
        let advanced: BTreeSet<&str> = attempt.entries.iter().map(|(name, _)| name.as_str()).collect();
        let rows_of = |name: &str| match TableName::of(name) {
            TableName::Rows(set) | TableName::Meta(set) => Some(set.to_owned()),
            TableName::Hidden => None,
        };
        let changed: BTreeSet<String> = attempt.sets.iter().filter_map(|(name, _)| rows_of(name)).collect();
        for name in changed {
            // Only one of the two tables may have changed.
            let Some(set) = snapshot.set(&SetKey::of_table(&name))? else { continue };
            if let Some(damage) = snapshot.meta_damage(&set) {
                return Err(damage);
            }
            let is_whole = match self.options.whole_sets {
                WholeSets::None => false,
                WholeSets::Touched => !advanced.contains(name.as_str()),
                WholeSets::Changed => true,
            };
            // All pages of a new set were read already.
            let is_left = is_whole && self.sets.is_known(&name);
            if is_left && watched_sets::is_whole_concerned(&self.selections, &name) {
                snapshot.read_rows(&set)?;
            }
        }
        Ok(())
    }

    /// The changed tables that are selected, each with its new root.
    fn changed_tables(&self, attempt: &Attempt, snapshot: &Snapshot) -> Result<Vec<Changed>> {
        let mut changed = Vec::new();
        let mut tables = attempt.tables.differences(&self.records);
        while let Some(table) = tables.next().map_err(|error| snapshot.error(error, None))? {
            let Ok(name) = str::from_utf8(table.key) else { continue };
            if !self.concerns(name) || table.new.is_none() && !attempt.damage.is_empty() {
                continue;
            }
            let definition = match table.new.map(Definition::parse) {
                None => None,
                Some(None) => return Err(snapshot.error(file::Error::senseless_definition(), Some(name))),
                Some(definition) => definition,
            };
            let root = definition.as_ref().and_then(|definition| definition.root);
            let table = definition.map(|definition| Table::new(name.to_owned(), definition));
            let name = name.to_owned();
            if key::cache_key(&name).is_some() {
                // A table of another type has no entries.
                let root = root.filter(|_| table.is_some_and(|table| table.cache_key().is_some()));
                changed.push(Changed { name, root, of_set: None });
                continue;
            }
            let is_known = self.sets.is_known(&name);
            let is_of_set = match &table {
                Some(table) if is_known => table.holds_bytes_by_text(),
                Some(table) => snapshot.is_of_set(table)?,
                None => false,
            };
            if is_known || is_of_set {
                changed.push(Changed { name, root: root.filter(|_| is_of_set), of_set: Some(is_of_set) });
            }
        }
        Ok(changed)
    }

    /// Whether entries of the table of this name may be selected.
    fn concerns(&self, name: &str) -> bool {
        if let Some(cache_key) = key::cache_key(name) {
            return self.selections.iter().any(|selection| selection.concerns(cache_key));
        }
        match TableName::of(name) {
            TableName::Rows(set) | TableName::Meta(set) => watched_sets::concerns(&self.selections, set),
            TableName::Hidden => false,
        }
    }

    /// Reports the differences, and stores the new state.
    fn take<E: From<Error>>(
        &mut self,
        snapshot: Snapshot,
        attempt: Attempt,
        mut each: impl FnMut(&SeenCommit, EntryChange) -> Result<(), E>,
    ) -> Result<SeenCommit, E> {
        let commit = SeenCommit {
            number: snapshot.slot().transaction_id,
            after: self.last,
            damage: attempt.damage,
            pages_read: snapshot.pages_read(),
            snapshot,
        };
        let sets = self.advance_sets(&attempt.entries, &attempt.sets)?;
        let reported = attempt
            .entries
            .iter()
            .filter(|(name, _)| key::cache_key(name).is_some())
            .try_for_each(|(name, advance)| self.report(name, advance, |change| each(&commit, change)))
            .and_then(|()| sets.into_iter().try_for_each(|change| each(&commit, change)));
        let in_context = |error| commit.snapshot.error(error, None);
        for (name, advance) in attempt.entries {
            if let Some(mirror) = self.entries.get_mut(&name) {
                mirror.apply(advance, &mut self.records).map_err(in_context)?;
            }
        }
        self.tables.apply(attempt.tables, &mut self.records).map_err(in_context)?;
        self.forget_ahead();
        self.entries.retain(|_, mirror| !mirror.is_empty());
        self.records.tidy(self.entries.values_mut().chain([&mut self.tables])).map_err(in_context)?;
        self.last = Some(commit.number);
        self.has_seen = true;
        reported.map(|()| commit)
    }

    /// Stores the new state of sets, and returns their changes to report.
    fn advance_sets(&mut self, entries: &[(String, Advance)], sets: &[(String, bool)]) -> Result<Vec<EntryChange>> {
        let advances: BTreeMap<&str, &Advance> =
            entries.iter().map(|(name, advance)| (name.as_str(), advance)).collect();
        let of = |(name, exists): &(String, bool)| ChangedTable {
            name: name.clone(),
            exists: *exists,
            advance: advances.get(name.as_str()).copied(),
        };
        let tables: Vec<ChangedTable<'_>> = sets.iter().map(of).collect();
        let WatchOptions { old_values, new_values, .. } = self.options;
        let (selections, records) = (self.selections.as_slice(), &self.records);
        let report = SetReport { selections, records, values: old_values, ids: new_values };
        self.sets.advance(&tables, report).map_err(|error| Error::file(error, self.path(), None))
    }

    /// Calls `each` with the changed entries of a table that are selected.
    fn report<E: From<Error>>(
        &self,
        name: &str,
        advance: &Advance,
        mut each: impl FnMut(EntryChange) -> Result<(), E>,
    ) -> Result<(), E> {
        let cache_key: Arc<str> = key::cache_key(name).unwrap_or_default().into();
        let unknown = advance.has_unknown();
        let mut differences = advance.differences(&self.records);
        while let Some(changed) = differences.next().map_err(|error| Error::file(error, self.path(), Some(name)))? {
            let Ok(sub_key) = str::from_utf8(changed.key) else { continue };
            if self.selections.iter().any(|selection| selection.takes(&cache_key, sub_key)) {
                let key = Key::from_parts(Arc::clone(&cache_key), sub_key);
                let [old, new] = [changed.old, changed.new].map(|side| side.map(Remembered::parse));
                each(EntryChange::new(key, old, new, unknown))?;
            }
        }
        Ok(())
    }

    /// Whether a commit has been seen, of this file or of one that it replaced.
    #[must_use]
    pub fn has_seen(&self) -> bool {
        self.has_seen
    }

    /// The processes that have the cache open; `None` if the cache does not exist or the system does not report them.
    #[must_use]
    pub fn holders(&self) -> Option<Vec<Holder>> {
        fs::metadata(self.path()).ok().and_then(|metadata| holder::of(&metadata))
    }

    fn forget_ahead(&mut self) {
        for mirror in self.entries.values_mut().chain([&mut self.tables]) {
            mirror.forget_ahead(&mut self.records);
        }
    }
}

fn is_in_use(file: &fs::File) -> bool {
    file.metadata().ok().and_then(|metadata| holder::of(&metadata)).is_some_and(|holders| !holders.is_empty())
}
