//! Patterns: matching text, and encoded bytes that may contain such text.

use crate::output::meaning;
use ciborium::Value;
use memchr::memmem::Finder;
use regex::{Regex, RegexBuilder, bytes};
use vlive::json;

/// A compiled pattern.
pub enum Pattern {
    /// Without a needle the text itself is looked for, and by meaning.
    Literal {
        text: Box<Finder<'static>>,
        needle: Option<Box<Finder<'static>>>,
    },
    Regex {
        text: Regex,
        needle: Option<bytes::Regex>,
        by_meaning: bool,
    },
}

impl Pattern {
    /// A pattern that matches itself.
    pub fn literal(pattern: &str, ignore_case: bool) -> Result<Pattern, regex::Error> {
        if !ignore_case {
            let needle = needle(pattern).map(|needle| Box::new(Finder::new(needle).into_owned()));
            return Ok(Pattern::Literal { text: Box::new(Finder::new(pattern).into_owned()), needle });
        }
        let needle = needle(pattern);
        let in_bytes = regex::escape(needle.unwrap_or(pattern));
        let in_bytes = bytes::RegexBuilder::new(&in_bytes).case_insensitive(true).build()?;
        let text = RegexBuilder::new(&regex::escape(pattern)).case_insensitive(true).build()?;
        Ok(Pattern::Regex { text, needle: Some(in_bytes), by_meaning: needle.is_none() })
    }

    /// A regular expression. It is not searched in encoded bytes, since it can depend on where a text begins and ends.
    pub fn regexp(pattern: &str, ignore_case: bool) -> Result<Pattern, regex::Error> {
        let text = RegexBuilder::new(pattern).case_insensitive(ignore_case).build()?;
        Ok(Pattern::Regex { text, needle: None, by_meaning: true })
    }

    /// Whether a text matches.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Pattern::Literal { text: pattern, .. } => pattern.find(text.as_bytes()).is_some(),
            Pattern::Regex { text: pattern, .. } => pattern.is_match(text),
        }
    }

    /// Where in a text the match begins.
    pub fn position(&self, text: &str) -> Option<usize> {
        match self {
            Pattern::Literal { text: pattern, .. } => pattern.find(text.as_bytes()),
            Pattern::Regex { text: pattern, .. } => pattern.find(text).map(|found| found.start()),
        }
    }

    /// Where in encoded bytes a text that matches may have its first bytes that tell.
    pub fn may_match(&self, bytes: &[u8]) -> Option<usize> {
        match self {
            Pattern::Literal { text, needle } => needle.as_ref().unwrap_or(text).find(bytes),
            Pattern::Regex { needle: Some(needle), .. } => needle.find(bytes).map(|found| found.start()),
            Pattern::Regex { needle: None, .. } => Some(0),
        }
    }

    /// Whether a value that is not text can match although its bytes do not, because a number, a date, a uuid or a word
    /// such as `true` can.
    pub fn matches_by_meaning(&self) -> bool {
        match self {
            Pattern::Literal { needle, .. } => needle.is_none(),
            Pattern::Regex { by_meaning, .. } => *by_meaning,
        }
    }
}

/// The part of a literal pattern that is in the bytes of every value whose text matches; `None` if there may be
/// none, because a number, a date, a uuid or a word such as `true` can match.
///
/// The text of a record id is built from a table, `:` and an id, so that a match may extend over both.
fn needle(pattern: &str) -> Option<&str> {
    pattern.split(':').filter(|part| !is_generated(part)).max_by_key(|part| part.len())
}

/// Whether text like this can be the meaning of a value that is not text.
fn is_generated(part: &str) -> bool {
    const WORDS: [&str; 6] = ["true", "false", "null", "none", "nan", "-infinity"];
    let lower = part.to_ascii_lowercase();
    part.bytes().all(|byte| b"0123456789abcdefABCDEF-+.TZhmsHMSDtz ".contains(&byte))
        || WORDS.iter().any(|word| word.contains(&lower))
}

/// The text of a value that is not text itself; `None` if its parts are searched instead.
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        // The parts of a geometry are searched, and those of a record id that has several values.
        Value::Bytes(_) | Value::Array(_) | Value::Map(_) | Value::Tag(88..=94, _) => None,
        Value::Bool(_) => Some(json::plain(value)),
        Value::Tag(8, content) if !is_simple_id(content) => None,
        Value::Tag(tag, content) => meaning::of_tag(*tag, content).map(|meaning| meaning.into_text().into_owned()),
        _ => Some(meaning::meaning(value).into_text().into_owned()),
    }
}

fn is_simple_id(content: &Value) -> bool {
    let Value::Array(parts) = content else { return false };
    matches!(parts.as_slice(), [Value::Text(_), Value::Text(_) | Value::Integer(_) | Value::Tag(9 | 37, _)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_can_match_by_meaning_are_known() {
        for pattern in
            ["", "12", "2026-02-02T", "3h 12m", "cafe", "e-7", "tru", "Null", "a:1", ":", "Infinity", "-infinity"]
        {
            assert_eq!(needle(pattern), None, "{pattern}");
        }
        assert_eq!(needle("Anna"), Some("Anna"));
        assert_eq!(needle("person:anna"), Some("person"));
        assert_eq!(needle("a:anna"), Some("anna"));
        assert_eq!(needle("12 euros"), Some("12 euros"));
    }

    #[test]
    fn the_bytes_of_every_match_may_match_unless_it_is_by_meaning() {
        let values = [
            Value::from("Größe"),
            Value::Tag(8, Box::new(Value::Array(vec!["person".into(), "anna".into()]))),
            Value::Tag(8, Box::new(Value::Array(vec!["person".into(), 17.into()]))),
            Value::Tag(10, Box::new("12.50".into())),
            Value::Tag(37, Box::new(Value::Bytes((0..16).collect()))),
            Value::Float(0.1),
            Value::Float(f64::NEG_INFINITY),
            Value::Bool(true),
        ];
        for value in &values {
            let text = value.as_text().map_or_else(|| text_of(value).unwrap(), ToOwned::to_owned);
            let mut encoded = Vec::new();
            ciborium::into_writer(value, &mut encoded).unwrap();
            let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            for (n, start) in starts.iter().enumerate() {
                for end in &starts[n..] {
                    let part = &text[*start..*end];
                    for pattern in [Pattern::literal(part, false), Pattern::literal(&part.to_uppercase(), true)] {
                        let pattern = pattern.unwrap();
                        let may_match = pattern.may_match(&encoded).is_some();
                        let is_told = may_match || pattern.matches_by_meaning() && !value.is_text();
                        assert!(!pattern.matches(&text) || is_told, "{part} of {text}");
                    }
                }
            }
        }
    }
}
