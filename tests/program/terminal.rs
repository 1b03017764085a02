//! What only a terminal gets to see. `script` of util-linux makes one; where it is missing, as on
//! other systems, there is nothing to run in.

#![cfg(target_os = "linux")]

use crate::support::Folder;
use snapbox::cmd::cargo_bin;
use std::fs;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use unicode_width::UnicodeWidthStr;

/// What both outputs of `vlive ARGS` leave on a terminal.
pub fn on_a_terminal(folder: &Folder, environment: &[(&str, &str)], args: &str) -> Option<String> {
    on_a_terminal_with(folder, environment, args, "")
}

/// The same where somebody types `answers`, and then closes the input.
pub fn on_a_terminal_with(folder: &Folder, environment: &[(&str, &str)], args: &str, answers: &str) -> Option<String> {
    let sent = sent_to_a_terminal(folder, environment, args, answers)?;
    // On a busy machine anything takes long enough for a progress bar, which is erased.
    let lines = sent.split_inclusive('\n').map(|line| line.rsplit("\r\u{1b}[2K").next().unwrap());
    Some(lines.collect())
}

/// Everything that both outputs send to a terminal, with what they erase.
pub fn sent_to_a_terminal(folder: &Folder, environment: &[(&str, &str)], args: &str, answers: &str) -> Option<String> {
    let mut script = terminal(folder, environment, args)?;
    script.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
    let output = script.wait_with_output().unwrap();
    Some(String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n"))
}

/// `vlive ARGS` on a terminal: what is typed there, and what it shows.
pub fn terminal(folder: &Folder, environment: &[(&str, &str)], args: &str) -> Option<Child> {
    let vlive = cargo_bin!("vlive").display().to_string();
    assert!(!vlive.contains(['\'', ' ']), "the shell would split {vlive}");
    // The environment of `command` is what counts; its program is not run.
    let mut script = Command::new("script");
    for (name, value) in folder.command([""]).get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    script.env("TERM", "xterm").env("SHELL", "/bin/sh").env("VLIVE_PAGER", "cat").envs(environment.iter().copied());
    script.args(["-qec", &format!("{vlive} {args}"), "/dev/null"]);
    script.current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    script.spawn().ok()
}

/// `return`s where there is no terminal to be had.
macro_rules! shown {
    ($folder:expr, $environment:expr, $args:expr) => {
        match $crate::terminal::on_a_terminal($folder, &$environment, $args) {
            Some(shown) => shown,
            None => return,
        }
    };
}
pub(crate) use shown;

#[test]
fn a_dump_is_indented_unless_compact() {
    let folder = Folder::shared("live-demo");
    for (on_terminal, in_pipe) in [
        ("dump products/id/a", &["dump", "--pretty", "products/id/a"][..]),
        ("dump --compact products/id/a", &["dump", "products/id/a"]),
        ("dump", &["dump", "--pretty"]),
        ("dump --rows", &["dump", "--rows", "--pretty"]),
        ("dump --format diag", &["dump", "--format", "diag", "--pretty"]),
        ("dump --format diag --compact products/id/a", &["dump", "--format", "diag", "products/id/a"]),
        // A line is one anywhere.
        ("dump --format jsonl", &["dump", "--format", "jsonl"]),
        ("dump --format jsonl --raw", &["dump", "--format", "jsonl", "--raw"]),
    ] {
        assert_eq!(shown!(&folder, [("NO_COLOR", "1")], on_terminal), folder.vlive(in_pipe).output().stdout);
    }
}

#[test]
fn cbor_is_not_for_a_terminal() {
    let folder = Folder::copy_of("live-demo");
    let refused = "error: CBOR is binary, and standard output is a terminal\nhint: --output writes it to a file; --format diag shows it\n";
    for keys in ["", "products", "products/id/a"] {
        folder.untouched(|| {
            let Some(shown) = on_a_terminal(&folder, &[("NO_COLOR", "1")], &format!("dump --format cbor {keys}"))
            else {
                return;
            };
            assert_eq!(shown, refused);
        });
    }
    assert_eq!(shown!(&folder, [], "dump --format cbor --output all.cbor"), "wrote 2 entries to `all.cbor`\n");
    assert_eq!(std::fs::read(folder.path().join("all.cbor")).unwrap(), folder.dump(&["--format", "cbor"]));
}

#[test]
fn a_file_is_written_as_from_anywhere() {
    let folder = Folder::copy_of("live-demo");
    assert_eq!(shown!(&folder, [], "dump --output all.json"), "wrote 2 entries to `all.json`\n");
    assert_eq!(std::fs::read(folder.path().join("all.json")).unwrap(), folder.dump(&[]));
}

#[test]
fn a_message_says_that_standard_input_is_being_read() {
    // At the end of its input `script` ends that of the terminal.
    let folder = Folder::empty();
    let shown = shown!(&folder, [("NO_COLOR", "1")], "load");
    let told = "reading JSON from standard input; end it with Ctrl-D\n";
    assert!(shown.starts_with(told) && shown.contains("loaded 0 entries"), "{shown:?}");
    let quiet = shown!(&folder, [], "load -q");
    assert!(!quiet.contains("reading"), "{quiet:?}");
}

#[test]
fn control_characters_from_a_cache_are_escaped() {
    let folder = Folder::shared("odd-keys");
    let keys = shown!(&folder, [("NO_COLOR", "1")], "ls");
    for row in ["\nnew\\nline  ", "\ntab\\there  ", "\n\"\"  ", "\nклиенты  ", "\na'b\"c\\d  "] {
        assert!(keys.contains(row), "{row:?} in {keys}");
    }
    let folder = evil();
    folder.write("same.json", folder.dump(&[]));
    folder.write("other.json", "{}");
    for command in [
        "ls",
        "ages",
        "dump",
        "dump --format jsonl",
        "dump --format diag",
        "dump --format diag --compact",
        "diff . other.json",
        "diff --stat . other.json",
        "load -n same.json",
        "load -n --clear other.json",
        "invalidate -n --all",
        "touch --all",
    ] {
        let shown = shown!(&folder, [("NO_COLOR", "1")], command);
        assert!(shown.contains("evil"), "{command}: {shown:?}");
        assert!(!shown.replace('\n', "").contains(char::is_control), "{command}: {shown:?}");
    }
}

/// A cache whose texts all try to steer the terminal.
fn evil() -> Folder {
    let folder = Folder::empty();
    let put = folder.vlive(["put", "-q", "evil\u{1b}[2J\u{9b}31m/page\u{7}_1"]);
    put.stdin(r#"{"\u001b[2J":{"\u009b":"\u0007"}}"#).ends(0, "", "");
    folder
}

#[test]
fn control_characters_in_rows_are_escaped_in_every_format() {
    let folder = Folder::empty();
    let rows = r#"{"evil\u001b[2J":{"f\u009b":"\u0007\n","g\r":["\u001b","\u202e"]}}"#;
    folder.vlive(["put", "-q", "k/1"]).stdin(rows).ends(0, "", "");
    for (format, row) in [
        ("table", r#"evil\u{1b}[2J  \u{7}\n  ["\u001b","\u{202e}"]"#),
        ("csv", r#"evil\u{1b}[2J,\u{7}\n,"[""\u001b"",""\u{202e}""]""#),
        ("tsv", concat!(r"evil\u{1b}[2J", "\t", r"\u{7}\n", "\t", r#""[""\u001b"",""\u{202e}""]""#)),
        ("markdown", r#"| evil\u{1b}[2J | \u{7}<br> | ["\\u001b","\u{202e}"] |"#),
    ] {
        let shown = shown!(&folder, [("NO_COLOR", "1")], &format!("show k/1 --format {format}"));
        assert_eq!(shown.lines().last(), Some(row), "{shown:?}");
        assert!(!shown.replace(['\n', '\t'], "").contains(char::is_control), "{format}: {shown:?}");
        assert!(!shown.contains('\u{202e}'), "{format}: {shown:?}");
    }
}

#[test]
fn control_characters_in_differences_are_escaped() {
    let folder = evil();
    let other = r#"{"evil\u001b[2J\u009b31m/page\u0007_1":{"\u001b[2J":{"\u009b":"\u202e","\u009d":0},"\u0084":{"a":"\u009c"}}}"#;
    fs::write(folder.path().join("other.json"), other).unwrap();
    fs::write(folder.path().join("none.json"), "").unwrap();
    let key = r"evil\u{1b}[2J\u{9b}31m/page\u{7}_1";
    let changed = [
        &format!("~ {key}"),
        r"  ~ \u{1b}[2J",
        r#"    ~ \u{9b}: "\u0007" -> "\u{202e}""#,
        r"    + \u{9d}: 0",
        r#"  + \u{84}: {"a":"\u009c"}"#,
        "1 entry differs\n",
    ];
    assert_eq!(shown!(&folder, [("NO_COLOR", "1")], "diff . other.json"), changed.join("\n"));
    let added = shown!(&folder, [("NO_COLOR", "1")], "diff -q none.json .");
    assert_eq!(added, format!("+ {key} (1 row)\n"));
    for options in ["--json", "--stat", "--stat --json"] {
        let shown = shown!(&folder, [("NO_COLOR", "1")], &format!("diff {options} . other.json"));
        assert!(shown.contains("evil"), "{options}: {shown:?}");
        let is_steered = shown.replace('\n', "").contains(|c: char| c.is_control() || c == '\u{202e}');
        assert!(!is_steered, "{options}: {shown:?}");
    }
}

#[test]
fn differences_are_coloured_on_a_terminal_unless_colour_is_off() {
    let folder = Folder::shared("live-demo");
    for (environment, coloured) in [(&[][..], true), (&[("NO_COLOR", "1")], false)] {
        let Some(shown) = on_a_terminal(&folder, environment, "diff -q vlive.redb /dev/null") else { return };
        assert_eq!(shown.contains("\u{1b}[31m- products/id/a (1 row)\u{1b}[0m"), coloured, "{shown:?}");
    }
}

/// Two rows, the second of them of megabytes.
fn wide() -> Folder {
    let folder = Folder::empty();
    let (ascii, marks) = ("x".repeat(1_000_000), "e\u{301}".repeat(500_000));
    let rows = format!(
        r#"{{"a":{{"n":1,"t":"日本語日本語日本語","u":"short","v":"e"}},"{ascii}":{{"n":22,"t":"{ascii}","u":["{ascii}"],"v":"{marks}"}}}}"#
    );
    folder.vlive(["put", "-q", "k/1"]).stdin(rows).ends(0, "", "");
    folder
}

#[test]
fn a_table_is_cut_to_the_width_of_the_terminal() {
    let folder = wide();
    let expected = "\
row id                     n  t            u            v
a                          1  日本語日本…  short        e
xxxxxxxxxxx…xxxxxxxxxxxx  22  xxxxxxxxxx…  [\"xxxxxxxx…  e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}…
";
    let shown = shown!(&folder, [("NO_COLOR", "1"), ("COLUMNS", "68")], "show k/1");
    assert_eq!(shown, expected);
}

#[test]
fn no_line_of_a_table_is_wider_than_the_terminal() {
    let folder = wide();
    for width in [1, 2, 3, 10, 30, 50, 79, 200, 300] {
        let columns = width.to_string();
        let shown = shown!(&folder, [("NO_COLOR", "1"), ("COLUMNS", &columns)], "show -q k/1");
        let widths: Vec<usize> = shown.lines().map(UnicodeWidthStr::width).collect();
        assert!(widths.len() == 3 && widths.iter().all(|line| *line <= width), "{width}: {shown}");
        // Nor is room left that a cut value could have.
        assert!(widths[2] + 12 > width, "{width}: {shown}");
    }
}

#[test]
fn fields_without_room_are_named() {
    let folder = Folder::shared("live-demo");
    let shown = shown!(&folder, [("NO_COLOR", "1"), ("COLUMNS", "20")], "show products/id/a");
    let expected = "\
row id  name
a       Apple Pie
no room for price
hint: --fields chooses what to show, and --wide shows all
";
    assert_eq!(shown, expected);
    let quiet = shown!(&folder, [("COLUMNS", "20"), ("NO_COLOR", "1")], "show -q products/id/a");
    assert_eq!(quiet, "row id  name\na       Apple Pie\n");
}

#[test]
fn a_table_is_not_cut_if_wide_or_where_the_width_is_unknown() {
    let folder = Folder::shared("bakery");
    let whole = folder.vlive(["show", "clients/page_1"]).output().stdout;
    for (environment, args) in [
        (&[("NO_COLOR", "1"), ("COLUMNS", "30")][..], "show --wide clients/page_1"),
        // The terminal that `script` makes has no size.
        (&[("NO_COLOR", "1")], "show clients/page_1"),
        (&[("NO_COLOR", "1"), ("COLUMNS", "0")], "show clients/page_1"),
        (&[("NO_COLOR", "1"), ("COLUMNS", "many")], "show clients/page_1"),
    ] {
        let Some(shown) = on_a_terminal(&folder, environment, args) else { return };
        assert_eq!(shown, whole, "{environment:?} {args}");
    }
}

#[test]
fn the_terminal_is_asked_for_its_width() {
    let folder = Folder::shared("live-demo");
    let vlive = cargo_bin!("vlive").display().to_string();
    let sized = format!("--version; stty rows 24 cols 20; {vlive} show -q products/id/a");
    let shown = shown!(&folder, [("NO_COLOR", "1")], &sized);
    assert!(shown.ends_with("\nrow id  name\na       Apple Pie\n"), "{shown}");
}

#[test]
fn control_characters_in_json_are_escaped_including_those_above_ascii() {
    for command in ["ls --json", "ages --json", "invalidate --all --json", "touch --all --json"] {
        let shown = without_colour(&shown!(&evil(), [], command));
        assert!(shown.contains(r"evil\u001b"), "{command}: {shown:?}");
        assert!(!shown.replace('\n', "").contains(char::is_control), "{command}: {shown:?}");
    }
}

#[test]
fn control_characters_in_errors_are_escaped() {
    let folder = Folder::with_values("evil\u{1b}[2J", &[("page\u{7}_1", b"\x80")]);
    for command in ["ls", "ages", "dump", "dump --format jsonl", "dump --output new/"] {
        let shown = shown!(&folder, [("NO_COLOR", "1")], command);
        assert!(shown.contains("error: entry `evil\\u{1b}[2J/page\\u{7}_1` cannot be decoded"), "{command}: {shown:?}");
        assert!(!shown.replace('\n', "").contains(char::is_control), "{command}: {shown:?}");
    }
}

#[test]
fn control_characters_in_names_of_sources_are_escaped() {
    let folder = Folder::empty();
    folder.write("evil\u{7}.json", r#"{"evil\u001b[2J/\u009b":5}"#);
    folder.write("tree/evil\u{1b}[2J", "no entry");
    for (command, told) in [
        ("load evil*", r"error: `evil\u{7}.json`, line 1, column 25 (entry `evil\u{1b}[2J/\u{9b}`): rows are"),
        ("load -n tree", r"warning: `tree/evil\u{1b}[2J` is not an entry"),
    ] {
        let shown = shown!(&folder, [("NO_COLOR", "1")], command);
        assert!(shown.starts_with(told), "{command}: {shown:?}");
        assert!(!shown.replace('\n', "").contains(char::is_control), "{command}: {shown:?}");
    }
}

#[test]
fn output_to_a_terminal_is_coloured_unless_colour_is_off() {
    let folder = Folder::shared("live-demo");
    for (environment, args, coloured) in [
        (&[][..], "ls", true),
        (&[], "dump none", true),
        (&[], "ls --color auto", true),
        (&[], "ls --color never", false),
        (&[], "dump none --color never", false),
        (&[("NO_COLOR", "1")], "ls", false),
        (&[("NO_COLOR", "1")], "ls --color always", true),
        (&[("CLICOLOR", "0")], "ls", false),
    ] {
        let Some(shown) = on_a_terminal(&folder, environment, args) else { return };
        assert_eq!(shown.contains('\u{1b}'), coloured, "{environment:?} {args}: {shown:?}");
    }
}

#[test]
fn usage_and_help_keep_to_the_choice_of_colour() {
    let folder = Folder::shared("live-demo");
    for (environment, args, coloured) in [
        (&[][..], "--help", true),
        (&[], "ls --jsn", true),
        (&[("NO_COLOR", "1")], "--help", false),
        (&[("NO_COLOR", "1")], "ls --jsn", false),
        (&[], "--color never --help", false),
        (&[], "ls --jsn --color=never", false),
    ] {
        let Some(shown) = on_a_terminal(&folder, environment, args) else { return };
        assert!(shown.contains("Usage:"), "{environment:?} {args}: {shown:?}");
        assert_eq!(shown.contains('\u{1b}'), coloured, "{environment:?} {args}: {shown:?}");
    }
}

#[test]
fn a_pager_gets_the_data_of_long_commands_and_no_messages() {
    let folder = Folder::copy_of("live-demo");
    folder.write("other.json", "{}");
    let paged = ("VLIVE_PAGER", "sed 's/^/> /'");
    let environment = [("NO_COLOR", "1"), ("PAGER", "false"), paged];
    for args in ["ages", "dump", "show products/page_1", "diff . other.json"] {
        let plain = shown!(&folder, [("NO_COLOR", "1")], args);
        let shown = shown!(&folder, environment, args);
        let (data, told): (Vec<&str>, Vec<&str>) = shown.lines().partition(|line| line.starts_with("> "));
        let data: Vec<&str> = data.iter().map(|line| &line[2..]).collect();
        let is_told = |line: &&str| line.ends_with("entries differ");
        assert_eq!(data, plain.lines().filter(|line| !is_told(line)).collect::<Vec<_>>(), "{args}");
        assert_eq!(told, plain.lines().filter(is_told).collect::<Vec<_>>(), "{args}");
        assert_eq!(shown!(&folder, environment, &format!("{args} --no-pager")), plain, "{args}");
        let dumb = [("NO_COLOR", "1"), ("TERM", "dumb"), paged];
        assert_eq!(shown!(&folder, dumb, args), plain, "{args}");
    }
    let piped = shown!(&folder, environment, "ages | cat");
    assert!(!piped.contains("> "), "{piped}");
    assert!(!shown!(&folder, environment, "ls").contains("> "));
}

#[test]
fn a_pager_that_ends_early_is_not_an_error_and_a_missing_one_is() {
    let folder = Folder::shared("live-demo");
    let early = shown!(&folder, [("NO_COLOR", "1"), ("VLIVE_PAGER", "head -1")], "dump; echo status $?");
    assert_eq!(early, "{\nstatus 0\n");
    let none = shown!(&folder, [("NO_COLOR", "1"), ("VLIVE_PAGER", "no-such-pager")], "dump; echo status $?");
    let told =
        "error: the pager cannot be run\nhint: VLIVE_PAGER or PAGER names the pager; --no-pager prints without one\n";
    assert!(none.ends_with(&format!("{told}status 2\n")), "{none}");
}

/// Output without its colours, which must be closed at the end of each line: `less` shows a line at a time.
fn without_colour(shown: &str) -> String {
    let mut plain = String::new();
    for line in shown.split_inclusive('\n') {
        let mut parts = line.split("\u{1b}[");
        plain.push_str(parts.next().unwrap());
        let mut is_open = false;
        for part in parts {
            let (codes, text) = part.split_once('m').unwrap();
            is_open = codes != "0";
            plain.push_str(text);
        }
        assert!(!is_open, "{line:?}");
    }
    plain
}

#[test]
fn json_is_coloured_on_a_terminal_and_means_the_same() {
    let folder = Folder::shared("values");
    for args in ["dump", "dump --compact", "dump --format jsonl", "dump --format rows", "ages --json", "show --json"] {
        let coloured = shown!(&folder, [], args);
        let plain = shown!(&folder, [("NO_COLOR", "1")], args);
        assert_eq!(without_colour(&coloured), plain, "{args}");
        for token in ["\u{1b}[1m\u{1b}[34m\"", "\u{1b}[35m1"] {
            assert!(coloured.contains(token), "{args}: {coloured:?}");
        }
        for (environment, option) in [
            (("NO_COLOR", "1"), ""),
            (("TERM", "dumb"), ""),
            (("CLICOLOR", "0"), ""),
            (("CLICOLOR", "1"), "--color never"),
        ] {
            // With `CI` set, as on a build server, too.
            let shown = shown!(&folder, [("CI", "true"), environment], &format!("{args} {option}"));
            assert!(!shown.contains('\u{1b}'), "{args} {environment:?} {option}");
        }
        assert_eq!(shown!(&folder, [("VLIVE_PAGER", "cat -")], args), coloured, "through a pager: {args}");
    }
    assert!(!shown!(&folder, [], "dump --format diag").contains('\u{1b}'));
}

#[test]
fn a_key_is_cut_in_the_middle_where_the_terminal_is_narrow() {
    let folder = Folder::empty();
    folder.vlive(["put", "-q", "clients/a-very-long-sub-key/page_1", "--age", "1d"]).stdin("{}").ends(0, "", "");
    let wide = "clients/a-very-long-sub-key/page_1  2026-02-01T05:26:40Z";
    for (width, row) in [
        ("200", wide),
        ("70", "clients/a-very-…-sub-key/page_1  2026-02-01T05:26:40Z"),
        ("20", "clients…y/page_1  2026"),
    ] {
        let shown = shown!(&folder, [("NO_COLOR", "1"), ("COLUMNS", width)], "ages");
        assert!(shown.lines().nth(1).unwrap().starts_with(row), "{width}: {shown}");
    }
    let in_pipe = folder.vlive(["ages"]).env("COLUMNS", "20").output().stdout;
    assert!(in_pipe.contains(wide), "{in_pipe}");
}

#[test]
fn a_field_that_repeats_the_row_id_gives_way_where_the_terminal_is_narrow() {
    let folder = Folder::empty();
    let rows = r#"{"r-1":{"id":"r-1","name":"Anna","number":1},"r-2":{"id":"r-2","name":"Berta","number":2}}"#;
    folder.vlive(["put", "-q", "k/1"]).stdin(rows).ends(0, "", "");
    let shown = shown!(&folder, [("NO_COLOR", "1"), ("COLUMNS", "80")], "show k/1");
    assert!(shown.starts_with("row id  id   name   number\n"), "{shown}");
    let shown = shown!(&folder, [("NO_COLOR", "1"), ("COLUMNS", "24")], "show k/1");
    let expected = "\
row id  name   number
r-1     Anna        1
r-2     Berta       2
left out id: the same as the row id in every row
hint: --fields chooses what to show, and --wide shows all
";
    assert_eq!(shown, expected);
    // Not where it is asked for.
    let shown = shown!(&folder, [("NO_COLOR", "1"), ("COLUMNS", "24")], "show k/1 --fields id");
    assert_eq!(shown, "row id  id\nr-1     r-1\nr-2     r-2\n");
}

#[test]
fn ages_are_fresh_ageing_or_old_in_weight_as_well_as_in_colour() {
    let folder = Folder::empty();
    for (key, age) in [("k/1", "59m"), ("k/2", "1h"), ("k/3", "24h")] {
        folder.vlive(["put", "-q", key, "--age", age]).stdin("{}").ends(0, "", "");
    }
    let (fresh, old) = ("\u{1b}[2m\u{1b}[32m", "\u{1b}[1m\u{1b}[31m");
    let end = "\u{1b}[0m";
    for (args, ages) in [
        ("ages", [&format!("{fresh}59m{end}"), " 1h ", &format!("{old}1d{end}")]),
        ("ls k", [&format!("{fresh}59m{end}"), " 1h ", &format!("{old}1d{end}")]),
        ("ages --stale 30m", [&format!("{old}59m{end}"), &format!("{old}1h{end}"), &format!("{old}1d{end}")]),
        ("ages --stale 2d", [&format!("{fresh}59m{end}"), &format!("{fresh}1h{end}"), " 1d "]),
        ("ls", [&format!("  {fresh}59m{end}"), "", &format!("  {old}1d{end}\n")]),
    ] {
        let shown = shown!(&folder, [], args);
        assert!(ages.iter().all(|age| shown.contains(age)), "{args}: {shown:?}");
        assert_eq!(without_colour(&shown), shown!(&folder, [("NO_COLOR", "1")], args), "{args}");
    }
    let as_markdown = folder.vlive(["ages", "--format", "markdown", "--color", "always"]).output().stdout;
    assert!(!as_markdown.contains('\u{1b}') && as_markdown.contains(" 59m "), "{as_markdown}");
}

#[test]
fn a_histogram_of_ages_has_the_styles_of_the_list() {
    let folder = Folder::empty();
    for (key, age) in [("k/1", "59m"), ("k/2", "2h"), ("k/3", "3d")] {
        folder.vlive(["put", "-q", key, "--age", age]).stdin("{}").ends(0, "", "");
    }
    let (fresh, old, end) = ("\u{1b}[2m\u{1b}[32m", "\u{1b}[1m\u{1b}[31m", "\u{1b}[0m");
    for command in ["stat", "ages --histogram"] {
        for (stale, [fresh_names, other_names, old_names]) in [
            ("1d", [&["<1m", "<10m", "<1h"][..], &["future", "<6h", "<1d"], &["<7d", "<30d", "<1y", "older"]]),
            // What is partly fresh or partly old is neither.
            ("2h", [&["<1m"], &["future", "<10m", "<1h", "<6h"], &["<1d", "<7d", "<30d", "<1y", "older"]]),
        ] {
            let shown = shown!(&folder, [("LC_ALL", "C")], &format!("{command} --stale {stale}"));
            let names = shown.lines().find(|line| line.starts_with("AGE  ")).unwrap();
            let expected = [("", "", other_names), (fresh, end, fresh_names), (old, end, old_names)];
            for (begin, end, names_of_style) in expected {
                for name in names_of_style {
                    assert!(names.contains(&format!("  {begin}{name}{end}")), "{command} {stale}: {names:?}");
                }
            }
            let plain = shown!(&folder, [("NO_COLOR", "1"), ("LC_ALL", "C")], &format!("{command} --stale {stale}"));
            assert_eq!(without_colour(&shown), plain);
        }
    }
}
