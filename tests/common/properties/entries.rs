//! What holds of entries that one writer writes one after the other.

use vlive::json::{JsonStyle, JsonWriter};
use vlive::live::EnvelopeView;

/// Holds what one writer writes of these values, each verified as it is written, against what is written
/// of those that were verified before: what it keeps of one entry may not mislead it in the next, and one
/// that is refused leaves no trace. Returns how many were written and how many refused.
pub fn entries(values: &(impl Iterator<Item = Vec<u8>> + Clone)) -> (usize, usize) {
    let (mut written, mut refused) = (0, 0);
    for pretty in [false, true] {
        let mut json = JsonWriter::new(Vec::new(), JsonStyle { pretty, ..JsonStyle::default() });
        json.begin_object();
        let mut expected = JsonWriter::new(Vec::new(), JsonStyle { pretty, ..JsonStyle::default() });
        expected.begin_object();
        (written, refused) = (0, 0);
        for (n, value) in values.clone().enumerate() {
            let key = format!("k/{n}");
            match (json.entry(&key, &value).unwrap(), EnvelopeView::new(&value)) {
                (Ok(()), Ok(view)) => {
                    written += 1;
                    expected.key(&key).unwrap();
                    expected.envelope(&view).unwrap();
                }
                (Err(ours), Err(theirs)) => {
                    refused += 1;
                    assert_eq!(ours, theirs, "{n}");
                }
                (ours, theirs) => panic!("{n}: {}: {ours:?}, {theirs:?}", value.escape_ascii()),
            }
        }
        json.end_object();
        expected.end_object();
        assert!(json.finish().unwrap() == expected.finish().unwrap(), "pretty: {pretty}");
    }
    (written, refused)
}
