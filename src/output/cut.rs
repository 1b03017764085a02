//! Text cut to a number of columns of a terminal.

use super::escape;
use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The most bytes of text per column, since a letter can carry any number of marks.
const BYTES_PER_COLUMN: usize = 16;

/// Turns the character before it into an emoji, which is wider.
const EMOJI_SELECTOR: char = '\u{fe0f}';

/// The width in columns of text without control characters.
pub fn width(text: &str) -> usize {
    // Most texts are ASCII, for which this is several times as fast.
    if text.is_ascii() { text.len() } else { text.width() }
}

/// The text as [`escape::for_terminal`] makes it if that fits `width` columns, or else its beginning and an ellipsis.
/// No more of a long text is read than can be shown. It is never cut inside an escape, or between a letter and its
/// marks.
pub fn to_width(text: &str, width: usize) -> Cow<'_, str> {
    let most_bytes = width.saturating_mul(BYTES_PER_COLUMN);
    if text.len() <= most_bytes {
        let whole = escape::for_terminal(text);
        if self::width(&whole) <= width {
            return whole;
        }
    }
    let mut cut = String::new();
    let mut used = 0;
    let mut letter = 0;
    for character in text.chars() {
        let start = cut.len();
        escape::push(&mut cut, character);
        let added: usize = cut[start..].chars().map(columns).sum();
        if added > 0 && character != EMOJI_SELECTOR {
            letter = start;
        }
        used += added;
        // One column is for the ellipsis.
        if used >= width || cut.len() > most_bytes {
            cut.truncate(letter);
            break;
        }
    }
    cut.push('…');
    Cow::Owned(cut)
}

/// Text that needs no escape: the whole text if it fits `width` columns, or else its beginning, an ellipsis, and its
/// end, which distinguishes keys.
pub fn in_the_middle(text: &str, width: usize) -> Cow<'_, str> {
    if self::width(text) <= width {
        return Cow::Borrowed(text);
    }
    let room = width.saturating_sub(1);
    let taken = |characters: &mut dyn Iterator<Item = char>, room: usize| {
        let mut used = 0;
        let fits = characters.take_while(|character| {
            used += columns(*character);
            used <= room
        });
        fits.map(char::len_utf8).sum::<usize>()
    };
    let begin = taken(&mut text.chars(), room / 2);
    let end = text.len() - taken(&mut text[begin..].chars().rev(), room - room / 2);
    // Marks belong to the letter before them, which is cut off.
    let end = end + taken(&mut text[end..].chars(), 0);
    Cow::Owned(format!("{}…{}", &text[..begin], &text[end..]))
}

fn columns(character: char) -> usize {
    if character == EMOJI_SELECTOR { 1 } else { character.width().unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_cut_in_the_middle_keeps_both_ends() {
        for (text, width, cut) in [
            ("clients/page_1", 14, "clients/page_1"),
            ("clients/page_1", 13, "client…page_1"),
            ("clients/page_1", 6, "cl…e_1"),
            ("clients/page_1", 1, "…"),
            ("数字数字数字", 7, "数…字"),
            ("abcde\u{301}fg", 5, "ab…fg"),
            ("abcdee\u{301}f", 4, "a…e\u{301}f"),
        ] {
            assert_eq!(in_the_middle(text, width), cut, "{text} {width}");
            assert!(in_the_middle(text, width).width() <= width);
        }
    }

    #[test]
    fn text_that_fits_is_unchanged() {
        for (text, width) in [("", 1), ("abc", 3), ("数字", 4), ("e\u{301}e\u{301}", 2), ("☺\u{fe0f}", 2), ("👍🏽", 2)]
        {
            assert!(matches!(to_width(text, width), Cow::Borrowed(_)), "{text}");
        }
        assert_eq!(to_width("a\n", 3), "a\\n");
    }

    #[test]
    fn an_ellipsis_replaces_what_does_not_fit() {
        for (text, width, cut) in [
            ("abc", 2, "a…"),
            ("abc", 1, "…"),
            ("数字", 3, "数…"),
            // Half of a wide character does not fit.
            ("数字", 2, "…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
            ("a☺\u{fe0f}b", 3, "a…"),
            ("a\u{1b}b", 8, "a\\u{1b}b"),
            ("a\u{1b}bc", 8, "a\\u{1b}…"),
            ("a\u{1b}bc", 7, "a…"),
            ("a\n\n\n", 5, "a\\n…"),
        ] {
            assert_eq!(to_width(text, width), cut, "{text:?} in {width}");
        }
    }

    #[test]
    fn cut_text_never_exceeds_its_width() {
        let alphabet = ['a', '数', '\u{301}', '\u{fe0f}', '☺', '🏽', '👍', '🇩', 'ل', 'ا', '\u{1b}', '\u{ad}', '\n'];
        let mut number = 1_u64;
        for _ in 0..20_000 {
            let mut text = String::new();
            while text.len() < 30 {
                number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push(alphabet[usize::try_from(number >> 33).unwrap() % alphabet.len()]);
            }
            for width in 1..12 {
                let cut = to_width(&text, width);
                assert!(cut.width() <= width, "{text:?} in {width}: {cut:?}");
            }
        }
    }

    #[test]
    fn a_letter_with_very_many_marks_is_cut_too() {
        let cut = to_width(&format!("e{}", "\u{301}".repeat(100_000)), 10).into_owned();
        assert!(cut.len() < 200 && cut.ends_with('…'), "{cut}");
    }
}
