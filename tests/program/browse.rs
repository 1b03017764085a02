//! `vlive browse` in a real terminal.

use crate::common::tmux::Tmux;
use crate::support::Folder;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A terminal in which the browser runs.
struct Browser {
    tmux: Tmux,
    folder: Folder,
}

impl Browser {
    /// `None` where there is no tmux.
    fn start(name: &str) -> Option<Browser> {
        Browser::start_with(name, (80, 24), Folder::copy_of("bakery"), "")
    }

    fn start_with(name: &str, size: (u16, u16), folder: Folder, variables: &str) -> Option<Browser> {
        let tmux = Tmux::start(name, size)?;
        tmux.line(&format!("cd {}", folder.path().display()));
        tmux.save_settings(&folder.path().join("before"));
        tmux.line(&format!("clear; {variables} {} browse", program()));
        let browser = Browser { tmux, folder };
        browser.tmux.until(is_browsed);
        Some(browser)
    }

    fn press(&self, keys: &[&str]) {
        self.tmux.press(keys);
    }

    fn until_it_says(&self, text: &str) {
        self.until_it_says_all(&[text]);
    }

    /// Waits for all of it: a screen can be seen before it is drawn to its end.
    fn until_it_says_all(&self, texts: &[&str]) {
        self.tmux.until(|screen| texts.iter().all(|text| screen.contains(text)));
    }

    /// The shell has the terminal again, as it was.
    fn assert_as_found(&self, after: &str) {
        self.tmux.until(|screen| !is_browsed(screen));
        let read = |name: &str| fs::read_to_string(self.folder.path().join(name)).unwrap();
        self.tmux.save_settings(&self.folder.path().join(after));
        assert_eq!(read("before"), read(after));
        self.tmux.line("echo a cur''sor");
        self.until_it_says("a cursor");
        let cursor = self.tmux.run(&["display-message", "-p", "#{cursor_flag} #{alternate_on} #{mouse_any_flag}"]);
        assert_eq!(cursor.unwrap().trim(), "1 0 0", "the cursor shows, the screen is the usual one, the mouse is free");
    }

    fn entry(&self, key: &str) -> Vec<u8> {
        self.folder.value(key)
    }
}

fn program() -> String {
    snapbox::cmd::cargo_bin!("vlive").display().to_string()
}

fn is_browsed(screen: &str) -> bool {
    screen.contains("keys by")
}

#[test]
fn a_change_shows_at_once_and_the_terminal_is_left_as_it_was() {
    let Some(browser) = Browser::start("change") else { return };
    browser.press(&["Enter"]);
    browser.until_it_says("page_1");
    assert_eq!(browser.folder.vlive(["put", "clients/new"]).stdin(r#"{"a": {"x": 1}}"#).output().status, 0);
    browser.until_it_says("+  new");
    assert_eq!(browser.folder.vlive(["touch", "clients/page_1", "--exact"]).output().status, 0);
    browser.until_it_says("@  page_1");
    assert_eq!(browser.folder.vlive(["invalidate", "clients/page_2", "--exact"]).output().status, 0);
    browser.until_it_says("-  page_2");
    browser.press(&["q"]);
    browser.assert_as_found("after");
}

#[test]
fn ctrl_c_and_sigterm_leave_the_terminal_as_it_was() {
    let Some(browser) = Browser::start("signals") else { return };
    browser.press(&["C-c"]);
    browser.assert_as_found("after");
    browser.tmux.line(&format!("clear; {} browse", program()));
    browser.tmux.until(is_browsed);
    assert!(Command::new("kill").args(["-TERM", &browser.tmux.child()]).status().unwrap().success());
    browser.assert_as_found("later");
}

#[test]
fn stopping_the_browser_restores_the_terminal_until_it_continues() {
    let Some(browser) = Browser::start("stop") else { return };
    browser.press(&["Enter"]);
    browser.until_it_says("page_1");
    for (n, is_typed) in [false, true].into_iter().enumerate() {
        if is_typed {
            browser.press(&["C-z"]);
        } else {
            assert!(Command::new("kill").args(["-TSTP", &browser.tmux.child()]).status().unwrap().success());
        }
        browser.assert_as_found(&format!("after{n}"));
        browser.tmux.line("fg");
        browser.until_it_says("? keys");
        // It reads keys again, one by one and without an echo.
        browser.press(&["?"]);
        browser.until_it_says("esc closes");
        browser.press(&["Escape"]);
        browser.tmux.until(|screen| !screen.contains("esc closes") && screen.contains("page_1"));
    }
    browser.press(&["q"]);
    browser.assert_as_found("after");
}

#[test]
fn the_key_under_the_cursor_is_printed_to_a_pipe() {
    let Some(tmux) = Tmux::start("print", (80, 24)) else { return };
    let folder = Folder::copy_of("bakery");
    tmux.line(&format!("cd {}; echo \"key: $({} browse)\"", folder.path().display(), program()));
    tmux.until(is_browsed);
    tmux.press(&["Enter", "j", "o"]);
    tmux.until(|screen| screen.contains("key: clients/__root__"));
}

#[test]
fn its_changes_are_those_of_the_commands_with_a_plan_and_a_backup() {
    let Some(browser) = Browser::start_with("plan", (160, 40), Folder::copy_of("bakery"), "") else { return };
    let before = browser.entry("clients/page_1");
    browser.press(&["Enter", "j", "j", "j"]);
    browser.until_it_says("row id");
    browser.press(&["x"]);
    browser.until_it_says_all(&["would delete 1 entry", "vlive invalidate --exact clients/page_1"]);
    assert_eq!(browser.entry("clients/page_1"), before, "a plan changes nothing");
    browser.press(&["b", "C-u"]);
    browser.until_it_says("backup file: ");
    browser.tmux.run(&["send-keys", "-l", "kept.jsonl"]).unwrap();
    browser.press(&["Enter"]);
    browser.until_it_says("`vlive load kept.jsonl` restores it");
    assert_eq!(browser.folder.vlive(["dump", "clients/page_1"]).output().status, 1);
    assert_eq!(browser.folder.vlive(["load", "kept.jsonl"]).output().status, 0);
    assert_eq!(browser.entry("clients/page_1"), before);

    // Dated anew, with the same rows.
    browser.until_it_says("+  page_1");
    browser.press(&["g", "j", "j", "j", "t"]);
    browser.until_it_says("how long ago");
    browser.press(&["1", "h", "Enter"]);
    browser.until_it_says_all(&["would touch 1 entry", "vlive touch --exact --age 1h clients/page_1"]);
    browser.press(&["y"]);
    browser.until_it_says("touched 1 entry");
    assert_ne!(browser.entry("clients/page_1"), before);
    browser.press(&["d"]);
    browser.until_it_says_all(&["~ fetched 2026", "~ clients/page_1"]);
    browser.press(&["Escape", "q"]);
    browser.assert_as_found("after");
}

#[test]
fn an_entry_is_edited_in_the_users_editor() {
    let folder = Folder::copy_of("live-demo");
    folder.write("editor", "sed -i 's/Apple Pie/Plum Cake/' \"$1\"\n");
    let variables = "EDITOR=\"sh ./editor\"";
    let Some(browser) = Browser::start_with("edit", (80, 24), folder, variables) else { return };
    browser.press(&["Enter", "j", "Enter", "j"]);
    browser.until_it_says("Apple Pie");
    browser.press(&["e"]);
    browser.until_it_says_all(&["vlive edit products/id/a", "y edit  b edit, with a backup first"]);
    browser.press(&["y"]);
    browser.until_it_says("Plum Cake");
    browser.until_it_says("edited products/id/a");
    browser.press(&["q"]);
    browser.assert_as_found("after");
    let dumped = browser.folder.dump(&["products/id/a"]);
    assert!(String::from_utf8(dumped).unwrap().contains("Plum Cake"));
}

#[test]
fn a_cache_in_use_is_not_changed_and_its_process_is_named() {
    let folder = Folder::copy_of("bakery");
    let database = redb::Database::open(folder.file()).unwrap();
    let Some(browser) = Browser::start_with("in-use", (80, 24), folder, "") else { return };
    let user = format!("process {} (program-", std::process::id());
    browser.until_it_says(&format!("in use by {user}"));
    browser.press(&["x"]);
    browser.until_it_says_all(&["would delete 7 entries", &user, "stop it first"]);
    browser.press(&["y"]);
    browser.until_it_says("in use by process");
    browser.press(&["q"]);
    browser.assert_as_found("after");
    drop(database);
    assert_eq!(browser.folder.vlive(["ages", "clients", "--keys"]).output().stdout.lines().count(), 7);
}

#[test]
fn a_search_leads_to_its_matches_and_rows_are_filtered() {
    let Some(browser) = Browser::start("find") else { return };
    browser.press(&["f"]);
    browser.tmux.run(&["send-keys", "-l", "olive scone"]).unwrap();
    browser.press(&["Enter"]);
    browser.until_it_says("`olive scone`: 2 found");
    browser.press(&["j", "Enter"]);
    browser.until_it_says_all(&["row 4 of 5", "clients/page_3", "2 of 2 places"]);
    browser.press(&[":"]);
    browser.tmux.run(&["send-keys", "-l", ".balance > 70000"]).unwrap();
    browser.press(&["Enter"]);
    browser.until_it_says_all(&["in all)", "where .balance > 70000", "(5 in all)"]);
    browser.press(&[":"]);
    browser.tmux.run(&["send-keys", "-l", " |"]).unwrap();
    browser.press(&["Enter"]);
    browser.until_it_says("is not a usable jq filter");
    browser.press(&["q"]);
    browser.assert_as_found("after");
}

#[test]
fn rows_of_a_set_are_shown_and_incomplete_ones_marked() {
    let folder = Folder::empty();
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/caches/diorama/augmented.redb");
    fs::copy(cache, folder.file()).unwrap();
    let Some(browser) = Browser::start_with("sets", (120, 40), folder, "") else { return };
    browser.press(&["G", "Tab"]);
    browser.until_it_says_all(&["incomplete", "eu      incomplete  7kb", "us                  4kb   42"]);
    browser.press(&["q"]);
    browser.assert_as_found("after");
}

#[test]
fn a_file_without_a_cache_is_said_to_have_other_tables() {
    let folder = crate::diorama::of_other_programs();
    let Some(browser) = Browser::start_with("others", (80, 24), folder, "") else { return };
    browser.until_it_says_all(&["1 table of", "the cache holds no entries", "2 tables of"]);
    browser.press(&["q"]);
    browser.assert_as_found("after");
}

#[test]
fn the_last_commit_is_shown_for_a_set_too() {
    let folder = Folder::empty();
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/caches/diorama/augmented.redb");
    fs::copy(cache, folder.file()).unwrap();
    let app = redb::Database::open(folder.file()).unwrap();
    let transaction = app.begin_write().unwrap();
    let rows = redb::TableDefinition::<&str, &[u8]>::new("buckets");
    transaction.open_table(rows).unwrap().insert("asia", b"\x00\xa1\x64size\x633kb".as_slice()).unwrap();
    transaction.commit().unwrap();
    let Some(browser) = Browser::start_with("set", (80, 24), folder, "") else { return };
    browser.press(&["G", "d"]);
    browser.until_it_says_all(&["esc closes", "~ buckets", "+ asia"]);
    browser.press(&["Escape", "q"]);
    browser.assert_as_found("after");
}

#[test]
fn the_screen_of_the_readme_is_what_a_terminal_shows() {
    let Some(tmux) = Tmux::start("readme", (80, 24)) else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    tmux.line(&format!("cd {}; VLIVE_NOW=1770011562 {} -C tests/caches/bakery browse", root.display(), program()));
    tmux.until(is_browsed);
    tmux.press(&["Enter", "j", "j", "j", "Tab"]);
    tmux.until(|screen| screen.contains("row 1 of 5"));
    tmux.press(&["j"]);
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let lines = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n");
    tmux.until(|screen| screen.contains("row 2 of 5") && readme.contains(&lines(screen)));
    tmux.press(&["q"]);
}

#[test]
fn without_a_terminal_it_names_the_commands_to_use() {
    let folder = Folder::copy_of("bakery");
    let run = Command::new("setsid")
        .arg(snapbox::cmd::cargo_bin!("vlive"))
        .args(["browse", "-C"])
        .arg(folder.path())
        .stdin(std::process::Stdio::null())
        .output();
    let Ok(output) = run else { return };
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        complaint.contains("cannot use the terminal") && complaint.contains("use ls, show and watch"),
        "{complaint}"
    );
}

#[test]
fn a_row_of_a_set_is_taken_alone_and_narrowed_copies_as_asked() {
    let folder = Folder::empty();
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/caches/diorama/cache.redb");
    fs::copy(cache, folder.file()).unwrap();
    let Some(browser) = Browser::start_with("row", (120, 40), folder, "") else { return };
    browser.press(&["/", "c", "l", "i", "e", "n", "t", "s", "Enter", "g", "Tab"]);
    browser.until_it_says("row 1 of 2");
    browser.press(&["x"]);
    browser.until_it_says_all(&[
        "would delete 1 entry",
        "vlive invalidate clients/c1",
        "2 sets hold narrowed copies of these rows",
        "c narrowed copies too",
    ]);
    browser.press(&["c"]);
    browser.until_it_says_all(&[
        "would delete 3 entries",
        "vlive invalidate --narrowed clients/c1",
        "clients where team = red/c1",
        "c without narrowed copies",
    ]);
    browser.press(&["c"]);
    browser.until_it_says("would delete 1 entry");
    browser.press(&["y"]);
    browser.until_it_says("row 1 of 1");
    let left = browser.folder.vlive(["dump", "clients"]).json();
    assert_eq!(left["rows"].as_object().unwrap().keys().collect::<Vec<_>>(), ["c2"]);
    assert_eq!(left.get("refreshed_at"), None, "the app fetches the set again");
    browser.press(&["q"]);
    browser.assert_as_found("after");
}
