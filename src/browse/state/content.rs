//! The right side: the rows of an entry, of which only those in sight are decoded.

use vlive::Record;
use vlive::snapshot::EntryKey;

/// A row in sight.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub id: String,
    pub record: Record,
    /// What there is to know of it: diorama has yet to fetch some of its fields, or refuses it.
    pub status: Option<String>,
}

/// Rows of an entry from one place on.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// When the entry was fetched, in seconds since 1970.
    pub fetched_at: Option<u64>,
    /// Rows at the source, where diorama knows that; rows of the entry; those of them for which the condition is true.
    pub at_source: Option<u64>,
    pub total: usize,
    pub count: usize,
    /// The place of the first row of the window among the latter.
    pub first: usize,
    pub rows: Vec<Row>,
}

/// Rows that are to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub key: EntryKey,
    /// Another one means that the entry has changed.
    pub version: u64,
    /// A `--where` filter, or nothing.
    pub condition: String,
    pub first: usize,
    pub count: usize,
    /// A row whose place is asked for.
    pub id: Option<String>,
}

/// What was read of what was [`Wanted`].
#[derive(Clone, Debug)]
pub struct Answer {
    pub key: EntryKey,
    pub version: u64,
    /// The rows, or why they cannot be shown.
    pub window: Result<Window, String>,
    /// The place of the row that was asked for.
    pub place: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Content {
    pub key: EntryKey,
    /// `None` until it is read.
    pub window: Option<Result<Window, String>>,
    /// The row that is chosen, and the first one on the screen.
    pub row: usize,
    pub top: usize,
    /// The first column on the screen; lines of JSON that are scrolled past.
    pub column: usize,
    pub scroll: usize,
    version: u64,
    /// The version of the window.
    answered: Option<u64>,
    /// What was asked for last: version, first row, number of rows.
    asked: Option<(u64, usize, usize)>,
    id: Option<String>,
}

impl Content {
    /// An entry that is yet to be read, and perhaps the row to go to.
    pub fn new(key: EntryKey, version: u64, id: Option<String>) -> Content {
        Content { key, window: None, row: 0, top: 0, column: 0, scroll: 0, version, answered: None, asked: None, id }
    }

    /// The number of rows that can be gone through.
    pub fn len(&self) -> usize {
        self.window().map_or(0, |window| window.count)
    }

    pub fn window(&self) -> Option<&Window> {
        self.window.as_ref()?.as_ref().ok()
    }

    /// Whether there are rows, or may be.
    pub fn can_be_entered(&self) -> bool {
        self.window.is_none() || self.len() > 0
    }

    /// The row at a place, if it was read.
    pub fn row_at(&self, place: usize) -> Option<&Row> {
        let window = self.window()?;
        window.rows.get(place.checked_sub(window.first)?)
    }

    /// The entry or the condition is another one: it is read anew, and what was read stays until then.
    pub fn renew(&mut self, version: u64) {
        self.version = version;
    }

    /// Goes to a row by its id, once that is read.
    pub fn go_to(&mut self, id: String) {
        self.id = Some(id);
        self.asked = None;
        self.answered = None;
    }

    pub fn go_by(&mut self, rows: isize) {
        self.row = self.row.saturating_add_signed(rows).min(self.len().saturating_sub(1));
        self.scroll = 0;
    }

    /// Scrolls so that the chosen row is in sight of so many rows; gives what is then in sight and not yet read.
    pub fn settle(&mut self, height: usize, condition: &str) -> Option<Wanted> {
        let height = height.max(1);
        self.top = self.top.clamp(self.row.saturating_sub(height - 1), self.row);
        let is_read = match &self.window {
            _ if self.answered != Some(self.version) => false,
            None => false,
            Some(Err(_)) => true,
            Some(Ok(window)) => {
                let end = (self.top + height).min(window.count);
                window.first <= self.top && end <= window.first + window.rows.len()
            }
        };
        let wanted = (self.version, self.top, height);
        if is_read || self.asked == Some(wanted) {
            return None;
        }
        self.asked = Some(wanted);
        Some(Wanted {
            key: self.key.clone(),
            version: self.version,
            condition: condition.to_owned(),
            first: self.top,
            count: height,
            id: self.id.clone(),
        })
    }

    /// Takes what was read.
    pub fn take(&mut self, answer: Answer) {
        if answer.key != self.key || answer.version != self.version {
            return;
        }
        self.window = Some(answer.window);
        self.answered = Some(answer.version);
        if let Some(place) = answer.place.filter(|_| self.id.take().is_some()) {
            self.row = place;
        }
        self.id = None;
        self.row = self.row.min(self.len().saturating_sub(1));
        self.top = self.top.min(self.row);
    }
}
