//! The old values of entries that have changed, for showing what a change did.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use vlive::ops::{DumpFormat, DumpStyle, dump_set};
use vlive::snapshot::{EntryKey, SeenCommit, SetKey};
use vlive::{Key, Snapshot};

/// The most bytes of values to remember.
const REMEMBERED: usize = 16 * 1024 * 1024;

/// The most entries of one commit to remember.
const OF_ONE_COMMIT: usize = 200;

/// The most bytes to remember of one entry, and of all sets in a commit.
const LARGEST: usize = REMEMBERED / 4;

/// Entries as they were before their last change, as far as that could still be read.
#[derive(Debug, Default)]
pub struct History(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    values: HashMap<EntryKey, Before>,
    /// The keys, oldest first.
    order: VecDeque<EntryKey>,
    bytes: usize,
}

/// An entry before a change.
#[derive(Clone, Debug)]
pub struct Before {
    pub commit: u64,
    /// Its value or, of a set, the line of JSON that its stored bytes are dumped as; `None` if it did not exist.
    pub value: Option<Vec<u8>>,
}

impl History {
    pub fn get(&self, key: &EntryKey) -> Option<Before> {
        self.lock().values.get(key).cloned()
    }

    /// Remembers the changed entries as they were before a commit, as far as its pages have not been reused yet.
    pub fn see(&self, commit: &SeenCommit, changed: impl IntoIterator<Item = EntryKey>) {
        let Ok(Some(before)) = commit.snapshot.before() else { return };
        let mut room = LARGEST;
        for key in changed.into_iter().take(OF_ONE_COMMIT) {
            // If several commits were made between two looks, an earlier one may have changed the entry.
            let before = match &key {
                EntryKey::Live(key) => value_before(&before, &commit.snapshot, key),
                EntryKey::Set(key) => set_before(&before, &commit.snapshot, key, &mut room),
            };
            if let Some(before) = before {
                self.remember(key, before);
            }
        }
    }

    /// Remembers an entry as it was before a change.
    pub fn remember(&self, key: EntryKey, before: Before) {
        self.lock().push(key, before);
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The old value of an entry; `None` if it has not changed since, or can no longer be read.
fn value_before(before: &Snapshot, now: &Snapshot, key: &Key) -> Option<Before> {
    let value = |snapshot: &Snapshot| Some(snapshot.entry(key).ok()?.map(|entry| entry.value().to_owned()));
    let old = value(before)?;
    (old != value(now)?).then(|| Before { commit: before.number(), value: old })
}

/// The old contents of a set; `None` also if there is no `room` for them.
fn set_before(before: &Snapshot, now: &Snapshot, key: &SetKey, room: &mut usize) -> Option<Before> {
    let commit = before.number();
    let (old, new) = (before.set(key).ok()?, now.set(key).ok()?);
    let Some(old) = old else { return new.map(|_| Before { commit, value: None }) };
    if new.is_some_and(|new| new.has_same_tables(&old)) {
        return None;
    }
    let mut line = Limited { bytes: Vec::new(), room: *room };
    let dumped = dump_set(before, &old, DumpStyle { format: DumpFormat::RawLines, ..DumpStyle::default() }, &mut line);
    *room = line.room;
    dumped.is_ok_and(|dumped| dumped.unread.is_empty()).then_some(Before { commit, value: Some(line.bytes) })
}

/// A buffer of limited size.
struct Limited {
    bytes: Vec<u8>,
    room: usize,
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.room = self.room.checked_sub(bytes.len()).ok_or(io::ErrorKind::OutOfMemory)?;
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Remembered {
    fn push(&mut self, key: EntryKey, before: Before) {
        let size = |before: &Before| before.value.as_ref().map_or(0, Vec::len);
        if size(&before) > LARGEST {
            return;
        }
        self.bytes += size(&before);
        if let Some(last) = self.values.insert(key.clone(), before) {
            self.bytes -= size(&last);
            self.order.retain(|known| *known != key);
        }
        self.order.push_back(key);
        while self.bytes > REMEMBERED || self.order.len() > 10 * OF_ONE_COMMIT {
            let Some(oldest) = self.order.pop_front() else { break };
            self.bytes -= self.values.remove(&oldest).as_ref().map_or(0, size);
        }
    }
}
