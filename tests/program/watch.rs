//! What `vlive watch` prints, and when it ends.

use crate::support::Folder;
use serde_json::Value;
use std::fs;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

fn start(folder: &Folder, args: &[&str]) -> Child {
    let mut command = folder.command([&["watch"], args].concat());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Standard output and the status of a watch that ends by itself.
fn end(child: Child) -> (String, Option<i32>) {
    let output = child.wait_with_output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
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
    let args = ["--until", "added:clients/new", "--for", "60s", "--json"];
    let watching = start(&folder, &args);
    thread::sleep(Duration::from_millis(300));
    assert_eq!(folder.vlive(["put", "clients/other"]).stdin(r#"{"a": {}}"#).output().status, 0);
    assert_eq!(folder.vlive(["put", "clients/new"]).stdin(r#"{"a": {"n": 1}}"#).output().status, 0);
    let (told, status) = end(watching);
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
    let shown = start(&folder, &["--diff", "--until", "replaced:k/a", "--for", "60s"]);
    let filtered = start(&folder, &["--where", ".n == 7", "--exit-on", "any", "--for", "60s"]);
    thread::sleep(Duration::from_millis(500));
    assert_eq!(folder.vlive(["put", "k/b"]).stdin(r#"{"x": {"n": 1}}"#).output().status, 0);
    assert_eq!(folder.vlive(["put", "k/a"]).stdin(r#"{"x": {"n": 2}, "z": {"n": 7}}"#).output().status, 0);
    let (told, status) = end(shown);
    assert_eq!(status, Some(0));
    let (line, fields) = told[told.find("~ k/a").unwrap()..].split_once('\n').unwrap();
    assert_eq!(line, "~ k/a  2 rows 35 B (was 2, 35 B)");
    // What comes after them is the other entry, where both commits were seen at once.
    assert!(fields.starts_with("  ~ x\n    ~ n: 1 -> 2\n  - y: {\"n\":5}\n  + z: {\"n\":7}\n"), "{fields}");
    let (told, status) = end(filtered);
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
    let watching = start(&folder, &["--initial", "--record", "history", "--until", "any:new/a", "--for", "60s"]);
    thread::sleep(Duration::from_millis(500));
    assert_eq!(folder.vlive(["put", "new/a"]).stdin(r#"{"x": {"n": 1}}"#).output().status, 0);
    assert_eq!(end(watching).1, Some(0));
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
    let args = [&app[..], &["--initial", "--record", "history", "--until", "added:new", "--for", "60s"]].concat();
    let watching = start(&folder, &args);
    thread::sleep(Duration::from_millis(500));
    assert_eq!(folder.vlive(["put", "-C", "app.redb", "new"]).stdin(r#"{"x": {"n": 1}}"#).output().status, 0);
    assert_eq!(end(watching).1, Some(0));
    let [first, last] = two_recorded(&folder);
    folder.vlive(["diff", &sample.to_string_lossy(), &first]).ends(0, "", "nothing differs\n");
    assert_eq!(folder.vlive(["load", "-C", "copy.redb", &first, &last]).output().status, 0);
    folder.vlive(["diff", "--fetched-at", "--order", "app.redb", "copy.redb"]).ends(0, "", "nothing differs\n");
}

#[test]
fn watch_waits_for_a_missing_cache() {
    for (path, file) in [("later.redb", "later.redb"), ("later", "later/vlive.redb")] {
        let folder = Folder::empty();
        let watching = start(&folder, &["-C", path, "--initial", "--exit-on", "added", "--for", "60s"]);
        thread::sleep(Duration::from_millis(200));
        assert_eq!(folder.vlive(["put", "-C", path, "k/a"]).stdin(r#"{"x": {}}"#).output().status, 0);
        let output = watching.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(complaint.starts_with(&format!("there is no cache at `{file}`; waiting\n")), "{complaint}");
        assert_eq!(complaint.matches("there is no cache").count(), 1, "{complaint}");
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
