//! The sample caches of diorama: what is read from them is what was written, and what diorama itself
//! read back.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use vlive::diorama::row::{RowView, Status};
use vlive::snapshot::{Set, TableRole};
use vlive::{Selection, Snapshot};

fn sample(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/caches/diorama")).join(name)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// The tables that `LISTING.txt` has for a file: name to pairs of key and value, as it prints them.
fn listed(file: &str) -> BTreeMap<String, Vec<String>> {
    let listing = fs::read_to_string(sample("LISTING.txt")).unwrap();
    let of_file = listing.split("== ").find(|part| part.starts_with(file)).expect("the file is listed");
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in of_file.lines().skip(1) {
        if let Some(table) = line.strip_prefix("table ") {
            table.rsplit_once(" (").unwrap().0.clone_into(&mut current);
            tables.insert(current.clone(), Vec::new());
        } else {
            tables.get_mut(&current).unwrap().push(line.trim().to_owned());
        }
    }
    tables
}

#[test]
fn the_samples_are_listed_as_they_were_written() {
    for file in ["cache.redb", "augmented.redb", "backend.redb"] {
        let snapshot = Snapshot::open(sample(file)).unwrap();
        let mut expected = listed(file);
        for set in snapshot.sets().unwrap() {
            let rows: Vec<String> = snapshot
                .rows(&set)
                .map(|row| row.unwrap())
                .inspect(|row| assert_eq!(RowView::new(row.value()).unwrap().deviations(), []))
                .map(|row| format!("{:?} {}", row.id(), hex(row.value())))
                .collect();
            assert_eq!(set.rows(), rows.len() as u64);
            let written = expected.remove(&format!("{:?}", set.name())).unwrap_or_default();
            assert_eq!(rows, written, "{file}: {}", set.name());
            let meta: Vec<String> = set.meta().pairs().map(|(key, value)| format!("{key:?} {}", hex(&value))).collect();
            let name = format!("{:?}", format!("{}\u{1}meta", set.name()));
            assert_eq!(meta, expected.remove(&name).unwrap_or_default(), "{file}: {}", set.name());
            assert_eq!(set.malformed(), []);
        }
        assert_eq!(expected, BTreeMap::new(), "{file}: nothing is left");
    }
}

fn shown(sets: &[Set]) -> Vec<String> {
    sets.iter().map(Set::shown).collect()
}

#[test]
fn sets_have_readable_names_and_empty_ones_are_listed() {
    let sets = Snapshot::open(sample("cache.redb")).unwrap().sets().unwrap();
    let expected = [
        "50%?off#x/y",
        "clients",
        "clients hub \"session 7\"",
        "clients search \"an\\u0001na#%\" order by name desc",
        "clients where team = red",
    ];
    assert_eq!(shown(&sets), expected);
    let sets = Snapshot::open(sample("backend.redb")).unwrap().sets().unwrap();
    assert_eq!(shown(&sets), ["deleted-rows", "emptied", "orders"]);
    assert_eq!(sets.iter().map(Set::fetched_at).collect::<Vec<_>>(), [None, None, Some(1_770_000_000)]);
    assert_eq!(sets.iter().map(|set| set.meta().total).collect::<Vec<_>>(), [None, Some(3), Some(7)]);
}

#[test]
fn selections_take_sets_by_either_name_and_one_row_by_its_id() {
    let snapshot = Snapshot::open(sample("cache.redb")).unwrap();
    let selected = |typed: &str| {
        let sets = snapshot.selected_sets(&Selection::prefix(typed)).unwrap();
        assert_eq!(snapshot.selected_sets(&Selection::exact(typed)).unwrap().len(), sets.len(), "{typed}");
        let one = |set: &Set| (set.name().to_owned(), set.row().map(str::to_owned), snapshot.rows(set).count());
        sets.iter().map(one).collect::<Vec<_>>()
    };
    let set = |name: &str, row: Option<&str>, rows| vec![(name.to_owned(), row.map(str::to_owned), rows)];
    let red = "clients?c1:117:4:team1:=6:t3:redq-s-n1:0";
    assert_eq!(selected("clients"), set("clients", None, 2));
    assert_eq!(selected("clients/c2"), set("clients", Some("c2"), 1));
    assert_eq!(selected("clients/c3"), []);
    assert_eq!(selected("clients/"), []);
    assert_eq!(selected("client"), []);
    assert_eq!(selected(red), set(red, None, 1));
    assert_eq!(selected("clients where team = red"), set(red, None, 1));
    assert_eq!(selected("clients where team = red/c1"), set(red, Some("c1"), 1));
    assert_eq!(selected("clients where team = blue"), []);
    assert_eq!(selected("50%?off#x/y/a/b"), set("50%25%3Foff%23x/y", Some("a/b"), 1));
    assert_eq!(snapshot.selected_sets(&Selection::All).unwrap().len(), 5);
}

#[test]
fn handmade_rows_are_read_or_refused_as_by_diorama() {
    let probe = fs::read_to_string(sample("PROBE.txt")).unwrap();
    let answers = probe.split("== what RedbCache reads").nth(1).unwrap();
    let snapshot = Snapshot::open(sample("odd-rows.redb")).unwrap();
    let sets = snapshot.selected_sets(&Selection::prefix("t")).unwrap();
    let mut seen = 0;
    for row in snapshot.rows(&sets[0]) {
        let row = row.unwrap();
        let answer = answers.lines().find_map(|line| line.strip_prefix(row.id())).expect("each was probed").trim();
        match RowView::new(row.value()) {
            Ok(view) if view.status() == Status::Complete => assert!(answer.starts_with("Complete"), "{}", row.id()),
            Ok(_) => assert!(answer.starts_with("Incomplete"), "{}", row.id()),
            Err(error) => assert!(answer.starts_with("ERR"), "{}: {error}", row.id()),
        }
        seen += 1;
    }
    assert_eq!(seen, 23);
    assert_eq!(sets[0].malformed().len(), 1, "its total has another length");
    assert_eq!(sets[0].fetched_at(), Some(u64::MAX / 1_000_000_000));
}

#[test]
fn tables_of_both_layouts_are_recognized_in_one_file() {
    let roles = |path: PathBuf| {
        let roles = Snapshot::open(path).unwrap().roles().unwrap();
        roles.into_iter().map(|(table, role)| (table.name().to_owned(), role)).collect::<Vec<_>>()
    };
    let odd = roles(sample("odd-rows.redb"));
    let role = |name: &str| odd.iter().find(|(table, _)| table == name).unwrap_or_else(|| panic!("{odd:?}")).1;
    assert_eq!(role("__vlive__clients"), TableRole::CacheKey);
    assert_eq!(role("t"), TableRole::Rows);
    assert_eq!(role("t\u{1}meta"), TableRole::Meta);
    assert_eq!(role("wrong"), TableRole::Foreign);
    for (name, expected) in [("bakery", TableRole::CacheKey), ("odd-keys", TableRole::CacheKey)] {
        let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/caches")).join(name);
        assert!(roles(path).iter().all(|(_, role)| *role == expected), "{name}");
    }
    let foreign = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/caches/foreign"));
    assert!(roles(foreign).iter().all(|(_, role)| matches!(role, TableRole::CacheKey | TableRole::Foreign)));
}
