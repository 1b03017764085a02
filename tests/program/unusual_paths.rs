//! Paths that lead nowhere or somewhere else than they seem to, and what the program runs out of.

use crate::support::Folder;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

#[test]
fn a_dangling_link_in_place_of_a_cache_is_named_by_looking_and_by_changing() {
    let folder = Folder::empty();
    symlink("gone/vlive.redb", folder.file()).unwrap();
    folder.write("document.json", "{}");
    let said = "error: `./vlive.redb` is a symbolic link to `gone/vlive.redb`, which does not exist\n\
                hint: remove the link, or bring back what it leads to: a disk may not be mounted\n";
    for args in [&["ls"][..], &["dump"], &["check"], &["put", "a/b", "document.json"], &["load", "document.json"]] {
        folder.vlive(args).ends(3, "", said);
    }
    assert!(fs::symlink_metadata(folder.file()).unwrap().is_symlink());
    assert_eq!(folder.files(), ["document.json", "vlive.redb"]);
}

#[test]
fn a_file_is_not_written_in_a_folder_that_does_not_exist() {
    let folder = Folder::copy_of("live-demo");
    for path in ["no/such/all.json", "no/such/tree/"] {
        let said = format!(
            "error: cannot write `{path}`: the folder `no/such` does not exist\n\
             hint: create it first, or name a folder that exists\n"
        );
        folder.vlive(["dump", "-o", path]).ends(3, "", &said);
    }
    assert_eq!(folder.files(), ["vlive.redb"]);
}

#[test]
fn a_link_that_leads_back_to_itself_is_not_replaced() {
    let folder = Folder::copy_of("live-demo");
    symlink("b", folder.path().join("a")).unwrap();
    symlink("a", folder.path().join("b")).unwrap();
    let said = "error: cannot write `a`: it is a symbolic link that leads back to itself\n\
                hint: remove it, or name another file\n";
    folder.vlive(["dump", "-o", "a"]).ends(3, "", said);
    assert_eq!(fs::read_link(folder.path().join("a")).unwrap().to_str(), Some("b"));
}

#[test]
fn a_cache_key_with_the_name_of_a_cache_file_goes_to_a_folder_and_back() {
    let folder = Folder::empty();
    folder.vlive(["put", "-q", "vlive.redb/page_1"]).stdin(r#"{"1": {"a": 1}}"#).ends(0, "", "");
    folder.vlive(["dump", "-q", "-o", "tree/"]).ends(0, "", "");
    assert_eq!(folder.files(), ["tree/vlive.redb/page_1.json", "vlive.redb"]);
    folder.vlive(["-C", "again", "load", "-q", "tree"]).ends(0, "", "");
    assert_eq!(folder.dump(&["-C", "again"]), folder.dump(&[]));
    folder.vlive(["diff", "-q", "tree", "again"]).ends(0, "", "");
}

#[test]
fn a_missing_folder_for_temporary_files_is_not_blamed_on_the_cache() {
    let folder = Folder::shared("bakery");
    let said = "error: cannot use a temporary file in `/no/such`: No such file or directory (os error 2)\n\
                hint: TMPDIR names the folder for temporary files: one that exists, can be written to and has room\n";
    folder.vlive(["check", "--deep"]).env("TMPDIR", "/no/such").ends(3, "", said);
}

#[test]
fn a_string_without_an_end_is_refused_when_memory_runs_out() {
    for (command, before) in [("load", r#"{"k/1": {"1": {"a": ""#), ("put k/1", r#"{"1": {"a": ""#)] {
        let folder = Folder::empty();
        let vlive = folder.command(["-C", "new"]);
        let program = vlive.get_program().to_str().unwrap();
        let endless = format!("{{ printf '%s' '{before}'; tr '\\0' x </dev/zero; }} 2>/dev/null");
        let script = format!("{endless} | (ulimit -v 600000; '{program}' -C new {command})");
        let output = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{command}: {stderr}");
        assert!(stderr.starts_with("error: cannot read standard input: out of memory\n"), "{command}: {stderr}");
        assert!(folder.files().is_empty(), "{command}");
    }
}

#[test]
fn a_missing_path_with_the_name_of_a_file_becomes_a_file() {
    let folder = Folder::empty();
    folder.vlive(["put", "-q", "-C", "put.redb", "k/a"]).stdin(r#"{"1": {"a": 1}}"#).ends(0, "", "");
    let fixture = r#"{"k/a": {"fetched_at": 1, "rows": {"1": {"a": 1}}}}"#;
    folder.vlive(["load", "-q", "-C", "load.redb"]).stdin(fixture).ends(0, "", "");
    folder.vlive(["cp", "-q", "-C", "in/cp.redb", "--from", "load.redb", "k/a", "k/b"]).ends(0, "k/b\n", "");
    // A separator at the end means a folder, whatever its name.
    folder.vlive(["put", "-q", "-C", "folder.redb/", "k/a"]).stdin("{}").ends(0, "", "");
    assert_eq!(folder.files(), ["folder.redb/vlive.redb", "in/cp.redb", "load.redb", "put.redb"]);
}
