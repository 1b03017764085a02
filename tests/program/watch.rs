//! What `vlive watch` prints, and when it ends.

use crate::support::Folder;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, ChildStdout, Stdio};

/// A watch that runs in the background.
struct Watching {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

impl Watching {
    fn start(folder: &Folder, args: &[&str]) -> Watching {
        let mut command = folder.command([&["watch", "--for", "10m"], args].concat());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Watching { child, stdout: BufReader::new(stdout), stderr: BufReader::new(stderr) }
    }

    /// One that has reported the entries that exist. Whatever changes from now on is seen.
    fn of_existing(folder: &Folder, args: &[&str]) -> Watching {
        let mut watching = Watching::start(folder, &[&["--initial"], args].concat());
        assert_ne!(watching.stdout.read_line(&mut String::new()).unwrap(), 0, "{}", watching.end().1);
        watching
    }

    /// What it still writes to standard output and to standard error, and its status, when it ends by itself.
    fn end(mut self) -> (String, String, Option<i32>) {
        let (mut told, mut complaint) = (String::new(), String::new());
        self.stdout.read_to_string(&mut told).unwrap();
        self.stderr.read_to_string(&mut complaint).unwrap();
        (told, complaint, self.child.wait().unwrap().code())
    }
}

#[test]
fn existing_entries_are_reported_only_on_request() {
    let folder = Folder::copy_of("live-demo");
    folder.vlive(["watch", "--for", "0s"]).ends(0, "", "");
    folder.vlive(["watch", "--for", "0s", "--initial", "products/id/a"]).ends(
        0,
        "2026-02-02T05:26:40Z #8 + products/id/a  1 row 48 B\n",
        "",
    );
}

#[test]
fn waiting_for_an_entry_ends_with_it_or_with_the_time() {
    let folder = Folder::copy_of("bakery");
    let watching = Watching::of_existing(&folder, &["--until", "added:clients/new", "--json"]);
    assert_eq!(folder.vlive(["put", "clients/other"]).stdin(r#"{"a": {}}"#).output().status, 0);
    assert_eq!(folder.vlive(["put", "clients/new"]).stdin(r#"{"a": {"n": 1}}"#).output().status, 0);
    let (told, _, status) = watching.end();
    assert_eq!(status, Some(0));
    // Both commits may be seen at once: the other entry comes after this one then.
    let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let new = told.iter().find(|event| event["key"] == "clients/new").unwrap();
    assert_eq!((&new["event"], &new["rows"]), (&"added".into(), &1.into()));
    folder.vlive(["watch", "--exit-on", "removed", "--for", "10ms"]).ends(1, "", "");
}

#[test]
fn changes_are_shown_to_the_field_and_filtered_by_rows() {
    let folder = Folder::copy_of("bakery");
    assert_eq!(folder.vlive(["put", "k/a"]).stdin(r#"{"x": {"n": 1}, "y": {"n": 5}}"#).output().status, 0);
    assert_eq!(folder.vlive(["put", "k/seven"]).stdin(r#"{"x": {"n": 7}}"#).output().status, 0);
    let shown = Watching::of_existing(&folder, &["--diff", "--until", "replaced:k/a"]);
    // The only one that exists.
    let filtered = Watching::of_existing(&folder, &["--where", ".n == 7", "--until", "replaced:k/a"]);
    assert_eq!(folder.vlive(["put", "k/b"]).stdin(r#"{"x": {"n": 1}}"#).output().status, 0);
    assert_eq!(folder.vlive(["put", "k/a"]).stdin(r#"{"x": {"n": 2}, "z": {"n": 7}}"#).output().status, 0);
    let (told, _, status) = shown.end();
    assert_eq!(status, Some(0));
    let (line, fields) = told[told.find("~ k/a").unwrap()..].split_once('\n').unwrap();
    assert_eq!(line, "~ k/a  2 rows 35 B (was 2, 35 B)");
    // What comes after them is the other entry, where both commits were seen at once.
    assert!(fields.starts_with("  ~ x\n    ~ n: 1 -> 2\n  - y: {\"n\":5}\n  + z: {\"n\":7}\n"), "{fields}");
    let (told, _, status) = filtered.end();
    assert_eq!((status, told.lines().count()), (Some(0), 1), "{told}");
    assert!(told.contains("~ k/a"), "{told}");
}

/// The folders of the two commits that were recorded, in order.
fn two_recorded(folder: &Folder) -> [String; 2] {
    let mut commits: Vec<_> =
        fs::read_dir(folder.path().join("history")).unwrap().map(|at| at.unwrap().path()).collect();
    commits.sort();
    assert_eq!(commits.len(), 2, "{commits:?}");
    [0, 1].map(|n| commits[n].to_str().unwrap().to_owned())
}

#[test]
fn recorded_commits_are_fixtures() {
    let folder = Folder::copy_of("bakery");
    let watching = Watching::of_existing(&folder, &["--record", "history", "--until", "any:new/a"]);
    assert_eq!(folder.vlive(["put", "new/a"]).stdin(r#"{"x": {"n": 1}}"#).output().status, 0);
    assert_eq!(watching.end().2, Some(0));
    let [first, last] = two_recorded(&folder);
    folder.vlive(["diff", &Folder::shared("bakery").path().to_string_lossy(), &first]).ends(0, "", "nothing differs\n");
    assert_eq!(folder.vlive(["load", "-C", "copy", &first, &last]).output().status, 0);
    folder.vlive(["diff", ".", "copy"]).ends(0, "", "nothing differs\n");
}

#[test]
fn recorded_commits_of_sets_are_fixtures() {
    let folder = Folder::empty();
    let sample = Folder::shared("diorama").path().join("augmented.redb");
    fs::copy(&sample, folder.path().join("app.redb")).unwrap();
    let app = ["-C", "app.redb"];
    let args = [&app[..], &["--record", "history", "--until", "added:new"]].concat();
    let watching = Watching::of_existing(&folder, &args);
    assert_eq!(folder.vlive(["put", "-C", "app.redb", "new"]).stdin(r#"{"x": {"n": 1}}"#).output().status, 0);
    assert_eq!(watching.end().2, Some(0));
    let [first, last] = two_recorded(&folder);
    folder.vlive(["diff", &sample.to_string_lossy(), &first]).ends(0, "", "nothing differs\n");
    assert_eq!(folder.vlive(["load", "-C", "copy.redb", &first, &last]).output().status, 0);
    folder.vlive(["diff", "--fetched-at", "--order", "app.redb", "copy.redb"]).ends(0, "", "nothing differs\n");
}

#[test]
fn watch_waits_for_a_missing_cache() {
    for (path, file) in [("later.redb", "later.redb"), ("later", "later/vlive.redb")] {
        let folder = Folder::empty();
        let mut watching = Watching::start(&folder, &["-C", path, "--initial", "--exit-on", "added"]);
        let mut complaint = String::new();
        watching.stderr.read_line(&mut complaint).unwrap();
        assert_eq!(complaint, format!("there is no cache at `{file}`; waiting\n"));
        assert_eq!(folder.vlive(["put", "-C", path, "k/a"]).stdin(r#"{"x": {}}"#).output().status, 0);
        let (_, complaint, status) = watching.end();
        assert_eq!(status, Some(0));
        assert_eq!(complaint.matches("there is no cache").count(), 0, "{complaint}");
    }
}

#[test]
fn contradictory_options_are_refused() {
    let folder = Folder::copy_of("live-demo");
    for args in [["--until", "products/page_1"], ["--until", "gone:products"], ["--exit-on", "gone"]] {
        assert_eq!(folder.vlive([&["watch", "--for", "0"], &args[..]].concat()).output().status, 2, "{args:?}");
    }
    let refused = folder.vlive(["watch", "--raw", "--for", "0"]).output();
    assert_eq!((refused.status, refused.stderr.lines().next()), (2, Some("error: --raw is for JSON")));
    let refused = folder.vlive(["watch", "--format", "json", "--for", "0"]).output();
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("text, jsonl"), "{}", refused.stderr);
    let lines =
        |format: &[&str]| folder.vlive([&["watch", "--initial", "--for", "0"], format].concat()).output().stdout;
    assert_eq!(lines(&["--format", "jsonl"]), lines(&["--json"]));
    folder.write("other/vlive.redb", "not a database");
    assert_eq!(folder.vlive(["watch", "-C", "other", "--for", "0"]).output().status, 3);
}

#[test]
fn a_selection_that_would_have_matched_as_a_prefix_says_so() {
    let folder = Folder::copy_of("live-demo");
    let hint = "hint: `products/page_` is not in the cache; 1 key begins with it; --prefix selects it\n";
    folder.vlive(["watch", "products/page_", "--initial", "--for", "0s"]).ends(0, "", hint);
    folder.vlive(["watch", "products/page_", "--for", "0s", "-q"]).ends(0, "", "");
    folder.vlive(["watch", "products/page_", "--prefix", "--for", "0s"]).ends(0, "", "");
}
