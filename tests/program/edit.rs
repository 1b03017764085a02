//! `edit` with a script as the editor: in a pipe, where nobody can be asked, and on a terminal.

#![cfg(unix)]

use crate::support::{Folder, NOW, Run};
use crate::terminal::on_a_terminal_with;
use redb::Database;
use serde_json::json;
use snapbox::cmd::cargo_bin;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

const PIE: &str = r#"{"fetched_at":7,"rows":{"a":{"name":"Pie","price":12}}}"#;

/// A cache with an entry, and folders of their own for the editor and for temporary files.
struct Desk {
    folder: Folder,
    tools: Folder,
}

impl Desk {
    fn new() -> Desk {
        let desk = Desk { folder: Folder::empty(), tools: Folder::empty() };
        desk.folder.vlive(["put", "-q", "pies/1"]).stdin(PIE).ends(0, "", "");
        fs::create_dir(desk.temporary()).unwrap();
        desk
    }

    fn temporary(&self) -> PathBuf {
        self.tools.path().join("tmp")
    }

    /// An editor that runs these lines, in which `$1` is the file and `{vlive}` the program.
    fn editor(&self, lines: &str) -> String {
        let lines = lines.replace("{vlive}", &cargo_bin!("vlive").display().to_string());
        let path = self.tools.path().join("editor");
        fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.display().to_string()
    }

    /// `vlive ARGS` where nobody can be asked.
    fn vlive(&self, editor: &str, args: &[&str]) -> Run {
        let run = self.folder.vlive(args).env("TMPDIR", self.temporary().to_str().unwrap());
        run.env("EDITOR", &self.editor(editor)).stdin("")
    }

    /// What somebody sees on a terminal who types `answers`; `None` where there is no terminal to be had.
    fn on_a_terminal(&self, editor: &str, args: &str, answers: &str) -> Option<String> {
        let (editor, temporary) = (self.editor(editor), self.temporary());
        let environment = [("EDITOR", editor.as_str()), ("TMPDIR", temporary.to_str().unwrap()), ("NO_COLOR", "1")];
        let shown = on_a_terminal_with(&self.folder, &environment, args, answers)?;
        // What is typed shows too, and the mark of an input that is closed.
        Some(shown.replace("^D\u{8}\u{8}", ""))
    }

    fn dump(&self) -> String {
        self.folder.vlive(["dump", "pies/1"]).output().stdout
    }

    #[track_caller]
    fn holds(&self, price: &str) {
        assert_eq!(self.dump(), format!("{}\n", PIE.replace("12", price)));
    }

    /// The one text that was kept.
    #[track_caller]
    fn kept(&self) -> (PathBuf, String) {
        let kept: Vec<PathBuf> =
            fs::read_dir(self.temporary()).unwrap().map(|entry| entry.unwrap().path().join("pies_1.json")).collect();
        assert_eq!(kept.len(), 1, "{kept:?}");
        (kept[0].clone(), fs::read_to_string(&kept[0]).unwrap())
    }

    #[track_caller]
    fn nothing_is_kept(&self) {
        assert_eq!(fs::read_dir(self.temporary()).unwrap().count(), 0);
    }

    #[track_caller]
    fn unchanged(&self, act: impl FnOnce()) {
        self.folder.untouched(act);
        self.holds("12");
    }
}

#[test]
fn the_editor_gets_lossless_json_and_its_text_is_written() {
    let desk = Desk::new();
    let editor = "cp \"$1\" seen; sed -i s/12/13/ \"$1\"";
    desk.vlive(editor, &["edit", "pies/1"]).ends(0, "pies/1\n", "edited 1 entry, 38 B\n");
    let seen = fs::read_to_string(desk.folder.path().join("seen")).unwrap();
    assert_eq!(seen, desk.folder.vlive(["dump", "pies/1", "--pretty"]).output().stdout.replace("13", "12"));
    desk.holds("13");
    desk.nothing_is_kept();
    let told = desk.vlive("sed -i s/13/14/ \"$1\"", &["edit", "--json", "pies/1"]).json();
    assert_eq!(told, json!({"entries": 1, "bytes": 38, "keys": ["pies/1"], "unchanged": 0, "dry_run": false}));
}

#[test]
fn no_change_and_an_empty_file_write_nothing() {
    let desk = Desk::new();
    desk.unchanged(|| {
        let same = "pies/1 stays as it is: nothing was changed\n";
        desk.vlive("true", &["edit", "pies/1"]).ends(0, "", same);
        // Another layout is no change.
        desk.vlive("tr -d '\\n ' <\"$1\" >\"$1.x\"; cat \"$1.x\" >\"$1\"", &["edit", "pies/1"]).output();
    });
    desk.unchanged(|| {
        let empty = "pies/1 stays as it is: the text is empty\n";
        for editor in [": >\"$1\"", "echo >\"$1\"", "rm \"$1\""] {
            desk.vlive(editor, &["edit", "pies/1"]).ends(0, "", empty);
        }
        let told = desk.vlive("true", &["edit", "--json", "pies/1"]).json();
        assert_eq!(told, json!({"entries": 0, "bytes": 0, "keys": [], "unchanged": 1, "dry_run": false}));
    });
    desk.nothing_is_kept();
}

#[test]
fn every_possible_value_beside_an_edited_one_is_unchanged() {
    for cache in ["values", "odd-keys"] {
        let folder = Folder::copy_of(cache);
        // Each takes a few processes, and the test of filters takes all of them at once.
        for key in folder.keys().into_iter().step_by(5) {
            let value = folder.value(&key);
            let told = folder.vlive(["edit", "--", &key]).env("EDITOR", "true").output();
            assert_eq!((told.status, told.stdout.as_str()), (0, ""), "{key:?}: {told}");
            let editor = r#"sed -i 's/"fetched_at": [0-9]*/"fetched_at": 5/'"#;
            let told = folder.vlive(["edit", "-q", "--", &key]).env("EDITOR", editor).output();
            assert_eq!(told.status, 0, "{key:?}: {told}");
            let edited = folder.value(&key);
            folder.vlive(["touch", "-q", "--exact", "--fetched-at", "@5", "--", &key]).output();
            assert_eq!(folder.value(&key), edited, "{key:?}");
            assert_ne!(edited, value, "{key:?}");
        }
    }
}

#[test]
fn the_time_stays_unless_it_is_edited() {
    let desk = Desk::new();
    desk.vlive("echo '{\"rows\":{}}' >\"$1\"", &["edit", "-q", "pies/1"]).ends(0, "pies/1\n", "");
    assert_eq!(desk.dump(), "{\"fetched_at\":7,\"rows\":{}}\n");
    desk.vlive("sed -i s/7/8/ \"$1\"", &["edit", "-q", "pies/1"]).ends(0, "pies/1\n", "");
    assert_eq!(desk.dump(), "{\"fetched_at\":8,\"rows\":{}}\n");
}

#[test]
fn a_dry_run_shows_the_difference() {
    let desk = Desk::new();
    desk.unchanged(|| {
        desk.vlive("sed -i 's/12/13/; s/7/8/' \"$1\"", &["edit", "-n", "pies/1"]).ends(
            0,
            "~ pies/1\n  ~ fetched 1970-01-01T00:00:07Z -> 1970-01-01T00:00:08Z\n  ~ a\n    ~ price: 12 -> 13\n",
            "would edit 1 entry, 38 B\n",
        );
    });
    desk.nothing_is_kept();
}

#[test]
fn a_backup_restores_edited_entries() {
    let desk = Desk::new();
    let backup = desk.tools.path().join("backup.jsonl");
    let backup = backup.to_str().unwrap();
    desk.vlive("sed -i s/12/13/ \"$1\"", &["edit", "-q", "pies/1", "--backup", backup]).ends(0, "pies/1\n", "");
    desk.folder.vlive(["load", "-q", backup]).ends(0, "", "");
    desk.holds("12");
}

#[test]
fn text_that_is_refused_is_kept_and_named() {
    let desk = Desk::new();
    desk.unchanged(|| {
        let ended = desk.vlive("sed -i s/12/twelve/ \"$1\"", &["edit", "pies/1"]).output();
        let (path, text) = desk.kept();
        let told = format!(
            "error: line 6, column 17: this is not JSON: expected ident\n\
             hint: your text is kept in `{}`; `vlive put` can write it\n",
            path.display()
        );
        assert_eq!((ended.status, ended.stdout.as_str(), ended.stderr), (2, "", told));
        assert!(text.contains("\"price\": twelve"), "{text}");
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    });
}

#[test]
fn text_that_ends_too_early_is_refused_with_a_place_that_counts_from_1() {
    let desk = Desk::new();
    desk.unchanged(|| {
        let ended = desk.vlive("echo '{' > \"$1\"", &["edit", "pies/1"]).output();
        assert_eq!(ended.status, 2);
        assert!(ended.stderr.starts_with("error: line 2, column 1: this is not JSON"), "{}", ended.stderr);
    });
}

#[test]
fn an_error_names_its_place_on_the_terminal_and_is_corrected_in_a_second_round() {
    // The first round spoils the price, and the second finds it spoilt and mends it.
    let editor = r#"if grep -q bytes "$1"; then sed -i 's/{ "$bytes": 1 }/14/' "$1"
        else sed -i 's/12/{ "$bytes": 1 }/' "$1"; fi"#;
    for answer in ["\n", "y\n", "Yes\n"] {
        let desk = Desk::new();
        let Some(shown) = desk.on_a_terminal(editor, "edit pies/1", answer) else { return };
        assert!(shown.contains("error: line 6, column 28 (row `a`, field `price`.$bytes): "), "{shown:?}");
        assert!(shown.contains("\nedit again? [Y/n] "), "{shown:?}");
        assert!(shown.ends_with("pies/1\nedited 1 entry, 38 B\n"), "{shown:?}");
        desk.holds("14");
        desk.nothing_is_kept();
    }
}

#[test]
fn giving_up_on_an_error_keeps_the_text() {
    for answer in ["n\n", "no\n", "never\n", ""] {
        let desk = Desk::new();
        let mut shown = None;
        desk.unchanged(|| shown = desk.on_a_terminal("echo '{' >\"$1\"", "edit pies/1", answer));
        let Some(shown) = shown else { return };
        let (path, text) = desk.kept();
        let named = format!("error: nothing was written\nhint: your text is kept in `{}`;", path.display());
        assert!(shown.contains(&named), "{shown:?}");
        assert_eq!(text, "{\n");
    }
}

#[test]
fn an_editor_that_fails_or_is_killed_writes_nothing() {
    let desk = Desk::new();
    desk.unchanged(|| {
        let ended = desk.vlive("exit 3", &["edit", "pies/1"]).output();
        assert_eq!(ended.status, 2);
        assert!(ended.stderr.ends_with("ended with status 3\nhint: nothing was written\n"), "{ended}");
        desk.nothing_is_kept();
        let missing = desk.folder.vlive(["edit", "pies/1"]).env("VISUAL", "/nowhere/editor").output();
        assert_eq!(missing.status, 2);
        let told = "error: the editor `/nowhere/editor` cannot be run\nhint: VISUAL or EDITOR names the editor\n";
        assert!(missing.stderr.ends_with(told), "{missing}");
    });
    desk.unchanged(|| {
        let ended = desk.vlive("sed -i s/12/13/ \"$1\"; kill -9 $$", &["edit", "pies/1"]).output();
        assert_eq!(ended.status, 2);
        assert!(ended.stderr.contains("hint: your text is kept in `"), "{ended}");
        assert!(desk.kept().1.contains("13"));
    });
}

/// Lines for an editor that send a signal to the program that runs it.
fn kill(signal: &str) -> String {
    format!(
        "p=$PPID; while [ \"$(cat /proc/$p/comm)\" != vlive ]; do \
         p=$(sed -n 's/^PPid:[^0-9]*//p' /proc/$p/status); done; kill -{signal} $p; \
         while [ \"$(cat /proc/$p/comm 2>&1)\" = vlive ] && ! grep -q '^State:.Z' /proc/$p/status; do sleep 0.01; done"
    )
}

#[test]
#[cfg(target_os = "linux")]
fn a_program_that_is_killed_leaves_the_cache_as_it_was_and_the_text_if_it_was_changed() {
    for signal in ["TERM", "HUP"] {
        let desk = Desk::new();
        let run = |editor: &str| {
            let mut command = desk.folder.command(["edit", "pies/1"]);
            command.env("TMPDIR", desk.temporary()).env("EDITOR", desk.editor(editor)).stdin(Stdio::null());
            command.output().unwrap()
        };
        desk.unchanged(|| {
            let ended = run(&kill(signal));
            assert_eq!(ended.status.code(), None, "{ended:?}");
            desk.nothing_is_kept();
        });
        desk.unchanged(|| {
            let ended = run(&format!("sed -i s/12/13/ \"$1\"; {}", kill(signal)));
            assert_eq!(ended.status.code(), None, "{ended:?}");
            let (path, text) = desk.kept();
            let told = format!("your text is kept in `{}`", path.display());
            assert!(String::from_utf8_lossy(&ended.stderr).contains(&told), "{ended:?}");
            assert!(text.contains("13"), "{text}");
        });
    }
}

#[test]
#[cfg(target_os = "linux")]
fn an_interrupt_goes_to_the_editor() {
    let desk = Desk::new();
    let to_the_program = kill("INT").split("; while [ \"$(cat /proc/$p/comm 2>&1)").next().unwrap().to_owned();
    let editor = format!("{to_the_program}; sleep 0.2; sed -i s/12/13/ \"$1\"");
    desk.vlive(&editor, &["edit", "-q", "pies/1"]).ends(0, "pies/1\n", "");
    desk.holds("13");
}

const MEANWHILE: &str = "sed -i s/12/14/ \"$1\"; echo '{\"b\":{}}' | {vlive} put -q pies/1";

#[test]
fn without_a_terminal_an_entry_that_changed_meanwhile_is_left_alone() {
    for (meanwhile, what, left) in [
        (MEANWHILE, "changed", format!("{{\"fetched_at\":{NOW},\"rows\":{{\"b\":{{}}}}}}\n")),
        ("sed -i s/12/14/ \"$1\"; {vlive} invalidate -q pies >/dev/null", "was removed", String::new()),
    ] {
        let desk = Desk::new();
        let ended = desk.vlive(meanwhile, &["edit", "pies/1"]).output();
        assert_eq!(ended.status, 1, "{ended}");
        assert!(ended.stderr.starts_with(&format!("error: `pies/1` {what} while it was edited\nhint: ")), "{ended}");
        assert_eq!(desk.dump(), left);
        assert!(desk.kept().1.contains("14"));
    }
}

#[test]
fn the_user_is_asked_about_an_entry_that_changed_meanwhile() {
    for (answers, is_written) in [("y\n", true), ("n\n", false), ("\n", false), ("", false)] {
        let desk = Desk::new();
        let Some(shown) = desk.on_a_terminal(MEANWHILE, "edit pies/1", answers) else { return };
        let asked = "error: `pies/1` changed while it was edited\nwrite your text anyway? [y/N] ";
        assert!(shown.contains(asked), "{shown:?}");
        if is_written {
            desk.holds("14");
            desk.nothing_is_kept();
        } else {
            assert!(desk.dump().contains("\"b\""));
            assert!(desk.kept().1.contains("14"));
            assert!(shown.contains("error: nothing was written\nhint: your text is kept in `"), "{shown:?}");
        }
    }
}

/// An editor that waits in the middle of its work until somebody says go.
const SLOW: &str = "sed -i s/12/13/ \"$1\"; : >started; until [ -e go ]; do sleep 0.01; done";

#[test]
fn wait_applies_to_an_app_that_started_meanwhile() {
    for (wait, is_freed) in [("0s", false), ("60s", true)] {
        let desk = Desk::new();
        let mut command = desk.folder.command(["edit", "pies/1", "--wait", wait]);
        command.env("TMPDIR", desk.temporary()).env("EDITOR", desk.editor(SLOW));
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let begun = Instant::now();
        while !desk.folder.path().join("started").exists() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the editor never began");
            thread::sleep(Duration::from_millis(5));
        }
        // The editor is open, and the app starts all the same.
        let app = Database::open(desk.folder.file()).unwrap();
        fs::write(desk.folder.path().join("go"), "").unwrap();
        if is_freed {
            thread::sleep(Duration::from_millis(100));
            drop(app);
            let ended = crate::support::Ended::of(child.wait_with_output().unwrap());
            assert_eq!((ended.status, ended.stdout.as_str()), (0, "pies/1\n"), "{ended}");
            desk.holds("13");
            desk.nothing_is_kept();
        } else {
            let ended = crate::support::Ended::of(child.wait_with_output().unwrap());
            drop(app);
            let (path, text) = desk.kept();
            assert_eq!(ended.status, 4, "{ended}");
            assert!(ended.stderr.contains("is in use by"), "{ended}");
            assert!(ended.stderr.contains(&format!("kept in `{}`", path.display())), "{ended}");
            assert!(text.contains("13"), "{text}");
            desk.holds("12");
        }
    }
}

#[test]
fn only_a_single_readable_entry_can_be_edited() {
    let folder = Folder::with_values("k", &[("1", b"\xa0"), ("2", b"\x80")]);
    let edit = |args: &[&str]| folder.vlive([&["edit"], args].concat()).env("EDITOR", "false");
    folder.untouched(|| {
        edit(&["k/3"]).ends(1, "", "error: `k/3` is not in the cache\nhint: the nearest keys are `k/1`, `k/2`\n");
        let hint =
            "hint: name a full key, such as `clients/page_1`; the root entry of `clients` is `clients/__root__`\n";
        for args in [&["k"][..], &["k/1", "k/2"], &[], &["k/", "--prefix"]] {
            edit(args).ends(2, "", &format!("error: an editor takes one entry; --apply changes several\n{hint}"));
        }
        let ended = edit(&["k/2"]).output();
        assert_eq!(ended.status, 3, "{ended}");
        assert!(ended.stderr.starts_with("error: entry `k/2` cannot be decoded: "), "{ended}");
        assert_eq!(folder.vlive(["edit", "-C", "nowhere", "k/1"]).output().status, 3);
    });
}

const ROWS: &str = r#"{"fetched_at":7,"rows":{"a":{"i":1,"f":1.0,"z":-0.0,"s":0.1,"e":1e300,"u":18446744073709551615,"n":null,"t":"é\u0000"},"b":{"price":12}}}"#;

#[test]
fn a_filter_changes_only_what_it_names() {
    let folder = Folder::empty();
    folder.vlive(["put", "-q", "k/1"]).stdin(ROWS).ends(0, "", "");
    folder.vlive(["put", "-q", "k/2"]).stdin(ROWS.replace("12", "13")).ends(0, "", "");
    folder.untouched(|| {
        folder.vlive(["edit", "-n", "k", "--apply", ".rows.b.price = 13"]).ends(
            0,
            "~ k/1\n  ~ b\n    ~ price: 12 -> 13\n",
            "would edit 1 entry, 87 B; 1 entry stays as it is\n",
        );
        let same = "edited 0 entries, 0 B; 2 entries stay as they are\n";
        for filter in [".", ".rows", "{rows, fetched_at}", "del(.fetched_at)"] {
            folder.vlive(["edit", "k", "--apply", filter]).ends(0, "", same);
        }
    });
    folder.vlive(["edit", "k/1", "--apply", ".rows.b.price = 13"]).ends(0, "k/1\n", "edited 1 entry, 87 B\n");
    assert_eq!(folder.value("k/1"), folder.value("k/2"));
    let told = folder.vlive(["edit", "--all", "--json", "--apply", ".fetched_at = 8"]).json();
    assert_eq!(told, json!({"entries": 2, "bytes": 174, "keys": ["k/1", "k/2"], "unchanged": 0, "dry_run": false}));
    // An order of fields that a filter makes stays; one that it does not make does as well.
    folder.vlive(["edit", "k/1", "-q", "--apply", ".rows.a.new = {z: 1, a: 2.0}"]).output();
    let dumped = folder.vlive(["dump", "k/1"]).output().stdout;
    assert!(
        dumped.contains(r#""a":{"i":1,"f":1.0,"z":-0.0,"s":0.1,"e":1e+300,"u":18446744073709551615,"n":null"#),
        "{dumped}"
    );
    assert!(dumped.contains(r#""new":{"z":1,"a":2.0}"#), "{dumped}");
}

#[test]
fn every_possible_value_beside_one_that_a_filter_changes_is_unchanged() {
    for cache in ["values", "bakery", "odd-keys", "live-demo"] {
        let folder = Folder::copy_of(cache);
        folder.untouched(|| {
            let ended = folder.vlive(["edit", "--all", "--apply", ".rows |= map_values(map_values(.))"]).output();
            assert_eq!((ended.status, ended.stdout.as_str()), (0, ""), "{ended}");
        });
        folder.vlive(["edit", "--all", "-q", "--apply", ".fetched_at = 5"]).output();
        let edited = folder.entries();
        let touched = Folder::copy_of(cache);
        touched.vlive(["touch", "--all", "-q", "--fetched-at", "@5"]).output();
        assert_eq!(edited, touched.entries());
    }
}

#[test]
fn results_of_a_filter_are_written_in_full() {
    for (filter, json) in [
        ("1 + 1.5", "2.5"),
        ("3.5 * 2", "7.0"),
        ("18446744073709551614 + 1", "18446744073709551615"),
        ("-9223372036854775808 - 1", r#"{"$int":"-9223372036854775809"}"#),
        ("nan", r#"{"$float":"NaN"}"#),
        ("-infinite", r#"{"$float":"-Infinity"}"#),
        ("1e5", "100000.0"),
        (r#"{"$tag": [10, "1.50"]}"#, r#"{"$tag":[10,"1.50"]}"#),
        (r#""a\u0007b" + "é""#, r#""a\u0007bé""#),
        ("[{}, [], true, null]", "[{},[],true,null]"),
    ] {
        let folder = Folder::empty();
        folder.vlive(["put", "-q", "k/1"]).stdin(r#"{"a":{"x":"before"}}"#).ends(0, "", "");
        let ended = folder.vlive(["edit", "k/1", "--apply", &format!(".rows.a.x = ({filter})")]).output();
        assert_eq!(ended.status, 0, "{filter}: {ended}");
        let dumped = folder.vlive(["dump", "--rows", "k/1"]).output().stdout;
        assert_eq!(dumped, format!("{{\"a\":{{\"x\":{json}}}}}\n"), "{filter}");
    }
}

#[test]
fn a_filter_that_fails_on_one_entry_changes_none() {
    let folder = Folder::empty();
    folder.vlive(["put", "-q", "k/1"]).stdin(r#"{"a":{"x":1}}"#).ends(0, "", "");
    folder.vlive(["put", "-q", "k/2"]).stdin(r#"{"a":{"x":"one"}}"#).ends(0, "", "");
    folder.untouched(|| {
        for (filter, key, what) in [
            (".rows.a.x |= . * 1.5 - 1", "k/2", ""),
            (".rows.a.x = 18446744073709551616", "k/1", "in its result, line 1, column"),
            (".rows.a = 3", "k/1", "in its result, line 1, column"),
            (".rows.a.x = {\"$bytes\": 3}", "k/1", "in its result, line 1, column"),
            ("empty", "k/1", "it gives no value, where one is needed\n"),
            ("., .", "k/1", "it gives several values, where one is needed\n"),
            (".rows.a.x = {(0): 1}", "k/1", ""),
            ("3", "k/1", "in its result, line 1, column 1: "),
        ] {
            let ended = folder.vlive(["edit", "k", "--apply", filter]).output();
            assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{filter}: {ended}");
            let told = format!("error: --apply cannot change `{key}`: {what}");
            assert!(ended.stderr.starts_with(&told), "{filter}: {ended}");
            assert!(ended.stderr.ends_with("hint: no entry was changed\n"), "{filter}: {ended}");
        }
        let ended = folder.vlive(["edit", "k", "--apply", ".rows |"]).output();
        assert!(ended.status == 2 && ended.stderr.contains("--apply is not a usable jq filter"), "{ended}");
        let ended = folder.vlive(["edit", "--apply", "."]).output();
        assert!(ended.status == 2 && ended.stderr.contains("--all applies the filter to every entry"), "{ended}");
        assert_eq!(folder.vlive(["edit", "k/3", "--apply", "."]).output().status, 1);
    });
}

#[test]
fn an_entry_that_cannot_be_decoded_stays_beside_those_that_a_filter_changes() {
    let folder = Folder::with_values("k", &[("1", b"\x80"), ("2", b"\xa0")]);
    let ended = folder.vlive(["edit", "k", "--apply", ".rows.a = {x: 1}"]).output();
    assert_eq!((ended.status, ended.stdout.as_str()), (3, "k/2\n"), "{ended}");
    assert!(ended.stderr.contains("error: entry `k/1` cannot be decoded"), "{ended}");
    assert_eq!(folder.value("k/1"), b"\x80");
}

#[test]
fn a_backup_restores_what_a_filter_changed() {
    let folder = Folder::copy_of("bakery");
    let before = folder.entries();
    let args = ["edit", "clients", "-q", "--apply", ".rows[].active |= not", "--backup", "b.jsonl"];
    assert_eq!(folder.vlive(args).output().status, 0);
    assert_ne!(folder.entries(), before);
    folder.vlive(["load", "-q", "b.jsonl"]).ends(0, "", "");
    assert_eq!(folder.entries(), before);
}

/// What jq makes of JSON; `None` where there is no jq.
fn jq(filter: &str, json: &str) -> Option<serde_json::Value> {
    use std::io::Write;
    let mut jq = std::process::Command::new("jq");
    let mut child = jq.args(["-c", filter]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    child.stdin.take().unwrap().write_all(json.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{filter}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// Numbers as jq has them: floats.
fn as_in_jq(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Number(number) => json!(number.as_f64().unwrap()),
        Value::Array(items) => items.iter().map(as_in_jq).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), as_in_jq(value))).collect(),
        other => other.clone(),
    }
}

#[test]
fn filters_give_what_jq_gives_for_values_that_both_can_hold() {
    let envelope = r#"{"fetched_at":7,"rows":{"a":{"n":3,"price":2.5,"tags":["x","y"],"in":{"deep":{"er":null}},"ok":true},"b":{"n":-4,"price":10,"tags":[],"in":{},"ok":false},"ü":{"n":0,"price":0.125,"tags":["z"],"in":{"deep":[]},"ok":true}}}"#;
    for filter in [
        ".rows.a.price = 13",
        ".rows[].price *= 2",
        ".rows |= map_values(select(.ok))",
        ".rows |= with_entries(.value.n += 1)",
        "del(.rows.b)",
        "del(.rows[].tags)",
        ".rows |= map_values(del(.in.deep?))",
        ".rows.a.tags += [\"new\"]",
        ".rows[].tags |= (map(ascii_upcase) | sort | reverse)",
        ".rows.c = .rows.a",
        ".rows |= map_values(.total = .n * .price)",
        ".rows[] |= (if .n > 0 then .sign = \"+\" elif .n < 0 then .sign = \"-\" else . end)",
        ".rows |= (to_entries | sort_by(.value.n) | from_entries)",
        ".fetched_at += 1",
        ".rows.a |= (.n as $n | .sum = ([.price, $n] | add))",
        ".rows |= map_values({n, price})",
        ".rows.a.text = (.rows | keys | join(\",\"))",
        ".rows |= map_values(.s = (.price | tostring | length))",
        "walk(if type == \"object\" and has(\"ok\") then .ok |= not else . end)",
    ] {
        let folder = Folder::empty();
        folder.vlive(["put", "-q", "k/1"]).stdin(envelope).ends(0, "", "");
        let Some(expected) = jq(filter, envelope) else { return };
        let ended = folder.vlive(["edit", "k/1", "-q", "--apply", filter]).output();
        assert_eq!(ended.status, 0, "{filter}: {ended}");
        let edited: serde_json::Value = serde_json::from_str(&folder.vlive(["dump", "k/1"]).output().stdout).unwrap();
        assert_eq!(as_in_jq(&edited), as_in_jq(&expected), "{filter}");
    }
}

#[test]
fn one_key_of_a_file_or_one_within_bounds_of_age_is_edited_as_well() {
    let desk = Desk::new();
    let keys = desk.folder.path().join("keys");
    fs::write(&keys, "pies/1\n").unwrap();
    let by_file = ["edit", "--keys-from", "keys"];
    desk.vlive("sed -i s/12/13/ \"$1\"", &by_file).ends(0, "pies/1\n", "edited 1 entry, 38 B\n");
    desk.holds("13");
    desk.vlive("sed -i s/13/14/ \"$1\"", &["edit", "pies/1", "--older-than", "1d"]).ends(
        0,
        "pies/1\n",
        "edited 1 entry, 38 B\n",
    );
    desk.holds("14");
    let outside = desk.vlive("exit 3", &["edit", "pies/1", "--newer-than", "1d"]).output();
    assert_eq!(outside.status, 1);
    assert!(outside.stderr.starts_with("error: none is of that age"), "{outside}");
    fs::write(&keys, "pies/1\npies/2\n").unwrap();
    let two = desk.vlive("exit 3", &by_file).output();
    assert_eq!(two.status, 2);
    assert!(two.stderr.starts_with("error: an editor takes one entry"), "{two}");
}

#[test]
fn a_missing_folder_for_the_text_is_reported_with_the_error_of_the_system() {
    let desk = Desk::new();
    let run = desk.folder.vlive(["edit", "pies/1"]).env("TMPDIR", "/no/such").env("EDITOR", "true").stdin("");
    run.ends(
        3,
        "",
        "error: cannot make a file to edit in `/no/such`: the folder does not exist\n\
         hint: TMPDIR names the folder for temporary files: one that exists, can be written to and has room\n",
    );
}
