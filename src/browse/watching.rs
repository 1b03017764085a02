//! Watches the cache on a thread of its own, and keeps the old values of entries that have changed.

use super::Commands;
use super::state::{Input, Known, User};
use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};
use std::sync::mpsc::SyncSender;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use vlive::ops::{DumpFormat, DumpStyle, dump_set};
use vlive::snapshot::{EntryChange, EntryKey, Event, Pace, SeenCommit, SetKey, Watcher};
use vlive::{Error, Key, Snapshot};

/// Limits of what is remembered: bytes of values, and entries per commit.
const REMEMBERED: usize = 16 * 1024 * 1024;
const OF_ONE_COMMIT: usize = 200;

/// The most bytes that are remembered of one entry, and of all sets in a commit.
const LARGEST: usize = REMEMBERED / 4;

/// How often to check which process has the cache open.
const ASK: Duration = Duration::from_secs(1);

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

    /// Remembers entries as they were before a commit; the pages of the commit before it may have been reused already.
    fn see(&self, commit: &SeenCommit, changes: &[Change]) {
        let Ok(Some(before)) = commit.snapshot.before() else { return };
        let mut room = LARGEST;
        for (key, ..) in changes.iter().take(OF_ONE_COMMIT) {
            // If several commits were made between two looks, an earlier one may have changed the entry.
            let before = match key {
                EntryKey::Live(key) => value_before(&before, &commit.snapshot, key),
                EntryKey::Set(key) => set_before(&before, &commit.snapshot, key, &mut room),
            };
            if let Some(before) = before {
                self.remember(key.clone(), before);
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

/// An entry, if it has another value in the commit after; `None` also if that cannot be read any more.
fn value_before(before: &Snapshot, now: &Snapshot, key: &Key) -> Option<Before> {
    let value = |snapshot: &Snapshot| Some(snapshot.entry(key).ok()?.map(|entry| entry.value().to_owned()));
    let old = value(before)?;
    (old != value(now)?).then(|| Before { commit: before.number(), value: old })
}

/// The same of a set, as the line of JSON that its stored bytes are dumped as, if there is `room` for it.
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

/// Memory for some bytes and no more.
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

/// A changed entry: its key, what happened, and its new state; `None` if it is gone.
pub type Change = (EntryKey, Event, Option<Known>);

/// The browser's view of a change.
pub fn change(change: EntryChange) -> Change {
    let known = change.new.as_ref().map(|new| Known {
        fetched_at: new.fetched_at(),
        rows: new.rows(),
        total: new.set.and_then(|set| set.meta.total),
        bytes: Some(new.bytes),
        ..Known::default()
    });
    (change.key, change.event, known)
}

/// Reports every commit until the channel closes.
pub fn watch(
    mut watcher: Watcher,
    wait: Duration,
    commands: &dyn Commands,
    history: &History,
    tell: &SyncSender<Input>,
) {
    let mut pace = Pace::default();
    let mut trouble = None;
    let mut user = User::Unknown;
    let mut asked: Option<Instant> = None;
    loop {
        let is_first = !watcher.has_seen();
        let mut changes = Vec::new();
        let seen = watcher.look(wait, |_, change| {
            changes.push(self::change(change));
            Ok::<(), Error>(())
        });
        let mut news = Vec::new();
        let was_seen = matches!(seen, Ok(Some(_)));
        match seen {
            Ok(Some(commit)) => {
                if !is_first {
                    history.see(&commit, &changes);
                }
                trouble = commit.damage.first().map(|error| commands.sentence(error));
                let is_empty = is_first && changes.is_empty();
                news.push(Input::Seen { commit: commit.number, is_first, changes });
                if is_empty {
                    news.push(Input::Others(commands.others()));
                }
                news.extend(trouble.clone().map(Input::Trouble));
            }
            Ok(None) => {}
            Err(error) => {
                let text = commands.sentence(&error);
                if trouble.as_ref() != Some(&text) {
                    news.push(Input::Trouble(text.clone()));
                    trouble = Some(text);
                }
            }
        }
        if asked.is_none_or(|asked| asked.elapsed() >= ASK) {
            asked = Some(Instant::now());
            let now = match watcher.holders() {
                None => User::Unknown,
                Some(holders) => holders.first().map_or(User::Nobody, |user| User::Process(user.to_string())),
            };
            if now != user {
                news.push(Input::User(now.clone()));
                user = now;
            }
        }
        for news in news {
            if tell.send(news).is_err() {
                return;
            }
        }
        thread::sleep(pace.next(was_seen));
    }
}
