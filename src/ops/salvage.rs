//! What still verifies of a damaged cache, written to a new one.

use crate::cache::Insert;
use crate::file::{self, Damage, File, Page, Slot, Survey, Widths};
use crate::ops::check::Findings;
use crate::{Cache, Error, Result, Table, location};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

/// What was saved, and what was found damaged on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// Entries that were written to the new cache.
    pub entries: u64,
    /// Bytes of their values.
    pub bytes: u64,
    /// How many of them come from the older commit, in place of what the newest has lost.
    pub older: u64,
    /// Entries that the newest commit counts in its tables and that were not found. What was in a
    /// table whose very definition is lost is not known.
    pub lost: u64,
    /// The damage to the newest commit.
    pub damage: Findings,
}

/// Writes every entry of the cache at `from` that still verifies to a new cache at `into`, byte for
/// byte and in one transaction: those of the newest commit and, where it has lost pages of a table,
/// those that the older commit still has of that table. The damaged file is only read.
///
/// # Errors
/// [`Error::Exists`] if there is a cache at `into` already; [`Error::Damaged`] if not even the root
/// of a commit can be found.
pub fn salvage(from: impl AsRef<Path>, into: impl AsRef<Path>) -> Result<Salvaged> {
    let from = location::cache_file(from.as_ref());
    let in_context = |error| Error::file(error, &from, None);
    let file = File::open(Arc::new(location::open(&from, false)?)).map_err(in_context)?;
    let commits = file.header().commits().map_err(in_context)?;
    let mut rescue = Rescue {
        file: &file,
        from: &from,
        lengths: HashMap::new(),
        lossy: None,
        seen: HashSet::new(),
        salvaged: Salvaged::default(),
    };
    Cache::create_new(into)?.fill(|insert| commits.iter().try_for_each(|commit| rescue.commit(commit, insert)))?;
    let mut found: HashMap<&str, u64> = HashMap::new();
    rescue.seen.iter().for_each(|(table, _)| *found.entry(table).or_default() += 1);
    let missing =
        |(table, length): (&String, &u64)| length.saturating_sub(found.get(table.as_str()).copied().unwrap_or(0));
    rescue.salvaged.lost = rescue.lengths.iter().map(missing).sum();
    Ok(rescue.salvaged)
}

struct Rescue<'f> {
    file: &'f File,
    from: &'f Path,
    /// The tables of the newest commit, and how many entries it counts in each.
    lengths: HashMap<String, u64>,
    /// What the newest commit has lost; `None` until it was read.
    lossy: Option<Lossy>,
    seen: HashSet<(String, String)>,
    salvaged: Salvaged,
}

#[derive(Default)]
struct Lossy {
    /// Some tables may not be known at all.
    table_tree: bool,
    tables: HashSet<String>,
}

impl Rescue<'_> {
    fn commit(&mut self, commit: &Slot, insert: &mut Insert<'_>) -> Result<()> {
        let mut survey = Survey::new(self.file);
        let mut damage = Vec::new();
        let tables = survey.definitions(commit.user, &mut |what| damage.push(what));
        let tables = tables.map_err(|error| Error::file(error, self.from, None))?;
        let mut lossy = Lossy { table_tree: !damage.is_empty(), tables: HashSet::new() };
        self.note(None, &damage);
        for (name, definition) in tables {
            let table = Table::new(name, definition);
            if table.cache_key().is_none() || !self.is_wanted(&table) {
                continue;
            }
            let (read, damage) = self.table(&mut survey, &table, insert)?;
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

    /// Of the older commit only what the newest has lost.
    fn is_wanted(&self, table: &Table) -> bool {
        self.lossy.as_ref().is_none_or(|lossy| {
            lossy.tables.contains(table.name()) || lossy.table_tree && !self.lengths.contains_key(table.name())
        })
    }

    /// Saves what is left of a table; returns how many entries that was, and what is damaged.
    fn table(&mut self, survey: &mut Survey<'_>, table: &Table, insert: &mut Insert<'_>) -> Result<(u64, Vec<Damage>)> {
        let is_older = self.lossy.is_some();
        let (mut read, mut damage, mut failed) = (0, Vec::new(), None);
        let mut leaf = |_: &mut Survey<'_>, page: &Page| {
            for n in 0..page.count() {
                let Ok(sub_key) = std::str::from_utf8(page.key(n)) else { continue };
                read += 1;
                if !self.seen.insert((table.name().to_owned(), sub_key.to_owned())) {
                    continue;
                }
                if let Err(error) = insert(table.name(), sub_key, page.value(n)) {
                    failed = Some(error);
                    return Err(file::Error::stopped());
                }
                self.salvaged.entries += 1;
                self.salvaged.bytes += page.value(n).len() as u64;
                self.salvaged.older += u64::from(is_older);
            }
            Ok(())
        };
        let walked = survey.tree(table.definition().root, Widths::default(), &mut leaf, &mut |what| damage.push(what));
        match (walked, failed) {
            (_, Some(error)) => Err(error),
            (walked, None) => {
                walked.map_err(|error| Error::file(error, self.from, Some(table.name())))?;
                Ok((read, damage))
            }
        }
    }

    /// Only the damage to the newest commit is news: pages of the older one may have been used again.
    fn note(&mut self, table: Option<&str>, damage: &[Damage]) {
        if self.lossy.is_none() {
            damage.iter().for_each(|what| self.salvaged.damage.add(table, what));
        }
    }
}
