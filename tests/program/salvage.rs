use crate::common::layout::{Layout, of_each_layout};
use crate::support::{Entry, Folder, recorded};
use redb::{Database, TableDefinition};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use vlive::diorama::row::{Status, encode};

/// Runs `salvage` into a folder of its own and gives what it says, and that folder.
#[track_caller]
fn salvaged(folder: &Folder, status: i32) -> (Value, String, Folder) {
    let new = Folder::empty();
    let run = ["salvage", "--json", "--into", new.path().to_str().unwrap()];
    let ended = folder.vlive(run).output();
    assert_eq!(ended.status, status, "{ended}");
    assert_eq!(ended.stdout.matches('\n').count(), 1, "{ended}");
    (serde_json::from_str(&ended.stdout).unwrap(), ended.stderr, new)
}

/// What must be sound, whatever it came from. A time may well lie in the future.
#[track_caller]
fn assert_undamaged(folder: &Folder) {
    let check: Value = serde_json::from_str(&folder.vlive(["check", "--json"]).output().stdout).unwrap();
    assert_eq!(check["damage"]["count"], 0);
    assert_eq!(check["closed_cleanly"], true);
    drop(Database::open(folder.file()).unwrap());
}

const CACHES: [&str; 8] = ["bakery", "crashed", "envelopes", "foreign", "format-v3", "live-demo", "odd-keys", "values"];

#[test]
fn every_entry_of_an_undamaged_cache_is_saved_byte_for_byte() {
    for cache in CACHES {
        let folder = Folder::shared(cache);
        folder.untouched(|| {
            let (summary, stderr, new) = salvaged(&folder, 0);
            let recorded = recorded(cache);
            let bytes: u64 = recorded.iter().map(|entry| entry.len).sum();
            let expected = json!({"entries": recorded.len(), "bytes": bytes, "older": 0, "lost": 0, "damaged_pages": 0,
                    "tables": summary["tables"], "lost_tables": [], "undated_sets": []});
            assert_eq!((summary, stderr.as_str()), (expected, ""), "{cache}");
            assert_eq!(new.entries(), folder.entries(), "{cache}");
            assert_undamaged(&new);
        });
    }
}

#[test]
fn a_summary_goes_to_standard_error_and_is_silenced_by_q() {
    let folder = Folder::shared("bakery");
    let new = Folder::empty();
    let said = "saved 21 entries, 20.5 KiB, 0 of them from the previous commit; lost none\n";
    folder.vlive(["salvage", "--into", new.path().to_str().unwrap()]).ends(0, "", said);
    let new = Folder::empty();
    folder.vlive(["salvage", "-q", "--into", new.path().to_str().unwrap()]).ends(0, "", "");
    assert_eq!(new.entries(), folder.entries());
}

#[test]
fn nothing_but_the_new_cache_is_created_with_the_folders_on_its_way() {
    let folder = Folder::copy_of("bakery");
    let before = folder.contents();
    folder.vlive(["salvage", "-q", "--into", "a/b"]).ends(0, "", "");
    let created: Vec<_> = folder.contents().into_keys().filter(|path| !before.contains_key(path)).collect();
    assert_eq!(created, ["a", "a/b", "a/b/vlive.redb"].map(|path| folder.path().join(path)));
    assert!(fs::read(folder.file()).unwrap() == before[&folder.file()].1);
}

fn by_key(entries: &[Entry]) -> BTreeMap<&str, &[u8]> {
    entries.iter().map(|entry| (entry.key.as_str(), entry.value.as_slice())).collect()
}

#[test]
fn intact_entries_of_a_damaged_cache_are_saved_byte_for_byte_and_the_loss_is_reported() {
    for (cache, key, table) in [
        ("bakery", "clients/page_1", "__vlive__clients"),
        ("bakery", "orders/__root__", "__vlive__orders"),
        ("values", "torture/page_1", "__vlive__torture"),
        ("format-v3", "orders/page_1", "__vlive__orders"),
    ] {
        let whole = Folder::shared(cache).entries();
        let Some(victim) = whole.iter().find(|entry| entry.key == key) else { panic!("{cache} has {key}") };
        let folder = Folder::copy_of(cache);
        folder.flip(&victim.value);
        folder.untouched(|| {
            let (summary, stderr, new) = salvaged(&folder, 3);
            let saved = new.entries();
            assert!(by_key(&saved).iter().all(|(key, value)| by_key(&whole)[key] == *value), "{cache}");
            // Other tables lie on other pages.
            let others = |entries: &[Entry]| {
                entries.iter().filter(|entry| entry.cache_key != victim.cache_key).cloned().collect::<Vec<_>>()
            };
            assert_eq!(others(&saved), others(&whole), "{cache}");
            assert!(!by_key(&saved).contains_key(key), "{cache}");
            let bytes: u64 = saved.iter().map(Entry::bytes).sum();
            assert_eq!(
                (&summary["entries"], &summary["bytes"], &summary["lost"], &summary["older"]),
                (&json!(saved.len()), &json!(bytes), &json!(whole.len() - saved.len()), &json!(0)),
                "{cache}"
            );
            assert_eq!(summary["damaged_pages"], 1, "{cache}");
            let told = format!("error: `./vlive.redb` is damaged: table `{table}`, page ");
            assert!(stderr.starts_with(&told) && stderr.ends_with(": its checksum does not match\n"), "{stderr}");
            assert_undamaged(&new);
        });
    }
}

#[test]
fn the_loss_is_summed_up_in_words() {
    let folder = Folder::copy_of("live-demo");
    let value = folder.value("products/page_1");
    folder.flip(&value);
    let new = Folder::empty();
    let run = |quiet: &[&str]| {
        fs::remove_file(new.file()).ok();
        folder.vlive([&["salvage", "--into", new.path().to_str().unwrap()], quiet].concat()).output()
    };
    let ended = run(&[]);
    assert_eq!((ended.status, ended.stdout.as_str()), (3, ""), "{ended}");
    let (damage, summary) = ended.stderr.split_once('\n').unwrap();
    // Both entries lie on one page.
    assert_eq!(summary, "saved 0 entries, 0 B, 0 of them from the previous commit; lost at least 2 entries\n");
    let quiet = run(&["-q"]);
    assert_eq!((quiet.status, quiet.stderr), (3, format!("{damage}\n")));
}

/// The table of `k`, and what messages call it.
fn table_of(layout: Layout) -> (&'static str, &'static str) {
    match layout {
        Layout::Live => ("__vlive__k", "table `__vlive__k`"),
        Layout::Diorama => ("k", "table `k`"),
    }
}

/// A row of diorama with one field, or in vantage-live's layout any value.
fn value(text: &str) -> Vec<u8> {
    let fields = [("x".to_owned(), text.into())].into_iter().collect();
    encode(&fields, Status::Complete)
}

/// The values of `k` by sub-key or row id, as redb reads them from a copy.
fn values(layout: Layout, folder: &Folder) -> BTreeMap<String, Vec<u8>> {
    let copy = Folder::empty();
    fs::copy(folder.file(), copy.file()).unwrap();
    let database = Database::open(copy.file()).unwrap();
    let transaction = database.begin_read().unwrap();
    let table = transaction.open_table(TableDefinition::<&str, &[u8]>::new(table_of(layout).0)).unwrap();
    let entries = table.range::<&str>(..).unwrap().map(Result::unwrap);
    entries.map(|(key, value)| (key.value().to_owned(), value.value().to_vec())).collect()
}

/// A cache of one table; of a set with its times.
fn write(layout: Layout, database: &Database, values: &[(String, Vec<u8>)]) {
    let transaction = database.begin_write().unwrap();
    {
        let mut table = transaction.open_table(TableDefinition::<&str, &[u8]>::new(table_of(layout).0)).unwrap();
        for (key, value) in values {
            table.insert(key.as_str(), value.as_slice()).unwrap();
        }
        if layout == Layout::Diorama {
            let mut meta = transaction.open_table(TableDefinition::<&str, &[u8]>::new("k\u{1}meta")).unwrap();
            meta.insert("refreshed_at", 1_770_000_000_000_000_000_u64.to_le_bytes().as_slice()).unwrap();
        }
    }
    transaction.commit().unwrap();
}

/// The time of the set in a new cache: it keeps it if it has lost no row and none is older than that.
fn time_of_set(new: &Folder) -> Option<u64> {
    let dumped = new.vlive(["dump", "k"]).output();
    assert_eq!(dumped.status, 0, "{dumped}");
    serde_json::from_str::<Value>(&dumped.stdout).unwrap()["refreshed_at"].as_u64()
}

of_each_layout!(more_than_ten_damaged_pages_are_counted, count_damaged_pages);

fn count_damaged_pages(layout: Layout) {
    // Each value fills a page of its own.
    let stored: Vec<_> = (0..15).map(|n| (format!("page_{n:02}"), value(&format!("{n:02}").repeat(1750)))).collect();
    let folder = Folder::empty();
    write(layout, &Database::create(folder.file()).unwrap(), &stored);
    for (_, value) in &stored[1..] {
        folder.flip(value);
    }
    let (summary, stderr, new) = salvaged(&folder, 3);
    assert_eq!((&summary["lost"], &summary["damaged_pages"]), (&json!(14), &json!(14)));
    assert_eq!(values(layout, &new).into_keys().collect::<Vec<_>>(), ["page_00"]);
    let lines: Vec<&str> = stderr.lines().collect();
    assert_eq!(lines[10], "error: `./vlive.redb` is damaged: 4 more places", "{stderr}");
    let told = format!("error: `./vlive.redb` is damaged: {}, page ", table_of(layout).1);
    assert!(lines[..10].iter().all(|line| line.starts_with(&told)), "{stderr}");
    match layout {
        Layout::Live => assert_eq!((&summary["entries"], lines.len()), (&json!(1), 11)),
        Layout::Diorama => {
            assert_eq!((&summary["undated_sets"], time_of_set(&new)), (&json!(["k"]), None));
            assert!(lines[11].starts_with("warning: rows of `k` may be missing"), "{stderr}");
        }
    }
}

/// A cache as an app that was killed leaves it: of its last two commits the newer has changed the
/// first entry from `old` to `new`. `entries` values of this size are in the table.
fn two_commits(layout: Layout, entries: usize, size: usize) -> Folder {
    let app = Folder::empty();
    let database = Database::create(app.file()).unwrap();
    let value = |n: usize, what: &str| (format!("page_{n:02}"), value(&format!("{what} {n:02} ").repeat(size / 8)));
    write(layout, &database, &(0..entries).map(|n| value(n, "old")).collect::<Vec<_>>());
    write(layout, &database, &[value(0, "new")]);
    // The app is killed here: the copy lacks what closing would have written.
    let folder = Folder::empty();
    fs::copy(app.file(), folder.file()).unwrap();
    folder
}

of_each_layout!(entries_lost_in_the_newest_commit_come_from_the_previous_one, take_from_the_previous_commit);

fn take_from_the_previous_commit(layout: Layout) {
    for (entries, size) in [(3, 40), (40, 1600)] {
        let folder = two_commits(layout, entries, size);
        let whole = values(layout, &folder);
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        assert!(text(&whole["page_00"]).contains("new 00 new 00 ") && text(&whole["page_01"]).contains("old 01 "));
        folder.flip(&whole["page_00"]);
        folder.untouched(|| {
            let (summary, stderr, new) = salvaged(&folder, 3);
            let mut saved = values(layout, &new);
            assert!(saved.keys().eq(whole.keys()), "{entries}");
            assert!(text(&saved["page_00"]).contains("old 00 old 00 "));
            saved.insert("page_00".to_owned(), whole["page_00"].clone());
            assert!(saved == whole, "{entries}");
            assert_eq!(summary["lost"], 0);
            // What shares the damaged page with the first entry comes from before as well.
            let older = usize::try_from(summary["older"].as_u64().unwrap()).unwrap();
            assert!(if entries == 3 { older == 3 } else { (1..4).contains(&older) }, "{older} of {entries}");
            assert_eq!(summary["damaged_pages"], 1);
            let told = format!("error: `./vlive.redb` is damaged: {}, page ", table_of(layout).1);
            assert!(stderr.starts_with(&told), "{stderr}");
            if layout == Layout::Diorama {
                assert_eq!((&summary["undated_sets"], time_of_set(&new)), (&json!(["k"]), None));
            }
            assert_undamaged(&new);
        });
    }
}

of_each_layout!(an_undamaged_newest_commit_is_all_that_counts, take_the_newest_commit);

fn take_the_newest_commit(layout: Layout) {
    let folder = two_commits(layout, 3, 40);
    let (summary, stderr, new) = salvaged(&folder, 0);
    assert_eq!((&summary["older"], stderr.as_str()), (&json!(0), ""));
    assert_eq!(values(layout, &new), values(layout, &folder));
    assert_eq!(layout == Layout::Diorama, new.vlive(["ages", "--json"]).output().stdout.contains("diorama"));
}

of_each_layout!(a_header_whose_newest_commit_is_damaged_yields_the_previous_one, damage_a_commit_slot);

fn damage_a_commit_slot(layout: Layout) {
    let folder = two_commits(layout, 3, 40);
    let mut bytes = fs::read(folder.file()).unwrap();
    let id = |slot: usize| u64::from_le_bytes(bytes[slot + 104..slot + 112].try_into().unwrap());
    let newest = if id(64) > id(192) { 64 } else { 192 };
    bytes[newest + 100] ^= 1;
    fs::write(folder.file(), bytes).unwrap();
    let new = Folder::empty();
    folder.vlive(["salvage", "-q", "--into", new.path().to_str().unwrap()]).output();
    let saved = values(layout, &new);
    assert_eq!(saved.keys().collect::<Vec<_>>(), ["page_00", "page_01", "page_02"]);
    assert!(String::from_utf8_lossy(&saved["page_00"]).contains("old 00 "));
}

#[test]
fn a_crash_is_not_damage_and_the_file_stays_as_the_crash_left_it() {
    let folder = Folder::copy_of("crashed");
    folder.untouched(|| {
        let (summary, _, new) = salvaged(&folder, 0);
        assert_eq!(summary["entries"], recorded("crashed").len());
        assert_undamaged(&new);
    });
}

#[test]
fn an_existing_cache_is_refused_and_left_alone() {
    let folder = Folder::copy_of("bakery");
    let taken = Folder::copy_of("live-demo");
    let path = taken.path().to_str().unwrap();
    let message = |path: &Path| {
        format!("error: there is a cache at `{}` already\nhint: name a folder that has none\n", path.display())
    };
    folder.untouched(|| {
        taken.untouched(|| {
            folder.vlive(["salvage", "--into", path]).ends(2, "", &message(&taken.file()));
            folder.vlive(["salvage", "--json", "--into", path]).ends(2, "", &message(&taken.file()));
        });
        // Least of all is it written onto itself.
        folder.vlive(["salvage", "--into", "."]).ends(2, "", &message(Path::new("./vlive.redb")));
        folder.vlive(["salvage", "--into", "vlive.redb"]).ends(2, "", &message(Path::new("vlive.redb")));
    });
    // Whatever the file there is: it is somebody's.
    fs::write(taken.file(), "hello").unwrap();
    taken.untouched(|| folder.vlive(["salvage", "--into", path]).ends(2, "", &message(&taken.file())));
}

#[test]
fn an_unreadable_file_is_an_error_and_no_new_cache_is_created() {
    let folder = Folder::empty();
    let fails = |start: &str| {
        folder.untouched(|| {
            let ended = folder.vlive(["salvage", "--into", "new"]).output();
            assert_eq!((ended.status, ended.stdout.as_str()), (3, ""), "{ended}");
            assert!(ended.stderr.starts_with(start), "{ended}");
        });
    };
    fails("error: there is no cache at `./vlive.redb`\nhint: ");
    fs::write(folder.file(), "a text, and no database\n").unwrap();
    fails("error: `./vlive.redb` is not a redb database: ");
    let mut headless = fs::read(Folder::shared("bakery").file()).unwrap();
    headless[64 + 100] ^= 1;
    headless[192 + 100] ^= 1;
    fs::write(folder.file(), headless).unwrap();
    fails("error: `./vlive.redb` is damaged, header: ");
}

#[test]
fn the_damaged_cache_is_named_by_argument_option_or_variable_and_the_new_one_by_argument() {
    let shared = Folder::shared("bakery");
    let (by_folder, by_file) = (shared.path().to_str().unwrap().to_owned(), shared.file());
    let named: [&[&str]; 4] = [
        &["salvage", &by_folder],
        &["salvage", by_file.to_str().unwrap()],
        &["salvage", "-C", &by_folder],
        // The argument wins.
        &["salvage", &by_folder, "-C", "nowhere"],
    ];
    for args in named {
        let folder = Folder::empty();
        folder.vlive([args, &["-q", "--into", "new"]].concat()).ends(0, "", "");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
    let folder = Folder::empty();
    folder.vlive(["salvage", "-q", "--into", "new"]).env("VLIVE_FOLDER", &by_folder).ends(0, "", "");
    let ended = folder.vlive(["salvage", &by_folder]).output();
    assert_eq!((ended.status, ended.stdout.as_str()), (2, ""));
    assert!(ended.stderr.contains("--into <NEW>"), "{ended}");
}

#[test]
fn tables_of_other_programs_of_any_type_are_copied() {
    let folder = Folder::shared("foreign");
    let (summary, _, new) = salvaged(&folder, 0);
    assert_eq!((&summary["tables"], &summary["lost_tables"]), (&json!(4), &json!([])));
    // A multimap is among them, and types that are not those of a cache.
    let [copied, original] = [&new, &folder].map(|folder| folder.vlive(["ls", "--all"]).output().stdout);
    let others = |listed: &str| listed.split_once("OTHER TABLE").unwrap().1.to_owned();
    assert_eq!(others(&copied), others(&original));
}

#[test]
fn a_cache_that_an_app_has_open_is_only_read() {
    let folder = Folder::copy_of("bakery");
    let before = folder.entries();
    let _app = Database::open(folder.file()).unwrap();
    folder.untouched(|| {
        let (summary, stderr, new) = salvaged(&folder, 0);
        assert_eq!((&summary["entries"], stderr.as_str()), (&json!(21), ""));
        assert_eq!(new.entries(), before);
    });
}
