//! What holds of entries that one writer writes one after the other.

use vlive::json::{EntryError, JsonStyle, JsonWriter, write_envelope};
use vlive::live::EnvelopeView;

/// Holds a document that one writer writes of these values against envelopes that are written one by one:
/// what the writer remembers of an entry must not mislead it in the next one, and an entry that is refused
/// must leave no trace. Returns how many were written and how many refused.
pub fn entries(values: &(impl Iterator<Item = Vec<u8>> + Clone)) -> (usize, usize) {
    let (mut written, mut refused) = (0, 0);
    for pretty in [false, true] {
        let style = JsonStyle { pretty, ..JsonStyle::default() };
        let mut json = JsonWriter::document(Vec::new(), style);
        let mut expected = Vec::new();
        refused = 0;
        for (n, value) in values.clone().enumerate() {
            let key = format!("k/{n}");
            match (json.entry(&key, &value), EnvelopeView::new(&value)) {
                (Ok(()), Ok(view)) => expected.push(pair(&key, &view, style)),
                (Err(EntryError::Undecodable(ours)), Err(theirs)) => {
                    refused += 1;
                    assert_eq!(ours, theirs, "{n}");
                }
                (ours, theirs) => panic!("{n}: {}: {ours:?}, {theirs:?}", value.escape_ascii()),
            }
        }
        written = expected.len();
        let end = if pretty && written > 0 { "\n}" } else { "}" };
        let expected = format!("{{{}{end}", expected.join(","));
        assert!(json.finish().unwrap() == expected.into_bytes(), "pretty: {pretty}");
    }
    (written, refused)
}

/// An entry of a document. No text in JSON has a line break of its own, so all of them can be indented.
fn pair(key: &str, view: &EnvelopeView<'_>, style: JsonStyle) -> String {
    let mut json = Vec::new();
    write_envelope(view, style, &mut json).unwrap();
    let json = String::from_utf8(json).unwrap();
    if style.pretty { format!("\n  \"{key}\": {}", json.replace('\n', "\n  ")) } else { format!("\"{key}\":{json}") }
}
