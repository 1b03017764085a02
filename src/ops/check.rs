//! Is a cache sound? Every page and every entry is looked at, and nothing is changed.

use crate::database::{self, IntegrityFault};
use crate::error::{Error, Result};
use crate::file::{self, Damage, Page, Survey, Widths};
use crate::live::deviation;
use crate::live::key::Key;
use crate::ops::check_sets::{self, CheckedSets};
use crate::ops::findings::{FindingKind, FindingPlace, Findings};
use crate::ops::unread::Unread;
use crate::snapshot::location;
use crate::snapshot::race;
use crate::snapshot::{Snapshot, Table, TableRole};
use crate::system::holder;
use crate::system::holder::Holder;
use crate::system::progress;
use crate::system::temporary::TemporaryFile;
use crate::system::workers::{LARGE, Workers, with_workers};
use std::collections::HashSet;
use std::fs;
use std::io::{self, Seek};
use std::path::Path;
use std::str;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// What a check has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Check {
    /// The version of redb's file format: 2 or 3.
    pub format: u8,
    /// The transaction id of the commit that was looked at.
    pub commit: u64,
    /// Whether the last app closed the cache; false while an app has it open, and after a crash.
    pub closed_cleanly: bool,
    /// Who has the cache open; `None` where the system does not say.
    pub holders: Option<Vec<Holder>>,
    /// Pages that were read and whose checksum holds.
    pub pages: u64,
    /// Entries that were read.
    pub entries: u64,
    /// Pages, lengths and counts that are not what they should be: data is lost.
    pub damage: Findings,
    /// What redb has recorded of free pages and is not so: nothing is lost yet, but an app that writes would
    /// write over what is in use.
    pub free_space: Findings,
    /// Entries that vantage-live's `get` fails on.
    pub refused: Findings,
    /// Entries in which vantage-live silently ignores something, or that it would write differently.
    pub altered: Findings,
    /// Tables with the name of a cache table and another type, on which vantage-live fails.
    pub wrongly_typed: Findings,
    /// Tables that are not cache tables, which do no harm.
    pub other_tables: Findings,
    /// What was found of sets of diorama.
    pub diorama: CheckedSets,
}

impl Check {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        [&self.damage, &self.free_space, &self.refused, &self.altered, &self.wrongly_typed]
            .iter()
            .all(|findings| findings.count == 0)
            && self.diorama.is_sound()
    }
}

/// Checks the cache at `path`. `now`, in seconds since 1970, is what a `fetched_at` in the future is
/// measured by; `wait` is how long to start again while an app writes.
pub fn check(path: impl AsRef<Path>, now: u64, wait: Duration) -> Result<Check> {
    Snapshot::look_past_damage(path, wait, |snapshot| check_commit(snapshot, now)).map(|(_, check)| check)
}

/// Adds to `check` what redb's own integrity check says of a private copy of the file, which goes to
/// the folder for temporary files. A busy file is copied again until nothing changes meanwhile; returns
/// whether that came to pass within `wait`.
pub fn check_deep(path: impl AsRef<Path>, wait: Duration, check: &mut Check) -> Result<bool> {
    let path = location::find(path.as_ref())?;
    let copy = TemporaryFile::private().map_err(Error::temporary)?;
    let begun = Instant::now();
    let mut found_before: Option<IntegrityFault> = None;
    loop {
        let before = race::header(&path);
        let mut original = location::open(&path, false)?;
        // The check has already read the whole original, so the copy is at fault.
        copy_anew(&mut original, copy.file()).map_err(Error::temporary)?;
        let is_steady = || race::header(&path) == before;
        if is_steady() {
            let found = database::check_integrity(copy.file()).map_err(Error::temporary)?;
            match found {
                None => return Ok(true),
                // An app that recovers the file does so without a new header until it is done.
                Some(what) if found_before.as_ref() == Some(&what) && is_steady() => {
                    check.damage.add(None, FindingKind::Integrity(what));
                    return Ok(true);
                }
                found => found_before = found,
            }
            thread::sleep(PAUSE);
        } else {
            found_before = None;
        }
        if begun.elapsed() > wait && found_before.is_none() {
            return Ok(false);
        }
    }
}

/// How long redb's findings in one copy wait for those in the next.
const PAUSE: Duration = Duration::from_millis(100);

fn copy_anew(original: &mut fs::File, mut copy: &fs::File) -> io::Result<u64> {
    copy.set_len(0)?;
    copy.rewind()?;
    io::copy(original, &mut copy)
}

/// A leaf of a table, and the cache key or the set that it belongs to.
struct Leaf {
    place: Arc<str>,
    holds: Holds,
    page: Arc<Page>,
}

#[derive(Clone, Copy)]
enum Holds {
    /// Entries of vantage-live.
    Entries,
    /// Rows of diorama.
    Rows,
}

/// What is found in leaves.
#[derive(Default)]
struct Decoded {
    entries: u64,
    keys_not_text: u64,
    refused: Findings,
    altered: Findings,
}

/// The leaves are read by one thread and decoded by as many as there are cores.
fn check_commit(snapshot: &Snapshot, now: u64) -> Result<(Unread, Check)> {
    with_workers(|leaves| decode(&leaves, now), |decoding| check_pages(snapshot, now, decoding))
}

fn check_pages(snapshot: &Snapshot, now: u64, decoding: &mut Workers<'_, Leaf, Decoded>) -> Result<(Unread, Check)> {
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
    // A look at the free pages would name the same fault again.
    let is_header_sound = walk.first_damage.is_none();
    // A table of rows comes before what is remembered of it.
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

/// The place of a table that holds what its role says.
fn place(table: &Table, role: TableRole) -> FindingPlace {
    if role == TableRole::Rows {
        FindingPlace::of_set(table.name(), None)
    } else {
        FindingPlace::of_table(table.name())
    }
}

/// Notes damage at a place.
fn noting<'n>(
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
            noting(&mut self.first_damage, &mut self.check.damage, None)(damage);
        }
        let header = file.header();
        if !header.length_is_sound(file.len()) {
            self.first_damage.get_or_insert(Damage::wrong_length());
            self.check.damage.add(None, FindingKind::Length { len: file.len(), recorded: header.recorded_len });
        }
    }

    /// Walks over redb's own records and the list of tables, which it returns.
    fn tables(&mut self) -> Result<Vec<(Table, TableRole)>> {
        let slot = self.snapshot.slot();
        let mut damage = noting(&mut self.first_damage, &mut self.check.damage, None);
        let owned = self.survey.own(slot, &mut damage);
        let definitions = owned.and_then(|()| self.survey.definitions(slot.user, &mut damage));
        let definitions = definitions.map_err(|error| self.snapshot.error(error, None))?;
        let tables = definitions.into_iter().map(|(name, definition)| Table::new(name, definition)).collect();
        self.snapshot.roles_of(tables)
    }

    /// A table of rows of a set.
    fn rows(&mut self, table: &Table, now: u64, decoding: &mut Workers<'_, Leaf, Decoded>) -> file::Result<()> {
        let damaged_before = self.check.damage.count;
        let decoded = self.decode(table, table.name(), Holds::Rows, now, decoding)?;
        let Decoded { entries, keys_not_text, refused, altered } = decoded;
        self.check.entries += 1;
        self.check.diorama.rows(table, entries, refused, altered);
        self.check.count(table, &place(table, TableRole::Rows), (entries, keys_not_text), damaged_before);
        Ok(())
    }

    /// A meta table of a set.
    fn meta(&mut self, table: &Table, now: u64, has_rows: impl Fn(&str) -> bool) -> file::Result<()> {
        if self.check.diorama.rowless(table, has_rows) {
            self.check.entries += 1;
        }
        let damaged_before = self.check.damage.count;
        let place = place(table, TableRole::Meta);
        let mut damage = noting(&mut self.first_damage, &mut self.check.damage, Some(place.clone()));
        let counts = self.check.diorama.meta(&mut self.survey, table, now, &mut damage)?;
        drop(damage);
        self.check.count(table, &place, counts, damaged_before);
        Ok(())
    }

    /// A cache table.
    fn entries(
        &mut self,
        table: &Table,
        cache_key: &str,
        now: u64,
        decoding: &mut Workers<'_, Leaf, Decoded>,
    ) -> file::Result<()> {
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
        place: &str,
        holds: Holds,
        now: u64,
        decoding: &mut Workers<'_, Leaf, Decoded>,
    ) -> file::Result<Decoded> {
        let place: Arc<str> = place.into();
        let mut decoded = Decoded::default();
        let mut leaf = |page: &Arc<Page>| {
            let bytes = page.used_bytes().len();
            let leaf = Leaf { place: Arc::clone(&place), holds, page: Arc::clone(page) };
            if bytes >= LARGE {
                while let Some(next) = decoding.next() {
                    decoded.extend(next);
                }
                decoded.extend(decode(&[leaf], now));
            } else {
                decoding.push(leaf, bytes);
                while let Some(next) = decoding.next_due() {
                    decoded.extend(next);
                }
            }
            Ok(())
        };
        let role = match holds {
            Holds::Entries => TableRole::CacheKey,
            Holds::Rows => TableRole::Rows,
        };
        let mut damage = noting(&mut self.first_damage, &mut self.check.damage, Some(self::place(table, role)));
        self.survey.tree(table.definition().root, Widths::default(), &mut leaf, &mut damage)?;
        drop(damage);
        while let Some(next) = decoding.next() {
            decoded.extend(next);
        }
        Ok(decoded)
    }

    /// A table that holds no entries.
    fn other(&mut self, table: &Table, role: TableRole) -> file::Result<()> {
        let mut damage = noting(&mut self.first_damage, &mut self.check.damage, Some(place(table, role)));
        self.survey.table(table.definition(), &mut damage)?;
        drop(damage);
        self.check.other(table, role);
        Ok(())
    }

    /// redb's record of free pages, compared with the pages in use.
    fn free_pages(&mut self) -> Result<()> {
        let (first, check) = (&mut self.first_damage, &mut self.check);
        match database::wrong_record(self.snapshot.file(), self.snapshot.slot()) {
            Ok(Some(damage)) => noting(first, &mut check.free_space, None)(damage),
            Err(file::Error::Damaged(damage)) if check.damage.count == 0 => {
                noting(first, &mut check.damage, None)(damage);
            }
            // Any other damage was found above.
            Ok(None) | Err(file::Error::Damaged(_)) => {}
            Err(error) => return Err(self.snapshot.error(error, None)),
        }
        Ok(())
    }
}

impl Check {
    /// Notes a table that holds no entries.
    fn other(&mut self, table: &Table, role: TableRole) {
        let findings = if table.is_named_as_cache() { &mut self.wrongly_typed } else { &mut self.other_tables };
        findings.add(Some(place(table, role)), FindingKind::Table { kind: table.kind(), role });
    }

    /// Notes keys that are not text, and another number of entries than the table has by its own account: unless
    /// damage was found in it, since entries of damaged pages are missing.
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

impl Decoded {
    fn extend(&mut self, next: Decoded) {
        self.entries += next.entries;
        self.keys_not_text += next.keys_not_text;
        self.refused.extend(next.refused);
        self.altered.extend(next.altered);
    }

    fn entry(&mut self, cache_key: &Arc<str>, sub_key: &str, value: &[u8], now: u64) {
        let place = || Some(FindingPlace::Entry(Key::from_parts(Arc::clone(cache_key), sub_key)));
        match deviation::deviations(value, now) {
            Ok(deviations) if deviations.is_empty() => {}
            Ok(deviations) => self.altered.add(place(), FindingKind::Altered(deviations)),
            Err(error) => self.refused.add(place(), FindingKind::Refused(error)),
        }
    }
}

fn decode(leaves: &[Leaf], now: u64) -> Decoded {
    let mut decoded = Decoded::default();
    for Leaf { place, holds, page } in leaves {
        for n in 0..page.count() {
            decoded.entries += 1;
            let Ok(key) = str::from_utf8(page.key(n)) else {
                decoded.keys_not_text += 1;
                continue;
            };
            let value = page.value(n);
            match holds {
                Holds::Entries => decoded.entry(place, key, value, now),
                Holds::Rows => check_sets::row(place, key, value, &mut decoded.refused, &mut decoded.altered),
            }
        }
    }
    decoded
}
