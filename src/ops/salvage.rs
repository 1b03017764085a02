//! Copying the intact entries of a damaged cache into a new one.

use crate::database::{Insert, NewValue, Removals, Session};
use crate::diorama::identity::TableName;
use crate::diorama::meta::MetaKey;
use crate::error::{Error, Result};
use crate::file::{self, Damage, File, Page, Slot, Survey, Widths};
use crate::live::key::Selection;
use crate::ops::copy_table::copy_table;
use crate::ops::findings::{FindingPlace, Findings};
use crate::snapshot::location;
use crate::snapshot::{Snapshot, Table, TableRole};
use crate::system::progress;
use redb::WriteTransaction;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What was saved, and what damage was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Salvaged {
    /// The file that was read.
    pub path: PathBuf,
    /// The number of entries that were written to the new cache. Of a set of diorama, each row and each number in its
    /// metadata counts.
    pub entries: u64,
    /// The number of sets of diorama from which something was written.
    pub sets: u64,
    /// How many of `entries` are rows of sets.
    pub rows: u64,
    /// How many of `entries` are numbers in the metadata of sets.
    pub numbers: u64,
    /// Bytes of the values of `entries`, without the `numbers`.
    pub bytes: u64,
    /// How many of `entries` come from the older commit, because the newest has lost them. Entries that had been
    /// removed by the newest commit can be among them.
    pub older: u64,
    /// How many entries are lost at least, by the counts that the newest commit records for its tables; `None` if the
    /// definitions of tables are lost.
    pub lost: Option<u64>,
    /// The number of tables of other programs that were copied, byte for byte.
    pub tables: u64,
    /// The tables of other programs that were not copied: a part is damaged, or their type cannot be declared to redb.
    pub lost_tables: Vec<String>,
    /// The sets of diorama that were saved without the times that mark their rows as fresh, since some rows may be
    /// missing or outdated: the app fetches these sets again.
    pub undated_sets: Vec<String>,
    /// The damage to the newest commit.
    pub damage: Findings,
}

/// Writes every entry of the cache at `from` that still verifies to a new cache at `into`, byte for byte and in one
/// transaction: the entries of the newest commit and, where it has lost pages of a table, those that the older commit
/// still has of that table. Tables of other programs are copied if every page of them verifies. A set of diorama keeps
/// its times only if all of its rows come from the newest commit; otherwise the app would take what is left for the
/// whole set. The damaged file is only read; if an app has it open, this waits as [`Snapshot::pin`] does.
///
/// # Errors
/// [`Error::Exists`] if there is a cache at `into` already; [`Error::Damaged`] if the header names no commit any more;
/// [`Error::Unsteady`] if the app committed so often that no commit could be read within `wait`.
pub fn salvage(from: impl AsRef<Path>, into: impl AsRef<Path>, wait: Duration) -> Result<Salvaged> {
    let from = location::find(from.as_ref())?;
    let mut salvaged = Salvaged { path: from.clone(), ..Salvaged::default() };
    let snapshot = match Snapshot::pin(&from, wait, &[Selection::All]) {
        // The commit that redb would start from is lost; the other one may be intact.
        Err(error @ Error::Damaged { table: None, .. }) => {
            let file = File::open(Arc::new(location::open(&from, false)?));
            let file = file.map_err(|error| Error::file(error, &from, None))?;
            let Some(&slot) = file.header().commits().first() else { return Err(error) };
            // Damage to pages is found again below.
            if let Error::Damaged { damage, .. } = &error
                && damage.page().is_none()
            {
                salvaged.damage.add(None, *damage);
            }
            Snapshot::of_commit(&from, file, slot, false)
        }
        other => other?,
    };
    // Unlike redb, this does not fall back to the older commit as a whole: what the newest still has comes first. While
    // an app writes, the pages of the older one are being used again.
    let mut commits = snapshot.file().header().commits();
    if snapshot.is_in_use() {
        commits = vec![*snapshot.slot()];
    }
    let mut rescue = Rescue {
        snapshot: &snapshot,
        lengths: HashMap::new(),
        lossy: None,
        seen: HashSet::new(),
        sets: HashSet::new(),
        others: BTreeMap::new(),
        salvaged,
    };
    progress::current().expect(Some(snapshot.file().len()));
    Session::create_new(location::cache_file(into.as_ref()), |mut session| {
        session
            .transact(&Removals::new(), |insert| commits.iter().try_for_each(|commit| rescue.commit(commit, insert)))?;
        session.fill(|transaction| rescue.copy_others(&from, transaction))?;
        session.close()?;
        // Unless pages are kept, writes of an app that has started meanwhile look like damage.
        let is_unsteady = rescue.salvaged.damage.count > 0 && !snapshot.file().keeps_pages() && snapshot.has_moved();
        if is_unsteady { Err(Error::Unsteady { path: from.clone() }) } else { Ok(rescue.finish()) }
    })
}

struct Rescue<'s> {
    snapshot: &'s Snapshot,
    /// The tables of the newest commit, and how many entries it counts in each.
    lengths: HashMap<String, u64>,
    /// What the newest commit has lost; `None` until it has been read.
    lossy: Option<Lossy>,
    /// Table and key of every entry that was read.
    seen: HashSet<(String, String)>,
    /// The sets from which something was saved.
    sets: HashSet<String>,
    /// The tables of other programs, each from the first commit in which it verifies; `None` if it does in no commit.
    others: BTreeMap<String, Option<Table>>,
    salvaged: Salvaged,
}

#[derive(Default)]
struct Lossy {
    /// Whether the list of tables is damaged, so that some tables may be unknown.
    table_tree: bool,
    /// The tables that lack entries.
    tables: HashSet<String>,
}

impl Rescue<'_> {
    fn commit(&mut self, commit: &Slot, insert: &mut Insert<'_>) -> Result<()> {
        let mut survey = Survey::new(self.snapshot.file());
        let mut damage = Vec::new();
        let tables = survey.definitions(commit.user, &mut |what| damage.push(what));
        let tables = tables.map_err(|error| self.snapshot.error(error, None))?;
        let mut lossy = Lossy { table_tree: !damage.is_empty(), tables: HashSet::new() };
        self.note(None, &damage);
        let tables = tables.into_iter().map(|(name, definition)| Table::new(name, definition)).collect();
        for (table, role) in self.snapshot.roles_of(tables)? {
            if matches!(role, TableRole::Source | TableRole::Foreign) {
                self.other(table)?;
                continue;
            }
            if !self.is_wanted(&table) {
                continue;
            }
            let undated = self.undated(&table, role, &lossy);
            let (read, damage) = self.table(&mut survey, (&table, role), undated, insert)?;
            self.note(Some(table.name()), &damage);
            if self.lossy.is_none() {
                if read != table.entries() {
                    lossy.tables.insert(table.name().to_owned());
                }
                self.lengths.insert(table.name().to_owned(), table.entries());
            }
        }
        self.lossy.get_or_insert(lossy);
        Ok(())
    }

    /// Takes a table of another program if all of it verifies: a part of it may be of no use.
    fn other(&mut self, table: Table) -> Result<()> {
        let is_wanted = match (&self.lossy, self.others.get(table.name())) {
            (None, _) => true,
            (Some(_), Some(there)) => there.is_none(),
            (Some(newest), None) => newest.table_tree,
        };
        if !is_wanted {
            return Ok(());
        }
        match table.definition().verify(self.snapshot.file()) {
            Ok(()) => drop(self.others.insert(table.name().to_owned(), Some(table))),
            Err(file::Error::Damaged(damage)) => {
                self.note(Some(table.name()), &[damage]);
                self.others.insert(table.name().to_owned(), None);
            }
            Err(error) => return Err(self.snapshot.error(error, Some(table.name()))),
        }
        Ok(())
    }

    fn copy_others(&mut self, path: &Path, transaction: &WriteTransaction) -> Result<()> {
        for (name, table) in &self.others {
            let copied = table.as_ref().map(|table| copy_table(path, self.snapshot, table, transaction));
            match copied {
                Some(Ok(())) => self.salvaged.tables += 1,
                None | Some(Err(Error::UnknownType { .. })) => self.salvaged.lost_tables.push(name.clone()),
                Some(Err(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether to read a table: from the older commit only those of which the newest has lost something.
    fn is_wanted(&self, table: &Table) -> bool {
        self.lossy.as_ref().is_none_or(|lossy| {
            lossy.tables.contains(table.name()) || lossy.table_tree && !self.lengths.contains_key(table.name())
        })
    }

    /// The set whose times must not be saved, if the table is the meta table of such a set. Its rows have been read
    /// before, and `lossy` says what the newest commit lacks so far.
    fn undated<'t>(&self, meta: &'t Table, role: TableRole, lossy: &Lossy) -> Option<&'t str> {
        let TableName::Meta(rows) = TableName::of(meta.name()) else { return None };
        let has_all_rows = !lossy.tables.contains(rows) && (!lossy.table_tree || self.lengths.contains_key(rows));
        let is_whole = self.lossy.is_none() && has_all_rows;
        (role == TableRole::Meta && !is_whole).then_some(rows)
    }

    /// Saves the intact entries of a table, except the times of the set `undated`. Returns how many entries were read,
    /// and the damage.
    fn table(
        &mut self,
        survey: &mut Survey<'_>,
        (table, role): (&Table, TableRole),
        undated: Option<&str>,
        insert: &mut Insert<'_>,
    ) -> Result<(u64, Vec<Damage>)> {
        let is_older = self.lossy.is_some();
        let written_before = self.salvaged.entries;
        let is_stamp = |key: &str| MetaKey::of_name(key).is_some_and(|key| MetaKey::STAMPS.contains(&key));
        let (mut read, mut damage, mut failed) = (0, Vec::new(), None);
        let mut leaf = |page: &Arc<Page>| {
            for n in 0..page.count() {
                let Ok(sub_key) = std::str::from_utf8(page.key(n)) else { continue };
                read += 1;
                if !self.seen.insert((table.name().to_owned(), sub_key.to_owned())) {
                    continue;
                }
                if let Some(set) = undated.filter(|_| is_stamp(sub_key)) {
                    if self.salvaged.undated_sets.last().is_none_or(|last| last != set) {
                        self.salvaged.undated_sets.push(set.to_owned());
                    }
                    continue;
                }
                if let Err(error) = insert(table.name(), sub_key, NewValue::Bytes(page.value(n))) {
                    failed = Some(error);
                    return Err(file::Error::stopped());
                }
                self.salvaged.entries += 1;
                self.salvaged.rows += u64::from(role == TableRole::Rows);
                if role == TableRole::Meta {
                    self.salvaged.numbers += 1;
                } else {
                    self.salvaged.bytes += page.value(n).len() as u64;
                }
                self.salvaged.older += u64::from(is_older);
            }
            Ok(())
        };
        let walked = survey.tree(table.definition().root, Widths::default(), &mut leaf, &mut |what| damage.push(what));
        if role.is_of_set() && self.salvaged.entries > written_before {
            let (TableName::Rows(set) | TableName::Meta(set)) = TableName::of(table.name()) else {
                unreachable!("of a set")
            };
            self.sets.insert(set.to_owned());
        }
        match (walked, failed) {
            (_, Some(error)) => Err(error),
            (walked, None) => {
                walked.map_err(|error| self.snapshot.error(error, Some(table.name())))?;
                Ok((read, damage))
            }
        }
    }

    /// Reports damage, but only to the newest commit: pages of the older one may have been used again.
    fn note(&mut self, table: Option<&str>, damage: &[Damage]) {
        if self.lossy.is_none() {
            for damage in damage {
                self.salvaged.damage.add(table.map(FindingPlace::of_table), *damage);
            }
        }
    }

    /// The result, including what is lost.
    fn finish(mut self) -> Salvaged {
        let mut found: HashMap<&str, u64> = HashMap::new();
        self.seen.iter().for_each(|(table, _)| *found.entry(table).or_default() += 1);
        let missing =
            |(table, length): (&String, &u64)| length.saturating_sub(found.get(table.as_str()).copied().unwrap_or(0));
        let is_known = self.lossy.is_some_and(|lossy| !lossy.table_tree);
        self.salvaged.sets = self.sets.len() as u64;
        self.salvaged.lost = is_known.then(|| self.lengths.iter().map(missing).fold(0, u64::saturating_add));
        self.salvaged
    }
}
