//! The key of a set of diorama or of a row, and how a typed name becomes one.

use crate::diorama::identity::Identity;
use crate::live::key::Selection;
use std::fmt;
use std::sync::Arc;

/// The full key of a set, or of one row of it: the name of the table and, for a row, a `/` and its id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetKey {
    name: Arc<str>,
    row: Option<Box<str>>,
}

impl SetKey {
    pub(crate) fn new(name: &str, row: Option<&str>) -> SetKey {
        SetKey { name: name.into(), row: row.map(Into::into) }
    }

    /// The key of the whole set whose rows are in the table of this name.
    #[must_use]
    pub fn of_table(name: &str) -> SetKey {
        SetKey::new(name, None)
    }

    /// Whether a selection takes this key or the set of this row, unless another set has a longer name that matches.
    #[must_use]
    pub fn is_selected(&self, selection: &Selection) -> bool {
        let Some(typed) = selection.named() else { return true };
        table_and_row(&typed, |name| (name == self.name()).then_some(())).is_some_and(|((), named)| {
            named.is_none_or(|named| self.row().is_some_and(|row| selection.takes_row(named, row)))
        })
    }

    /// The key of a row of the set with this table, as it is stored or as people type it; `None` if it is not one.
    pub(crate) fn of_typed_row(name: &str, typed: &str) -> Option<SetKey> {
        let ((), row) = table_and_row(typed, |table| (table == name).then_some(()))?;
        Some(SetKey::new(name, Some(row?)))
    }

    /// The name of the table of rows.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key of the whole set.
    #[must_use]
    pub fn whole(&self) -> SetKey {
        SetKey { name: Arc::clone(&self.name), row: None }
    }

    /// The key of a row of the set.
    #[must_use]
    pub fn of_row(&self, id: &str) -> SetKey {
        SetKey { name: Arc::clone(&self.name), row: Some(id.into()) }
    }

    /// The id of the row; `None` if it is the key of a whole set.
    #[must_use]
    pub fn row(&self) -> Option<&str> {
        self.row.as_deref()
    }

    /// The readable key; the stored one if diorama does not write such a name.
    #[must_use]
    pub fn shown(&self) -> String {
        self.with_row(Identity::shown(&self.name).into_owned())
    }

    /// The readable key with quotes around the name of the set, so that it names nothing of vantage-live; `None` if
    /// diorama does not write such a name.
    pub(crate) fn quoted(&self) -> Option<String> {
        Identity::of_table(&self.name).map(|identity| self.with_row(identity.quoted()))
    }

    fn with_row(&self, name: String) -> String {
        match &self.row {
            None => name,
            Some(row) => format!("{name}/{row}"),
        }
    }
}

impl fmt::Display for SetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.row {
            None => f.write_str(&self.name),
            Some(row) => write!(f, "{}/{row}", self.name),
        }
    }
}

/// The table that a typed name means, as `place` returns it, and perhaps the id of a row.
pub(super) fn table_and_row<T>(typed: &str, place: impl Fn(&str) -> Option<T>) -> Option<(T, Option<&str>)> {
    let slashes = typed.rmatch_indices('/').map(|(at, _)| at);
    std::iter::once(typed.len()).chain(slashes).find_map(|cut| {
        let name = &typed[..cut];
        let identity = || name.parse::<Identity>().ok();
        let place = place(name).or_else(|| place(&identity()?.table()))?;
        Some((place, typed.get(cut + 1..)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_name_means_the_table_with_the_longest_name_and_then_a_row() {
        let tables = ["a", "a/b", "clients?c1:117:4:team1:=6:t3:redq-s-n1:0", "50%25"];
        let find = |typed| table_and_row(typed, |name| tables.iter().position(|table| *table == name));
        assert_eq!(find("a"), Some((0, None)));
        assert_eq!(find("a/b"), Some((1, None)));
        assert_eq!(find("a/c"), Some((0, Some("c"))));
        assert_eq!(find("a/b/c/d"), Some((1, Some("c/d"))));
        assert_eq!(find("a/"), Some((0, Some(""))));
        assert_eq!(find("clients where team = red/c1"), Some((2, Some("c1"))));
        assert_eq!(find("50%/x"), Some((3, Some("x"))));
        assert_eq!(find("b"), None);
    }
}
