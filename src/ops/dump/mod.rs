//! Writing entries out: as one text, one by one, or as files in a folder.

mod buffers;
mod entry;
mod error;
mod rows;
mod sets;
mod stored;
mod stream;
mod tree;

pub use entry::dump_entry;
pub use error::DumpError;
pub use rows::{RowText, dump_rows};
pub use sets::dump_set;
pub use stream::dump;
pub use tree::dump_tree;

use super::scope::{Matched, Scope, selected};
use super::{past_damage, unless_moved};
use crate::json::style::JsonStyle;
use crate::ops::unread::Unread;
use crate::snapshot::{LiveEntry, Snapshot};

/// What a dump is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DumpFormat {
    /// A JSON object of full key to envelope.
    #[default]
    Json,
    /// JSON Lines: `{"key": …, "fetched_at": …, "rows": …}` for each entry.
    Lines,
    /// JSON Lines with the stored bytes, `{"key": …, "raw": "<base64>"}`, whatever they are.
    RawLines,
    /// The diagnostic notation of a CBOR map of full key to byte string, the stored bytes, each shown as
    /// the CBOR that is embedded in it; see [`notation`](crate::cbor::notation).
    Notation,
    /// That map itself.
    Cbor,
}

/// How entries are dumped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DumpStyle {
    /// What the dump is written as.
    pub format: DumpFormat,
    /// How JSON is written; of the notation whether it is indented.
    pub json: JsonStyle,
    /// Whether the contents are left out; see [`redact`](crate::live::redact).
    pub redact: bool,
}

/// What was dumped, and what was left out.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Dumped {
    /// The number of entries that are there.
    pub entries: u64,
    /// What could not be read, and was left out: of the entries those that vantage-live cannot decode either. The
    /// notation shows as bytes what is not well-formed CBOR.
    pub unread: Unread,
    /// What the selections matched.
    pub matched: Matched,
}

impl Dumped {
    /// Takes what cannot be read from the entries that are there; the notation has it as bytes.
    fn leave_out(&mut self, style: DumpStyle) {
        if style.format != DumpFormat::Notation {
            self.entries -= self.unread.unreadable.len() as u64;
        }
    }
}

/// Calls `take` with every entry that is selected, once.
fn each(
    snapshot: &Snapshot,
    scope: &Scope,
    dumped: &mut Dumped,
    mut take: impl FnMut(LiveEntry) -> Result<(), DumpError>,
) -> Result<(), DumpError> {
    dumped.matched = selected(snapshot, scope, |entry| {
        let entry = past_damage(unless_moved(entry, snapshot), &mut dumped.unread.damage)?;
        dumped.entries += u64::from(entry.is_some());
        entry.map_or(Ok(()), &mut take)
    })?;
    Ok(())
}
