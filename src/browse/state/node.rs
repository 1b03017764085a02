//! The nodes of the tree in the left pane, and what is known of them.

use std::cmp::Reverse;
use std::sync::Arc;
use vlive::snapshot::{EntryKey, Event, SetKey};
use vlive::{Key, Selection};

/// Seconds for which a change is marked.
pub const MARKED: u64 = 4;

/// What is known of an entry without reading its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// When it was fetched, in seconds since 1970.
    pub fetched_at: Option<u64>,
    /// The number of rows; `None` if the entry cannot be decoded.
    pub rows: Option<u64>,
    /// The number of rows at the source, where diorama knows it.
    pub total: Option<u64>,
    /// Bytes of its value; not counted for a set.
    pub bytes: Option<u64>,
    /// The last event, and when it was seen.
    pub event: Option<(Event, u64)>,
}

/// The event that is still marked.
pub fn mark(event: Option<(Event, u64)>, now: u64) -> Option<Event> {
    event.filter(|(_, seen)| now < seen.saturating_add(MARKED)).map(|(event, _)| event)
}

pub fn is_removal(event: Event) -> bool {
    matches!(event, Event::Removed | Event::Lost)
}

/// A node of the tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    CacheKey(Arc<str>),
    /// The entries of a cache key whose sub-keys share a prefix, which ends with a `/`.
    Group(Arc<str>, Arc<str>),
    Entry(Arc<str>, Arc<str>),
    /// A set of diorama; as what a change is about, perhaps a row of one.
    Set(SetKey),
}

impl Node {
    /// The node that contains it.
    pub fn parent(&self) -> Option<Node> {
        match self {
            Node::CacheKey(_) | Node::Set(_) => None,
            Node::Group(cache_key, _) => Some(Node::CacheKey(Arc::clone(cache_key))),
            Node::Entry(cache_key, sub_key) => Some(match group_of(sub_key) {
                Some(group) => Node::Group(Arc::clone(cache_key), group.into()),
                None => Node::CacheKey(Arc::clone(cache_key)),
            }),
        }
    }

    /// The node of an entry.
    pub fn of(key: &EntryKey) -> Node {
        match key {
            EntryKey::Live(key) => Node::Entry(key.cache_key().into(), key.sub_key().into()),
            EntryKey::Set(key) => Node::Set(key.whole()),
        }
    }

    /// The key, if it is an entry.
    pub fn key(&self) -> Option<EntryKey> {
        match self {
            Node::Entry(..) => Some(Key::new(&self.full_key()).into()),
            Node::Set(key) => Some(key.clone().into()),
            Node::CacheKey(_) | Node::Group(..) => None,
        }
    }

    /// Its name on the command line, in readable form.
    pub fn full_key(&self) -> String {
        match self {
            Node::CacheKey(cache_key) => cache_key.to_string(),
            Node::Group(cache_key, rest) | Node::Entry(cache_key, rest) => format!("{cache_key}/{rest}"),
            Node::Set(key) => key.shown(),
        }
    }

    /// The selection of all its entries.
    pub fn selection(&self) -> Selection {
        match self {
            Node::CacheKey(cache_key) => Selection::CacheKey(cache_key.to_string()),
            Node::Group(..) => Selection::StartsWith(Key::new(&self.full_key())),
            Node::Entry(..) => Selection::Entry(Key::new(&self.full_key())),
            Node::Set(key) => Selection::Set(key.to_string()),
        }
    }
}

/// The prefix of a sub-key up to and including its first `/`, not counting a `/` at the start.
pub fn group_of(sub_key: &str) -> Option<&str> {
    let after_first = sub_key.chars().next()?.len_utf8();
    let slash = sub_key[after_first..].find('/')?;
    Some(&sub_key[..=after_first + slash])
}

/// Totals of several entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub entries: u64,
    pub rows: u64,
    pub bytes: u64,
    pub newest: Option<u64>,
    pub oldest: Option<u64>,
    pub undecodable: u64,
    pub event: Option<(Event, u64)>,
}

impl Summary {
    pub fn add(&mut self, known: &Known) {
        // The latest event wins; of several in one commit, the first.
        if known.event.is_some_and(|(_, seen)| self.event.is_none_or(|(_, last)| seen > last)) {
            self.event = known.event;
        }
        if known.event.is_some_and(|(event, _)| is_removal(event)) {
            return;
        }
        self.entries += 1;
        self.bytes += known.bytes.unwrap_or_default();
        self.rows += known.rows.unwrap_or_default();
        self.undecodable += u64::from(known.rows.is_none());
        self.newest = self.newest.max(known.fetched_at);
        self.oldest = [self.oldest, known.fetched_at].into_iter().flatten().min();
    }

    pub fn of<'k>(known: impl IntoIterator<Item = &'k Known>) -> Summary {
        let mut summary = Summary::default();
        known.into_iter().for_each(|known| summary.add(known));
        summary
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Key,
    Age,
    Size,
    Rows,
}

impl Sort {
    pub fn name(self) -> &'static str {
        match self {
            Sort::Key => "key",
            Sort::Age => "age",
            Sort::Size => "size",
            Sort::Rows => "rows",
        }
    }

    pub fn next(self) -> Sort {
        match self {
            Sort::Key => Sort::Age,
            Sort::Age => Sort::Size,
            Sort::Size => Sort::Rows,
            Sort::Rows => Sort::Key,
        }
    }

    /// The sort key: the newest, largest or longest comes first.
    pub fn place(self, summary: &Summary) -> Reverse<Option<u64>> {
        Reverse(match self {
            Sort::Key => None,
            Sort::Age => summary.newest,
            Sort::Size => Some(summary.bytes),
            Sort::Rows => Some(summary.rows),
        })
    }
}
