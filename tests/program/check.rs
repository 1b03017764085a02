use crate::support::{Folder, NOW, recorded};
use redb::{Database, TableDefinition};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fs;
use vantage_live::cache::{Cache, RedbCache};

const CACHES: [&str; 8] = ["bakery", "crashed", "envelopes", "foreign", "format-v3", "live-demo", "odd-keys", "values"];

/// How the sections are called, on paper and in JSON. The last one, of what does no harm, is left out
/// on paper where there is nothing in it.
const KINDS: [(&str, &str); 6] = [
    ("damage", "damage"),
    ("free space", "free_space"),
    ("refused by vantage-live", "refused"),
    ("altered by vantage-live", "altered"),
    ("wrongly typed", "wrongly_typed"),
    ("other tables", "other_tables"),
];

const DAMAGE: &str = "hint: `vlive salvage` copies every intact entry into a new cache; to start over, stop the app and delete the file\n";
const REFUSED: &str = "hint: invalidate these entries, and the app fetches them again\n";
const WRONGLY_TYPED: &str =
    "hint: vantage-live fails on these tables; `vlive invalidate` deletes those that are not multimaps\n";

/// A time after all that are in the caches but one: 2^63 - 1 in `envelopes`.
const LATER: &str = "1900000000";

/// What a check says in JSON; it must end with this status and say nothing else.
#[track_caller]
fn checked(folder: &Folder, status: i32) -> Value {
    folder.vlive(["check", "--json"]).output().json(status, "")
}

/// The places of one kind of findings, and that they are the first ten of those that are counted.
#[track_caller]
fn places(check: &Value, kind: &str) -> (u64, Vec<String>) {
    let found = check[kind]["places"].as_array().unwrap();
    let count = check[kind]["count"].as_u64().unwrap();
    assert_eq!(found.len() as u64, count.min(10), "{kind}");
    (count, found.iter().map(|found| found["place"].as_str().unwrap_or("-").to_owned()).collect())
}

fn first_ten(keys: &[String]) -> (u64, Vec<String>) {
    (keys.len() as u64, keys.iter().take(10).cloned().collect())
}

fn nothing() -> Value {
    json!({"count": 0, "places": []})
}

/// The format and the transaction id of the commit that redb starts from, out of the header: byte 9
/// names the primary slot and whether the file was closed; of a file that was not the newer counts.
fn commit_of(file: &[u8]) -> (u8, u64) {
    let id = |slot: usize| u64::from_le_bytes(file[slot + 104..slot + 112].try_into().unwrap());
    let slots = if file[9] & 1 == 0 { [64, 192] } else { [192, 64] };
    let newest = if closed_cleanly(file) { slots[0] } else { slots.into_iter().max_by_key(|slot| id(*slot)).unwrap() };
    (file[newest], id(newest))
}

fn closed_cleanly(file: &[u8]) -> bool {
    file[9] & 2 == 0
}

#[test]
fn a_sound_cache_is_summed_up() {
    Folder::shared("bakery").vlive(["check"]).ends(
        0,
        "\
format                   redb file format v2, commit 24, closed cleanly
in use by                nobody
read                     19 pages, 21 entries
damage                   0
free space               0
refused by vantage-live  0
altered by vantage-live  0
wrongly typed            0
sound
"
        .replace("nobody", if cfg!(target_os = "linux") { "nobody" } else { "unknown" })
        .as_str(),
        "",
    );
}

#[test]
fn json_has_every_field_of_the_summary() {
    let expected = json!({
        "sound": true,
        "format": 2,
        "commit": 24,
        "closed_cleanly": true,
        "holders": if cfg!(target_os = "linux") { json!([]) } else { Value::Null },
        "pages": 19,
        "entries": 21,
        "damage": nothing(),
        "free_space": nothing(),
        "refused": nothing(),
        "altered": nothing(),
        "wrongly_typed": nothing(),
        "other_tables": nothing(),
    });
    assert_eq!(checked(&Folder::shared("bakery"), 0), expected);
}

#[test]
fn every_sample_is_undamaged_and_its_format_commit_and_entries_are_reported() {
    for cache in CACHES {
        let folder = Folder::shared(cache);
        let file = fs::read(folder.file()).unwrap();
        folder.untouched(|| {
            let ended = folder.vlive(["check", "--json"]).output();
            let check: Value = serde_json::from_str(&ended.stdout).unwrap();
            assert_eq!(check["sound"], ended.status == 0, "{cache}");
            assert_eq!((check["format"].clone(), check["commit"].clone()), {
                let (format, commit) = commit_of(&file);
                (json!(format), json!(commit))
            });
            assert_eq!(check["format"], if cache == "format-v3" { 3 } else { 2 }, "{cache}");
            assert_eq!(check["closed_cleanly"], cache != "crashed", "{cache}");
            assert_eq!(check["entries"], cache_entries(cache), "{cache}");
            assert_eq!(check["damage"], nothing(), "{cache}");
        });
    }
}

/// Lines were recorded for entries of cache tables, and of others.
fn cache_entries(cache: &str) -> usize {
    recorded(cache).len()
}

#[test]
fn entries_written_by_vantage_live_have_findings_only_for_times_in_the_future() {
    for cache in CACHES.into_iter().filter(|cache| *cache != "envelopes") {
        let folder = Folder::shared(cache);
        let entries = folder.entries();
        let in_future: Vec<String> =
            entries.iter().filter(|entry| entry.head().0 > NOW).map(|entry| entry.key.clone()).collect();
        let check: Value = serde_json::from_str(&folder.vlive(["check", "--json"]).output().stdout).unwrap();
        assert_eq!(places(&check, "altered"), first_ten(&in_future), "{cache}");
        for found in check["altered"]["places"].as_array().unwrap() {
            assert_eq!(found["what"], "fetched_at in the future", "{cache}");
        }
        assert_eq!(check["refused"], nothing(), "{cache}");
        let later: Value =
            serde_json::from_str(&folder.vlive(["check", "--json"]).env("VLIVE_NOW", LATER).output().stdout).unwrap();
        assert_eq!(later["altered"], nothing(), "{cache}");
    }
}

#[test]
fn a_time_is_in_the_future_from_the_next_second_on() {
    for (at, status, found) in [(NOW, 0, json!([])), (NOW + 1, 1, json!(["fetched_at in the future"]))] {
        let folder = Folder::empty();
        folder.vlive(["put", "-q", "k/1", "--fetched-at", &format!("@{at}")]).stdin("{}").ends(0, "", "");
        let check = checked(&folder, status);
        let places = check["altered"]["places"].as_array().unwrap();
        assert_eq!(places.iter().map(|place| place["what"].clone()).collect::<Value>(), found, "{at}");
    }
}

/// What was recorded of a value in `envelopes`.
#[derive(Deserialize)]
struct Case {
    /// Its sub-key.
    case: String,
    vantage_live_error: Option<String>,
}

/// The keys in `envelopes` that vantage-live refuses to read, or does not.
fn cases(refused: bool) -> Vec<String> {
    let lines = fs::read_to_string(Folder::shared("envelopes").path().with_extension("jsonl")).unwrap();
    let cases = lines.lines().map(|line| serde_json::from_str(line).unwrap());
    let mut keys: Vec<String> = cases
        .filter(|case: &Case| case.vantage_live_error.is_some() == refused)
        .map(|Case { case, .. }| format!("envelopes/{case}"))
        .collect();
    keys.sort();
    keys
}

#[test]
fn exactly_the_entries_that_vantage_live_refuses_are_refused() {
    let refused = cases(true);
    assert_eq!(refused.len(), 17);
    let check = checked(&Folder::shared("envelopes"), 1);
    assert_eq!(places(&check, "refused"), first_ten(&refused));
}

/// Reads each entry with vantage-live and has it write the same to another cache.
fn rewritten_by_vantage_live(keys: &[String]) -> Folder {
    let (from, to) = (Folder::copy_of("envelopes"), Folder::empty());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let [from, into] = [from.path(), to.path()].map(|folder| RedbCache::open(folder).unwrap());
    for key in keys {
        let rows = runtime.block_on(from.get(key)).unwrap().unwrap();
        runtime.block_on(into.put(key, rows)).unwrap();
    }
    drop(into);
    to
}

#[test]
fn exactly_the_entries_that_vantage_live_would_write_differently_or_keep_as_fresh_are_altered() {
    let accepted = cases(false);
    let (before, after) = (Folder::shared("envelopes").entries(), rewritten_by_vantage_live(&accepted).entries());
    assert_eq!(after.len(), 39);
    let altered: Vec<String> = after
        .iter()
        .filter(|after| {
            let same = before.iter().any(|before| before == *after);
            !same || after.head().0 > NOW
        })
        .map(|after| after.key.clone())
        .collect();
    let check = checked(&Folder::shared("envelopes"), 1);
    assert_eq!(places(&check, "altered"), first_ten(&altered));
    let kept: Vec<&str> = accepted
        .iter()
        .filter(|key| !altered.contains(key))
        .map(|key| key.strip_prefix("envelopes/").unwrap())
        .collect();
    let plain = ["depth-253", "inf", "int-minus-2-64", "map-odd-keys", "minus-zero", "mongo-oid", "nan", "ok"];
    assert_eq!(kept, [&["bignum-17"], &plain[..], &["ok-no-rows", "reserved-name-bytes"]].concat());
}

#[test]
fn each_faulty_entry_is_listed_with_its_fault() {
    let values: [(&str, &[u8], &str); 9] = [
        ("a", b"\xa2\x6afetched_at\x01\x64rows\xa0\x00", "bytes after the envelope"),
        ("b", b"\xa3\x6afetched_at\x01\x64etag\x00\x64rows\xa0", "an unknown key"),
        ("c", b"\xa3\x00\x00\x6afetched_at\x01\x64rows\xa0", "a key that is not text"),
        ("d", b"\xa1\x64rows\xa0", "no usable fetched_at"),
        ("e", b"\xa2\x6afetched_at\x20\x64rows\xa0", "no usable fetched_at"),
        ("f", b"\xa2\x6afetched_at\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x64rows\xa0", "fetched_at in the future"),
        ("g", b"\xa2\x6afetched_at\x01\x64rows\xa1\x61a\x05", "a row that is not a map"),
        ("h", b"\xa2\x6afetched_at\x01\x64rows\xbf\xff", "another encoding"),
        (
            "i",
            b"\xa3\x64rows\xa0\x64rows\xa0\x6afetched_at\x18\x01",
            "a repeated key, rows before fetched_at, another encoding",
        ),
    ];
    let folder = Folder::with_values("k", &values.map(|(key, value, _)| (key, value)));
    let expected = values.map(|(key, _, what)| json!({"place": format!("k/{key}"), "what": what}));
    assert_eq!(checked(&folder, 1)["altered"], json!({"count": 9, "places": expected}));
}

#[test]
fn the_first_ten_places_are_listed_and_the_rest_are_counted() {
    for count in [9, 10, 11, 100] {
        let sub_keys: Vec<String> = (0..count).map(|n| format!("{n:03}")).collect();
        let values: Vec<(&str, &[u8])> = sub_keys.iter().map(|key| (key.as_str(), &b"\x80"[..])).collect();
        let folder = Folder::with_values("k", &values);
        let told: Vec<String> =
            sub_keys.iter().take(10).map(|key| format!("  k/{key}: the envelope is not a map (at byte 0)\n")).collect();
        let told = told.concat();
        let more = if count > 10 { format!("  and {} more\n", count - 10) } else { String::new() };
        let ended = folder.vlive(["check"]).output();
        assert_eq!((ended.status, ended.stderr.as_str()), (1, REFUSED), "{ended}");
        let section = format!("\nrefused by vantage-live  {count}\n{told}{more}altered by vantage-live  0\n");
        assert!(ended.stdout.contains(&section) && ended.stdout.ends_with("\nnot sound\n"), "{ended}");
    }
}

#[test]
fn text_and_json_report_the_same() {
    for cache in CACHES {
        let folder = Folder::shared(cache);
        let paper = folder.vlive(["check"]).output();
        let json = folder.vlive(["check", "--json"]).output();
        let check: Value = serde_json::from_str(&json.stdout).unwrap();
        assert_eq!((paper.status, json.stderr.as_str()), (json.status, ""));
        let mut lines = paper.stdout.lines().skip(3);
        for (heading, kind) in KINDS {
            let found = check[kind]["places"].as_array().unwrap();
            let count = check[kind]["count"].as_u64().unwrap();
            if (kind, count) == ("other_tables", 0) {
                continue;
            }
            assert_eq!(lines.next().unwrap(), format!("{heading:<25}{count}"), "{cache}");
            for found in found {
                let (place, what) = (found["place"].as_str().unwrap(), found["what"].as_str().unwrap());
                // Of the places of the samples none has a line break in it.
                assert_eq!(lines.next().unwrap(), format!("  {place}: {what}"), "{cache}");
            }
            if count > 10 {
                assert_eq!(lines.next().unwrap(), format!("  and {} more", count - 10), "{cache}");
            }
        }
        assert_eq!(lines.next(), Some(if json.status == 0 { "sound" } else { "not sound" }), "{cache}");
        assert_eq!(lines.next(), None, "{cache}");
    }
}

#[test]
fn tables_of_another_type_are_findings_only_under_the_name_of_a_cache_table() {
    let check = checked(&Folder::shared("foreign"), 1);
    let expected = json!({"count": 2, "places": [
        {"place": "__vlive__multi", "what": "multimap of &str to &[u8]"},
        {"place": "__vlive__nums", "what": "table of u64 to u64"},
    ]});
    assert_eq!(check["wrongly_typed"], expected);
    let expected = json!({"count": 2, "places": [
        {"place": "counters", "what": "table of &str to u64"},
        {"place": "settings", "what": "table of &str to &[u8]"},
    ]});
    assert_eq!(check["other_tables"], expected);
    assert_eq!(Folder::shared("foreign").vlive(["check"]).output().stderr, WRONGLY_TYPED);

    let folder = Folder::empty();
    let database = Database::create(folder.file()).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(TableDefinition::<&str, u64>::new("counters")).unwrap().insert("n", 1).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let check = checked(&folder, 0);
    assert_eq!((&check["entries"], places(&check, "other_tables")), (&json!(0), (1, vec!["counters".to_owned()])));
}

#[test]
fn following_the_hints_makes_a_cache_sound() {
    let folder = Folder::copy_of("envelopes");
    for key in cases(true) {
        folder.vlive(["invalidate", "-q", "--exact", &key]).output();
    }
    assert_eq!(checked(&folder, 1)["refused"], nothing());
    // That a time lies in the future is what the app reads as well: this entry needs another one.
    folder.vlive(["put", "-q", "envelopes/fetched-at-i64-max"]).stdin("{}").ends(0, "", "");
    while let Value::Array(altered) = checked_quietly(&folder)["altered"]["places"].take() {
        let Some(first) = altered.first() else { break };
        let key = first["place"].as_str().unwrap();
        let dump = folder.vlive(["dump", key]).output().stdout;
        folder.vlive(["put", "-q", key]).stdin(dump).ends(0, "", "");
    }
    checked(&folder, 0);

    let folder = Folder::copy_of("foreign");
    folder.vlive(["invalidate", "-q", "nums"]).output();
    assert_eq!(places(&checked(&folder, 1), "wrongly_typed"), (1, vec!["__vlive__multi".to_owned()]));
}

fn checked_quietly(folder: &Folder) -> Value {
    serde_json::from_str(&folder.vlive(["check", "--json"]).output().stdout).unwrap()
}

#[test]
fn the_process_that_has_the_cache_open_is_named() {
    let folder = Folder::copy_of("bakery");
    let app = Database::open(folder.file()).unwrap();
    folder.untouched(|| {
        let check = checked(&folder, 0);
        assert_eq!((&check["sound"], &check["closed_cleanly"]), (&json!(true), &json!(false)));
        let paper = folder.vlive(["check"]).output();
        assert!(paper.stdout.contains(", not closed\n"), "{paper}");
        if cfg!(target_os = "linux") {
            let name = fs::read_to_string("/proc/self/comm").unwrap();
            let name = name.trim_end();
            assert_eq!(check["holders"], json!([{"pid": std::process::id(), "name": name}]));
            let line = format!("\nin use by                process {} ({name})\n", std::process::id());
            assert!(paper.stdout.contains(&line), "{paper}");
        }
    });
    drop(app);
    let check = checked(&folder, 0);
    assert_eq!(check["closed_cleanly"], true);
    assert!(check["holders"].as_array().is_none_or(Vec::is_empty));
}

#[test]
fn damage_is_reported_with_its_table_and_everything_else_is_still_checked() {
    let folder = Folder::flipped_in("clients/page_1");
    folder.untouched(|| {
        let check = checked(&folder, 1);
        let (_, tables) = places(&check, "damage");
        assert!(tables.iter().all(|table| table == "__vlive__clients") && !tables.is_empty(), "{check}");
        let what = check["damage"]["places"][0]["what"].as_str().unwrap();
        assert!(what.starts_with("page ") && what.ends_with(": its checksum does not match"), "{what}");
        assert_eq!(check["sound"], false);
        // Neither are the other tables lost nor is anything found in them.
        let entries = check["entries"].as_u64().unwrap();
        assert!((14..21).contains(&entries), "{entries}");
        let paper = folder.vlive(["check"]).output();
        assert_eq!((paper.status, paper.stderr.as_str()), (1, DAMAGE), "{paper}");
        assert!(paper.stdout.contains("\n  __vlive__clients: page "), "{paper}");
    });
}

#[test]
fn a_damaged_page_is_one_finding() {
    let check = checked(&Folder::flipped_in("clients/page_1"), 1);
    assert!(check["entries"].as_u64().unwrap() < 21, "{check}");
    assert_eq!((places(&check, "damage").0, places(&check, "free_space").0), (1, 0), "{check}");
}

#[test]
fn a_wrong_file_length_is_a_finding() {
    let whole = fs::read(Folder::shared("bakery").file()).unwrap();
    for len in [whole.len() - 1, whole.len() + 4096] {
        let folder = Folder::empty();
        let mut bytes = whole.clone();
        bytes.resize(len, 0);
        fs::write(folder.file(), bytes).unwrap();
        let what = format!("the file has {len} bytes, and its header records {}", whole.len());
        let check = checked(&folder, 1);
        assert_eq!(check["damage"], json!({"count": 1, "places": [{"place": null, "what": what}]}));
        assert_eq!(check["entries"], 21);
        let paper = folder.vlive(["check"]).output();
        assert!(paper.stdout.contains(&format!("\ndamage                   1\n  {what}\n")), "{paper}");
    }
}

#[test]
fn an_unreadable_file_is_an_error_and_nothing_is_created() {
    let folder = Folder::empty();
    let missing = "\
error: there is no cache at `./vlive.redb`
hint: name the folder or the file in which the app keeps its cache with -C, or set VLIVE_FOLDER
";
    let no_database = "\
error: `./vlive.redb` is not a redb database: it does not begin as one does
hint: if it never was a cache, -C names the wrong place; else delete it, and the app starts over
";
    for args in [&["check"][..], &["check", "--json"], &["check", "--deep"], &["check", "-q"]] {
        folder.untouched(|| folder.vlive(args).ends(3, "", missing));
    }
    fs::write(folder.file(), "a text of some length, which is no database\n").unwrap();
    for args in [&["check"][..], &["check", "--json"], &["check", "--deep"]] {
        folder.untouched(|| folder.vlive(args).ends(3, "", no_database));
    }
    let whole = fs::read(Folder::shared("bakery").file()).unwrap();
    let mut headless = whole.clone();
    headless[64 + 100] ^= 1;
    headless[192 + 100] ^= 1;
    for bytes in [&[][..], &[0; 4096], &whole[..300], &headless] {
        fs::write(folder.file(), bytes).unwrap();
        folder.untouched(|| {
            let ended = folder.vlive(["check", "--json"]).output();
            assert_eq!((ended.status, ended.stdout.as_str()), (3, ""), "{ended}");
            assert!(ended.stderr.starts_with("error: `./vlive.redb` is "), "{ended}");
        });
    }
}

#[test]
fn the_cache_is_named_by_option_and_by_variable() {
    let shared = Folder::shared("bakery");
    let folder = Folder::empty();
    let expected = shared.vlive(["check", "--json"]).output().stdout;
    folder.vlive(["check", "--json", "-C", shared.path().to_str().unwrap()]).ends(0, &expected, "");
    folder.vlive(["check", "--json", "-C", shared.file().to_str().unwrap()]).ends(0, &expected, "");
    folder.vlive(["check", "--json"]).env("VLIVE_FOLDER", shared.path().to_str().unwrap()).ends(0, &expected, "");
}

/// Runs a deep check with a folder of its own for temporary files, which must be empty again.
#[track_caller]
fn checked_deeply(folder: &Folder, status: i32) -> Value {
    let temporary = Folder::empty();
    let run = folder.vlive(["check", "--deep", "--json"]).env("TMPDIR", temporary.path().to_str().unwrap());
    let check = run.output().json(status, "");
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0, "the private copy is left behind");
    check
}

#[test]
fn a_deep_check_finds_no_more_in_the_samples_and_leaves_nothing_behind() {
    for cache in CACHES {
        let folder = Folder::shared(cache);
        let plain = folder.vlive(["check", "--json"]).output();
        folder.untouched(|| {
            let deep = checked_deeply(&folder, plain.status);
            assert_eq!(deep, serde_json::from_str::<Value>(&plain.stdout).unwrap(), "{cache}");
        });
    }
}

#[test]
fn a_deep_check_works_while_an_app_has_the_cache() {
    let folder = Folder::copy_of("bakery");
    let _app = Database::open(folder.file()).unwrap();
    folder.untouched(|| assert_eq!(checked_deeply(&folder, 0)["damage"], nothing()));
}

#[cfg(unix)]
#[test]
fn a_deep_check_works_on_a_file_that_nobody_may_write_to() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::copy_of("bakery");
    fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o444)).unwrap();
    folder.untouched(|| assert_eq!(checked_deeply(&folder, 0)["damage"], nothing()));
}

#[test]
fn a_deep_check_adds_what_redb_reports_about_damage() {
    let folder = Folder::flipped_in("clients/page_1");
    let plain = checked(&folder, 1)["damage"]["count"].as_u64().unwrap();
    folder.untouched(|| {
        let deep = checked_deeply(&folder, 1);
        assert_eq!(deep["damage"]["count"], plain + 1);
        let last = deep["damage"]["places"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["place"], Value::Null);
        assert_ne!(last["what"], "");
    });
}
