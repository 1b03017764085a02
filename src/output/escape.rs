//! Text from a cache, made safe for a terminal.

use std::borrow::Cow;
use std::fmt::Write;
pub use vlive::system::steers_terminal as is_unsafe;

/// Escapes control characters, and those that reorder or hide the text around them.
pub fn for_terminal(text: &str) -> Cow<'_, str> {
    // Most texts are printable ASCII, which can be checked many bytes at a time.
    let is_plain = text.bytes().fold(true, |is_plain, byte| is_plain & matches!(byte, b' '..=b'~'));
    if is_plain || !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    text.chars().for_each(|character| push(&mut escaped, character));
    Cow::Owned(escaped)
}

/// Appends one character as [`for_terminal`] writes it.
pub fn push(escaped: &mut String, character: char) {
    match character {
        '\n' => escaped.push_str("\\n"),
        '\r' => escaped.push_str("\\r"),
        '\t' => escaped.push_str("\\t"),
        unsafe_character if is_unsafe(unsafe_character) => {
            write!(escaped, "\\u{{{:x}}}", u32::from(unsafe_character)).expect("a string takes everything");
        }
        other => escaped.push(other),
    }
}

/// A key as [`for_terminal`] writes it, in quotes if its ends could not be seen otherwise.
pub fn key_for_terminal(key: &str) -> Cow<'_, str> {
    match visible(key) {
        Cow::Borrowed(key) => for_terminal(key),
        Cow::Owned(quoted) => Cow::Owned(for_terminal(&quoted).into_owned()),
    }
}

/// A key, in quotes if it is empty or begins or ends with white space, which could not be seen.
pub fn visible(key: &str) -> Cow<'_, str> {
    if key.is_empty() || key.trim() != key { Cow::Owned(format!("\"{key}\"")) } else { Cow::Borrowed(key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(for_terminal("a\x1b[31mb\n\u{9b}c\u{202e}"), "a\\u{1b}[31mb\\n\\u{9b}c\\u{202e}");
        for code in 0..=0x2_ffff {
            let Some(character) = char::from_u32(code) else { continue };
            let shown = for_terminal(character.encode_utf8(&mut [0; 4])).into_owned();
            assert!(!shown.chars().any(char::is_control), "{code:x}");
        }
    }

    #[test]
    fn invisible_characters_are_shown() {
        for (text, shown) in [
            ("a\u{e0041}", "a\\u{e0041}"),
            ("soft\u{ad}hyphen", "soft\\u{ad}hyphen"),
            ("\u{fff9}a\u{fffb}", "\\u{fff9}a\\u{fffb}"),
            ("\u{3164}", "\\u{3164}"),
            ("\u{2764}\u{fe0f}", "\u{2764}\u{fe0f}"),
        ] {
            assert_eq!(for_terminal(text), shown);
        }
    }

    #[test]
    fn a_key_with_invisible_ends_is_in_quotes() {
        for (key, shown) in [("", "\"\""), ("clients ", "\"clients \""), ("\u{a0}x", "\"\u{a0}x\""), ("a b", "a b")] {
            assert_eq!(key_for_terminal(key), shown);
        }
    }

    #[test]
    fn ordinary_text_is_unchanged() {
        assert!(matches!(for_terminal("Größe 数 🙂 \\"), Cow::Borrowed(_)));
    }
}
