//! `stat` and `compact` as they are typed.

use super::support::Folder;
use redb::Database;
use serde_json::json;
use snapbox::cmd::cargo_bin;
use std::fs;
use std::process::Command;

fn len(folder: &Folder) -> u64 {
    fs::metadata(folder.file()).unwrap().len()
}

#[test]
fn stat_shows_a_cache_at_a_glance() {
    let folder = Folder::with_values(
        "clients",
        &[
            ("page_1", b"\xa2\x6afetched_at\x1a\x69\x80\x19\x70\x64rows\xa1\x61a\xa0"),
            ("page_2", b"\xa2\x6afetched_at\x00\x64rows\xa0"),
        ],
    );
    let output = folder.vlive(["stat"]).env("LC_ALL", "C.UTF-8").output();
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert!(lines[0].starts_with("3.5 MiB, ") && lines[0].contains("; format v2, commit "), "{output}");
    assert!(lines[0].ends_with(", closed"), "{output}");
    assert!(lines[1].starts_with("values 45 B, keys 12 B, pages 3.9 KiB, redb "), "{output}");
    assert!(lines[2].starts_with("`vlive compact` would give back 1.8 MiB (5"), "{output}");
    assert_eq!(lines[3], "AGE  future  <1m  <10m  <1h  <6h  <1d  <7d  <30d  <1y  older");
    assert_eq!(lines[4], "                             ███                       █████");
    assert_eq!(lines[5], "          0    0     0    0    1    0    0     0    0      1");
    assert_eq!(lines[6], "KEY      ENTRIES  ROWS  SIZE   MIN  MEDIAN   MAX  DEPTH");
    assert_eq!(lines[7], "clients        2     1  45 B  19 B    19 B  26 B      1");
    assert_eq!(lines[8..], ["LARGEST", "26 B  clients/page_1", "19 B  clients/page_2"]);
    let ascii = folder.vlive(["stat"]).env("LC_ALL", "C").output();
    assert!(ascii.stdout.is_ascii() && ascii.stdout.contains("###"), "{ascii}");
}

#[test]
fn the_histogram_of_ages_is_that_of_stat_for_a_selection() {
    let folder = Folder::shared("bakery");
    let stat = folder.vlive(["stat", "--json"]).json();
    assert_eq!(folder.vlive(["ages", "--histogram", "--json"]).json(), stat["ages"]);
    let drawn = folder.vlive(["stat"]).output().stdout;
    let ages = folder.vlive(["ages", "--histogram"]).output();
    assert!(ages.status == 0 && ages.stdout.starts_with("AGE  ") && drawn.contains(&ages.stdout), "{ages}");
    let one = folder.vlive(["ages", "--histogram", "--json", "--exact", &folder.keys()[0]]).json();
    let entries: u64 = one.as_array().unwrap().iter().map(|bucket| bucket["entries"].as_u64().unwrap()).sum();
    assert_eq!(entries, 1);
}

/// Root may give files away; nobody else can.
#[test]
#[cfg(unix)]
fn compact_keeps_the_owner_or_the_cache() {
    use std::os::unix::fs::{MetadataExt, chown};
    let folder = Folder::copy_of("bakery");
    if chown(folder.file(), Some(12345), Some(54321)).is_err() {
        return;
    }
    assert_eq!(folder.vlive(["compact"]).output().status, 0);
    let after = fs::metadata(folder.file()).unwrap();
    assert_eq!((after.uid(), after.gid(), after.len()), (12345, 54321, len(&folder)));
}

/// In a namespace of its own anybody may mount a small disk, where the system allows that.
#[test]
#[cfg(target_os = "linux")]
fn compact_says_how_much_room_is_missing_before_it_writes_anything() {
    let folder = Folder::copy_of("bakery");
    fs::create_dir(folder.path().join("small")).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=4m none small && cat vlive.redb > small/vlive.redb || exit 77
        '{}' -C small compact
        status=$?
        cmp vlive.redb small/vlive.redb && ls -A small && exit $status",
        cargo_bin!("vlive").display()
    );
    let mut unshare = Command::new("unshare");
    unshare.args(["--map-root-user", "--mount", "sh", "-c", &script]).current_dir(folder.path());
    let Ok(output) = unshare.output() else { return };
    let told = String::from_utf8(output.stderr).unwrap();
    if output.status.code() == Some(77) || told.starts_with("unshare:") {
        return;
    }
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(3), &b"vlive.redb\n"[..]), "{told}");
    let (error, hint) = told.split_once('\n').unwrap();
    let numbers = error.strip_prefix("error: the disk of `small/vlive.redb` has ").unwrap();
    let [free, needed, missing] = [" bytes free, and the new file takes ", ": ", " are missing"]
        .iter()
        .fold((Vec::new(), numbers), |(mut numbers, rest), after| {
            let (number, rest) = rest.split_once(after).unwrap();
            numbers.push(number.parse::<u64>().unwrap());
            (numbers, rest)
        })
        .0
        .try_into()
        .unwrap();
    assert_eq!(needed - free, missing, "{told}");
    assert_eq!(json!(needed), folder.vlive(["compact", "-n", "--json"]).json()["after"]);
    assert_eq!(hint, "hint: make room on the disk; the cache is unchanged\n");
}

/// Nobody in particular may do less than root: the tests may run as either.
#[cfg(unix)]
fn as_somebody_else(folder: &Folder, args: &[&str]) -> Option<(Option<i32>, String)> {
    use std::os::unix::process::CommandExt;
    let program = folder.command(args);
    let mut command = Command::new(program.get_program());
    command.args(program.get_args()).current_dir(folder.path()).uid(65_534).gid(65_534);
    // Somebody else may not even be allowed to run the program.
    let output = command.output().ok()?;
    Some((output.status.code(), String::from_utf8(output.stderr).unwrap()))
}

#[test]
#[cfg(unix)]
fn compact_refuses_a_folder_that_it_cannot_write_to_and_a_file_whose_owner_it_cannot_keep() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::copy_of("bakery");
    let mode = |path: &std::path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(&folder.file(), 0o666);
    for (folder_mode, told) in [
        (0o555, "error: cannot write a new file beside `./vlive.redb`: Permission denied (os error 13)\n"),
        (0o777, "error: cannot keep owner and mode of `./vlive.redb`: Operation not permitted (os error 1)\n"),
    ] {
        mode(folder.path(), folder_mode);
        let before = fs::read(folder.file()).unwrap();
        let Some((status, complaint)) = as_somebody_else(&folder, &["compact"]) else { return };
        assert!(fs::read(folder.file()).unwrap() == before, "{complaint}");
        mode(folder.path(), 0o777);
        assert_eq!(folder.files(), ["vlive.redb"], "{complaint}");
        assert_eq!(status, Some(3), "{complaint}");
        let hint = "hint: looking needs permission to read, and changing needs permission to write\n";
        assert_eq!(complaint, format!("{told}{hint}"));
    }
}

#[test]
#[cfg(unix)]
fn compact_replaces_the_file_that_a_link_leads_to_and_keeps_its_mode() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let (folder, other) = (Folder::copy_of("bakery"), Folder::empty());
    fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o604)).unwrap();
    symlink(folder.file(), other.file()).unwrap();
    assert_eq!(other.vlive(["compact"]).output().status, 0);
    assert!(fs::symlink_metadata(other.file()).unwrap().is_symlink() && len(&folder) < 2_000_000);
    assert_eq!(fs::metadata(folder.file()).unwrap().permissions().mode() & 0o777, 0o604);
    assert_eq!((folder.files(), other.files()), (vec!["vlive.redb".to_owned()], vec!["vlive.redb".to_owned()]));
}

#[test]
fn stat_as_json_adds_up_and_agrees_with_ls() {
    for cache in ["bakery", "values", "foreign", "crashed", "format-v3"] {
        let folder = Folder::shared(cache);
        let stat = folder.vlive(["stat", "--json"]).json();
        let space = stat["space"].as_object().unwrap();
        let sum: u64 = space.iter().filter(|(name, _)| *name != "compacted").map(|(_, n)| n.as_u64().unwrap()).sum();
        assert_eq!(stat["bytes"], json!(sum), "{cache}");
        let listed = folder.vlive(["ls", "--json"]).output();
        let listed: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
        for (stat, listed) in stat["keys"].as_array().unwrap().iter().zip(listed.as_array().unwrap()) {
            for field in ["key", "entries", "rows", "bytes"] {
                assert_eq!(stat[field], listed[field], "{cache}");
            }
        }
        let aged: u64 = stat["ages"].as_array().unwrap().iter().map(|bucket| bucket["entries"].as_u64().unwrap()).sum();
        let entries: u64 = stat["keys"].as_array().unwrap().iter().map(|key| key["entries"].as_u64().unwrap()).sum();
        assert_eq!(aged, entries, "{cache}");
        let quick = folder.vlive(["stat", "--quick", "--json"]).json();
        assert_eq!((&quick["bytes"], &quick["commit"]), (&stat["bytes"], &stat["commit"]));
        assert!(quick.get("space").is_none() && quick.get("ages").is_none());
    }
}

#[test]
fn compact_prints_both_sizes_and_agrees_with_its_plan() {
    let folder = Folder::copy_of("bakery");
    let before = folder.entries();
    let plan = folder.vlive(["compact", "-n", "--json"]).json();
    let told = "would give back 1.8 MiB: from 3.5 MiB to 1.6 MiB for 21 entries with 20.7 KiB\n";
    folder.untouched(|| folder.vlive(["compact", "-n"]).ends(0, "", told));
    folder.vlive(["compact"]).ends(0, "", &told.replace("would give", "gave"));
    assert_eq!(plan["after"], json!(len(&folder)));
    assert_eq!(folder.entries(), before);
    let nothing = "nothing to give back: the file takes 1.6 MiB for 21 entries with 20.7 KiB, and needs that much\n";
    folder.untouched(|| folder.vlive(["compact"]).ends(0, "", nothing));
    folder.vlive(["compact", "-q"]).ends(0, "", "");
    let json = folder.vlive(["compact", "--json"]).json();
    let expected = json!({
        "before": len(&folder), "after": len(&folder), "given_back": 0, "contents": 21214, "entries": 21,
        "dry_run": false,
    });
    assert_eq!(json, expected);
}

#[test]
fn compact_refuses_a_cache_in_use_or_with_another_name() {
    let folder = Folder::copy_of("bakery");
    let app = Database::open(folder.file()).unwrap();
    folder.untouched(|| assert_eq!(folder.vlive(["compact"]).output().status, 4));
    drop(app);
    #[cfg(unix)]
    {
        fs::hard_link(folder.file(), folder.path().join("other")).unwrap();
        let told = "error: `./vlive.redb` is a file with 2 names (hard links)\nhint: the other names would keep the \
                    old file; copy the file, and put the copy in its place\n";
        folder.untouched(|| folder.vlive(["compact"]).ends(2, "", told));
    }
}

#[test]
#[cfg(unix)]
fn a_write_that_fails_at_any_place_does_no_harm() {
    for blocks in [0, 8, 1000, 2000, 3000, 3300, 3400, 3420] {
        let folder = Folder::copy_of("bakery");
        let before = fs::read(folder.file()).unwrap();
        let ended = folder.limited(&format!("ulimit -f {blocks}; trap '' XFSZ"), &["compact"]);
        assert_eq!(ended.status, 3, "{blocks}: {ended}");
        assert!(ended.stderr.starts_with("error: cannot write a new file beside `./vlive.redb`: "), "{ended}");
        assert!(fs::read(folder.file()).unwrap() == before, "{blocks}");
        assert_eq!(folder.files(), ["vlive.redb"], "{blocks}");
    }
}

#[test]
fn where_finds_caches_by_their_contents() {
    let folder = Folder::empty();
    for (cache, name) in [("bakery", "a/vlive.redb"), ("foreign", "a/b/c.db"), ("crashed", "d/vlive.redb")] {
        folder.write(name, fs::read(Folder::shared(cache).file()).unwrap());
    }
    folder.write("a/notes.txt", "no cache");
    folder.write("a/vlive.redb.txt", vec![0; 1 << 20]);
    let database = folder.path().join("a/other.redb");
    drop(Database::create(&database).unwrap());
    let found = folder.vlive(["where", "--json", "."]).json();
    let found: Vec<(&str, &str)> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|cache| (cache["path"].as_str().unwrap(), cache["kind"].as_str().unwrap()))
        .collect();
    let expected = [
        ("a/b/c.db", "vantage-live"),
        ("a/other.redb", "other"),
        ("a/vlive.redb", "vantage-live"),
        ("d/vlive.redb", "vantage-live"),
    ];
    assert_eq!(found, expected);
    let shallow = folder.vlive(["where", "--json", "--depth", "1", "."]).json();
    assert_eq!(shallow.as_array().unwrap().len(), 3);
    let missing = "error: `a/b/none` does not exist\nno cache was found\n";
    folder.vlive(["where", "a/b/none"]).ends(3, "", missing);
    fs::create_dir(folder.path().join("empty")).unwrap();
    folder.vlive(["where", "empty"]).ends(1, "", "no cache was found\n");
    let paths = |args: &[&str]| {
        let found = folder.vlive([&["where", "--json"], args].concat()).output();
        let found: serde_json::Value = serde_json::from_str(&found.stdout).unwrap();
        found.as_array().unwrap().iter().map(|cache| cache["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(paths(&["a/b/c.db"]), ["a/b/c.db"], "a file is searched too");
    assert_eq!(paths(&["--depth", "0", "a"]), ["a/other.redb", "a/vlive.redb"]);
    folder.write("1/2/3/4/5/6/7/8/vlive.redb", fs::read(Folder::shared("bakery").file()).unwrap());
    assert_eq!(paths(&["."]).len(), 5, "8 folders deep by default");
    assert_eq!(paths(&["--depth", "7", "."]).len(), 4);
    let table = folder.vlive(["where", "d"]).output();
    let lines: Vec<&str> = table.stdout.lines().collect();
    assert_eq!(lines[0], "KIND             SIZE  NEWEST  IN USE BY  PATH");
    assert!(
        lines[1].starts_with("vantage-live  2.5 MiB  ") && lines[1].ends_with("  -          d/vlive.redb"),
        "{table}"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn where_finds_a_cache_that_a_process_has_open_wherever_it_is_and_names_the_process() {
    let (folder, elsewhere) = (Folder::copy_of("live-demo"), Folder::empty());
    let _app = Database::open(folder.file()).unwrap();
    let found = elsewhere.vlive(["where", "--json"]).env("XDG_CACHE_HOME", elsewhere.path().to_str().unwrap()).json();
    let path = folder.file().to_str().unwrap().to_owned();
    let cache = found.as_array().unwrap().iter().find(|cache| cache["path"] == json!(path)).expect("it is found");
    assert_eq!(cache["holders"][0]["pid"], json!(std::process::id()));
    assert!(cache["newest"].is_u64());
}

#[test]
#[cfg(unix)]
fn where_follows_no_links_and_names_no_file_twice() {
    use std::os::unix::fs::symlink;
    let folder = Folder::empty();
    folder.write("a/vlive.redb", fs::read(Folder::shared("bakery").file()).unwrap());
    symlink(folder.path(), folder.path().join("a/loop")).unwrap();
    symlink(folder.path().join("a/vlive.redb"), folder.path().join("linked.redb")).unwrap();
    fs::hard_link(folder.path().join("a/vlive.redb"), folder.path().join("a/second")).unwrap();
    assert_eq!(folder.vlive(["where", "--json", "."]).json().as_array().unwrap().len(), 1);
}

#[test]
fn without_a_cache_those_in_subfolders_are_named() {
    let folder = Folder::empty();
    for name in ["a/vlive.redb", "b/vlive.redb", "c/d/vlive.redb"] {
        folder.write(name, fs::read(Folder::shared("live-demo").file()).unwrap());
    }
    let told = "error: there is no cache at `./vlive.redb`\nhint: there are caches below: `-C a`, `-C b`\n";
    folder.vlive(["ls"]).ends(3, "", told);
}
