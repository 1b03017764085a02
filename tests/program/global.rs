use crate::support::{Ended, Folder};
use std::fs;
use std::io::Write;
use std::process::Stdio;

const LIVE_DEMO: &str = "\
KEY       ENTRIES  ROWS   SIZE       NEWEST       OLDEST
products        2     4  148 B  in 290d 22h  in 290d 22h
";

/// A folder with the caches `one`, `two` and `three`, each with a cache key of its own name, and one
/// of its own.
fn caches() -> Folder {
    let folder = Folder::empty();
    for name in [".", "one", "two", "three"] {
        folder.vlive(["put", "-q", "-C", name, name]).stdin("{}").ends(0, "", "");
    }
    folder
}

#[test]
fn a_cache_is_named_by_argument_option_or_environment_or_found_in_the_folder() {
    let folder = caches();
    for (args, environment, found) in [
        (&["ls", "one"][..], Some("three"), "one"),
        // With -C an argument is a selection.
        (&["ls", "two", "-C", "two"], Some("three"), "two/__root__"),
        (&["ls", "-C", "two"], Some("three"), "two"),
        (&["-C", "two", "ls"], Some("three"), "two"),
        (&["ls", "--folder", "two"], Some("three"), "two"),
        (&["--folder=two", "ls"], None, "two"),
        (&["ls"], Some("three"), "three"),
        (&["ls"], None, "."),
    ] {
        let environment: Vec<_> = environment.iter().map(|name| ("VLIVE_FOLDER", *name)).collect();
        let listed = folder.vlive([args, &["--json"]].concat()).envs(&environment).json();
        assert_eq!(listed[0]["key"], found, "{args:?}");
    }
}

#[test]
fn every_command_takes_the_folder_from_each_place() {
    for args in [
        &["dump", "--compact"][..],
        &["dump", "--format", "diag"],
        &["ages"],
        &["invalidate", "one"],
        &["touch", "one"],
        &["put", "one/page_1"],
        &["load", "-n", "--clear"],
    ] {
        let folder = caches();
        let by_option = folder.vlive([&["-C", "one"], args].concat()).stdin("{}").output();
        let folder = caches();
        let by_environment = folder.vlive(args).env("VLIVE_FOLDER", "one").stdin("{}").output();
        assert_eq!((by_option.status, by_option.to_string()), (0, by_environment.to_string()), "{args:?}");
        assert!(by_option.to_string().contains("one/"), "{by_option}");
    }
}

/// A variable that is set to nothing counts as one that is not set, as `SOURCE_DATE_EPOCH` does.
#[test]
fn an_empty_environment_variable_names_no_folder() {
    let folder = Folder::shared("live-demo");
    folder.vlive(["ls"]).env("VLIVE_FOLDER", "").ends(0, LIVE_DEMO, "");
    folder.vlive(["ls", "."]).env("VLIVE_FOLDER", "").ends(0, LIVE_DEMO, "");
}

#[test]
fn the_file_itself_names_its_cache() {
    let folder = Folder::copy_of("live-demo");
    for args in [&["ls", "vlive.redb"][..], &["ls", "-C", "vlive.redb"], &["ls", "./vlive.redb"]] {
        folder.vlive(args).ends(0, LIVE_DEMO, "");
    }
    folder.vlive(["ls"]).env("VLIVE_FOLDER", "vlive.redb").ends(0, LIVE_DEMO, "");
    folder.vlive(["put", "-q", "-C", "vlive.redb", "k/1"]).stdin("{}").ends(0, "", "");
    folder.vlive(["invalidate", "-C", "vlive.redb", "products"]).ends(
        0,
        "products/id/a\nproducts/page_1\n",
        "deleted 2 entries, 148 B\n",
    );
    assert_eq!(folder.keys(), ["k/1"]);
}

#[test]
fn only_put_and_load_create_anything() {
    let folder = Folder::empty();
    fs::create_dir(folder.path().join("empty")).unwrap();
    for (target, file) in [
        ("empty", "empty/vlive.redb"),
        ("missing", "missing/vlive.redb"),
        ("missing/vlive.redb", "missing/vlive.redb"),
        ("missing/deeper", "missing/deeper/vlive.redb"),
    ] {
        let message = format!(
            "\
error: there is no cache at `{file}`
hint: name the folder or the file in which the app keeps its cache with -C, or set VLIVE_FOLDER
"
        );
        for args in [
            &["ls"][..],
            &["ls", "--json"],
            &["dump"],
            &["dump", "k/1"],
            &["dump", "k/1", "--format", "diag"],
            &["dump", "--output", "new.json"],
            &["dump", "--output", "new/"],
            &["show", "k/1"],
            &["ages"],
            &["invalidate", "k"],
            &["invalidate", "--all"],
            &["invalidate", "--dry-run", "k"],
            &["touch", "k"],
            &["touch", "--all"],
            &["touch", "--dry-run", "k"],
        ] {
            folder.untouched(|| folder.vlive([&["-C", target], args].concat()).ends(3, "", &message));
        }
    }
    folder.untouched(|| {
        assert_eq!(folder.vlive(["ls", "missing"]).output().status, 3);
        assert_eq!(folder.vlive(["diff", "missing", "empty"]).output().status, 2);
        assert_eq!(folder.vlive(["diff", "empty", "missing/vlive.redb"]).output().status, 2);
    });
}

#[test]
fn help_and_version_go_to_standard_output() {
    let folder = Folder::empty();
    let version = concat!("vlive ", env!("CARGO_PKG_VERSION"), "\n");
    folder.vlive(["--version"]).ends(0, version, "");
    folder.vlive(["-V"]).ends(0, version, "");
    for args in [&["--help"][..], &["-h"], &["ls", "--help"], &["invalidate", "-h"]] {
        let help = folder.vlive(args).output();
        assert!(help.status == 0 && help.stderr.is_empty() && help.stdout.contains("Usage: vlive"), "{help}");
    }
}

#[test]
fn the_command_help_prints_what_the_option_prints() {
    let folder = Folder::empty();
    folder.untouched(|| {
        for command in ["ls", "rm", "watch", "completions", "help"] {
            let expected = folder.vlive([command, "--help"]).output();
            folder.vlive(["help", command]).ends(0, &expected.stdout, "");
        }
        let expected = folder.vlive(["--color", "always", "--help"]).output();
        folder.vlive(["--color", "always", "help"]).ends(0, &expected.stdout, "");
    });
}

#[test]
fn help_on_an_unknown_command_names_a_similar_one() {
    let folder = Folder::empty();
    let help = folder.vlive(["help", "dmup"]).output();
    assert_eq!((help.status, help.stdout.as_str()), (2, ""));
    assert!(help.stderr.starts_with("error: unrecognized subcommand 'dmup'\n"), "{help}");
    assert!(help.stderr.contains("'dump'"), "{help}");
}

#[test]
fn help_names_every_command() {
    let help = Folder::empty().vlive(["--help"]).output();
    let named = crate::generated::visible_commands(&help.stdout);
    let looking = "ls dump show find ages diff check watch browse where stat";
    let writing = "salvage put load edit touch cp mv invalidate compact";
    assert_eq!(named.join(" "), format!("{looking} {writing} help completions"));
}

#[test]
fn wrong_usage_ends_with_2_and_changes_nothing() {
    let folder = Folder::copy_of("live-demo");
    for (args, message) in [
        (&[][..], "Usage: vlive"),
        (&["lost"], "error: unrecognized subcommand 'lost'"),
        (&["ls", "--jsn"], "error: unexpected argument '--jsn' found"),
        (&["check", "vlive.redb"], "tip: to choose a cache, use '-C vlive.redb'"),
        (&["ls", "--color", "red"], "error: invalid value 'red' for '--color <WHEN>'"),
        (&["ls", "--wait", "5x"], "error: invalid value '5x' for '--wait <DURATION>'"),
        (&["ls", "-C"], "error: a value is required for '--folder <FOLDER>'"),
        (&["dump", "--pretty", "--compact"], "error: the argument '--pretty' cannot be used with '--compact'"),
        (&["dump", "--format", "xml"], "error: invalid value 'xml' for '--format <FORMAT>'"),
        (&["dump", "--raw", "--plain"], "error: the argument '--raw' cannot be used with '--plain'"),
        (&["dump", "--raw", "--rows"], "error: the argument '--raw' cannot be used with '--rows'"),
        (&["dump", "--output"], "error: a value is required for '--output <FILE|FOLDER>'"),
        (&["diff", "vlive.redb"], "error: the following required arguments were not provided"),
        (&["load", "--replace", "--clear"], "error: the argument '--replace' cannot be used with '--clear'"),
        (&["load", "--age", "3x"], "error: invalid value '3x' for '--age <DURATION>'"),
        (&["load", "--fetched-at", "@-1"], "error: invalid value '@-1' for '--fetched-at <TIME>'"),
        (
            &["load", "--fetched-at", "@1", "--age", "1s"],
            "error: the argument '--fetched-at <TIME>' cannot be used with '--age <DURATION>'",
        ),
        (&["ages", "--exact", "--prefix"], "error: the argument '--exact' cannot be used with '--prefix'"),
        (&["put"], "error: the following required arguments were not provided"),
        (&["put", "k", "--age", "3x"], "error: invalid value '3x' for '--age <DURATION>'"),
        (
            &["put", "k", "--age", "-3s"],
            "error: invalid value '-3s' for '--age <DURATION>': a duration is not negative",
        ),
        (&["put", "k", "--fetched-at", "yesterday"], "error: invalid value 'yesterday' for '--fetched-at <TIME>'"),
        (&["put", "k", "--fetched-at", "@-1"], "error: invalid value '@-1' for '--fetched-at <TIME>'"),
        (
            &["put", "k", "--fetched-at", "@1", "--age", "1s"],
            "error: the argument '--fetched-at <TIME>' cannot be used with '--age <DURATION>'",
        ),
        (&["invalidate"], "error: nothing is selected"),
        (&["invalidate", "--older-than", "1d"], "error: nothing is selected"),
        (&["invalidate", "--all", "products"], "error: --all cannot be combined with a selection"),
        (&["touch"], "error: nothing is selected"),
        (&["touch", "--fetched-at", "@1"], "error: nothing is selected"),
        (&["touch", "--all", "products"], "error: --all cannot be combined with a selection"),
        (&["touch", "k", "--fetched-at", "@9223372036854775808"], "error: invalid value '@9223372036854775808'"),
        (
            &["touch", "k", "--fetched-at", "@1", "--age", "1s"],
            "error: the argument '--fetched-at <TIME>' cannot be used with '--age <DURATION>'",
        ),
        (&["completions", "csh"], "error: invalid value 'csh' for '<SHELL>'"),
    ] {
        folder.untouched(|| {
            let ended = folder.vlive(args).stdin("{}").output();
            assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{args:?}");
            assert!(ended.stderr.contains(message), "{args:?}: {ended}");
        });
    }
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_not_unicode_is_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let ended = Folder::shared("live-demo").vlive([OsStr::new("dump"), OsStr::from_bytes(b"\xff/1")]).output();
    assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{ended}");
    assert!(ended.stderr.starts_with("error: invalid UTF-8 was detected in one or more arguments\n"), "{ended}");
}

#[test]
fn quiet_silences_warnings_and_summaries_but_no_errors() {
    let folder = Folder::copy_of("foreign");
    assert_eq!(folder.vlive(["ls", "-q"]).output().stderr, "");
    folder.vlive(["--quiet", "put", "k/1"]).stdin("{}").ends(0, "", "");
    folder.vlive(["invalidate", "--quiet", "k"]).ends(0, "k/1\n", "");
    let missing = "error: `k/1` is not in the cache\n";
    folder.vlive(["dump", "-q", "k/1"]).ends(1, "", missing);
    folder.vlive(["ages", "-q", "k"]).ends(1, "", "error: nothing in the cache matches `k`\n");
    Folder::emptied().vlive(["ls", "-q"]).ends(0, "", "");
    Folder::emptied().vlive(["ages", "-q"]).ends(0, "", "");
}

#[test]
fn colour_appears_where_it_is_requested() {
    const HEADING: &str = "\u{1b}[1mKEY ";
    const ERROR: &str = "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m `none` is not in the cache\n";
    let folder = Folder::shared("live-demo");
    let notation = folder.vlive(["dump", "--format", "diag"]).output().stdout;
    for (args, environment, coloured) in [
        (&[][..], &[][..], false),
        (&["--color", "auto"], &[], false),
        (&["--color", "never"], &[("CLICOLOR_FORCE", "1")], false),
        (&["--color", "always"], &[], true),
        (&["--color", "always"], &[("NO_COLOR", "1")], true),
        (&[], &[("CLICOLOR_FORCE", "1")], true),
        (&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
        (&[], &[("NO_COLOR", "")], false),
    ] {
        let run = |command: &[&str]| folder.vlive([args, command].concat()).envs(environment).output();
        let (listed, failed) = (run(&["ls"]), run(&["dump", "none"]));
        assert_eq!(listed.stdout.starts_with(HEADING), coloured, "{args:?} {environment:?}: {listed}");
        assert_eq!(listed.stdout.contains('\u{1b}'), coloured, "{args:?} {environment:?}: {listed}");
        assert_eq!(failed.stderr == ERROR, coloured, "{args:?} {environment:?}: {failed}");
        assert_eq!(failed.stderr.contains('\u{1b}'), coloured, "{args:?} {environment:?}: {failed}");
        assert!(!failed.stdout.contains('\u{1b}'));
        // Whoever reads JSON in a pipe gets it as it is, unless this very command line asks for colour.
        let is_asked = args.contains(&"always");
        assert_eq!(run(&["ages", "--json"]).stdout.contains('\u{1b}'), is_asked, "{args:?} {environment:?}");
        assert_eq!(run(&["dump", "--format", "diag"]).stdout, notation, "{args:?} {environment:?}");
    }
}

#[test]
fn every_command_ends_quietly_when_its_reader_has_gone() {
    for args in [
        &["ls"][..],
        &["ls", "--json"],
        &["dump"],
        &["dump", "--format", "jsonl"],
        &["dump", "--format", "jsonl", "--raw"],
        &["dump", "--format", "diag", "clients/page_1"],
        &["dump", "--format", "cbor"],
        &["diff", "-q", ".", "../live-demo"],
        &["load", "-n", "-q", "--clear", "-"],
        &["show", "clients/page_1"],
        &["show", "-q", "clients/page_1", "--format", "csv"],
        &["show", "clients/page_1", "--format", "markdown"],
        &["ages"],
        &["invalidate", "-n", "-q", "--all"],
        &["completions", "bash"],
        &["--help"],
        &["help", "ls"],
    ] {
        let folder = Folder::shared("bakery");
        let mut vlive = folder.command(args);
        vlive.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut vlive = vlive.spawn().unwrap();
        drop(vlive.stdout.take());
        // One that reads nothing may have ended.
        let _ = vlive.stdin.take().unwrap().write_all(b"{}");
        let ended = Ended::of(vlive.wait_with_output().unwrap());
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{args:?}");
    }
}
