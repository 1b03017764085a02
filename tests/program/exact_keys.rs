//! Lists of keys that are read back, where one key could mean several things.

use crate::diorama::{RED, Tables, tables};
use crate::support::Folder;
use redb::{Database, TableDefinition};
use std::collections::BTreeSet;
use std::fs;

/// `{"fetched_at": 1, "rows": {}}`
const ENVELOPE: &[u8] = b"\xa2\x6afetched_at\x01\x64rows\xa0";
/// `{"a": 1}`, complete.
const ROW: &[u8] = b"\x00\xa1\x61a\x01";

/// Keys of vantage-live, and names and rows of sets, of which many are the same text.
const CONTENTS: [(&str, &[&str], &[u8]); 7] = [
    ("__vlive__clients", &["__root__", "page_1", "page_2"], ENVELOPE),
    ("__vlive__clients?c1:117:4:team1:=6:t3:redq-s-n1:0", &["page_1"], ENVELOPE),
    ("__vlive__a", &["b", "b/c"], ENVELOPE),
    ("clients", &["__root__", "page_1", "c1"], ROW),
    (RED, &["page_1", "c1"], ROW),
    ("a", &["b", "b/c", "d"], ROW),
    ("a/b", &["c", "d"], ROW),
];

fn cache() -> Folder {
    let folder = Folder::empty();
    let database = Database::create(folder.file()).unwrap();
    let transaction = database.begin_write().unwrap();
    for (name, keys, value) in CONTENTS {
        let mut table = transaction.open_table(TableDefinition::<&str, &[u8]>::new(name)).unwrap();
        for key in keys {
            table.insert(*key, value).unwrap();
        }
        if value == ROW {
            let meta = format!("{name}\u{1}meta");
            let mut meta = transaction.open_table(TableDefinition::<&str, &[u8]>::new(&meta)).unwrap();
            meta.insert("total", &9_u64.to_le_bytes()[..]).unwrap();
        }
    }
    transaction.commit().unwrap();
    folder
}

/// The entries and rows of one state that another lacks.
fn lost(before: &Tables, after: &Tables) -> BTreeSet<(String, String)> {
    let places = |tables: &Tables| -> BTreeSet<(String, String)> {
        let rows = tables.iter().filter(|(name, _)| !name.contains('\u{1}'));
        rows.flat_map(|(name, pairs)| pairs.keys().map(move |key| (name.clone(), key.clone()))).collect()
    };
    &places(before) - &places(after)
}

#[test]
fn every_listed_key_is_read_back_as_what_was_listed_and_nothing_else() {
    let folder = cache();
    let file = fs::read(folder.file()).unwrap();
    let before = tables(&folder);
    let rows = ["\"clients\"/", "\"clients\" where team = red/", "\"a\"/", "\"a/b\"/"];
    let listed_rows = folder.vlive([&["ages", "--keys", "--prefix"], &rows[..]].concat()).output();
    assert_eq!((listed_rows.status, listed_rows.stderr.as_str()), (0, ""));
    let listed = folder.vlive(["ages", "--keys"]).output();
    assert_eq!((listed.status, listed.stderr.as_str()), (0, ""));
    let mut found = BTreeSet::new();
    for key in listed_rows.stdout.lines().chain(listed.stdout.lines()) {
        fs::write(folder.file(), &file).unwrap();
        let dumped = folder.vlive(["dump", "--keys-from", "-", "--format", "rows"]).stdin(key).output();
        let removed = folder.vlive(["invalidate", "--keys-from", "-", "-q"]).stdin(key).output();
        assert_eq!((dumped.status, removed.status), (0, 0), "{key}: {}{}", dumped.stderr, removed.stderr);
        let lost = lost(&before, &tables(&folder));
        // A row, an entry, or all of a set.
        let is_one = lost.len() == 1
            || CONTENTS.iter().any(|(name, rows, value)| {
                let all = rows.iter().map(|row| ((*name).to_owned(), (*row).to_owned()));
                *value == ROW && lost == all.collect()
            });
        assert!(is_one, "{key}: {lost:?}");
        assert!(found.insert(lost), "{key} is what another key is, too");
    }
    let all: usize = CONTENTS.iter().map(|(_, keys, value)| keys.len() + usize::from(*value == ROW)).sum();
    assert_eq!(found.len(), all);
}

#[test]
fn found_rows_are_listed_as_exactly() {
    let folder = cache();
    for find in [&["find", "page_1", "\"clients\"/page_1"][..], &["find", "--id", "page_1", "\"clients\"/page_1"]] {
        folder.vlive([find, &["--keys"]].concat()).ends(0, "\"clients\"/page_1\n", "");
    }
    // What only one thing can mean is listed as it is stored.
    folder.vlive(["ages", "--keys", "\"clients\"/c1", "clients/page_2"]).ends(0, "clients/page_2\nclients/c1\n", "");
}

#[test]
fn a_row_with_the_id_of_a_root_entry_is_a_row() {
    let folder = cache();
    folder.vlive(["invalidate", "--exact", "clients/__root__", "-q"]).ends(0, "clients/__root__\n", "");
    let dumped = folder.vlive(["dump", "clients/__root__"]).json();
    assert_eq!(dumped["rows"].as_object().unwrap().keys().collect::<Vec<_>>(), ["__root__"]);
    folder.vlive(["invalidate", "--exact", "clients/__root__", "-q"]).output();
    assert_eq!(tables(&folder)["clients"].keys().collect::<Vec<_>>(), ["c1", "page_1"]);
}
