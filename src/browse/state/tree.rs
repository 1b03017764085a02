//! The left pane: a tree of cache keys, groups and entries.

use super::node::{Known, MARKED, Node, Sort, Summary, group_of, is_removal};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use vlive::snapshot::{EntryKey, Event, SetKey};

/// A line of the left pane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub node: Node,
    /// The totals of its entries; `None` for an entry.
    pub summary: Option<Summary>,
}

type Entries = BTreeMap<Arc<str>, Known>;

#[derive(Clone, Debug)]
pub struct Tree {
    pub sort: Sort,
    pub filter: String,
    pub lines: Vec<Line>,
    pub cursor: usize,
    pub top: usize,
    entries: BTreeMap<Arc<str>, Entries>,
    sets: BTreeMap<SetKey, Known>,
    open: BTreeSet<Node>,
    /// Totals of cache keys that have not changed since they were computed.
    summaries: BTreeMap<Arc<str>, Summary>,
    /// Entries that are gone but still shown, oldest first.
    gone: Vec<(Node, u64)>,
    /// Whether the lines are out of date.
    is_stale: bool,
}

impl Default for Tree {
    fn default() -> Tree {
        Tree {
            sort: Sort::Key,
            filter: String::new(),
            lines: Vec::new(),
            cursor: 0,
            top: 0,
            entries: BTreeMap::new(),
            sets: BTreeMap::new(),
            open: BTreeSet::new(),
            summaries: BTreeMap::new(),
            gone: Vec::new(),
            is_stale: false,
        }
    }
}

impl Tree {
    /// The node under the cursor.
    pub fn node(&self) -> Option<&Node> {
        self.lines.get(self.cursor).map(|line| &line.node)
    }

    pub fn known(&self, node: &Node) -> Option<&Known> {
        match node {
            Node::Entry(cache_key, sub_key) => self.entries.get(cache_key)?.get(sub_key),
            Node::Set(key) => self.sets.get(key),
            Node::CacheKey(_) | Node::Group(..) => None,
        }
    }

    pub fn is_open(&self, node: &Node) -> bool {
        !self.filter.is_empty() || self.open.contains(node)
    }

    /// Takes the new state of an entry; `None` if it is gone.
    pub fn see(&mut self, key: &EntryKey, known: Option<Known>, event: Option<(Event, u64)>) {
        self.is_stale = true;
        // A removed entry stays visible for a while.
        let gone = event.filter(|_| known.is_none()).map(|(_, seen)| seen);
        let known_now = |last: Option<&Known>| known.or(last.copied().filter(|_| gone.is_some()));
        let exists = match key {
            EntryKey::Live(key) => {
                let cache_key = self.entries.get_key_value(key.cache_key()).map(|(shared, _)| Arc::clone(shared));
                let cache_key = cache_key.unwrap_or_else(|| key.cache_key().into());
                self.summaries.remove(&cache_key);
                let entries = self.entries.entry(Arc::clone(&cache_key)).or_default();
                let now = known_now(entries.get(key.sub_key()));
                match now {
                    Some(now) => drop(entries.insert(key.sub_key().into(), Known { event, ..now })),
                    None => drop(entries.remove(key.sub_key())),
                }
                if entries.is_empty() {
                    self.entries.remove(&cache_key);
                }
                now.is_some()
            }
            EntryKey::Set(key) => {
                let now = known_now(self.sets.get(key));
                match now {
                    Some(now) => drop(self.sets.insert(key.clone(), Known { event, ..now })),
                    None => drop(self.sets.remove(key)),
                }
                now.is_some()
            }
        };
        self.gone.extend(gone.filter(|_| exists).map(|seen| (Node::of(key), seen)));
    }

    /// Drops removed entries whose time is up.
    pub fn tick(&mut self, now: u64) {
        let due = self.gone.iter().take_while(|(_, seen)| now >= seen.saturating_add(MARKED)).count();
        for (node, _) in self.gone.drain(..due).collect::<Vec<_>>() {
            // It may have been added again.
            let is_gone =
                self.known(&node).is_some_and(|known| known.event.is_some_and(|(event, _)| is_removal(event)));
            if let Some(key) = node.key().filter(|_| is_gone) {
                self.see(&key, None, None);
            }
        }
    }

    /// Opens or closes the cache key or group under the cursor.
    pub fn toggle(&mut self) {
        // A filter opens everything.
        let is_closable = |node: &Node| node.key().is_none() && self.filter.is_empty();
        let Some(node) = self.node().cloned().filter(is_closable) else { return };
        if !self.open.remove(&node) {
            self.open.insert(node);
        }
        self.is_stale = true;
    }

    /// Closes the cache key or group that contains the cursor, and moves there.
    pub fn leave(&mut self) {
        let Some(node) = self.node().cloned() else { return };
        let closed = if self.open.contains(&node) { Some(node) } else { node.parent() };
        if let Some(closed) = closed {
            self.open.remove(&closed);
            self.settle();
            self.list();
            self.go_to(&closed);
        }
    }

    pub fn set_filter(&mut self, filter: String) {
        self.is_stale |= self.filter != filter;
        self.filter = filter;
    }

    pub fn set_sort(&mut self, sort: Sort) {
        self.is_stale |= self.sort != sort;
        self.sort = sort;
    }

    /// Moves to an entry and opens the nodes that contain it. Returns whether it exists.
    pub fn reveal(&mut self, key: &EntryKey) -> bool {
        let node = Node::of(key);
        if self.known(&node).is_none() {
            return false;
        }
        self.filter.clear();
        let mut enclosing = node.parent();
        while let Some(next) = enclosing {
            enclosing = next.parent();
            self.open.insert(next);
        }
        self.list();
        self.go_to(&node)
    }

    /// Moves from what contains matches of the filter to the first match.
    pub fn go_to_match(&mut self) {
        if !self.filter.is_empty() && self.node().is_some_and(|node| node.key().is_none()) {
            let next = self.lines.iter().skip(self.cursor).position(|line| line.summary.is_none());
            self.cursor += next.unwrap_or_default();
        }
    }

    pub fn go_by(&mut self, lines: isize) {
        self.cursor = self.cursor.saturating_add_signed(lines).min(self.lines.len().saturating_sub(1));
    }

    fn go_to(&mut self, node: &Node) -> bool {
        let place = self.lines.iter().position(|line| line.node == *node);
        self.cursor = place.unwrap_or(self.cursor);
        place.is_some()
    }

    /// Updates the lines. The cursor stays on its node, or moves to the one that contained it.
    pub fn settle(&mut self) {
        if !self.is_stale {
            return;
        }
        let before = self.node().cloned();
        self.list();
        let mut node = before;
        while let Some(next) = node {
            if self.go_to(&next) {
                break;
            }
            node = next.parent();
        }
        self.cursor = self.cursor.min(self.lines.len().saturating_sub(1));
    }

    /// Scrolls until the cursor is visible.
    pub fn keep_in_sight(&mut self, height: usize) {
        self.top = self.top.clamp(self.cursor.saturating_sub(height.max(1) - 1), self.cursor);
    }

    /// Builds the lines. A closed cache key costs only its summary.
    fn list(&mut self) {
        self.is_stale = false;
        let mut matching = Matching::new(&self.filter);
        let mut items: Vec<(String, Node, Option<&Entries>, Summary)> = Vec::new();
        for (cache_key, entries) in &self.entries {
            let summary =
                self.summaries.entry(Arc::clone(cache_key)).or_insert_with(|| Summary::of(entries.values())).clone();
            items.push((cache_key.to_string(), Node::CacheKey(Arc::clone(cache_key)), Some(entries), summary));
        }
        for (key, known) in &self.sets {
            let shown = key.shown();
            if matching.takes(&shown) {
                items.push((shown, Node::Set(key.clone()), None, Summary::of([known])));
            }
        }
        items.sort_by(|(a, .., left), (b, .., right)| {
            self.sort.place(left).cmp(&self.sort.place(right)).then_with(|| a.cmp(b))
        });
        let mut lines = Vec::new();
        for (_, node, entries, summary) in items {
            let (Node::CacheKey(cache_key), Some(entries)) = (&node, entries) else {
                lines.push(Line { node, summary: None });
                continue;
            };
            let mut below = Vec::new();
            if self.is_open(&node) {
                self.list_entries(cache_key, entries, &mut matching, &mut below);
                if below.is_empty() {
                    continue;
                }
            }
            lines.push(Line { node, summary: Some(summary) });
            lines.append(&mut below);
        }
        self.lines = lines;
    }

    fn list_entries(&self, cache_key: &Arc<str>, entries: &Entries, matching: &mut Matching, lines: &mut Vec<Line>) {
        let mut items: Vec<Item<'_>> = Vec::new();
        for (sub_key, known) in entries.iter().filter(|(sub_key, _)| matching.takes_entry(cache_key, sub_key)) {
            let group = group_of(sub_key);
            match items.last_mut() {
                Some(last) if group.is_some() && last.group == group => {
                    last.sub_keys.push(sub_key);
                    last.summary.add(known);
                }
                _ => items.push(Item { group, sub_keys: vec![sub_key], summary: Summary::of([known]) }),
            }
        }
        items.sort_by_key(|item| self.sort.place(&item.summary));
        let line =
            |sub_key: &Arc<str>| Line { node: Node::Entry(Arc::clone(cache_key), Arc::clone(sub_key)), summary: None };
        for Item { group, mut sub_keys, summary } in items {
            if let Some(group) = group {
                let node = Node::Group(Arc::clone(cache_key), group.into());
                let is_open = self.is_open(&node);
                lines.push(Line { node, summary: Some(summary) });
                if !is_open {
                    continue;
                }
                sub_keys.sort_by_key(|sub_key| self.sort.place(&Summary::of(entries.get(*sub_key))));
            }
            lines.extend(sub_keys.into_iter().map(line));
        }
    }
}

/// An entry or a group.
struct Item<'t> {
    group: Option<&'t str>,
    sub_keys: Vec<&'t Arc<str>>,
    summary: Summary,
}

/// The fuzzy filter of keys.
struct Matching {
    pattern: Option<Pattern>,
    matcher: Matcher,
    key: String,
    buffer: Vec<char>,
}

impl Matching {
    fn new(filter: &str) -> Matching {
        let pattern = Pattern::parse(filter, CaseMatching::Smart, Normalization::Smart);
        Matching {
            pattern: (!filter.is_empty()).then_some(pattern),
            matcher: Matcher::new(Config::DEFAULT),
            key: String::new(),
            buffer: Vec::new(),
        }
    }

    fn takes_entry(&mut self, cache_key: &str, sub_key: &str) -> bool {
        if self.pattern.is_none() {
            return true;
        }
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        key.extend([cache_key, "/", sub_key]);
        let takes = self.takes(&key);
        self.key = key;
        takes
    }

    fn takes(&mut self, key: &str) -> bool {
        let Some(pattern) = &self.pattern else { return true };
        pattern.score(Utf32Str::new(key, &mut self.buffer), &mut self.matcher).is_some()
    }
}
