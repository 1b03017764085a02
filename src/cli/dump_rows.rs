//! `dump --format rows`: a line of JSON for each row, for engines that read JSON Lines.

use crate::output::rows;
use std::io::{self, Write};
use vlive::diorama::row::{RowView, Status};
use vlive::ops::{Dumped, Scope, Unreadable};
use vlive::{Error, Record, Snapshot};

/// Bytes of lines that are written at once.
const CHUNK: usize = 64 * 1024;

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
    lossless: bool,
    out: &mut dyn Write,
) -> io::Result<vlive::Result<Dumped>> {
    let mut dumped = Dumped::default();
    let mut lines = Vec::new();
    let mut push = |begin: &[u8], id: &str, record: Record, end: &[u8]| {
        lines.extend_from_slice(begin);
        rows::push_text(&mut lines, id);
        lines.extend_from_slice(b",\"row\":");
        if lossless {
            rows::push_lossless(&mut lines, record);
        } else {
            rows::push_record(&mut lines, &record);
        }
        lines.extend_from_slice(end);
        if lines.len() >= CHUNK {
            out.write_all(&lines).map_err(Stop::Out)?;
            lines.clear();
        }
        Ok(())
    };
    let walked = vlive::ops::each_entry::<Stop>(snapshot, scope, |entry| {
        let envelope = match entry.envelope() {
            Ok(envelope) => envelope,
            Err(error) => {
                dumped.unreadable.push(Unreadable { key: entry.key(), error });
                return Ok(());
            }
        };
        dumped.entries += 1;
        let begin = begin(&entry.key().to_string(), Some(envelope.fetched_at()));
        envelope.records::<Stop>(&mut |id, record| push(&begin, &id, record, b"}\n"))
    });
    let walked = walked.and_then(|(mut matched, mut damage)| {
        vlive::ops::each_set::<Stop>(snapshot, scope, &mut matched, |set| {
            dumped.entries += 1;
            let begin = begin(set.name(), set.fetched_at());
            vlive::ops::each_row::<Stop>(snapshot, set, &mut damage, |row| match RowView::new(row.value()) {
                Ok(view) if view.status() == Status::Incomplete => {
                    push(&begin, row.id(), view.decode(), b",\"incomplete\":true}\n")
                }
                Ok(view) => push(&begin, row.id(), view.decode(), b"}\n"),
                Err(error) => {
                    dumped.refused.add(set, row.id(), error);
                    Ok(())
                }
            })
        })?;
        Ok((matched, damage))
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

/// What the line of a row begins with, up to its id.
fn begin(key: &str, fetched_at: Option<u64>) -> Vec<u8> {
    let mut begin = b"{\"key\":".to_vec();
    rows::push_text(&mut begin, key);
    let fetched_at = fetched_at.map_or_else(|| "null".to_owned(), |fetched_at| fetched_at.to_string());
    begin.extend_from_slice(format!(",\"fetched_at\":{fetched_at},\"id\":").as_bytes());
    begin
}
