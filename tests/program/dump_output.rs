//! What `dump --output` writes to files and folders, and what it leaves alone.

use crate::support::{CANONICAL, Ended, Folder};
use std::fs;

const FORMATS: [&[&str]; 6] = [
    &["--format", "json"],
    &["--pretty"],
    &["--format", "jsonl"],
    &["--format", "jsonl", "--raw"],
    &["--format", "diag"],
    &["--format", "cbor"],
];

fn read(folder: &Folder, name: &str) -> Vec<u8> {
    fs::read(folder.path().join(name)).unwrap()
}

/// Calls `act`, after which there must be the files of before and nothing beside them.
#[track_caller]
fn keeps(folder: &Folder, act: impl FnOnce()) {
    let files = || folder.contents().into_iter().map(|(path, (_, bytes))| (path, bytes)).collect::<Vec<_>>();
    let before = files();
    act();
    assert!(files() == before, "{:?}", folder.files());
}

#[test]
fn an_output_file_is_replaced_with_what_would_be_printed() {
    for format in FORMATS {
        for keys in [&[][..], &["products/id/a"], &["products/page_1", "products"]] {
            let folder = Folder::copy_of("live-demo");
            folder.write("old", "old".repeat(10_000));
            let printed = folder.dump(&[format, keys].concat());
            for name in ["new", "old"] {
                folder.vlive([&["dump", "-q", "--output", name], format, keys].concat()).ends(0, "", "");
                assert!(read(&folder, name) == printed, "{format:?} {keys:?} to {name}");
            }
            assert_eq!(folder.files(), ["new", "old", "vlive.redb"]);
        }
    }
}

#[test]
fn an_output_file_is_at_its_path() {
    let folder = Folder::copy_of("live-demo");
    fs::create_dir(folder.path().join("deeper")).unwrap();
    let absolute = folder.path().join("deeper/absolute");
    for (path, name) in
        [("deeper/x.json", "deeper/x.json"), ("./y", "y"), (absolute.to_str().unwrap(), "deeper/absolute")]
    {
        folder.vlive(["dump", "-o", path]).ends(0, "", &format!("wrote 2 entries to `{path}`\n"));
        assert_eq!(read(&folder, name), folder.dump(&[]));
    }
    assert_eq!(folder.files(), ["deeper/absolute", "deeper/x.json", "vlive.redb", "y"]);
}

#[cfg(unix)]
#[test]
fn a_new_file_has_the_default_mode_and_a_replaced_one_keeps_its_own() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::copy_of("live-demo");
    let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o7777;
    for (umask, file, directory) in [("022", 0o644, 0o755), ("077", 0o600, 0o700), ("027", 0o640, 0o750)] {
        for target in ["new", "tree/"] {
            let dump = folder.limited(&format!("umask {umask}"), &["dump", "-q", "--output", target]);
            assert_eq!(dump.to_string(), "status 0\n=== stdout\n=== stderr\n");
        }
        assert_eq!((mode("new"), mode("tree"), mode("tree/products")), (file, directory, directory), "{umask}");
        assert_eq!(mode("tree/products/page_1.json"), file, "{umask}");
        fs::remove_file(folder.path().join("new")).unwrap();
        fs::remove_dir_all(folder.path().join("tree")).unwrap();
    }
    for kept in [0o640, 0o444, 0o755] {
        folder.write("old", "");
        fs::set_permissions(folder.path().join("old"), fs::Permissions::from_mode(kept)).unwrap();
        folder.vlive(["dump", "-q", "--output", "old"]).ends(0, "", "");
        assert_eq!(mode("old"), kept);
        fs::remove_file(folder.path().join("old")).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_its_target_is_replaced() {
    use std::os::unix::fs::symlink;
    let folder = Folder::copy_of("live-demo");
    folder.write("elsewhere/real", "old");
    for (target, link) in [("elsewhere/real", "link"), ("link", "link-to-link"), ("elsewhere/gone", "dangling")] {
        symlink(target, folder.path().join(link)).unwrap();
    }
    for (link, real) in [("link", "elsewhere/real"), ("link-to-link", "elsewhere/real"), ("dangling", "elsewhere/gone")]
    {
        folder.write("elsewhere/real", "old");
        folder.vlive(["dump", "-q", "--output", link]).ends(0, "", "");
        assert!(fs::symlink_metadata(folder.path().join(link)).unwrap().is_symlink(), "{link}");
        assert_eq!(read(&folder, real), folder.dump(&[]), "{link}");
    }
    assert_eq!(folder.files(), ["dangling", "elsewhere/gone", "elsewhere/real", "link", "link-to-link", "vlive.redb"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_special_file_is_written_in_place() {
    let folder = Folder::copy_of("live-demo");
    for format in FORMATS {
        folder.untouched(|| {
            let printed = folder.dump(&[format, &["--output", "/dev/stdout"]].concat());
            assert_eq!(printed, folder.dump(format), "{format:?}");
        });
    }
    let full = folder.vlive(["dump", "--output", "/dev/full"]).output();
    assert_eq!((full.status, full.stdout.as_str()), (3, ""));
    assert!(full.stderr.starts_with("error: cannot write `/dev/full`: "), "{full}");
}

/// Calls `reading` with a pipe, while a dump of a cache whose text no pipe could hold is written to it.
#[cfg(unix)]
fn through_a_pipe<T: Send>(reading: impl FnOnce(fs::File) -> T + Send) -> (Ended, T) {
    use std::os::unix::fs::FileTypeExt;
    let folder = Folder::copy_of("values");
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let read = std::thread::scope(|scope| {
        let reader = scope.spawn(|| reading(fs::File::open(&pipe).unwrap()));
        (folder.vlive(["dump", "-q", "--output", "pipe"]).output(), reader.join().unwrap())
    });
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    assert_eq!(folder.files(), ["pipe", "vlive.redb"]);
    read
}

#[cfg(unix)]
#[test]
fn a_pipe_stays_a_pipe_and_gets_everything() {
    let (ended, read) = through_a_pipe(|pipe| std::io::read_to_string(pipe).unwrap());
    assert_eq!(ended.to_string(), "status 0\n=== stdout\n=== stderr\n");
    assert!(read.as_bytes() == Folder::shared("values").dump(&[]));
}

#[cfg(unix)]
#[test]
fn a_reader_that_closes_a_named_pipe_ends_a_dump_quietly() {
    let (ended, read) = through_a_pipe(|mut pipe| {
        let mut first = [0];
        std::io::Read::read_exact(&mut pipe, &mut first).unwrap();
        first
    });
    assert_eq!((ended.to_string().as_str(), read), ("status 0\n=== stdout\n=== stderr\n", *b"{"));
}

#[test]
fn a_path_that_cannot_be_written_to_is_named() {
    let folder = Folder::copy_of("live-demo");
    folder.write("file", "kept");
    for path in ["missing/x.json", "missing/deeper/", "file/x.json", "file/"] {
        for format in [&[][..], &["--format", "cbor", "products/id/a"]] {
            keeps(&folder, || {
                let dump = folder.vlive([&["dump", "--output", path], format].concat()).output();
                assert_eq!((dump.status, dump.stdout.as_str()), (3, ""), "{path}");
                assert!(dump.stderr.starts_with(&format!("error: cannot write `{path}`: ")), "{dump}");
            });
        }
    }
}

#[cfg(unix)]
#[test]
fn a_folder_without_permission_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::copy_of("live-demo");
    folder.write("locked/old", "kept");
    let locked = folder.path().join("locked");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o500)).unwrap();
    // Root may write everywhere.
    if fs::write(locked.join("probe"), "").is_err() {
        for path in ["locked/new", "locked/old", "locked/new/"] {
            keeps(&folder, || {
                let dump = folder.vlive(["dump", "--output", path]).output();
                assert_eq!((dump.status, dump.stdout.as_str()), (3, ""));
                assert!(dump.stderr.starts_with(&format!("error: cannot write `{path}`: ")), "{dump}");
            });
        }
    }
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).unwrap();
}

/// A limit on the size of files, in blocks of 512 bytes, refuses what a full disk does.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_old_file_and_no_temporary_file() {
    let folder = Folder::copy_of("values");
    folder.write("old", "kept");
    fs::create_dir(folder.path().join("empty")).unwrap();
    for format in
        [&["--format", "json"][..], &["--format", "jsonl", "--raw"], &["--format", "diag"], &["--format", "cbor"]]
    {
        for blocks in [0, 1, 40] {
            for target in ["new", "old", "new/", "empty", "empty/"] {
                if target.contains(['/', 'm']) && format.contains(&"jsonl") {
                    continue;
                }
                let limit = format!("ulimit -f {blocks}");
                keeps(&folder, || {
                    let dump = folder.limited(&limit, &[&["dump", "--output", target], format].concat());
                    assert_eq!((dump.status, dump.stdout.as_str()), (3, ""), "{format:?} {target}");
                    let named = format!("error: cannot write `{target}`: ");
                    assert!(dump.stderr.starts_with(&named) && dump.stderr.contains("File too large"), "{dump}");
                });
            }
        }
    }
}

#[test]
fn a_failed_dump_leaves_the_old_file_and_no_temporary_file() {
    let ill = Folder::with_values("clients", &[("page_1", b"\xa1\x64")]);
    let foreign = Folder::copy_of("foreign");
    for (folder, args, status) in [
        (&ill, &["clients/page_1"][..], 3),
        (&ill, &["clients/page_1", "--format", "jsonl"], 3),
        (&ill, &["clients/page_2"], 1),
        (&foreign, &["clients", "multi"], 3),
        (&foreign, &["clients", "nums", "--format", "cbor"], 3),
    ] {
        folder.write("old", "kept");
        keeps(folder, || {
            for target in ["old", "new"] {
                let dump = folder.vlive([&["dump", "--output", target], args].concat()).output();
                assert_eq!((dump.status, dump.stdout.as_str()), (status, ""), "{args:?}: {dump}");
            }
        });
    }
    keeps(&foreign, || {
        assert_eq!(foreign.vlive(["dump", "--output", "new/", "clients", "multi"]).output().status, 3);
    });
}

#[test]
fn readable_entries_are_written_and_the_others_named() {
    let folder = Folder::with_values("k", &[("1", b"\xa1\x64rows\xa0"), ("2", b"\xa1\x64")]);
    let ill = "error: entry `k/2` cannot be decoded: it ends in the middle of an item (at byte 2)\n";
    let none = "error: `none` is not in the cache\n";
    let one = "{\"k/1\":{\"fetched_at\":0,\"rows\":{}}}\n";
    folder.vlive(["dump", "--output", "all"]).ends(3, "", &format!("wrote 1 entry to `all`\n{ill}"));
    assert_eq!(read(&folder, "all"), one.as_bytes());
    folder.vlive(["dump", "--output", "all", "none", "k/1"]).ends(1, "", &format!("wrote 1 entry to `all`\n{none}"));
    assert_eq!(read(&folder, "all"), one.as_bytes());
    folder.vlive(["dump", "-q", "--output", "ill", "--format", "diag", "k/2"]).ends(3, "", ill);
    assert_eq!(read(&folder, "ill"), b"h'a164'\n");
    for (format, files, wrote) in [
        ("json", &["1.json"][..], "1 entry"),
        ("diag", &["1.diag", "2.diag"], "2 entries"),
        ("cbor", &["1.cbor", "2.cbor"], "2 entries"),
    ] {
        let (status, said) = if format == "cbor" { (0, "") } else { (3, ill) };
        let summary = format!("wrote {wrote} to `tree/`\n{said}");
        folder.vlive(["dump", "--output", "tree/", "--format", format]).ends(status, "", &summary);
        let written: Vec<String> = folder.files().into_iter().filter(|name| name.starts_with("tree/")).collect();
        assert_eq!(written, files.iter().map(|name| format!("tree/k/{name}")).collect::<Vec<_>>());
        fs::remove_dir_all(folder.path().join("tree")).unwrap();
    }
    folder.vlive(["dump", "-q", "--output", "tree/", "none", "k/1"]).ends(1, "", none);
    assert_eq!(read(&folder, "tree/k/1.json"), b"{\n  \"fetched_at\": 0,\n  \"rows\": {}\n}\n");
}

#[test]
fn a_folder_is_created_or_must_be_empty() {
    let folder = Folder::copy_of("live-demo");
    fs::create_dir(folder.path().join("empty")).unwrap();
    fs::create_dir(folder.path().join("slash")).unwrap();
    for (path, name) in [("new/", "new"), ("empty", "empty"), ("slash/", "slash"), ("./dot//", "dot")] {
        let summary = format!("wrote 2 entries to `{path}`\n");
        folder.vlive(["dump", "--output", path]).ends(0, "", &summary);
        assert_eq!(read(&folder, &format!("{name}/products/id/a.json")), folder.dump(&["--pretty", "products/id/a"]));
        let message =
            format!("error: the folder `{path}` is not empty\nhint: name a new one, or remove what is in it\n");
        folder.untouched(|| folder.vlive(["dump", "--output", path]).ends(2, "", &message));
    }
    folder.vlive(["dump", "-q", "-o", "quiet/", "products/id/a"]).ends(0, "", "");
    let message = "error: the folder `.` is not empty\nhint: name a new one, or remove what is in it\n";
    folder.untouched(|| folder.vlive(["dump", "--output", "."]).ends(2, "", message));
    let entries = |name: &str| [format!("{name}/products/id/a.json"), format!("{name}/products/page_1.json")];
    let mut expected: Vec<String> = ["new", "empty", "slash", "dot"].into_iter().flat_map(entries).collect();
    expected.extend(["quiet/products/id/a.json".to_owned(), "vlive.redb".to_owned()]);
    expected.sort();
    assert_eq!(folder.files(), expected);
}

#[test]
fn a_folder_has_a_file_for_each_entry_in_the_format_asked_for() {
    for cache in CANONICAL.into_iter().filter(|cache| *cache != "odd-keys") {
        for (format, ending, single) in [
            (&[][..], "json", &["--pretty"][..]),
            (&["--compact", "--redact"], "json", &["--redact"]),
            (&["--rows"], "json", &["--rows", "--pretty"]),
            (&["--format", "diag"], "diag", &["--format", "diag", "--pretty"]),
            (&["--format", "cbor"], "cbor", &["--format", "cbor"]),
        ] {
            let folder = Folder::copy_of(cache);
            folder.vlive([&["dump", "-q", "--output", "tree/"], format].concat()).ends(0, "", "");
            let files: Vec<String> = folder.files().into_iter().filter(|name| name.starts_with("tree/")).collect();
            assert_eq!(files.len(), folder.keys().len(), "{cache}");
            // These stand in the names as they are.
            let is_plain =
                |key: &&String| key.bytes().all(|byte| byte.is_ascii_lowercase() || b"/_012".contains(&byte));
            for key in folder.keys().iter().filter(is_plain).step_by(5) {
                let name = format!("tree/{key}.{ending}");
                assert!(read(&folder, &name) == folder.dump(&[single, &[key]].concat()), "{cache} {format:?}: {name}");
            }
        }
    }
}

/// The keys of `odd-keys`, each with the names that follow.
const ODD_NAMES: [(&str, [&str; 4]); 20] = [
    ("%-/", ["__root__", "id/SKU-000000", "page_1", "page_2"]),
    ("%252F/", ["__root__", "id/1", "page_1", "page_2"]),
    ("%2E%2E/", ["__root__", "id/000066500000000000000000", "page_1", "page_2"]),
    ("%63lients/", ["__root__", "id/client%3A00000", "page_1", "page_2"]),
    ("Clients/", ["__root__", "id/1", "page_1", "page_2"]),
    ("__vlive__clients/", ["__root__", "id/SKU-000000", "page_1", "page_2"]),
    ("a'b%22c%5Cd/", ["__root__", "id/a/b", "page_1", "page_2"]),
    ("api/v1/users", ["", "/id/client%3A00000", "/page_1", "/page_2"]),
    ("client/", ["__root__", "id/1", "page_1", "page_2"]),
    ("clients%20/", ["__root__", "id/000066500000000000000000", "page_1", "page_2"]),
    ("clients%3Fname=A/B", ["", "/id/1", "/page_1", "/page_2"]),
    ("emoji%F0%9F%8E%82/", ["__root__", "id/1", "page_1", "page_2"]),
    ("https%3A/%-/api.example.com/users%3Fpage=2&q=a/b", ["", "/id/1", "/page_1", "/page_2"]),
    ("json1/logGroups%3Alogs/Logs_20140328.DescribeLogGroups", ["", "/id/1", "/page_1", "/page_2"]),
    ("new%0Aline/", ["__root__", "id/1", "page_1", "page_2"]),
    ("order lines/", ["__root__", "id/1", "page_1", "page_2"]),
    ("tab%09here/", ["__root__", "id/client%3A00000", "page_1", "page_2"]),
    ("todos%3Fcompleted=true/", ["__root__", "id/a/b", "page_1", "page_2"]),
    ("клиенты/", ["__root__", "id/SKU-000000", "page_1", "page_2"]),
    ("日本語/", ["__root__", "id/000066500000000000000000", "page_1", "page_2"]),
];

#[test]
fn awkward_keys_have_portable_file_names_that_are_read_back() {
    for (format, ending) in [("json", "json"), ("cbor", "cbor")] {
        let folder = Folder::empty();
        let cache = Folder::shared("odd-keys");
        folder.vlive(["dump", "-C", cache.path().to_str().unwrap(), "--output", "tree/", "--format", format]).ends(
            0,
            "",
            "wrote 80 entries to `tree/`\n",
        );
        let mut expected: Vec<String> = ODD_NAMES
            .iter()
            .flat_map(|(begin, ends)| ends.iter().map(move |end| format!("tree/{begin}{end}.{ending}")))
            .collect();
        let mut files = folder.files();
        expected.sort();
        files.sort();
        assert_eq!(files, expected);
        folder.vlive(["load", "-q", "tree"]).ends(0, "", "");
        assert!(folder.entries() == cache.entries());
    }
}

/// Keys can be longer than any path; JSON Lines take them.
#[cfg(target_os = "linux")]
#[test]
fn a_key_that_is_too_long_for_a_path_leaves_no_folder() {
    let folder = Folder::with_values("k", &[("1", b"\xa0"), (&"long".repeat(2000), b"\xa0")]);
    keeps(&folder, || {
        let dump = folder.vlive(["dump", "--output", "tree/"]).output();
        assert_eq!((dump.status, dump.stdout.as_str()), (3, ""));
        assert!(dump.stderr.starts_with("error: cannot write `tree/`: k/longlong"), "{dump}");
        assert!(dump.stderr.contains(": File name too long"), "{dump}");
    });
    let lines = folder.vlive(["dump", "--format", "jsonl"]).output().stdout;
    let loaded = Folder::empty();
    loaded.vlive(["load", "-q"]).stdin(lines).ends(0, "", "");
    assert_eq!(loaded.keys(), folder.keys());
}

#[test]
fn a_dump_of_missing_entries_leaves_the_old_file() {
    let folder = Folder::copy_of("bakery");
    folder.write("keep.json", "kept");
    for target in ["keep.json", "new.json", "new/"] {
        let missing = "error: `nothing` is not in the cache\n";
        folder.vlive(["dump", "nothing", "--output", target]).ends(1, "", missing);
    }
    assert_eq!(fs::read_to_string(folder.path().join("keep.json")).unwrap(), "kept");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "something was left behind");
    // What is there is written, and what is not is told.
    let partly = folder.vlive(["dump", "-q", "nothing", "orders/page_1", "--output", "keep.json"]).output();
    assert_eq!((partly.status, partly.stderr.as_str()), (1, "error: `nothing` is not in the cache\n"));
    let kept = fs::read_to_string(folder.path().join("keep.json")).unwrap();
    assert!(kept.starts_with(r#"{"orders/page_1":{"#), "{kept}");
}

#[test]
fn a_hyphen_is_standard_output() {
    let folder = Folder::shared("live-demo");
    let dump = folder.vlive(["dump"]).output().stdout;
    folder.untouched(|| folder.vlive(["dump", "--output", "-"]).ends(0, &dump, ""));
}

#[test]
fn a_cache_is_not_overwritten() {
    let folder = Folder::copy_of("live-demo");
    folder.untouched(|| {
        let refused = "error: `vlive.redb` is a cache\nhint: name another file\n";
        folder.vlive(["dump", "--output", "vlive.redb"]).ends(2, "", refused);
        let refused = "error: the folder `.` is not empty\nhint: name a new one, or remove what is in it\n";
        folder.vlive(["dump", "--output", "."]).ends(2, "", refused);
    });
}

/// What the shell appends to a file stays there, though the file has a name behind `/dev`.
#[test]
#[cfg(target_os = "linux")]
fn standard_output_by_its_name_in_dev_is_written_through() {
    let folder = Folder::copy_of("live-demo");
    folder.write("log", "before\n");
    let log = fs::OpenOptions::new().append(true).open(folder.path().join("log")).unwrap();
    let mut vlive = folder.command(["dump", "products/id/a", "--output", "/dev/stdout"]);
    assert!(vlive.stdout(log).status().unwrap().success());
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(log.starts_with("before\n{\"fetched_at\":1795148219,"), "{log}");
}

#[test]
#[cfg(unix)]
fn an_existing_empty_folder_keeps_its_mode_and_may_be_a_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::copy_of("live-demo");
    let [real, link] = ["real", "link"].map(|name| folder.path().join(name));
    fs::create_dir(&real).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o700)).unwrap();
    symlink("real", &link).unwrap();
    let wrote = "wrote 2 entries to `link`\n";
    folder.vlive(["dump", "--output", "link"]).ends(0, "", wrote);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(real.join("products/page_1.json").is_file());
}
