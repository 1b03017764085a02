//! What is told of differences: by a plain model of two caches, and by the library.

use super::edits::{Content, Model};
use ciborium::Value;
use indexmap::IndexMap;
use std::collections::BTreeSet;
use std::time::UNIX_EPOCH;
use vlive::json::RowsInput;
use vlive::live::Envelope;
use vlive::ops::{Change, DiffOptions, Difference, EntryDiff, RowDiff, Side};
use vlive::{CachedRows, Record, diff};

/// All that is told of a difference, with values as vantage-live writes them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    Added {
        rows: usize,
    },
    Removed {
        rows: usize,
    },
    Changed,
    Undecodable(bool, bool),
    Time(u64, u64),
    RowsReordered,
    RowAdded(String, Vec<u8>),
    RowRemoved(String, Vec<u8>),
    RowChanged(String),
    FieldsReordered(String),
    /// Row, field, and the values.
    Field(String, String, Option<Vec<u8>>, Option<Vec<u8>>),
}

pub type Differences = Vec<(String, Told)>;

/// A record as vantage-live writes it. Encodings are compared, since no NaN equals itself.
fn record_bytes(record: &Record) -> Vec<u8> {
    let rows = IndexMap::from([(String::new(), record.clone())]);
    Envelope::encode(&CachedRows { rows, fetched_at: UNIX_EPOCH }).bytes().to_vec()
}

fn value_bytes(value: &Value) -> Vec<u8> {
    record_bytes(&IndexMap::from([(String::new(), value.clone())]))
}

/// The same of a record in JSON.
fn record_of_json(json: &str) -> Vec<u8> {
    let rows = format!(r#"{{"rows":{{"":{json}}}}}"#);
    RowsInput::parse(&rows, "id").unwrap().into_envelope(0.into()).bytes().to_vec()
}

fn value_of_json(json: &str) -> Vec<u8> {
    record_of_json(&format!(r#"{{"":{json}}}"#))
}

fn seconds(rows: &CachedRows) -> u64 {
    rows.fetched_at.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// What differs, by the model alone.
pub fn expected(a: &Model, b: &Model, options: DiffOptions) -> Differences {
    let keys: BTreeSet<_> = a.keys().chain(b.keys()).collect();
    let mut differences = Differences::new();
    for key in keys {
        let rows = |content: &Content| match content {
            Content::Rows(rows) => rows.rows.len(),
            Content::Undecodable(_) => 0,
        };
        let told = match (a.get(key), b.get(key)) {
            (Some(old), None) => vec![Told::Removed { rows: rows(old) }],
            (None, Some(new)) => vec![Told::Added { rows: rows(new) }],
            (Some(Content::Rows(old)), Some(Content::Rows(new))) => {
                let told = expected_of_rows(old, new, options);
                if told.is_empty() { told } else { [vec![Told::Changed], told].concat() }
            }
            (Some(Content::Undecodable(old)), Some(Content::Undecodable(new))) if old == new => vec![],
            (old, new) => {
                let is_undecodable = |content| matches!(content, Some(&Content::Undecodable(_)));
                vec![Told::Changed, Told::Undecodable(is_undecodable(old), is_undecodable(new))]
            }
        };
        let (cache_key, sub_key) = key;
        differences.extend(told.into_iter().map(|told| (format!("{cache_key}/{sub_key}"), told)));
    }
    differences
}

fn expected_of_rows(old: &CachedRows, new: &CachedRows, options: DiffOptions) -> Vec<Told> {
    let mut told = Vec::new();
    if options.fetched_at && old.fetched_at != new.fetched_at {
        told.push(Told::Time(seconds(old), seconds(new)));
    }
    if options.order && !same_order(&old.rows, &new.rows) {
        told.push(Told::RowsReordered);
    }
    for (id, old) in &old.rows {
        let Some(new) = new.rows.get(id) else {
            told.push(Told::RowRemoved(id.clone(), record_bytes(old)));
            continue;
        };
        let mut fields = Vec::new();
        if options.order && !same_order(old, new) {
            fields.push(Told::FieldsReordered(id.clone()));
        }
        for name in old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))) {
            let [old, new] = [old, new].map(|record| record.get(name).map(value_bytes));
            if old != new {
                fields.push(Told::Field(id.clone(), name.clone(), old, new));
            }
        }
        if !fields.is_empty() {
            told.push(Told::RowChanged(id.clone()));
            told.extend(fields);
        }
    }
    for (id, record) in new.rows.iter().filter(|(id, _)| !old.rows.contains_key(*id)) {
        told.push(Told::RowAdded(id.clone(), record_bytes(record)));
    }
    told
}

fn same_order<T>(a: &IndexMap<String, T>, b: &IndexMap<String, T>) -> bool {
    let in_a = a.keys().filter(|name| b.contains_key(*name));
    in_a.eq(b.keys().filter(|name| a.contains_key(*name)))
}

/// What differs, by the library.
pub fn found(a: Side<'_>, b: Side<'_>, options: DiffOptions) -> Differences {
    let mut differences = Differences::new();
    let (mut key, mut row) = (String::new(), String::new());
    let damage = diff::<vlive::Error>(a, b, options, |difference| {
        match &difference {
            Difference::Entry(entry) => key = entry.key.to_string(),
            Difference::Row(changed) => row.clone_from(&changed.id),
            _ => {}
        }
        differences.extend(told(difference, &row).into_iter().map(|told| (key.clone(), told)));
        Ok(())
    });
    assert!(damage.unwrap().is_empty());
    differences
}

fn told(difference: Difference, row: &str) -> Vec<Told> {
    match difference {
        Difference::Entry(entry) => told_of_entry(&entry),
        Difference::Row(row) => told_of_row(&row),
        Difference::Field(field) => {
            let [old, new] = [field.old, field.new].map(|value| value.as_deref().map(value_of_json));
            vec![Told::Field(row.to_owned(), field.name, old, new)]
        }
        other => panic!("not known: {other}"),
    }
}

fn told_of_entry(entry: &EntryDiff) -> Vec<Told> {
    let rows = usize::try_from(entry.row_count.unwrap_or_default()).unwrap();
    let mut told = vec![match entry.change {
        Change::Added => Told::Added { rows },
        Change::Removed => Told::Removed { rows },
        Change::Changed => Told::Changed,
    }];
    let [old, new] = entry.undecodable.map(|error| error.is_some());
    told.extend((old || new).then_some(Told::Undecodable(old, new)));
    told.extend(entry.fetched_at.map(|(old, new)| Told::Time(old, new)));
    told.extend(entry.is_reordered.then_some(Told::RowsReordered));
    told
}

fn told_of_row(row: &RowDiff) -> Vec<Told> {
    assert_eq!(row.record.is_none(), row.change == Change::Changed);
    assert!(row.change == Change::Changed || !row.is_reordered);
    let record = row.record.as_deref().map(record_of_json).unwrap_or_default();
    let mut told = vec![match row.change {
        Change::Added => Told::RowAdded(row.id.clone(), record),
        Change::Removed => Told::RowRemoved(row.id.clone(), record),
        Change::Changed => Told::RowChanged(row.id.clone()),
    }];
    told.extend(row.is_reordered.then(|| Told::FieldsReordered(row.id.clone())));
    told
}

/// The differences of the sides in the other order, sorted.
pub fn mirrored(differences: &Differences) -> Differences {
    let mut mirrored: Differences = differences
        .iter()
        .map(|(key, told)| {
            let told = match told.clone() {
                Told::Added { rows } => Told::Removed { rows },
                Told::Removed { rows } => Told::Added { rows },
                Told::Undecodable(old, new) => Told::Undecodable(new, old),
                Told::Time(old, new) => Told::Time(new, old),
                Told::RowAdded(id, record) => Told::RowRemoved(id, record),
                Told::RowRemoved(id, record) => Told::RowAdded(id, record),
                Told::Field(id, name, old, new) => Told::Field(id, name, new, old),
                same => same,
            };
            (key.clone(), told)
        })
        .collect();
    mirrored.sort();
    mirrored
}
