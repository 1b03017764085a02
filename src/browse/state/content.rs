//! The right pane: the rows of an entry, of which only the visible ones are decoded.

use vlive::Record;
use vlive::snapshot::EntryKey;

/// A decoded row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub id: String,
    pub record: Record,
    /// Whether the row is incomplete, or why diorama refuses it.
    pub status: Option<String>,
}

/// Consecutive rows of an entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// When the entry was fetched, in seconds since 1970.
    pub fetched_at: Option<u64>,
    /// The number of rows at the source, if diorama knows it.
    pub at_source: Option<u64>,
    /// The number of rows in the entry.
    pub total: usize,
    /// The number of rows for which the condition is true.
    pub count: usize,
    /// The position of the first row of the window among the rows for which the condition is true.
    pub first: usize,
    pub rows: Vec<Row>,
}

/// A request for rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub key: EntryKey,
    /// Changes whenever the entry or the condition changes.
    pub version: u64,
    /// A `--where` filter; empty for none.
    pub condition: String,
    pub first: usize,
    pub count: usize,
    /// The id of a row whose position is requested.
    pub id: Option<String>,
}

/// The answer to [`Wanted`].
#[derive(Clone, Debug)]
pub struct Answer {
    pub key: EntryKey,
    pub version: u64,
    /// The rows, or the reason that they cannot be shown.
    pub window: Result<Window, String>,
    /// The position of the requested row.
    pub place: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Content {
    pub key: EntryKey,
    /// `None` until it is read.
    pub window: Option<Result<Window, String>>,
    /// The selected row, and the first visible one.
    pub row: usize,
    pub top: usize,
    /// The first visible column, and the first visible line of JSON.
    pub column: usize,
    pub scroll: usize,
    version: u64,
    /// The version of the window.
    answered: Option<u64>,
    /// The last request: version, first row, number of rows.
    asked: Option<(u64, usize, usize)>,
    id: Option<String>,
}

impl Content {
    /// An entry that has not been read yet, and a row to select, if any.
    pub fn new(key: EntryKey, version: u64, id: Option<String>) -> Content {
        Content { key, window: None, row: 0, top: 0, column: 0, scroll: 0, version, answered: None, asked: None, id }
    }

    /// The number of rows that can be selected.
    pub fn len(&self) -> usize {
        self.window().map_or(0, |window| window.count)
    }

    pub fn window(&self) -> Option<&Window> {
        self.window.as_ref()?.as_ref().ok()
    }

    /// Whether there are rows, or the entry has not been read yet.
    pub fn can_be_entered(&self) -> bool {
        self.window.is_none() || self.len() > 0
    }

    /// The row at a position, if it was read.
    pub fn row_at(&self, place: usize) -> Option<&Row> {
        let window = self.window()?;
        window.rows.get(place.checked_sub(window.first)?)
    }

    /// The entry or the condition has changed. The old rows stay until the new ones are read.
    pub fn renew(&mut self, version: u64) {
        self.version = version;
    }

    /// Selects a row by its id as soon as its position is known.
    pub fn go_to(&mut self, id: String) {
        self.id = Some(id);
        self.asked = None;
        self.answered = None;
    }

    pub fn go_by(&mut self, rows: isize) {
        self.row = self.row.saturating_add_signed(rows).min(self.len().saturating_sub(1));
        self.scroll = 0;
    }

    /// Scrolls until the selected row is visible; returns a request if visible rows have not been read.
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

    /// Takes the answer to a request.
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
