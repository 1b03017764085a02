//! Names of tables: how diorama writes them, and what they tell.
//!
//! A table of rows is named `NAME`, `NAME?QUERY`, `NAME#HUB` or `NAME?QUERY#HUB`. diorama escapes `%`
//! and control characters everywhere, `?` and `#` in the name and `#` in the query, so that the
//! first `?` and the first `#` are the separators.

use crate::diorama::query::Query;
use std::borrow::Cow;
use std::fmt::Write as _;

/// What separates a table's name from `meta` in the name of the table that holds its times.
const META_MARKER: char = '\u{1}';
const META_SUFFIX: &str = "\u{1}meta";

/// What diorama takes a redb table for, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableName<'n> {
    /// A table of rows.
    Rows(&'n str),
    /// The meta table of the table of rows with this name.
    Meta(&'n str),
    /// A name that diorama neither lists nor writes.
    Hidden,
}

impl<'n> TableName<'n> {
    /// Sorts out a name. Every name without U+0001 belongs to a table of rows, except the empty one, which redb
    /// refuses.
    #[must_use]
    pub fn of(name: &'n str) -> TableName<'n> {
        let is_of_rows = |name: &str| !name.is_empty() && !name.contains(META_MARKER);
        match name.strip_suffix(META_SUFFIX) {
            _ if is_of_rows(name) => TableName::Rows(name),
            Some(rows) if is_of_rows(rows) => TableName::Meta(rows),
            _ => TableName::Hidden,
        }
    }
}

/// The name of the meta table of a table of rows.
#[must_use]
pub fn meta_table(rows: &str) -> String {
    format!("{rows}{META_SUFFIX}")
}

/// Whether `table` holds copies of rows of `base` that are narrowed or ordered by a query, or kept apart by a hub. Both
/// are names of tables of rows.
#[must_use]
pub fn is_narrowed_copy(base: &str, table: &str) -> bool {
    let separators: &[char] = match (base.contains('#'), base.contains('?')) {
        (true, _) => return false,
        (false, true) => &['#'],
        (false, false) => &['?', '#'],
    };
    table.strip_prefix(base).is_some_and(|rest| rest.starts_with(separators))
}

/// Which set a table of rows belongs to: its name, and what narrows, orders or separates it.
///
/// It is displayed in a form for people, and parsed from that form:
///
/// ```
/// use vlive::diorama::identity::Identity;
///
/// let table = "clients?c1:117:4:team1:=6:t3:redq-s-n1:0";
/// let identity = Identity::of_table(table).ok_or("a name that diorama writes")?;
/// assert_eq!(identity.to_string(), "clients where team = red");
/// assert_eq!("clients where team = red".parse::<Identity>()?.table(), table);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub(crate) name: String,
    pub(crate) query: Query,
    pub(crate) hub: Option<String>,
}

impl Identity {
    /// The set that a table of rows belongs to; `None` for a name that diorama 1.5 would not write. Such names come
    /// from an earlier release, or from an app that names its tables itself.
    #[must_use]
    pub fn of_table(table: &str) -> Option<Identity> {
        let (rest, hub) = match table.split_once('#') {
            Some((rest, hub)) => (rest, Some(unescaped(hub)?)),
            None => (table, None),
        };
        let (name, query) = match rest.split_once('?') {
            Some((name, query)) => (name, Query::of_key(&unescaped(query)?)?),
            None => (rest, Query::default()),
        };
        let identity = Identity { name: unescaped(name)?, query, hub };
        // Another name that decodes to the same set is another table.
        (identity.table() == table).then_some(identity)
    }

    /// The name of a table of rows as people read it; as it is stored where diorama would not write it.
    #[must_use]
    pub fn shown(table: &str) -> Cow<'_, str> {
        Identity::of_table(table).map_or(Cow::Borrowed(table), |identity| identity.to_string().into())
    }

    /// The name of its table of rows.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = String::new();
        escape(&mut table, &self.name, &['?', '#']);
        if !self.query.is_empty() {
            table.push('?');
            escape(&mut table, &self.query.key(), &['#']);
        }
        if let Some(hub) = &self.hub {
            table.push('#');
            escape(&mut table, hub, &[]);
        }
        table
    }

    /// The name of the set, unescaped.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

fn escape(out: &mut String, text: &str, separators: &[char]) {
    for c in text.chars() {
        if c == '%' || c.is_control() || separators.contains(&c) {
            let mut utf8 = [0; 4];
            for byte in c.encode_utf8(&mut utf8).bytes() {
                write!(out, "%{byte:02X}").expect("text is written to memory");
            }
        } else {
            out.push(c);
        }
    }
}

fn unescaped(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_the_marker_belongs_to_a_table_of_rows() {
        assert_eq!(TableName::of("clients"), TableName::Rows("clients"));
        assert_eq!(TableName::of("clients\u{1}meta"), TableName::Meta("clients"));
        // redb refuses an empty name.
        assert_eq!(TableName::of(""), TableName::Hidden);
        assert_eq!(TableName::of("\u{1}meta"), TableName::Hidden);
        assert_eq!(TableName::of("clients\u{1}meta\u{1}meta"), TableName::Hidden);
        assert_eq!(TableName::of("clients\u{1}"), TableName::Hidden);
        assert_eq!(TableName::of(&meta_table("a?b#c")), TableName::Meta("a?b#c"));
    }

    #[test]
    fn narrowed_copies_have_the_name_and_a_query_or_a_hub() {
        for copy in ["clients?c1", "clients?c1#s", "clients#s", "clients#s?t"] {
            assert!(is_narrowed_copy("clients", copy), "{copy}");
        }
        for other in ["clients", "clients2", "clients2?c1", "client", "clients%3Fx"] {
            assert!(!is_narrowed_copy("clients", other), "{other}");
        }
        assert!(is_narrowed_copy("clients?c1", "clients?c1#s"));
        assert!(!is_narrowed_copy("clients?c1", "clients?c1?d"));
        assert!(!is_narrowed_copy("clients#s", "clients#s#t"));
    }

    #[test]
    fn a_name_that_diorama_would_not_write_has_no_identity() {
        for table in [
            "50%off",
            "a%",
            "a%3",
            "a%3f",
            "a%41",
            "%FF",
            "a\u{7}",
            "a?b",
            "a?region=eu",
            "a?",
            "a?c1:0q-s-n1:0",
            "a#b%",
            "a?c1:1",
            "a?c99999999999999999999:0q-s-n1:0",
            "a?c1:0q+1:é",
            "a%+1",
        ] {
            assert_eq!(Identity::of_table(table), None, "{table:?}");
        }
    }
}
