//! The list of incomplete rows in the text of a set.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::HashMap;

#[derive(Deserialize)]
struct Text<'t> {
    #[serde(borrow)]
    incomplete: &'t RawValue,
    #[serde(borrow)]
    rows: HashMap<String, &'t RawValue>,
}

impl Text<'_> {
    fn incomplete(&self) -> Option<Vec<String>> {
        serde_json::from_str(self.incomplete.get()).ok()
    }
}

/// The text of a set after a change, whose `incomplete` no longer names the rows that the change has removed. An id that
/// it did not name before stays. `None` if there is nothing to drop.
pub fn without_removed(before: &str, after: &str) -> Option<String> {
    let listed = serde_json::from_str::<Text<'_>>(before).ok()?.incomplete()?;
    let text: Text<'_> = serde_json::from_str(after).ok()?;
    let mut incomplete = text.incomplete()?;
    let len = incomplete.len();
    incomplete.retain(|id| text.rows.contains_key(id) || !listed.contains(id));
    if incomplete.len() == len {
        return None;
    }
    let list = text.incomplete.get();
    // The list borrows from the text.
    let at = list.as_ptr().addr() - after.as_ptr().addr();
    let kept = serde_json::to_string(&incomplete).ok()?;
    Some([&after[..at], &kept, &after[at + list.len()..]].concat())
}

#[cfg(test)]
mod tests {
    use super::without_removed;

    const BEFORE: &str = r#"{"rows": {"a\u0062": {}, "c": {}, "d": {}}, "incomplete": ["ab", "c"]}"#;

    #[test]
    fn only_listed_rows_that_are_gone_are_dropped() {
        let after = |after: &str| without_removed(BEFORE, after);
        let text = r#"{"incomplete": [ "ab", "c" ], "rows": {"c": {"n": 1.50}}}"#;
        assert_eq!(after(text).unwrap(), r#"{"incomplete": ["c"], "rows": {"c": {"n": 1.50}}}"#);
        // A row that was never listed is a mistake of the user.
        let text = r#"{"rows": {}, "incomplete": ["ab", "d", "c"]}"#;
        assert_eq!(after(text).unwrap(), r#"{"rows": {}, "incomplete": ["d"]}"#);
        for text in [BEFORE, "{", "{}", r#"{"rows": {}}"#, r#"{"rows": {}, "incomplete": "ab"}"#, "[]"] {
            assert_eq!(after(text), None, "{text}");
        }
        let unlisted = r#"{"rows": {}}"#;
        assert_eq!(without_removed(unlisted, r#"{"rows": {}, "incomplete": ["ab"]}"#), None);
    }
}
