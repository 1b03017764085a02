//! `dump --format rows`: a line of JSON for each row, for engines that read JSON Lines.

use super::filtering::Replacing;
use crate::output::rows;
use std::io::{self, Write};
use vlive::ops::{Dumped, Scope, Unreadable};
use vlive::{Error, Snapshot};

/// Bytes of lines that are written at once.
const CHUNK: usize = 64 * 1024;

/// What is written of a row.
pub struct RowStyle {
    /// Values without loss, not by their meaning.
    pub lossless: bool,
    /// What stands in place of the row.
    pub replacing: Option<Replacing>,
}

/// Why a walk over rows stops.
enum Stop {
    Out(io::Error),
    Cache(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Cache(error)
    }
}

impl From<vlive::cbor::Error> for Stop {
    fn from(_: vlive::cbor::Error) -> Stop {
        unreachable!("what was verified can be read")
    }
}

/// Writes `{"key": …, "fetched_at": …, "id": …, "row": {…}}` for every row in the scope: a record at a time is in
/// memory.
///
/// # Errors
/// The outer error is that of `out`, the inner one that of the cache.
pub fn write(
    snapshot: &Snapshot,
    scope: &Scope,
    style: &RowStyle,
    out: &mut dyn Write,
) -> io::Result<vlive::Result<Dumped>> {
    let mut dumped = Dumped::default();
    let mut lines = Vec::new();
    let walked = vlive::ops::each_entry::<Stop>(snapshot, scope, |entry| {
        let envelope = match entry.envelope() {
            Ok(envelope) => envelope,
            Err(error) => {
                dumped.unreadable.push(Unreadable { key: entry.key(), error });
                return Ok(());
            }
        };
        dumped.entries += 1;
        let mut begin = b"{\"key\":".to_vec();
        rows::push_text(&mut begin, &entry.key().to_string());
        begin.extend_from_slice(format!(",\"fetched_at\":{},\"id\":", envelope.fetched_at()).as_bytes());
        let key = entry.key();
        envelope.records::<Stop>(&mut |id, record| {
            let records = match &style.replacing {
                Some(replacing) => replacing.replace(&key, envelope.fetched_at(), &id, &record)?,
                None => vec![record],
            };
            for record in records {
                lines.extend_from_slice(&begin);
                rows::push_text(&mut lines, &id);
                lines.extend_from_slice(b",\"row\":");
                if style.lossless {
                    rows::push_lossless(&mut lines, record);
                } else {
                    rows::push_record(&mut lines, &record);
                }
                lines.extend_from_slice(b"}\n");
            }
            if lines.len() >= CHUNK {
                out.write_all(&lines).map_err(Stop::Out)?;
                lines.clear();
            }
            Ok(())
        })
    });
    out.write_all(&lines)?;
    match walked {
        Ok((matched, damage)) => {
            (dumped.matched, dumped.damage) = (matched, damage);
            Ok(Ok(dumped))
        }
        Err(Stop::Cache(error)) => Ok(Err(error)),
        Err(Stop::Out(error)) => Err(error),
    }
}
