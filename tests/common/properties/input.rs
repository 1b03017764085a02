//! What holds of any text as input: rows of an entry, and fixtures of many. The other side of the
//! splitter that fixtures are read with is `serde_json`, which reads the same text whole.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read};
use std::time::{Duration, UNIX_EPOCH};
use vlive::fixture::{FixtureOptions, Source};
use vlive::json::{JsonStyle, RowsInput, write_envelope};
use vlive::live::FetchedAt;
use vlive::live::{Envelope, EnvelopeView};
use vlive::{CachedRows, Error, Fixture, Key};

/// Rows that are taken are an envelope that reads back, by itself and through JSON; rows that are not are
/// refused with their place. Returns whether they are taken.
pub fn rows(text: &str) -> bool {
    let input = match RowsInput::parse(text, "id") {
        Ok(input) => input,
        Err(error) => {
            assert!(error.to_string().starts_with("line "), "{text}: {error}");
            return false;
        }
    };
    let envelope = input.into_envelope(3.into());
    let rows = CachedRows::decode(envelope.bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(envelope.rows(), rows.rows.len() as u64, "{text}");
    let mut json = Vec::new();
    let style = JsonStyle { pretty: true, ..JsonStyle::default() };
    write_envelope(&EnvelopeView::new(envelope.bytes()).unwrap(), style, &mut json).unwrap();
    let json = String::from_utf8(json).unwrap();
    let again = RowsInput::parse(&json, "id").unwrap_or_else(|error| panic!("{text}: {error}")).into_envelope(3.into());
    assert_eq!(again, Envelope::encode(&rows), "{text}");
    true
}

/// A fixture is taken, however its text arrives, if and only if `serde_json` takes the text and every entry
/// in it is sound, and then it has these entries. Returns how many, or `None` if it is refused.
pub fn fixture(bytes: &[u8]) -> Option<usize> {
    let shown = bytes.escape_ascii();
    let mut entries = None;
    for fetched_at in [Some(9), None] {
        let options = FixtureOptions {
            id_field: "id".to_owned(),
            fetched_at: fetched_at.map(u32::into),
            undated: 5.into(),
            layout: None,
        };
        let ours = read(bytes, &options);
        if fetched_at.is_none() {
            assert_eq!(read(InPieces(bytes, bytes.len() / 4 + 1), &options), ours, "{shown}");
        }
        let theirs = str::from_utf8(bytes).ok().and_then(|text| reference(text, &options));
        let (Ok(ours), Some(theirs)) = (&ours, &theirs) else {
            assert_eq!(ours.is_ok(), theirs.is_some(), "{ours:?}: {shown}");
            entries = None;
            continue;
        };
        let keys = |entries: &[Entry]| entries.iter().map(|entry| entry.key.clone()).collect::<Vec<_>>();
        assert_eq!(keys(ours), keys(theirs), "{shown}");
        for (ours, theirs) in ours.iter().zip(theirs) {
            assert_eq!(ours.is_dated, theirs.is_dated, "{}: {shown}", ours.key);
            match fetched_at {
                Some(fetched_at) if theirs.is_raw => {
                    let mut rows = CachedRows::decode(&theirs.value).unwrap();
                    rows.fetched_at = UNIX_EPOCH + Duration::from_secs(fetched_at.into());
                    let ours = CachedRows::decode(&ours.value).unwrap_or_else(|error| panic!("{error}: {shown}"));
                    assert_eq!(Envelope::encode(&ours), Envelope::encode(&rows), "{shown}");
                }
                _ => assert_eq!(ours.value, theirs.value, "{}: {shown}", ours.key),
            }
        }
        entries = Some(ours.len());
    }
    entries
}

/// An entry of a fixture.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    key: Key,
    value: Vec<u8>,
    is_dated: bool,
    /// Whether the value stands in the text as it is; only the reference knows.
    is_raw: bool,
}

fn read(input: impl Read, options: &FixtureOptions) -> Result<Vec<Entry>, String> {
    let source = Source::Json { name: "the input".to_owned(), input: Box::new(input) };
    let fixture = Fixture::read(vec![source], options).map_err(|error| {
        assert!(matches!(error, Error::Refused { .. }), "{error:?}");
        error.to_string()
    })?;
    let entries: Vec<Entry> = fixture
        .entries()
        .map(|entry| Entry {
            key: entry.key().clone(),
            value: entry.value().unwrap(),
            is_dated: entry.is_dated(),
            is_raw: false,
        })
        .collect();
    assert_eq!(fixture.len(), entries.len());
    assert_eq!(fixture.bytes(), entries.iter().map(|entry| entry.value.len() as u64).sum::<u64>());
    Ok(entries)
}

/// Hands out no more than so many bytes at a time.
struct InPieces<'b>(&'b [u8], usize);

impl Read for InPieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.1);
        self.0.read(&mut buffer[..most])
    }
}

/// The entries in the order of a cache; `None` if anything is wrong.
fn reference(text: &str, options: &FixtureOptions) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    for object in serde_json::Deserializer::from_str(text).into_iter() {
        let Pairs(pairs) = object.ok()?;
        let is_single = pairs.first().is_some_and(|(name, _)| ["key", "fetched_at", "rows", "raw"].contains(&&**name));
        if is_single {
            entries.push(single(pairs, options)?);
            continue;
        }
        for (key, value) in pairs {
            let input = RowsInput::parse(value.get(), &options.id_field).ok()?;
            let own = input.fetched_at();
            entries.push(dated(&key, input, own, options));
        }
    }
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    entries.windows(2).all(|pair| pair[0].key != pair[1].key).then_some(entries)
}

fn dated(key: &str, input: RowsInput, own: Option<FetchedAt>, options: &FixtureOptions) -> Entry {
    let fetched_at = options.fetched_at.or(own);
    let envelope = input.into_envelope(fetched_at.unwrap_or(options.undated));
    Entry { key: Key::new(key), value: envelope.bytes().to_vec(), is_dated: fetched_at.is_some(), is_raw: false }
}

/// An object that is one entry.
fn single(pairs: Vec<(String, &RawValue)>, options: &FixtureOptions) -> Option<Entry> {
    let mut fields = HashMap::new();
    for (name, value) in pairs {
        if fields.insert(name, value.get()).is_some() {
            return None;
        }
    }
    let key: String = serde_json::from_str(fields.remove("key")?).ok()?;
    let seconds = |text| serde_json::from_str::<u64>(text).ok().and_then(FetchedAt::new);
    let own = match fields.remove("fetched_at") {
        Some(text) => Some(seconds(text)?),
        None => None,
    };
    let entry = match (fields.remove("rows"), fields.remove("raw")) {
        // Rows that could be an envelope are rows all the same.
        (Some(rows), None) if rows.starts_with('{') => {
            let input = RowsInput::parse(&format!("{{\"rows\":{rows}}}"), &options.id_field).ok()?;
            dated(&key, input, own, options)
        }
        (Some(rows), None) => dated(&key, RowsInput::parse(rows, &options.id_field).ok()?, own, options),
        (None, Some(raw)) if own.is_none() => {
            let value = BASE64.decode(serde_json::from_str::<String>(raw).ok()?).ok()?;
            // What cannot be decoded can be kept, but not be given another time.
            if options.fetched_at.is_some() && CachedRows::decode(&value).is_err() {
                return None;
            }
            Entry { key: Key::new(&key), value, is_dated: true, is_raw: true }
        }
        _ => return None,
    };
    fields.is_empty().then_some(entry)
}

/// The pairs of an object in their order, those with a key that is there twice included.
struct Pairs<'j>(Vec<(String, &'j RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;
        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(PairsVisitor)
    }
}
