//! Is a cache sound? Every page and every entry is verified, and nothing is changed.

mod deep;
mod leaves;
mod sets;

pub use deep::check_deep;
pub use sets::CheckedSets;

use crate::database;
use crate::error::Result;
use crate::file::{self, Damage, Page, Survey, Widths};
use crate::ops::findings::{FindingKind, FindingPlace, Findings};
use crate::ops::unread::Unread;
use crate::snapshot::{Snapshot, Table, TableRole};
use crate::system::holder::{self, Holder};
use crate::system::progress;
use crate::system::workers::with_workers;
use leaves::{Decoded, Decoding, Holds, Leaves, decode};
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Check {
    /// The version of redb's file format: 2 or 3.
    pub format: u8,
    /// The transaction id of the commit that was looked at.
    pub commit: u64,
    /// Whether the last app closed the cache; false while an app has it open, and after a crash.
    pub closed_cleanly: bool,
    /// The processes that have the cache open; `None` if the system does not say.
    pub holders: Option<Vec<Holder>>,
    /// The number of pages whose checksum is right.
    pub pages: u64,
    /// The number of entries that were read; a set of diorama counts as one.
    pub entries: u64,
    /// Wrong pages, lengths and counts: data is lost.
    pub damage: Findings,
    /// Errors in redb's record of free pages: nothing is lost yet, but an app that writes could overwrite pages in use.
    pub free_space: Findings,
    /// Entries on which vantage-live's `get` fails.
    pub refused: Findings,
    /// Entries in which vantage-live silently ignores something, or that it would write differently.
    pub altered: Findings,
    /// Tables with the name of a cache table but another type, on which vantage-live fails.
    pub wrongly_typed: Findings,
    /// Tables that belong to no cache. They are harmless.
    pub other_tables: Findings,
    /// The findings in sets of diorama.
    pub diorama: CheckedSets,
}

impl Check {
    /// Whether nothing was found but harmless tables and names.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        [&self.damage, &self.free_space, &self.refused, &self.altered, &self.wrongly_typed]
            .iter()
            .all(|findings| findings.count == 0)
            && self.diorama.is_sound()
    }
}

/// Checks the cache at `path`. A `fetched_at` after `now`, in seconds since 1970, is in the future; `wait` is how long
/// to retry while an app writes.
///
/// # Errors
/// Those of [`Snapshot::look_past_damage`]; damage is a finding.
pub fn check(path: impl AsRef<Path>, now: u64, wait: Duration) -> Result<Check> {
    Snapshot::look_past_damage(path, wait, |snapshot| check_commit(snapshot, now)).map(|(_, check)| check)
}

fn check_commit(snapshot: &Snapshot, now: u64) -> Result<(Unread, Check)> {
    with_workers(|leaves| decode(&leaves, now), |decoding| check_pages(snapshot, now, decoding))
}

fn check_pages(snapshot: &Snapshot, now: u64, decoding: &mut Decoding<'_>) -> Result<(Unread, Check)> {
    let file = snapshot.file();
    progress::current().expect(Some(file.len()));
    let check = Check {
        format: snapshot.slot().version,
        commit: snapshot.slot().transaction_id,
        closed_cleanly: !file.header().recovery_required,
        holders: fs::metadata(snapshot.path()).ok().and_then(|metadata| holder::of(&metadata)),
        ..Check::default()
    };
    let mut walk = Walk { snapshot, survey: Survey::new(file), check, first_damage: None };
    walk.header();
    // A wrong header would be reported again with the free pages.
    let is_header_sound = walk.first_damage.is_none();
    // The table of rows of a set comes before its meta table.
    let mut with_rows = HashSet::new();
    for (table, role) in walk.tables()? {
        let walked = match (role, table.cache_key()) {
            (TableRole::Rows, _) => {
                with_rows.insert(table.name().to_owned());
                walk.rows(&table, now, decoding)
            }
            (TableRole::Meta, _) => walk.meta(&table, now, |rows| with_rows.contains(rows)),
            (_, Some(cache_key)) => walk.entries(&table, cache_key, now, decoding),
            (_, None) => walk.other(&table, role),
        };
        walked.map_err(|error| snapshot.error(error, Some(table.name())))?;
    }
    walk.check.pages = walk.survey.pages;
    if is_header_sound {
        walk.free_pages()?;
    }
    let damage = walk.first_damage.map(|damage| snapshot.error(file::Error::Damaged(damage), None));
    Ok((Unread { damage: damage.into_iter().collect(), ..Unread::default() }, walk.check))
}

/// A walk over all pages of a commit.
struct Walk<'s> {
    snapshot: &'s Snapshot,
    survey: Survey<'s>,
    check: Check,
    first_damage: Option<Damage>,
}

/// The place of a table, given its role.
fn place(table: &Table, role: TableRole) -> FindingPlace {
    if role == TableRole::Rows {
        FindingPlace::of_set(table.name(), None)
    } else {
        FindingPlace::of_table(table.name())
    }
}

/// Records damage at a place.
fn recording<'n>(
    first: &'n mut Option<Damage>,
    findings: &'n mut Findings,
    place: Option<FindingPlace>,
) -> impl FnMut(Damage) + 'n {
    move |damage| {
        first.get_or_insert(damage);
        findings.add(place.clone(), damage);
    }
}

impl Walk<'_> {
    fn header(&mut self) {
        let file = self.snapshot.file();
        if let Some(damage) = database::wrong_header(file) {
            recording(&mut self.first_damage, &mut self.check.damage, None)(damage);
        }
        let header = file.header();
        if !header.length_is_sound(file.len()) {
            self.first_damage.get_or_insert(Damage::wrong_length());
            self.check.damage.add(None, FindingKind::Length { len: file.len(), recorded: header.recorded_len });
        }
    }

    /// Checks redb's own records and the list of tables, and returns the tables.
    fn tables(&mut self) -> Result<Vec<(Table, TableRole)>> {
        let slot = self.snapshot.slot();
        let mut damage = recording(&mut self.first_damage, &mut self.check.damage, None);
        let owned = self.survey.own(slot, &mut damage);
        let definitions = owned.and_then(|()| self.survey.definitions(slot.user, &mut damage));
        let definitions = definitions.map_err(|error| self.snapshot.error(error, None))?;
        let tables = definitions.into_iter().map(|(name, definition)| Table::new(name, definition)).collect();
        self.snapshot.roles_of(tables)
    }

    /// Checks the table of rows of a set.
    fn rows(&mut self, table: &Table, now: u64, decoding: &mut Decoding<'_>) -> file::Result<()> {
        let damaged_before = self.check.damage.count;
        let decoded = self.decode(table, table.name(), Holds::Rows, now, decoding)?;
        let Decoded { entries, keys_not_text, refused, altered } = decoded;
        self.check.entries += 1;
        self.check.diorama.rows(table, entries, refused, altered);
        self.check.count(table, &place(table, TableRole::Rows), (entries, keys_not_text), damaged_before);
        Ok(())
    }

    /// Checks the meta table of a set.
    fn meta(&mut self, table: &Table, now: u64, has_rows: impl Fn(&str) -> bool) -> file::Result<()> {
        if self.check.diorama.rowless(table, has_rows) {
            self.check.entries += 1;
        }
        let damaged_before = self.check.damage.count;
        let place = place(table, TableRole::Meta);
        let mut damage = recording(&mut self.first_damage, &mut self.check.damage, Some(place.clone()));
        let counts = self.check.diorama.meta(&mut self.survey, table, now, &mut damage)?;
        drop(damage);
        self.check.count(table, &place, counts, damaged_before);
        Ok(())
    }

    /// Checks a cache table.
    fn entries(&mut self, table: &Table, cache_key: &str, now: u64, decoding: &mut Decoding<'_>) -> file::Result<()> {
        let damaged_before = self.check.damage.count;
        let decoded = self.decode(table, cache_key, Holds::Entries, now, decoding)?;
        let Decoded { entries, keys_not_text, refused, altered } = decoded;
        self.check.entries += entries;
        self.check.refused.extend(refused);
        self.check.altered.extend(altered);
        self.check.count(table, &place(table, TableRole::CacheKey), (entries, keys_not_text), damaged_before);
        Ok(())
    }

    /// Reads a table and has its leaves decoded.
    fn decode(
        &mut self,
        table: &Table,
        owner: &str,
        holds: Holds,
        now: u64,
        decoding: &mut Decoding<'_>,
    ) -> file::Result<Decoded> {
        let mut leaves = Leaves::new(owner, holds, now, decoding);
        let mut leaf = |page: &Arc<Page>| {
            leaves.push(page);
            Ok(())
        };
        let role = match holds {
            Holds::Entries => TableRole::CacheKey,
            Holds::Rows => TableRole::Rows,
        };
        let mut damage = recording(&mut self.first_damage, &mut self.check.damage, Some(place(table, role)));
        self.survey.tree(table.definition().root, Widths::default(), &mut leaf, &mut damage)?;
        drop(damage);
        Ok(leaves.finish())
    }

    /// Checks a table that holds no entries.
    fn other(&mut self, table: &Table, role: TableRole) -> file::Result<()> {
        let mut damage = recording(&mut self.first_damage, &mut self.check.damage, Some(place(table, role)));
        self.survey.table(table.definition(), &mut damage)?;
        drop(damage);
        self.check.other(table, role);
        Ok(())
    }

    /// Compares redb's record of free pages with the pages in use.
    fn free_pages(&mut self) -> Result<()> {
        let (first, check) = (&mut self.first_damage, &mut self.check);
        match database::wrong_record(self.snapshot.file(), self.snapshot.slot()) {
            Ok(Some(damage)) => recording(first, &mut check.free_space, None)(damage),
            Err(file::Error::Damaged(damage)) if check.damage.count == 0 => {
                recording(first, &mut check.damage, None)(damage);
            }
            // Any other damage has been found before.
            Ok(None) | Err(file::Error::Damaged(_)) => {}
            Err(error) => return Err(self.snapshot.error(error, None)),
        }
        Ok(())
    }
}

impl Check {
    /// Records a table that holds no entries.
    fn other(&mut self, table: &Table, role: TableRole) {
        let findings = if table.is_named_as_cache() { &mut self.wrongly_typed } else { &mut self.other_tables };
        findings.add(Some(place(table, role)), FindingKind::Table { kind: table.kind(), role });
    }

    /// Records keys that are not text, and a number of entries that differs from the table's own. The number is not
    /// compared if the table is damaged, since the entries on damaged pages are missing.
    fn count(
        &mut self,
        table: &Table,
        place: &FindingPlace,
        (entries, keys_not_text): (u64, u64),
        damaged_before: u64,
    ) {
        let is_damaged = self.damage.count > damaged_before;
        for _ in 0..keys_not_text {
            self.damage.add(Some(place.clone()), FindingKind::KeyNotText);
        }
        if entries != table.entries() && !is_damaged && keys_not_text == 0 {
            let count = FindingKind::Count { read: entries, recorded: table.entries() };
            self.damage.add(Some(place.clone()), count);
        }
    }
}
