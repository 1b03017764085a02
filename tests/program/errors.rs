//! Inputs that are no good: each is told in a sentence, has its status, and changes nothing.

use crate::diorama::tables;
use crate::support::{Ended, Folder, recorded};
use std::fs;
use std::path::Path;

/// A row for `put`, and an entry for `load`.
const INPUT: &str = r#"{"clients/page_1":{}}"#;

const LOOKING: [&[&str]; 13] = [
    &["ls"],
    &["ls", "--all", "--json"],
    &["dump"],
    &["dump", "clients/page_1"],
    &["dump", "--format", "jsonl", "--raw"],
    &["dump", "--format", "diag"],
    &["show", "clients/page_1"],
    &["diff", ".", "."],
    &["ages"],
    &["ages", "--json", "clients"],
    &["invalidate", "--dry-run", "clients"],
    &["touch", "--dry-run", "clients"],
    &["load", "--dry-run"],
];

const WRITING: [&[&str]; 6] = [
    &["put", "clients/page_1"],
    &["load"],
    &["load", "--clear"],
    &["invalidate", "clients"],
    &["invalidate", "--all"],
    &["touch", "clients"],
];

/// Runs each command, which must fail with this message and leave no trace.
#[track_caller]
fn all_fail(folder: &Folder, commands: &[&[&str]], message: &str) {
    for args in commands {
        folder.untouched(|| folder.vlive(*args).stdin(INPUT).ends(3, "", message));
    }
}

/// A folder in which `vlive.redb` holds these bytes.
fn file_of(bytes: &[u8]) -> Folder {
    let folder = Folder::empty();
    fs::write(folder.file(), bytes).unwrap();
    folder
}

const NOT_A_CACHE: &str = "if it never was a cache, -C names the wrong place; else delete it, and the app starts over";

#[test]
fn a_file_that_is_not_a_database_is_refused_and_left_alone() {
    let text = "error: `./vlive.redb` is not a redb database: it does not begin as one does\nhint: ";
    let empty = "error: `./vlive.redb` is not a redb database: it is empty, or was never finished\nhint: ";
    for (bytes, message) in [
        (&b""[..], empty),
        (b"hello\n", text),
        (&b"hello\n".repeat(1000), text),
        // How redb begins a file; it was stopped before it wrote more.
        (&[0; 4096], empty),
        (b"SQLite format 3\0", text),
    ] {
        let folder = file_of(bytes);
        all_fail(&folder, &LOOKING, &format!("{message}{NOT_A_CACHE}\n"));
        all_fail(&folder, &WRITING, &format!("{message}{NOT_A_CACHE}\n"));
    }
}

#[test]
fn a_folder_in_place_of_the_file_is_refused() {
    let folder = Folder::empty();
    fs::create_dir(folder.file()).unwrap();
    let message = "error: `./vlive.redb` is not a file\nhint: -C takes the redb file of a cache, or its folder\n";
    all_fail(&folder, &LOOKING, message);
    all_fail(&folder, &WRITING, message);
}

#[test]
fn a_path_that_leads_through_a_file_is_refused() {
    let folder = Folder::empty();
    fs::write(folder.path().join("file"), "hello").unwrap();
    folder.untouched(|| {
        // What is compared is named otherwise.
        for args in LOOKING.iter().chain(&WRITING).filter(|args| args[0] != "diff") {
            let ended = folder.vlive([&["-C", "file/cache"], *args].concat()).stdin(INPUT).output();
            assert_eq!((ended.status, ended.stdout.as_str()), (3, ""), "{args:?}");
            assert!(ended.stderr.starts_with("error: cannot open `file/cache/vlive.redb`: "), "{ended}");
        }
    });
}

#[test]
fn an_unknown_format_is_named() {
    let folder = Folder::copy_of("live-demo");
    let mut bytes = fs::read(folder.file()).unwrap();
    for slot in [64, 192] {
        // Its first byte is the version, its last sixteen are the checksum of the others.
        bytes[slot] = 9;
        let checksum = xxhash_rust::xxh3::xxh3_128(&bytes[slot..slot + 112]).to_le_bytes();
        bytes[slot + 112..slot + 128].copy_from_slice(&checksum);
    }
    fs::write(folder.file(), bytes).unwrap();
    let message = "\
error: `./vlive.redb` has version 9 of redb's file format, and only 2 and 3 are known
hint: caches of vantage-live and vantage-diorama have version 2 or 3
";
    all_fail(&folder, &LOOKING, message);
    all_fail(&folder, &WRITING, message);
}

#[test]
fn a_file_of_the_wrong_length_can_be_read_and_is_never_written() {
    let whole = fs::read(Folder::shared("bakery").file()).unwrap();
    let look = |folder: &Folder, args: &[&str]| folder.vlive(args).stdin(INPUT).output().to_string();
    let expected: Vec<String> = LOOKING.iter().map(|args| look(&Folder::shared("bakery"), args)).collect();
    for len in [whole.len() / 2, whole.len() - 1, whole.len() + 1, whole.len() + 4096] {
        let mut bytes = whole.clone();
        bytes.resize(len, 0);
        let folder = file_of(&bytes);
        let message = format!(
            "\
error: `./vlive.redb` has {len} bytes, and its header records {}
hint: the file was cut or extended, and redb would fail on it; it was left unchanged
",
            whole.len()
        );
        all_fail(&folder, &WRITING, &message);
        folder.untouched(|| {
            for (args, expected) in LOOKING.iter().zip(&expected) {
                assert_eq!(look(&folder, args), *expected, "{args:?} at {len} bytes");
            }
        });
    }
}

#[test]
fn a_truncated_file_is_refused_in_one_sentence() {
    let whole = fs::read(Folder::shared("bakery").file()).unwrap();
    for len in [9, 100, 319, 320, 4096, 8192, 40_000] {
        let folder = file_of(&whole[..len]);
        folder.untouched(|| {
            for args in LOOKING.iter().chain(&WRITING) {
                let ended = folder.vlive(*args).stdin(INPUT).output();
                assert_eq!(ended.status, 3, "{args:?} at {len} bytes: {ended}");
                assert!(ended.stderr.starts_with("error: `./vlive.redb` "), "{args:?} at {len} bytes: {ended}");
            }
        });
    }
}

/// Whether the run failed on damage, and named the table and a page of it.
fn names_damage(ended: &Ended, table: &str) -> bool {
    ended.status == 3
        && ended.stderr.starts_with(&format!("error: `./vlive.redb` is damaged in table `{table}`, page "))
        && ended.stderr.contains("\nhint: ")
}

/// A bit flipped in an entry or a row, the table that it is in, and what cannot be done then.
struct Flipped {
    folder: Folder,
    table: &'static str,
    looking: &'static [&'static [&'static str]],
    /// What needs the pages of a value to change anything.
    changing: &'static [&'static [&'static str]],
    input: &'static str,
}

fn flipped() -> [Flipped; 2] {
    let live = Flipped {
        folder: Folder::flipped_in("clients/page_1"),
        table: "__vlive__clients",
        looking: &[
            &["dump", "clients/page_1"],
            &["dump", "clients"],
            &["dump"],
            &["ls"],
            &["ages", "clients/page_1"],
            &["invalidate", "-n", "clients"],
            &["touch", "-n", "clients"],
            &["load", "-n"],
            &["load", "-n", "--clear"],
        ],
        changing: &[
            &["put", "clients/page_1"],
            &["load"],
            &["load", "--replace"],
            &["load", "--clear"],
            &["invalidate", "clients"],
            &["invalidate", "clients/page_1"],
            &["invalidate", "--all"],
            &["touch", "clients"],
            &["touch", "--exact", "clients/page_1"],
            &["touch", "--all"],
        ],
        input: INPUT,
    };
    let folder = Folder::copy_of("diorama/cache.redb");
    let row = tables(&folder)["clients"]["c1"].clone();
    folder.flip(&row);
    let diorama = Flipped {
        folder,
        table: "clients",
        looking: &[
            &["dump", "clients/c1"],
            &["dump", "clients"],
            &["dump"],
            &["ls"],
            &["ages", "clients"],
            &["show", "clients"],
            &["invalidate", "-n", "clients"],
            &["load", "-n"],
            &["load", "-n", "--clear"],
        ],
        changing: &[
            &["put", "clients"],
            &["put", "clients/c1"],
            &["load"],
            &["load", "--replace"],
            &["load", "--clear"],
            &["cp", "clients", "copy"],
            &["mv", "clients", "moved"],
            &["invalidate", "clients"],
            &["invalidate", "clients/c1"],
            &["invalidate", "--all"],
        ],
        input: r#"{"c1":{}}"#,
    };
    [live, diorama]
}

impl Flipped {
    /// A document where a command reads one.
    fn run(&self, args: &[&str]) -> Ended {
        let document = r#"{"clients":{"rows":{},"total":1}}"#;
        let is_document = self.table == "clients" && args[0] == "load";
        self.folder.vlive(args).stdin(if is_document { document } else { self.input }).output()
    }
}

#[test]
fn a_flipped_bit_fails_the_commands_that_need_its_page_and_names_page_and_table() {
    for flipped in flipped() {
        flipped.folder.untouched(|| {
            for args in flipped.looking {
                let ended = flipped.run(args);
                assert!(names_damage(&ended, flipped.table), "{args:?}: {ended}");
            }
        });
    }
}

#[test]
fn a_flipped_bit_stops_a_change_before_it_begins_and_without_a_trace() {
    for flipped in flipped() {
        flipped.folder.untouched(|| {
            for args in flipped.changing {
                let ended = flipped.run(args);
                assert!(names_damage(&ended, flipped.table), "{args:?}: {ended}");
            }
        });
    }
}

#[test]
fn a_flipped_bit_leaves_other_tables_to_be_read_and_dropped() {
    let folder = Folder::flipped_in("clients/page_1");
    let dump = |folder: &Folder| folder.vlive(["dump", "orders", "comments?postId=1"]).output().to_string();
    folder.untouched(|| assert_eq!(dump(&folder), dump(&Folder::shared("bakery"))));
    let dropped = folder.vlive(["invalidate", "orders", "--json"]).json();
    assert_eq!(dropped["entries"], 7);
    let ended = folder.vlive(["dump", "clients/page_1"]).output();
    assert!(names_damage(&ended, "__vlive__clients"), "the damage stays visible: {ended}");
}

#[test]
fn a_put_beside_a_flipped_bit_is_refused_or_harms_nothing() {
    for key in ["clients/page_1", "clients/page_2", "clients/new", "orders/new"] {
        let folder = Folder::flipped_in("clients/page_1");
        let before = folder.contents();
        let ended = folder.vlive(["put", key]).stdin("{}").output();
        if names_damage(&ended, "__vlive__clients") {
            let same = before.iter().all(|(path, (_, bytes))| path.is_dir() || fs::read(path).unwrap() == *bytes);
            assert!(same, "{key}: refused, and written to");
            continue;
        }
        assert_eq!(ended.status, 0, "{key}: {ended}");
        folder.vlive(["dump", "orders/page_1"]).ends(
            0,
            &Folder::shared("bakery").vlive(["dump", "orders/page_1"]).output().stdout,
            "",
        );
        assert!(
            names_damage(&folder.vlive(["dump", "clients/page_1"]).output(), "__vlive__clients")
                || key == "clients/page_1",
            "{key}"
        );
    }
}

fn no_cache_table(table: &str, is: &str) -> String {
    format!(
        "\
error: table `{table}` of `./vlive.redb` is not a cache table but a {is}
hint: vantage-live fails on this table as well; it belongs to another program
"
    )
}

#[test]
fn a_foreign_table_with_the_name_of_a_cache_table_is_refused() {
    let folder = Folder::copy_of("foreign");
    let looking: [(&[&str], (&str, &str)); 9] = [
        (&["dump", "multi"], MULTIMAP),
        (&["dump", "multi/x"], MULTIMAP),
        (&["dump", "clients", "nums"], NUMBERS),
        (&["ages", "multi"], MULTIMAP),
        (&["ages", "nums/", "--json"], NUMBERS),
        (&["invalidate", "-n", "multi"], MULTIMAP),
        (&["invalidate", "-n", "clients", "multi"], MULTIMAP),
        (&["invalidate", "-n", "nums/x"], NUMBERS),
        (&["touch", "-n", "clients", "nums"], NUMBERS),
    ];
    for (args, (table, is)) in looking {
        folder.untouched(|| folder.vlive(args).ends(3, "", &no_cache_table(table, is)));
    }
}

const MULTIMAP: (&str, &str) = ("__vlive__multi", "multimap of &str to &[u8]");
const NUMBERS: (&str, &str) = ("__vlive__nums", "table of u64 to u64");

const FOREIGN_WRITES: [(&[&str], (&str, &str)); 8] = [
    (&["put", "multi"], MULTIMAP),
    (&["put", "nums/page_1"], NUMBERS),
    (&["invalidate", "multi"], MULTIMAP),
    (&["invalidate", "multi/"], MULTIMAP),
    (&["invalidate", "clients", "multi"], MULTIMAP),
    (&["invalidate", "nums/x", "clients"], NUMBERS),
    (&["touch", "clients", "multi"], MULTIMAP),
    (&["touch", "nums", "clients"], NUMBERS),
];

/// What gives way to a load is what `invalidate` drops: never a multimap, and with --clear no table that is
/// no cache table.
#[test]
fn a_load_into_a_foreign_table_does_not_begin_unless_it_is_replaced() {
    let folder = Folder::copy_of("foreign");
    for (source, args, (table, is)) in [
        (r#"{"clients/page_1":{},"multi/1":{}}"#, &[][..], MULTIMAP),
        (r#"{"multi/1":{}}"#, &["--replace"], MULTIMAP),
        (r#"{"multi/1":{}}"#, &["--clear"], MULTIMAP),
        (r#"{"nums":{},"orders/1":{}}"#, &[], NUMBERS),
        (r#"{"nums/1":{}}"#, &["--clear"], NUMBERS),
    ] {
        folder.untouched(|| {
            for dry_run in [&["load", "-n"][..], &["load"]] {
                folder.vlive([dry_run, args].concat()).stdin(source).ends(3, "", &no_cache_table(table, is));
            }
        });
    }
    let load = |args: &[&str]| folder.vlive([&["load", "--replace"], args].concat()).stdin(r#"{"nums/1":{}}"#);
    let summary = "load 1 entry, 23 B: 1 added, 0 replaced, 1 removed\n";
    folder.untouched(|| load(&["-n"]).ends(0, "+ nums/1\n- nums\n", &format!("would {summary}")));
    load(&[]).ends(0, "", &summary.replacen("load", "loaded", 1));
    assert_eq!(folder.value("nums/1").len(), 23);
}

#[test]
fn no_write_to_a_foreign_table_begins() {
    let folder = Folder::copy_of("foreign");
    let before = fs::read(folder.file()).unwrap();
    for (args, (table, is)) in FOREIGN_WRITES {
        folder.vlive(args).stdin("{}").ends(3, "", &no_cache_table(table, is));
    }
    assert!(fs::read(folder.file()).unwrap() == before, "the file was written to");
}

#[test]
fn a_refused_write_to_a_foreign_table_leaves_no_trace() {
    let folder = Folder::copy_of("foreign");
    for (args, _) in FOREIGN_WRITES {
        folder.untouched(|| assert_eq!(folder.vlive(args).stdin("{}").output().status, 3));
    }
}

/// Takes permissions away; `None` where that stops nobody, as it does not stop root.
#[cfg(unix)]
fn permitted(path: &Path, mode: u32) -> Option<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let stopped = if path.is_dir() {
        fs::write(path.join("probe"), "").is_err()
    } else {
        fs::OpenOptions::new().append(true).open(path).is_err()
    };
    stopped.then_some(())
}

#[cfg(unix)]
const PERMISSION: &str = "hint: looking needs permission to read, and changing needs permission to write\n";

#[cfg(unix)]
#[test]
fn without_permission_to_read_nothing_is_printed() {
    let folder = Folder::copy_of("bakery");
    let Some(()) = permitted(&folder.file(), 0o000) else { return };
    for args in LOOKING.iter().chain(&WRITING) {
        let ended = folder.vlive(*args).stdin(INPUT).output();
        assert_eq!((ended.status, ended.stdout.as_str()), (3, ""), "{args:?}");
        assert!(
            ended.stderr.starts_with("error: cannot open `./vlive.redb`: ") && ended.stderr.ends_with(PERMISSION),
            "{ended}"
        );
    }
}

#[cfg(unix)]
#[test]
fn permission_to_read_is_enough_to_look_and_not_to_write() {
    let folder = Folder::copy_of("bakery");
    let Some(()) = permitted(&folder.file(), 0o400) else { return };
    folder.untouched(|| {
        for args in LOOKING {
            assert_eq!(folder.vlive(args).stdin(INPUT).output().status, 0, "{args:?}");
        }
        for args in WRITING {
            let ended = folder.vlive(args).stdin(INPUT).output();
            assert!(ended.status == 3 && ended.stderr.ends_with(PERMISSION), "{args:?}: {ended}");
        }
    });
}

#[cfg(unix)]
#[test]
fn a_cache_is_not_created_without_permission() {
    let folder = Folder::empty();
    let Some(()) = permitted(folder.path(), 0o500) else { return };
    for target in [".", "new"] {
        for args in [&["put", "k/1"][..], &["load"]] {
            let ended = folder.vlive([args, &["-C", target]].concat()).stdin(INPUT).output();
            assert!(ended.status == 3 && ended.stderr.ends_with(PERMISSION), "{ended}");
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_empty_key_or_prefix_is_refused_with_a_hint() {
    let folder = Folder::copy_of("odd-keys");
    for (args, what, hints) in [
        (&["dump", ""][..], "selection", &["`/__root__`"][..]),
        (&["dump", "clients", ""], "selection", &["`/__root__`"]),
        (&["put", ""], "key", &["`/__root__`"]),
        (&["ages", ""], "selection", &["`/`"]),
        (&["ages", "--exact", ""], "selection", &["`/__root__`"]),
        (&["invalidate", ""], "selection", &["`/`", "--all"]),
        (&["invalidate", "clients", ""], "selection", &["`/`", "--all"]),
        (&["invalidate", "--dry-run", ""], "selection", &["`/`", "--all"]),
        (&["invalidate", "--exact", ""], "selection", &["`/__root__`", "--all"]),
        (&["touch", "clients", ""], "selection", &["`/`", "--all"]),
    ] {
        folder.untouched(|| {
            let ended = folder.vlive(args).stdin("{}").output();
            assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{args:?}");
            assert!(ended.stderr.starts_with(&format!("error: the {what} is empty\nhint: ")), "{args:?}: {ended}");
            assert!(hints.iter().all(|hint| ended.stderr.contains(hint)), "{args:?}: {ended}");
        });
    }
}

#[test]
fn the_hint_on_an_empty_selection_names_only_options_of_the_command() {
    let folder = Folder::shared("live-demo");
    let empty = "error: the selection is empty\nhint: `/` names the empty cache key, as in vantage-live";
    folder.vlive(["ages", ""]).ends(2, "", &format!("{empty}\n"));
    folder.vlive(["invalidate", ""]).ends(2, "", &format!("{empty}; --all deletes every cache key\n"));
    folder.vlive(["touch", ""]).ends(2, "", &format!("{empty}; --all touches every entry\n"));
}

#[test]
fn entries_of_the_empty_cache_key_can_be_named() {
    let folder = Folder::shared("odd-keys");
    let own = recorded("odd-keys").iter().filter(|entry| entry.cache_key().is_empty()).count();
    let ages = folder.vlive(["ages", "/", "--json"]).json();
    assert_eq!(ages.as_array().unwrap().len(), own);
    assert_eq!(folder.vlive(["dump", "/__root__"]).output().status, 0);
}
