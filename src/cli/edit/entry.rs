//! Editing an entry of vantage-live.

use super::{ID_FIELD, Original};
use crate::cli::{Refused, diff};
use crate::output::Output;
use anyhow::Result;
use vlive::json::{JsonStyle, RowsInput, write_envelope};
use vlive::live::{Envelope, EnvelopeView, FetchedAt};
use vlive::ops::{ChangedKey, DiffOptions, diff_values};
use vlive::snapshot::LiveEntry;
use vlive::{Cache, Key, Snapshot};

pub struct OriginalEntry {
    key: Key,
    /// The value in the cache.
    value: Vec<u8>,
    fetched_at: FetchedAt,
    text: String,
    /// The unedited text encoded again, which may be another encoding of the value.
    envelope: Envelope,
}

impl OriginalEntry {
    pub fn new(entry: &LiveEntry, envelope: &EnvelopeView<'_>) -> Result<OriginalEntry> {
        let text = lossless(envelope, true)?;
        let input = RowsInput::parse(&text, ID_FIELD).expect("what is written without loss can be read");
        let fetched_at = input.fetched_at().expect("an envelope has a time");
        Ok(OriginalEntry {
            key: entry.key(),
            value: entry.value().to_owned(),
            fetched_at,
            envelope: input.into_envelope(fetched_at),
            text,
        })
    }
}

impl Original for OriginalEntry {
    type New = Envelope;
    /// The bytes of the value.
    type Seen = Vec<u8>;

    fn key(&self) -> ChangedKey {
        self.key.clone().into()
    }

    fn text(&self) -> &str {
        &self.text
    }

    fn read(&self, text: &str) -> Result<Option<Envelope>> {
        let input = RowsInput::parse(text, ID_FIELD).map_err(|error| Refused::error(error.to_string(), None))?;
        let fetched_at = input.fetched_at().unwrap_or(self.fetched_at);
        let envelope = input.into_envelope(fetched_at);
        Ok((envelope != self.envelope).then_some(envelope))
    }

    fn seen(&self) -> Vec<u8> {
        self.value.clone()
    }

    fn look(&self, snapshot: &Snapshot) -> vlive::Result<Option<Vec<u8>>> {
        Ok(snapshot.entry(&self.key)?.map(|entry| entry.value().to_owned()))
    }

    fn write(&self, cache: &Cache, seen: Option<&Vec<u8>>, new: &Envelope) -> vlive::Result<bool> {
        cache.put_envelope_if(self.key.clone(), seen.map(Vec::as_slice), new)
    }

    fn bytes(&self, new: &Envelope) -> u64 {
        new.bytes().len() as u64
    }

    fn report_diff(&self, new: &Envelope, output: &mut Output) -> Result<()> {
        report_diff(&self.key, &self.value, new.bytes(), output)
    }
}

/// Shows what a dry run would change.
pub fn report_diff(key: &Key, old: &[u8], new: &[u8], output: &mut Output) -> Result<()> {
    let options = DiffOptions { fetched_at: true, order: true };
    diff_values(key.clone(), old, new, options, &mut |difference| diff::print_lines(&difference, output))
}

/// An envelope as JSON without loss.
pub fn lossless(envelope: &EnvelopeView<'_>, pretty: bool) -> Result<String> {
    let mut text = Vec::new();
    write_envelope(envelope, JsonStyle { pretty, ..JsonStyle::default() }, &mut text)?;
    if pretty {
        text.push(b'\n');
    }
    Ok(String::from_utf8(text).expect("JSON is UTF-8"))
}
