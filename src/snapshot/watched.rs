//! The differences between two commits of a watched cache, and what the watcher stores of each entry.

use crate::diorama::meta::Meta;
use crate::error::Error;
use crate::live::head::{self, EnvelopeHead};
use crate::live::key::Key;
use crate::snapshot::commit::Snapshot;
use crate::snapshot::entry::EntryKey;
use crate::snapshot::fetch_time::FetchTime;
use std::fmt;
use std::str::FromStr;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// A commit, and the one that was seen before it.
#[derive(Debug)]
#[non_exhaustive]
pub struct SeenCommit {
    /// The commit. With [`WatchOptions::new_values`](crate::snapshot::WatchOptions::new_values) the pages that differ
    /// are pinned.
    pub snapshot: Snapshot,
    /// The number that redb gave the commit.
    pub number: u64,
    /// The number of the commit that this one is compared with, which may not be the one directly before it; `None` for
    /// the first commit that is seen of a file.
    pub after: Option<u64>,
    /// The damage; the state of the entries in damaged pages stays unknown.
    pub damage: Vec<Error>,
    /// The number of pages that were read.
    pub pages_read: u64,
}

/// What happened to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// It was not there before.
    Added,
    /// It has another value.
    Replaced,
    /// It has another time and the same rows.
    Touched,
    /// It is gone.
    Removed,
    /// It could be read before, and now its page may be damaged. It may also have been removed.
    Lost,
    /// It can be read now, and its page was damaged before. It may not be new.
    Found,
}

impl Event {
    /// All events.
    pub const ALL: [Event; 6] =
        [Event::Added, Event::Replaced, Event::Touched, Event::Removed, Event::Lost, Event::Found];

    /// The name of the event.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Event::Added => "added",
            Event::Replaced => "replaced",
            Event::Touched => "touched",
            Event::Removed => "removed",
            Event::Lost => "lost",
            Event::Found => "found",
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Event {
    type Err = String;

    fn from_str(name: &str) -> Result<Event, String> {
        Event::ALL.into_iter().find(|event| event.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Event::ALL.into_iter().map(Event::name).collect();
            format!("an event is one of {}", names.join(", "))
        })
    }
}

/// An entry that differs between two commits.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EntryChange {
    /// The entry, or one row of a set of diorama if only that is selected.
    pub key: EntryKey,
    /// What happened to it. A set is replaced if its rows differ, and touched if only its metadata differ.
    pub event: Event,
    /// Its state before.
    pub old: Option<Remembered>,
    /// Its state now.
    pub new: Option<Remembered>,
    /// The changed rows of a set; `None` for an entry of vantage-live.
    pub rows: Option<RowChanges>,
}

/// The rows of a set that differ between two commits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowChanges {
    /// How many are new.
    pub added: u64,
    /// How many have another value.
    pub replaced: u64,
    /// How many are gone.
    pub removed: u64,
    /// How many could be read before, and are now perhaps in a damaged page.
    pub lost: u64,
    /// The ids of all changed rows but the lost ones, in order, if new values are pinned and the set is not new.
    pub ids: Vec<Box<str>>,
    /// All changed rows but the lost ones, in the order of their ids, with their values, if old values are kept and the
    /// set is not new.
    pub values: Vec<RowChange>,
}

/// A row of a set that differs between two commits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowChange {
    /// Its id.
    pub id: String,
    /// Its value before, with the status byte.
    pub old: Option<Vec<u8>>,
    /// Its value now.
    pub new: Option<Vec<u8>>,
}

/// What a watcher stores of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remembered {
    /// Its time and rows; `None` if the value cannot be decoded, and for a set.
    pub head: Option<EnvelopeHead>,
    /// Bytes of the value, or of the rows of a set.
    pub bytes: u64,
    /// The state of a set; `None` for an entry of vantage-live.
    pub set: Option<SetState>,
    /// The value, if values are kept.
    pub value: Option<Vec<u8>>,
    /// Hash of the rows, if the envelope begins as vantage-live writes it; else of the whole value.
    rows_hash: [u8; 16],
    is_usual: bool,
}

/// The state of a set of diorama at a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetState {
    /// The number of its rows.
    pub rows: u64,
    /// Its metadata.
    pub meta: Meta,
    /// Whether it has a time that diorama cannot read.
    pub is_time_malformed: bool,
}

impl SetState {
    fn fetch_time(&self) -> FetchTime {
        match self.meta.refreshed_at {
            Some(at) => FetchTime::At(at.seconds()),
            None if self.is_time_malformed => FetchTime::Unreadable,
            None => FetchTime::Unknown,
        }
    }
}

impl Remembered {
    pub(super) fn of_set(set: SetState, bytes: u64) -> Remembered {
        Remembered { head: None, bytes, set: Some(set), value: None, rows_hash: [0; 16], is_usual: false }
    }

    /// When it was fetched, in seconds since 1970; `None` if that is not known.
    #[must_use]
    pub fn fetched_at(&self) -> Option<u64> {
        self.fetch_time().seconds()
    }

    /// When it was fetched, or why that is not known.
    #[must_use]
    pub fn fetch_time(&self) -> FetchTime {
        match &self.set {
            Some(set) => set.fetch_time(),
            None => self.head.map_or(FetchTime::Unreadable, |head| FetchTime::At(head.fetched_at)),
        }
    }

    /// The number of its rows; `None` if it cannot be decoded.
    #[must_use]
    pub fn rows(&self) -> Option<u64> {
        self.set.map(|set| set.rows).or(self.head.map(|head| head.rows))
    }
}

/// Bytes that are stored of every value.
const FIXED: usize = 1 + 3 * 8 + 8 + 16;

impl Remembered {
    /// Appends what is stored of a value, and the value itself with `keep_value`. Values that differ have different
    /// bytes here.
    pub(super) fn append(value: &[u8], keep_value: bool, to: &mut Vec<u8>) {
        let head = EnvelopeHead::decode(value).ok();
        let usual = head::usual(value);
        let (before, rows) = value.split_at(usual.map_or(0, |(_, rows)| rows));
        to.push(u8::from(head.is_some()) | u8::from(usual.is_some()) << 1 | u8::from(keep_value) << 2);
        let (fetched_at, row_count) = head.map_or((0, 0), |head| (head.fetched_at, head.rows));
        for number in [fetched_at, row_count, value.len() as u64, xxh3_64(before)] {
            to.extend_from_slice(&number.to_le_bytes());
        }
        to.extend_from_slice(&xxh3_128(rows).to_le_bytes());
        if keep_value {
            to.extend_from_slice(value);
        }
    }

    /// Reads what [`Remembered::append`] wrote.
    pub(super) fn parse(bytes: &[u8]) -> Remembered {
        let (fixed, value) = bytes.split_at(FIXED);
        let number = |n: usize| u64::from_le_bytes(fixed[1 + 8 * n..9 + 8 * n].try_into().expect("8 bytes"));
        let flag = |bit: u8| fixed[0] >> bit & 1 == 1;
        Remembered {
            head: flag(0).then(|| EnvelopeHead { fetched_at: number(0), rows: number(1) }),
            bytes: number(2),
            set: None,
            value: flag(2).then(|| value.to_vec()),
            rows_hash: fixed[FIXED - 16..].try_into().expect("16 bytes"),
            is_usual: flag(1),
        }
    }
}

impl EntryChange {
    /// The change between two states, at least one of which is present. `unknown_old` and `unknown_new` tell whether
    /// something could not be read on that side.
    pub(super) fn new(
        key: Key,
        old: Option<Remembered>,
        new: Option<Remembered>,
        [unknown_old, unknown_new]: [bool; 2],
    ) -> EntryChange {
        let event = match (&old, &new) {
            (None, _) if unknown_old => Event::Found,
            (None, _) => Event::Added,
            (_, None) if unknown_new => Event::Lost,
            (_, None) => Event::Removed,
            (Some(old), Some(new)) => {
                let is_dated = old.is_usual && new.is_usual && old.rows_hash == new.rows_hash;
                if is_dated { Event::Touched } else { Event::Replaced }
            }
        };
        EntryChange { key: key.into(), event, old, new, rows: None }
    }
}
