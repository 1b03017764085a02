//! Edits of a set that take rows or times away, as somebody makes them who has only these in mind.

use crate::diorama::{copy_of, tables};
use serde_json::{Value, json};

#[test]
fn a_removed_row_is_no_longer_listed_as_incomplete() {
    let folder = copy_of("augmented.redb");
    let dry = folder.vlive(["edit", "buckets", "--apply", "del(.rows.eu)", "-n"]).output();
    assert_eq!(dry.status, 0, "{dry}");
    assert!(dry.stdout.contains("\n  - eu: "), "{dry}");
    let run = folder.vlive(["edit", "buckets", "--apply", "del(.rows.eu)"]).output();
    assert_eq!((run.status, run.stdout.as_str()), (0, "buckets\n"), "{run}");
    let after = folder.vlive(["dump", "buckets"]).json();
    assert_eq!(after, json!({"layout": "diorama", "rows": {"us": {"id": "us", "size": "4kb", "resources": "42"}}}));
    assert_eq!(tables(&folder)["buckets"].len(), 1);
}

#[cfg(unix)]
#[test]
fn a_row_removed_in_an_editor_is_no_longer_listed_as_incomplete() {
    let folder = copy_of("augmented.redb");
    let editor = r#"f() { printf '%s' '{"layout":"diorama","incomplete":["eu"],"rows":{"us":{}}}' >"$1"; }; f"#;
    let run = folder.vlive(["edit", "buckets"]).env("EDITOR", editor).output();
    assert_eq!((run.status, run.stdout.as_str()), (0, "buckets\n"), "{run}");
    assert_eq!(folder.vlive(["dump", "buckets"]).json(), json!({"layout": "diorama", "rows": {"us": {}}}));
}

#[test]
fn an_id_that_is_listed_as_incomplete_by_mistake_is_refused_with_its_place() {
    let folder = copy_of("augmented.redb");
    let before = tables(&folder);
    let run = folder.vlive(["edit", "buckets", "--apply", r#".incomplete = ["su"]"#]).output();
    assert_eq!(run.status, 2, "{run}");
    assert!(run.stderr.contains("line 1, column 1") && run.stderr.contains("`incomplete` names `su`"), "{run}");
    assert_eq!(tables(&folder), before);
}

#[test]
fn a_dry_run_shows_times_that_are_removed_or_added() {
    let folder = copy_of("augmented.redb");
    let before = tables(&folder);
    let copied = "  ~ copied_at 2026-11-21T11:28:08.717100404Z -> none\n";
    let refreshed = "  ~ refreshed_at 2026-11-21T11:28:08.716027469Z -> none\n";
    for (filter, lines) in [
        ("del(.refreshed_at)", refreshed),
        ("del(.copied_at)", copied),
        ("del(.copied_at, .refreshed_at)", &*format!("{copied}{refreshed}")),
    ] {
        let dry = folder.vlive(["edit", "buckets", "-n", "--apply", filter]).output();
        assert_eq!((dry.status, dry.stdout), (0, format!("~ buckets\n{lines}")), "{filter}: {}", dry.stderr);
    }
    assert_eq!(tables(&folder), before);
    let folder = copy_of("backend.redb");
    let dry = folder.vlive(["edit", "emptied", "-n", "--apply", ".refreshed_at = 1770000000000000000"]).output();
    let added = "~ emptied\n  ~ refreshed_at none -> 2026-02-02T02:40:00.000000000Z\n";
    assert_eq!((dry.status, dry.stdout.as_str()), (0, added), "{}", dry.stderr);
}

#[test]
fn a_dump_differs_from_a_cache_in_the_times_in_which_its_cache_does() {
    let [dated, undated] = [copy_of("augmented.redb"), copy_of("augmented.redb")];
    undated.vlive(["edit", "buckets", "-q", "--apply", "del(.refreshed_at)"]).ends(0, "buckets\n", "");
    let dump = undated.path().join("dump.json").to_str().unwrap().to_owned();
    let cache = undated.path().join("augmented.redb").to_str().unwrap().to_owned();
    undated.vlive(["-C", "augmented.redb", "dump", "-q", "-o", &dump]).ends(0, "", "");
    let diff =
        |other: &str| dated.vlive(["diff", "--fetched-at", "--json", "augmented.redb", other]).output().json(1, "");
    assert_eq!(diff(&cache)[0]["meta"]["refreshed_at"]["new"], Value::Null);
    assert_eq!(diff(&dump), diff(&cache));
    // Rows alone have no times of their own.
    dated.write(
        "rows.json",
        json!({"buckets": undated.vlive(["-C", "augmented.redb", "dump"]).json()["buckets"]["rows"]}).to_string(),
    );
    let rows =
        dated.vlive(["-C", "augmented.redb", "diff", "--fetched-at", "--json", "augmented.redb", "rows.json"]).output();
    assert!(!rows.stdout.contains("refreshed_at"), "{rows}");
}
