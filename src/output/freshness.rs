//! How ages look in a table: fresh ones recede, old ones stand out, in weight as well as in colour.

use anstyle::{AnsiColor, Style};
use std::time::Duration;

const FRESH: Style = AnsiColor::Green.on_default().dimmed();
const OLD: Style = AnsiColor::Red.on_default().bold();

/// An entry is fresh below this fraction of the age at which it is old: one hour if that is a day.
const FRESH_PART: u32 = 24;

/// Characters that stand for the beginning and the end of a style while a table is laid out. They take no column,
/// and no cell has any: what takes no place is escaped.
const BEGINS_FRESH: char = '\u{2060}';
const BEGINS_OLD: char = '\u{2061}';
const ENDS: char = '\u{2062}';

/// What an age says; anything in between looks as all other text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    Fresh,
    Old,
}

impl Freshness {
    /// What an age in seconds says if entries are old from `stale` on; nothing of a time in the future.
    pub fn of(age: i64, stale: Duration) -> Option<Freshness> {
        let age = Duration::from_secs(u64::try_from(age).ok()?);
        if age >= stale {
            Some(Freshness::Old)
        } else if age < stale / FRESH_PART {
            Some(Freshness::Fresh)
        } else {
            None
        }
    }

    /// Text in the style of this age.
    pub fn painted(self, text: &str) -> String {
        let style = match self {
            Freshness::Fresh => FRESH,
            Freshness::Old => OLD,
        };
        format!("{style}{text}{style:#}")
    }

    /// A cell that is yet to be laid out, as [`styled`] needs it.
    pub fn marked(self, cell: &str) -> String {
        let begin = match self {
            Freshness::Fresh => BEGINS_FRESH,
            Freshness::Old => BEGINS_OLD,
        };
        format!("{begin}{cell}{ENDS}")
    }
}

/// A line of a table with the styles of its cells.
pub fn styled(line: &str) -> String {
    let mut shown = String::with_capacity(line.len() + 32);
    let mut rest = line;
    while let Some(at) = rest.find([BEGINS_FRESH, BEGINS_OLD, ENDS]) {
        let (before, marked) = rest.split_at(at);
        let mark = marked.chars().next().expect("it was found");
        shown.push_str(before);
        shown.push_str(&match mark {
            BEGINS_FRESH => FRESH.render().to_string(),
            BEGINS_OLD => OLD.render().to_string(),
            _ => OLD.render_reset().to_string(),
        });
        rest = &marked[mark.len_utf8()..];
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_fresh_for_a_24th_of_the_time_after_which_it_is_old() {
        let of = |age| Freshness::of(age, Duration::from_secs(86_400));
        for (age, freshness) in [
            (i64::MIN, None),
            (-1, None),
            (0, Some(Freshness::Fresh)),
            (3599, Some(Freshness::Fresh)),
            (3600, None),
            (86_399, None),
            (86_400, Some(Freshness::Old)),
            (i64::MAX, Some(Freshness::Old)),
        ] {
            assert_eq!(of(age), freshness, "{age}");
        }
        assert_eq!(Freshness::of(0, Duration::ZERO), Some(Freshness::Old));
    }

    #[test]
    fn marks_take_no_column_and_no_cell_can_forge_them() {
        use unicode_width::UnicodeWidthStr;
        for freshness in [Freshness::Fresh, Freshness::Old] {
            let marked = freshness.marked("1d");
            assert_eq!(marked.width(), 2);
            assert_ne!(super::super::escape::for_terminal(&marked), marked);
        }
        assert_eq!(styled(&Freshness::Old.marked("1d")), "\u{1b}[1m\u{1b}[31m1d\u{1b}[0m");
    }
}
