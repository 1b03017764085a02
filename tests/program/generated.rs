//! The completion scripts in `completions/` and the man pages in `man/` are what the program prints.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

const SHELLS: [(&str, &str); 5] = [
    ("bash", "vlive.bash"),
    ("zsh", "_vlive"),
    ("fish", "vlive.fish"),
    ("powershell", "_vlive.ps1"),
    ("elvish", "vlive.elv"),
];

/// File name to content.
type Files = BTreeMap<String, String>;

#[test]
fn completion_scripts_are_current() {
    let scripts = SHELLS.map(|(shell, file)| (file.to_owned(), vlive(&["completions", shell])));
    compare("completions", &Files::from(scripts));
}

#[test]
fn man_pages_are_current() {
    let help = vlive(&["--help"]);
    let commands = visible_commands(&help);
    assert!(!commands.is_empty(), "`vlive --help` lists no commands:\n{help}");
    let mut pages = Files::from([("vlive.1".to_owned(), vlive(&["man"]))]);
    pages.extend(commands.into_iter().map(|command| (format!("vlive-{command}.1"), vlive(&["man", command]))));
    compare("man", &pages);
}

/// The first words of the lines under `Commands:`. What stands deeper continues the line above it.
/// The commands that `vlive --help` lists, in order.
pub fn visible_commands(help: &str) -> Vec<&str> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let entries = lines.take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("  "));
    entries.filter(|entry| !entry.starts_with(' ')).filter_map(|entry| entry.split_whitespace().next()).collect()
}

fn vlive(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vlive"));
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("VLIVE_")) {
        command.env_remove(name);
    }
    let output = command.args(arguments).output().expect("vlive runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.is_empty(), "vlive {arguments:?}: {}\n{stderr}", output.status);
    String::from_utf8(output.stdout).expect("vlive prints UTF-8")
}

/// Compares a folder of the repository with what it should hold; with `UPDATE=1` makes it hold that.
fn compare(folder: &str, expected: &Files) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    if env::var_os("UPDATE").is_some_and(|update| update == "1") {
        fs::create_dir_all(&path).expect("the folder is created");
        for stale in files(&path).keys().filter(|file| !expected.contains_key(*file)) {
            fs::remove_file(path.join(stale)).expect("a stale file is removed");
        }
        for (file, content) in expected {
            fs::write(path.join(file), content).expect("a file is written");
        }
    }
    let actual = files(&path);
    let mut faults = Vec::new();
    for (file, content) in expected {
        match actual.get(file) {
            None => faults.push(format!("{folder}/{file} is missing")),
            Some(actual) if actual != content => faults.push(format!("{folder}/{file} is not what vlive prints")),
            Some(_) => {}
        }
    }
    for stale in actual.keys().filter(|file| !expected.contains_key(*file)) {
        faults.push(format!("{folder}/{stale} is made by no command"));
    }
    assert!(
        faults.is_empty(),
        "{}\n`UPDATE=1 cargo test --test program generated` writes these folders anew",
        faults.join("\n")
    );
}

fn files(folder: &Path) -> Files {
    let Ok(entries) = fs::read_dir(folder) else { return Files::new() };
    let entries = entries.map(|entry| entry.expect("the folder is read"));
    let content = |path| fs::read_to_string(path).expect("a file is read");
    entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), content(entry.path()))).collect()
}
