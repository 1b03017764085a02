//! Differences as lines, cut to the width of a terminal.

use crate::output::{Output, in_the_middle, to_width};
use anyhow::Result;
use unicode_width::UnicodeWidthStr;
use vlive::ops::{Change, Difference};

/// The fewest columns to leave for a key beside the rest of its line; with fewer, the end of the line is cut.
const NARROWEST: usize = 8;

/// The most characters to show before the first difference of two values that are cut.
const CONTEXT: usize = 8;

/// Prints the lines of a difference, each cut to the width of the terminal: keys in the middle, and two values to the
/// part that differs.
pub fn print_lines(difference: &Difference, output: &mut Output) -> Result<()> {
    for (n, line) in difference.lines().enumerate() {
        let content = line.content(output.escape_key(), output.escape());
        let Some(width) = output.width() else {
            output.changed(line.level(), line.change().mark(), content)?;
            continue;
        };
        let room = width.saturating_sub(2 * line.level() + "+ ".len()).max(1);
        let content = content.to_string();
        let shown = if content.width() <= room {
            content
        } else {
            let cut = if n == 0 { cut(difference, &content, room, output) } else { None };
            cut.unwrap_or_else(|| to_width(&content, room).into_owned())
        };
        output.changed(line.level(), line.change().mark(), shown)?;
    }
    Ok(())
}

/// The first line of a difference cut to `room` columns; `None` if it is best cut at its end.
fn cut(difference: &Difference, content: &str, room: usize, output: &Output) -> Option<String> {
    match difference {
        Difference::Entry(entry) => named(&output.key(&entry.key.shown()), content, room),
        Difference::Row(row) if row.change == Change::Changed => named(&output.key(&row.id), content, room),
        Difference::Field(field) => {
            let (old, new) = (field.old.as_ref()?, field.new.as_ref()?);
            let name = format!("{}: ", output.key(&field.name));
            let room = room.checked_sub(name.width() + " -> ".len()).filter(|room| *room >= 2 * NARROWEST)?;
            let (old, new) = excerpts(&output.text(old), &output.text(new), room);
            Some(format!("{name}{old} -> {new}"))
        }
        _ => None,
    }
}

/// A name, cut in the middle, and the rest of its line.
fn named(name: &str, content: &str, room: usize) -> Option<String> {
    let rest = content.strip_prefix(name)?;
    let room = room.checked_sub(rest.width()).filter(|room| *room >= NARROWEST)?;
    Some(format!("{}{rest}", in_the_middle(name, room)))
}

/// Two different texts cut to `room` columns together, around the place where they differ.
fn excerpts(old: &str, new: &str, room: usize) -> (String, String) {
    let differs = old.char_indices().zip(new.chars()).find(|((_, old), new)| old != new);
    let common = differs.map_or(old.len().min(new.len()), |((at, _), _)| at);
    let context = CONTEXT.min(room / 8).max(1);
    let begin = old[..common].char_indices().rev().nth(context - 1).map_or(0, |(at, _)| at);
    let texts = [old, new].map(|text| if begin == 0 { text.to_owned() } else { format!("…{}", &text[begin..]) });
    let [old, new] = texts.each_ref().map(|text| text.width());
    // A text that needs less than its half leaves the rest to the other.
    let of_old = old.min((room / 2).max(room.saturating_sub(new)));
    (to_width(&texts[0], of_old).into_owned(), to_width(&texts[1], room - of_old).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_values_are_cut_to_where_they_differ() {
        let (same, other) = ("a".repeat(50), "z".repeat(50));
        for (old, new, room, cut_old, cut_new) in [
            ("1", "22", 16, "1", "22"),
            (&format!("{same}1"), &format!("{same}2"), 20, "…aa1", "…aa2"),
            (&format!("1{same}"), &format!("2{same}"), 16, "1aaaaaa…", "2aaaaaa…"),
            (&format!("{same}1{other}"), &format!("{same}2{other}"), 24, "…aaa1zzzzzz…", "…aaa2zzzzzz…"),
            (&format!("x{other}"), "y", 10, "xzzzzzzz…", "y"),
            (&same, &format!("{same}2"), 80, "…aaaaaaaa", "…aaaaaaaa2"),
        ] {
            assert_eq!(excerpts(old, new, room), (cut_old.to_owned(), cut_new.to_owned()));
        }
    }
}
