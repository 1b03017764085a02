//! Counts as blocks of different heights, side by side.

use super::Freshness;
use std::io::{self, Write};
use std::iter;

/// The characters that a histogram is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocks {
    /// Blocks of an eighth to a whole line.
    Unicode,
    /// Characters that get darker.
    Ascii,
}

const UNICODE: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 9] = [' ', '.', ':', '-', '=', '+', '*', '%', '#'];

/// Between two columns.
const GAP: &str = "  ";

impl Blocks {
    /// The characters that a terminal can show, given the environment: the first of `LC_ALL`, `LC_CTYPE` and `LANG`
    /// that is set names the character set.
    pub fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Blocks {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable).find(|locale| !locale.is_empty());
        let locale = locale.unwrap_or_default().to_lowercase();
        if cfg!(windows) || locale.contains("utf-8") || locale.contains("utf8") {
            Blocks::Unicode
        } else {
            Blocks::Ascii
        }
    }

    /// The block for a count, with `most` the largest count. A count above 0 is always visible.
    fn of(self, count: u64, most: u64) -> char {
        let eighth = (u128::from(count) * 8).div_ceil(u128::from(most.max(1)));
        let blocks = if self == Blocks::Unicode { UNICODE } else { ASCII };
        blocks[usize::try_from(eighth).map_or(8, |eighth| eighth.min(8))]
    }
}

/// A count and its label.
pub struct Bar<'b> {
    pub name: &'b str,
    pub count: u64,
    /// The style of ages like these.
    pub freshness: Option<Freshness>,
}

/// Writes three lines: the labels, the blocks, and the counts.
pub fn write(out: &mut impl Write, blocks: Blocks, title: &str, bars: &[Bar<'_>]) -> io::Result<()> {
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or(0);
    let cells = bars.iter().map(|Bar { name, count, freshness }| {
        let number = count.to_string();
        let width = name.len().max(number.len());
        let block = String::from(blocks.of(*count, most)).repeat(width);
        let cells = [format!("{name:>width$}"), block, format!("{number:>width$}")];
        cells.map(|cell| match freshness {
            // A space has no style.
            Some(freshness) if !cell.trim().is_empty() => freshness.painted(&cell),
            _ => cell,
        })
    });
    let cells: Vec<[String; 3]> = cells.collect();
    for (line, begin) in [title, "", ""].into_iter().enumerate() {
        let begin = format!("{begin:0$}", title.len());
        let line: Vec<&str> = iter::once(begin.as_str()).chain(cells.iter().map(|cell| cell[line].as_str())).collect();
        writeln!(out, "{}", line.join(GAP).trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_locale_that_is_set_decides() {
        let of = |set: &[(&str, &str)]| {
            Blocks::of_locale(|name| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned()))
        };
        for (set, blocks) in [
            (&[("LANG", "de_DE.UTF-8")][..], Blocks::Unicode),
            (&[("LANG", "C.utf8")], Blocks::Unicode),
            (&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")], Blocks::Ascii),
            (&[("LANG", "C"), ("LC_CTYPE", "en_US.UTF-8"), ("LC_ALL", "")], Blocks::Unicode),
            (&[("LANG", "de_DE.ISO-8859-1")], Blocks::Ascii),
            (&[], Blocks::Ascii),
        ] {
            assert!(cfg!(windows) || of(set) == blocks, "{set:?}");
        }
    }

    #[test]
    fn blocks_grow_with_counts_and_the_smallest_count_is_seen() {
        let drawn =
            |blocks: Blocks, counts: &[u64]| -> String { counts.iter().map(|count| blocks.of(*count, 800)).collect() };
        assert_eq!(drawn(Blocks::Unicode, &[0, 1, 100, 101, 400, 799, 800]), " ▁▁▂▄██");
        assert_eq!(drawn(Blocks::Ascii, &[0, 1, 100, 101, 400, 799, 800]), " ..:=##");
        assert_eq!(Blocks::Ascii.of(u64::MAX, u64::MAX), '#');
        assert_eq!(Blocks::Ascii.of(0, 0), ' ');
    }

    #[test]
    fn labels_blocks_and_counts_are_aligned() {
        let mut out = Vec::new();
        let bars = [("<1m", 8), ("<10m", 12345), ("older", 0)];
        let bars = bars.map(|(name, count)| Bar { name, count, freshness: None });
        write(&mut out, Blocks::Ascii, "AGE", &bars).expect("memory takes it");
        let lines = "AGE  <1m   <10m  older\n     ...  #####\n       8  12345      0\n";
        assert_eq!(String::from_utf8(out).expect("text"), lines);
    }
}
