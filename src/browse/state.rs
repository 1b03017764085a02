//! What is on the screen, and what becomes of it: events in, state and effects out. Nothing here draws, reads or waits.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::crossterm::event::KeyCode;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use vlive::snapshot::Event;
use vlive::{CachedRows, Key};

/// Seconds for which what changed is marked.
const MARKED: u64 = 4;

/// What an entry is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Time in seconds since 1970 and number of rows; `None` if the entry cannot be decoded.
    pub head: Option<(u64, u64)>,
    pub bytes: u64,
    /// The last event, and when it was seen.
    pub event: Option<(Event, u64)>,
}

impl Known {
    /// The event that is still marked.
    pub fn mark(&self, now: u64) -> Option<Event> {
        self.event.filter(|(_, seen)| now < seen + MARKED).map(|(event, _)| event)
    }
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Input {
    Key(KeyCode),
    /// A click on a line of the left side, counted from its top.
    Click(usize),
    /// Lines to move by.
    Scroll(isize),
    /// Lines that the left and the right side have.
    Height(usize),
    /// The time, in seconds since 1970.
    Tick(u64),
    /// A commit: what each entry that differs is now, `None` if it is gone.
    Seen {
        commit: u64,
        is_first: bool,
        changes: Vec<(Key, Event, Option<Known>)>,
    },
    /// The cache cannot be read.
    Trouble(String),
    /// The entry that was asked for, or why it cannot be shown.
    Content(Key, Result<CachedRows, String>),
}

/// What is to be done outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Read this entry, and come back with [`Input::Content`].
    Read(Key),
    Copy(String),
    Quit,
    /// End, and print a key.
    Print(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    Keys,
    Rows,
    /// One row as JSON.
    Row,
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

    fn next(self) -> Sort {
        match self {
            Sort::Key => Sort::Age,
            Sort::Age => Sort::Size,
            Sort::Size => Sort::Rows,
            Sort::Rows => Sort::Key,
        }
    }
}

/// A line of the left side: a cache key, or an entry of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub cache_key: Arc<str>,
    pub sub_key: Option<Arc<str>>,
}

/// The entry on the right side.
#[derive(Clone, Debug)]
pub struct Content {
    pub key: Key,
    pub rows: Result<CachedRows, String>,
    /// The row that is chosen, and the first one on the screen.
    pub row: usize,
    pub top: usize,
    /// The first column on the screen; lines of JSON that are scrolled past.
    pub column: usize,
    pub scroll: usize,
}

impl Content {
    pub fn len(&self) -> usize {
        self.rows.as_ref().map_or(0, |rows| rows.rows.len())
    }
}

#[derive(Clone, Debug)]
pub struct State {
    pub path: String,
    pub now: u64,
    pub commit: Option<u64>,
    pub trouble: Option<String>,
    /// Who has the cache open.
    pub user: Option<String>,
    pub focus: Focus,
    pub sort: Sort,
    pub filter: String,
    pub is_typing: bool,
    pub is_help: bool,
    pub is_paused: bool,
    pub message: Option<String>,
    pub content: Option<Content>,
    pub lines: Vec<Line>,
    pub cursor: usize,
    pub top: usize,
    height: usize,
    tree: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Known>>,
    open: BTreeSet<Arc<str>>,
}

impl State {
    pub fn new(path: String, now: u64) -> State {
        State {
            path,
            now,
            commit: None,
            trouble: None,
            user: None,
            focus: Focus::Keys,
            sort: Sort::Key,
            filter: String::new(),
            is_typing: false,
            is_help: false,
            is_paused: false,
            message: None,
            content: None,
            lines: Vec::new(),
            cursor: 0,
            top: 0,
            height: 1,
            tree: BTreeMap::new(),
            open: BTreeSet::new(),
        }
    }

    /// The line under the cursor.
    pub fn line(&self) -> Option<&Line> {
        self.lines.get(self.cursor)
    }

    pub fn is_open(&self, cache_key: &str) -> bool {
        self.open.contains(cache_key) || !self.filter.is_empty()
    }

    pub fn entries(&self, cache_key: &str) -> impl Iterator<Item = &Known> {
        self.tree.get(cache_key).into_iter().flat_map(BTreeMap::values)
    }

    pub fn known(&self, line: &Line) -> Option<&Known> {
        self.tree.get(&line.cache_key)?.get(line.sub_key.as_ref()?)
    }

    /// The key of an entry on a line.
    fn key(line: &Line) -> Option<Key> {
        let sub_key = line.sub_key.as_ref()?;
        Some(Key::new(&format!("{}/{sub_key}", line.cache_key)))
    }

    /// Takes an event; gives what is to be done.
    pub fn update(&mut self, input: Input) -> Option<Effect> {
        match input {
            Input::Key(code) => return self.press(code),
            Input::Click(line) if line < self.height && self.top + line < self.lines.len() => {
                let again = self.cursor == self.top + line;
                self.focus = Focus::Keys;
                self.cursor = self.top + line;
                if again && self.line().is_some_and(|line| line.sub_key.is_none()) {
                    self.toggle();
                }
                return self.show();
            }
            Input::Click(_) => {}
            Input::Scroll(lines) => return self.go(lines),
            Input::Height(height) => {
                self.height = height.max(1);
                self.keep_in_sight();
            }
            Input::Tick(now) => self.now = now,
            Input::Trouble(trouble) => self.trouble = Some(trouble),
            Input::Seen { commit, is_first, changes } => return self.see(commit, is_first, changes),
            Input::Content(key, rows) => self.take(key, rows),
        }
        None
    }

    fn see(&mut self, commit: u64, is_first: bool, changes: Vec<(Key, Event, Option<Known>)>) -> Option<Effect> {
        self.commit = Some(commit);
        self.trouble = None;
        let shown = self.content.as_ref().map(|content| content.key.clone());
        let is_shown = changes.iter().any(|(key, ..)| Some(key) == shown.as_ref());
        let now = self.now;
        for (key, event, known) in changes {
            let cache_key: Arc<str> = key.cache_key().into();
            let entries = self.tree.entry(Arc::clone(&cache_key)).or_default();
            if let Some(known) = known {
                let event = (!is_first).then_some((event, now));
                entries.insert(key.sub_key().into(), Known { event, ..known });
            } else {
                entries.remove(key.sub_key());
                if entries.is_empty() {
                    self.tree.remove(&cache_key);
                }
            }
        }
        let before = self.line().cloned();
        self.list();
        self.return_to(before);
        if is_shown { shown.map(Effect::Read) } else { None }
    }

    fn take(&mut self, key: Key, rows: Result<CachedRows, String>) {
        let is_same = self.content.as_ref().filter(|content| content.key == key);
        let (row, top, column, scroll) =
            is_same.map_or((0, 0, 0, 0), |content| (content.row, content.top, content.column, content.scroll));
        let mut content = Content { key, rows, row, top, column, scroll };
        content.row = content.row.min(content.len().saturating_sub(1));
        if content.len() == 0 && self.focus != Focus::Keys {
            self.focus = Focus::Keys;
        }
        self.content = Some(content);
        self.keep_in_sight();
    }

    fn press(&mut self, code: KeyCode) -> Option<Effect> {
        self.message = None;
        if self.is_help {
            self.is_help = false;
            return None;
        }
        if self.is_typing {
            return self.type_filter(code);
        }
        match code {
            KeyCode::Char('q') => return Some(Effect::Quit),
            KeyCode::Char('o') => return self.line().map(|line| Effect::Print(full_key(line))),
            KeyCode::Char('y') => return self.copied().map(Effect::Copy),
            KeyCode::Char('?') => self.is_help = true,
            KeyCode::Char(' ') => self.is_paused = !self.is_paused,
            KeyCode::Char('/') => {
                self.is_typing = true;
                self.focus = Focus::Keys;
            }
            KeyCode::Char('s') => {
                self.sort = self.sort.next();
                let before = self.line().cloned();
                self.list();
                self.return_to(before);
            }
            KeyCode::Down | KeyCode::Char('j') => return self.go(1),
            KeyCode::Up | KeyCode::Char('k') => return self.go(-1),
            KeyCode::PageDown => return self.go(self.height.cast_signed()),
            KeyCode::PageUp => return self.go(-self.height.cast_signed()),
            KeyCode::Home | KeyCode::Char('g') => return self.go(isize::MIN / 2),
            KeyCode::End | KeyCode::Char('G') => return self.go(isize::MAX / 2),
            KeyCode::Tab | KeyCode::BackTab => {
                self.focus = match self.focus {
                    Focus::Keys if self.content.as_ref().is_some_and(|content| content.len() > 0) => Focus::Rows,
                    _ => Focus::Keys,
                };
            }
            KeyCode::Enter => return self.go_in(),
            KeyCode::Right | KeyCode::Char('l') => match (self.focus, &mut self.content) {
                (Focus::Rows, Some(content)) => content.column += 1,
                _ => return self.go_in(),
            },
            KeyCode::Left | KeyCode::Char('h') => match (self.focus, &mut self.content) {
                (Focus::Rows, Some(content)) if content.column > 0 => content.column -= 1,
                _ => return self.go_out(),
            },
            KeyCode::Esc | KeyCode::Backspace => return self.go_out(),
            _ => {}
        }
        None
    }

    fn type_filter(&mut self, code: KeyCode) -> Option<Effect> {
        match code {
            KeyCode::Enter | KeyCode::Tab => self.is_typing = false,
            KeyCode::Esc => {
                self.is_typing = false;
                self.filter.clear();
            }
            KeyCode::Backspace => drop(self.filter.pop()),
            KeyCode::Char(character) => self.filter.push(character),
            KeyCode::Down => return self.go(1),
            KeyCode::Up => return self.go(-1),
            _ => return None,
        }
        let before = self.line().cloned();
        self.list();
        self.return_to(before);
        self.show()
    }

    fn copied(&self) -> Option<String> {
        let content = self.content.as_ref().filter(|_| self.focus != Focus::Keys);
        match content.and_then(|content| content.rows.as_ref().ok()?.rows.get_index(content.row)) {
            Some((_, record)) => Some(json_of(record)),
            None => self.line().map(full_key),
        }
    }

    /// Moves by so many lines.
    fn go(&mut self, lines: isize) -> Option<Effect> {
        match (self.focus, &mut self.content) {
            (Focus::Rows, Some(content)) => {
                content.row = content.row.saturating_add_signed(lines).min(content.len().saturating_sub(1));
                content.scroll = 0;
                self.keep_in_sight();
                None
            }
            (Focus::Row, Some(content)) => {
                content.scroll = content.scroll.saturating_add_signed(lines).min(u16::MAX.into());
                None
            }
            _ => {
                self.cursor = self.cursor.saturating_add_signed(lines).min(self.lines.len().saturating_sub(1));
                self.keep_in_sight();
                self.show()
            }
        }
    }

    fn go_in(&mut self) -> Option<Effect> {
        match self.focus {
            Focus::Keys if self.line().is_some_and(|line| line.sub_key.is_none()) => self.toggle(),
            Focus::Keys if self.content.as_ref().is_some_and(|content| content.len() > 0) => self.focus = Focus::Rows,
            Focus::Rows => self.focus = Focus::Row,
            _ => {}
        }
        None
    }

    fn go_out(&mut self) -> Option<Effect> {
        match self.focus {
            Focus::Row => self.focus = Focus::Rows,
            Focus::Rows => self.focus = Focus::Keys,
            Focus::Keys if !self.filter.is_empty() => {
                self.filter.clear();
                let before = self.line().cloned();
                self.list();
                self.return_to(before);
            }
            Focus::Keys => {
                let line = self.line().cloned()?;
                self.open.remove(&line.cache_key);
                self.list();
                self.return_to(Some(Line { sub_key: None, ..line }));
            }
        }
        None
    }

    /// Opens or closes the cache key under the cursor.
    fn toggle(&mut self) {
        let Some(line) = self.line().cloned() else { return };
        if !self.open.remove(&line.cache_key) {
            self.open.insert(Arc::clone(&line.cache_key));
        }
        self.list();
        self.return_to(Some(line));
    }

    /// Asks for the entry under the cursor, if it is not the one on the right.
    fn show(&mut self) -> Option<Effect> {
        let key = State::key(self.line()?)?;
        if self.content.as_ref().is_some_and(|content| content.key == key) {
            return None;
        }
        Some(Effect::Read(key))
    }

    /// Makes the lines anew.
    fn list(&mut self) {
        let pattern = Pattern::parse(&self.filter, CaseMatching::Smart, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut lines = Vec::new();
        for (cache_key, entries) in &self.tree {
            let mut below: Vec<(&Arc<str>, &Known)> = Vec::new();
            if self.is_open(cache_key) {
                let is_matched = |(sub_key, _): &(&Arc<str>, &Known)| {
                    self.filter.is_empty() || {
                        let key = format!("{cache_key}/{sub_key}");
                        pattern.score(Utf32Str::new(&key, &mut buffer), &mut matcher).is_some()
                    }
                };
                below.extend(entries.iter().filter(is_matched));
                if below.is_empty() {
                    continue;
                }
            }
            match self.sort {
                Sort::Key => {}
                Sort::Age => below.sort_by_key(|(_, known)| std::cmp::Reverse(known.head.map(|head| head.0))),
                Sort::Size => below.sort_by_key(|(_, known)| std::cmp::Reverse(known.bytes)),
                Sort::Rows => below.sort_by_key(|(_, known)| std::cmp::Reverse(known.head.map(|head| head.1))),
            }
            lines.push(Line { cache_key: Arc::clone(cache_key), sub_key: None });
            let of = |(sub_key, _): (&Arc<str>, &Known)| Line {
                cache_key: Arc::clone(cache_key),
                sub_key: Some(Arc::clone(sub_key)),
            };
            lines.extend(below.into_iter().map(of));
        }
        self.lines = lines;
    }

    /// Puts the cursor back on a line, or where it was.
    fn return_to(&mut self, line: Option<Line>) {
        let place = line.and_then(|line| self.lines.iter().position(|other| *other == line));
        self.cursor = place.unwrap_or(self.cursor).min(self.lines.len().saturating_sub(1));
        self.keep_in_sight();
    }

    fn keep_in_sight(&mut self) {
        let height = self.height;
        self.top = self.top.clamp(self.cursor.saturating_sub(height - 1), self.cursor);
        if let Some(content) = &mut self.content {
            // The heading takes a line.
            let height = height.saturating_sub(1).max(1);
            content.top = content.top.clamp(content.row.saturating_sub(height - 1), content.row);
        }
    }
}

/// What names a line on the command line.
fn full_key(line: &Line) -> String {
    match &line.sub_key {
        Some(sub_key) => format!("{}/{sub_key}", line.cache_key),
        None => line.cache_key.to_string(),
    }
}

fn json_of(record: &vlive::Record) -> String {
    let mut text = Vec::new();
    crate::output::rows::push_record(&mut text, record);
    String::from_utf8(text).expect("JSON is text")
}

/// Two entries, of which one has just changed, and the rows of the other.
#[cfg(test)]
pub fn sample() -> State {
    let mut state = State::new("/cache/vlive.redb".to_owned(), 1_000_000);
    let known = |rows, bytes| Some(Known { head: Some((999_940, rows)), bytes, event: None });
    let first = vec![
        (Key::new("clients/page_1"), Event::Added, known(2, 100)),
        (Key::new("clients/page_2"), Event::Added, known(1, 40)),
    ];
    state.update(Input::Height(20));
    state.update(Input::Seen { commit: 6, is_first: true, changes: first });
    let changes = vec![(Key::new("clients/page_2"), Event::Replaced, known(1, 50))];
    state.update(Input::Seen { commit: 7, is_first: false, changes });
    state.update(Input::Key(KeyCode::Enter));
    let Some(Effect::Read(key)) = state.update(Input::Key(KeyCode::Down)) else { panic!("an entry is asked for") };
    let record = |name: &str| vlive::Record::from_iter([("name".to_owned(), name.into())]);
    let rows = [("a".to_owned(), record("Anna")), ("b".to_owned(), record("\u{1b}[31mred"))];
    state.update(Input::Content(key, Ok(CachedRows::new(rows.into_iter().collect()))));
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What must hold whatever was pressed.
    fn check(state: &State) {
        assert!(state.cursor < state.lines.len().max(1));
        assert!(state.top <= state.cursor && state.cursor < state.top + state.height);
        for line in &state.lines {
            assert!(state.tree.contains_key(&line.cache_key));
            assert!(line.sub_key.is_none() || state.known(line).is_some());
        }
        if let Some(content) = &state.content {
            assert!(content.row < content.len().max(1) && content.top <= content.row);
            assert!(state.focus == Focus::Keys || content.len() > 0);
        }
    }

    #[test]
    fn no_keys_and_no_commits_lead_to_an_impossible_state() {
        let keys = "qoy? /sjkgGhl/page_\u{301}日".chars().map(KeyCode::Char);
        let others = [KeyCode::Tab, KeyCode::Enter, KeyCode::Esc, KeyCode::Up, KeyCode::Down, KeyCode::Left];
        let more =
            [KeyCode::Right, KeyCode::PageUp, KeyCode::PageDown, KeyCode::Home, KeyCode::End, KeyCode::Backspace];
        let keys: Vec<KeyCode> = keys.chain(others).chain(more).collect();
        let mut seed = 1u64;
        let mut below = |bound: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).expect("31 bits") % bound
        };
        for _ in 0..60 {
            let mut state = sample();
            for n in 0..200 {
                let input = match below(12) {
                    0 => {
                        let key = Key::new(&format!("k{}/page_{}", below(4), below(30)));
                        let known = (below(3) > 0).then_some(Known { head: Some((n, 1)), bytes: n, event: None });
                        let event = if known.is_some() { Event::Added } else { Event::Removed };
                        Input::Seen { commit: n, is_first: false, changes: vec![(key, event, known)] }
                    }
                    1 => Input::Height(below(30)),
                    2 => Input::Click(below(30)),
                    3 => Input::Tick(1_000_000 + n),
                    4 => Input::Scroll(below(9).cast_signed() - 4),
                    _ => Input::Key(keys[below(keys.len())]),
                };
                if let Some(Effect::Read(key)) = state.update(input) {
                    let rows = (0..below(5)).map(|n| (n.to_string(), vlive::Record::new())).collect();
                    let rows = if below(5) == 0 { Err("gone".to_owned()) } else { Ok(CachedRows::new(rows)) };
                    state.update(Input::Content(key, rows));
                }
                check(&state);
            }
        }
    }

    #[test]
    fn a_filter_leaves_the_keys_that_match_and_opens_them() {
        let mut state = sample();
        for key in "/pg2".chars() {
            state.update(Input::Key(KeyCode::Char(key)));
        }
        let lines: Vec<String> = state.lines.iter().map(full_key).collect();
        assert_eq!(lines, ["clients", "clients/page_2"]);
        state.update(Input::Key(KeyCode::Esc));
        assert_eq!(state.lines.len(), 3);
    }

    #[test]
    fn an_entry_that_changes_while_it_is_shown_is_read_again() {
        let mut state = sample();
        let known = Some(Known { head: Some((1, 1)), bytes: 1, event: None });
        let changes = vec![(Key::new("clients/page_1"), Event::Replaced, known)];
        let effect = state.update(Input::Seen { commit: 8, is_first: false, changes });
        assert_eq!(effect, Some(Effect::Read(Key::new("clients/page_1"))));
    }
}
