//! Differences as text: one per line, indented below the entry or row and marked by the kind of change.

use super::difference::{Change, Difference, EntryDiff, FieldDiff, MetaDiff, RowDiff};
use crate::diorama::meta::{MetaKey, Nanoseconds};
use crate::live::fetched_at::FetchedAt;
use std::borrow::Cow;
use std::fmt;

/// A line of the text that shows a [`Difference`].
#[derive(Clone, Copy, Debug)]
pub struct DiffLine<'d> {
    change: Change,
    what: What<'d>,
}

#[derive(Clone, Copy, Debug)]
enum What<'d> {
    Entry(&'d EntryDiff),
    /// The times of an entry.
    Times(u64, u64),
    /// Metadata of a set.
    Meta(&'d MetaDiff),
    Row(&'d RowDiff),
    Field(&'d FieldDiff),
}

/// Escapes text from a cache for the output.
pub type Escape = fn(&str) -> Cow<'_, str>;

impl Change {
    /// `+`, `-` or `~`.
    #[must_use]
    pub fn mark(self) -> char {
        match self {
            Change::Added => '+',
            Change::Removed => '-',
            Change::Changed => '~',
        }
    }
}

impl Difference {
    /// The lines that show it: one, and for an entry one more for each time or other number that differs.
    pub fn lines(&self) -> impl Iterator<Item = DiffLine<'_>> {
        let (change, what, entry) = match self {
            Difference::Entry(entry) => (entry.change, What::Entry(entry), Some(entry)),
            Difference::Row(row) => (row.change, What::Row(row), None),
            Difference::Field(field) => (field.change(), What::Field(field), None),
        };
        let times = entry.and_then(|entry| entry.fetched_at).map(|(old, new)| What::Times(old, new));
        let meta = entry.map_or(&[][..], |entry| &entry.meta).iter().map(What::Meta);
        let numbers = times.into_iter().chain(meta).map(|what| DiffLine { change: Change::Changed, what });
        std::iter::once(DiffLine { change, what }).chain(numbers)
    }
}

impl<'d> DiffLine<'d> {
    /// 0 for an entry, 1 for its times or a row, 2 for a field.
    #[must_use]
    pub fn level(&self) -> usize {
        match self.what {
            What::Entry(_) => 0,
            What::Times(..) | What::Meta(_) | What::Row(_) => 1,
            What::Field(_) => 2,
        }
    }

    /// The kind of change that it shows.
    #[must_use]
    pub fn change(&self) -> Change {
        self.change
    }

    /// The line without its indent and mark. Keys, row ids and field names go through `name`, records and values,
    /// which are JSON, through `json`.
    pub fn content(&self, name: Escape, json: Escape) -> impl fmt::Display + use<'d> {
        Content { what: self.what, name, json }
    }
}

struct Content<'d> {
    what: What<'d>,
    name: Escape,
    json: Escape,
}

impl fmt::Display for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            What::Entry(entry) => {
                f.write_str(&(self.name)(&entry.key.shown()))?;
                match (entry.change, entry.row_count) {
                    (Change::Changed, _) => {}
                    (_, Some(1)) => f.write_str(" (1 row)")?,
                    (_, Some(rows)) => write!(f, " ({rows} rows)")?,
                    (_, None) => f.write_str(" (cannot be decoded)")?,
                }
                f.write_str(if entry.is_reordered { " (rows in another order)" } else { "" })
            }
            What::Times(old, new) => {
                write!(f, "fetched {} -> {}", FetchedAt::saturating(old), FetchedAt::saturating(new))
            }
            What::Meta(meta) => write_meta(meta, f),
            What::Row(row) => {
                f.write_str(&(self.name)(&row.id))?;
                if let Some(record) = &row.record {
                    write!(f, ": {}", (self.json)(record))?;
                }
                f.write_str(match (row.change, row.is_incomplete) {
                    (_, [false, false]) => "",
                    (Change::Changed, [true, false]) => " (incomplete -> complete)",
                    (Change::Changed, [false, true]) => " (complete -> incomplete)",
                    _ => " (incomplete)",
                })?;
                f.write_str(if row.refused.iter().any(Option::is_some) { " (cannot be decoded)" } else { "" })?;
                f.write_str(if row.is_reordered { " (fields in another order)" } else { "" })
            }
            What::Field(field) => {
                write!(f, "{}: ", (self.name)(&field.name))?;
                // Values can be large: each is written before the next is copied.
                if let Some(old) = &field.old {
                    f.write_str(&(self.json)(old))?;
                }
                f.write_str(if field.change() == Change::Changed { " -> " } else { "" })?;
                field.new.as_ref().map_or(Ok(()), |new| f.write_str(&(self.json)(new)))
            }
        }
    }
}

fn write_meta(meta: &MetaDiff, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{} ", meta.key.name())?;
    for (n, number) in [meta.old, meta.new].into_iter().enumerate() {
        f.write_str(if n == 0 { "" } else { " -> " })?;
        match number {
            None => f.write_str("none")?,
            Some(rows) if meta.key == MetaKey::Total => write!(f, "{rows}")?,
            Some(at) => {
                let seconds = FetchedAt::saturating(Nanoseconds(at).seconds()).to_string();
                // Two writes within a second differ only in the fraction.
                write!(f, "{}.{:09}Z", seconds.trim_end_matches('Z'), at % Nanoseconds::PER_SECOND)?;
            }
        }
    }
    Ok(())
}

/// The line with its indent and mark, as `vlive diff` prints it. Control characters in keys, row ids and field names
/// are escaped.
impl fmt::Display for DiffLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indent = 2 * self.level();
        write!(f, "{:indent$}{} {}", "", self.change.mark(), self.content(without_controls, |json| Cow::Borrowed(json)))
    }
}

/// All lines, without a line break after the last.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().enumerate().try_for_each(|(n, line)| write!(f, "{}{line}", if n == 0 { "" } else { "\n" }))
    }
}

fn without_controls(name: &str) -> Cow<'_, str> {
    if !name.contains(char::is_control) {
        return Cow::Borrowed(name);
    }
    let escaped = |character: char| {
        let (escape, other) =
            if character.is_control() { (Some(character.escape_default()), None) } else { (None, Some(character)) };
        escape.into_iter().flatten().chain(other)
    };
    Cow::Owned(name.chars().flat_map(escaped).collect())
}
