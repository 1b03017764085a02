//! The transcripts of README.md and of the pages in docs are what a shell prints. All commands of the
//! `console` blocks of a page go, in order, through one shell, in a folder with copies of sample caches. A
//! command that fails must be followed by an `echo $?` that shows it.
#![cfg(unix)]

use std::env;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// The clock of the transcripts: 2026-02-02T05:52:42Z.
const NOW: &str = "1770011562";

/// Stands around the exit status behind the output of each command.
const MARK: char = '\u{1}';

#[test]
fn transcripts_are_what_a_shell_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_dir(root.join("docs")).expect("docs is read").map(|page| page.expect("a page").path());
    let pages: Vec<_> = docs
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .chain([root.join("README.md")])
        .collect();
    assert!(pages.len() > 3, "{pages:?}");
    for path in pages {
        let page = fs::read_to_string(&path).expect("a page is read");
        let renewed = renew(&page);
        if env::var_os("UPDATE").is_some_and(|update| update == "1") {
            fs::write(&path, &renewed).expect("a page is written");
        } else if page != renewed {
            let differs = |((_, is), should): &((usize, &str), &str)| is != should;
            let first = page.lines().enumerate().zip(renewed.lines()).find(differs);
            let ((n, is), should) = first.expect("only whole lines differ");
            let update = "`UPDATE=1 cargo test --test program readme` renews it";
            panic!("line {} of {} is\n    {is}\nand should be\n    {should}\n{update}", n + 1, path.display());
        }
    }
}

/// The steps of the workflow, with a `cargo` that stands in for installing the program and for the tests of
/// an app.
#[test]
fn the_workflow_seeds_a_cache_and_fails_when_the_tests_leave_another() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md");
    let (_, workflow) = readme.split_once("```yaml\n").expect("a workflow");
    let (workflow, _) = workflow.split_once("```").expect("its end");
    let lines: Vec<&str> = workflow.lines().map(str::trim_start).collect();
    let steps: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("- run: ")).collect();
    assert_eq!(steps.len(), 5, "{steps:?}");
    let variables: Vec<(&str, &str)> = lines
        .iter()
        .skip_while(|line| **line != "env:")
        .skip(1)
        .take_while(|line| **line != "steps:")
        .filter_map(|line| line.split_once(": "))
        .collect();
    assert_eq!(variables.len(), 2, "{variables:?}");

    let what_the_app_does = r#"echo '[{"id": "c1", "name": "Anna"}, {"id": "c2"}]' | vlive put clients/page_1"#;
    for (expected, status) in [(r#"[{"id": "c1", "name": "Anna"}, {"id": "c2"}]"#, 0), (r#"[{"id": "c1"}]"#, 1)] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        write("fixtures/clients/page_1.json", r#"[{"id": "c1", "name": "Anna"}]"#);
        write("fixtures/orders/page_1.json", "[]");
        write("expected/clients/page_1.json", expected);
        write("expected/orders/page_1.json", "[]");
        let cargo = format!("#!/bin/sh\nif [ \"$1\" = test ]; then {what_the_app_does}; fi\n");
        write("bin/cargo", &cargo);
        let cargo = folder.path().join("bin/cargo");
        fs::set_permissions(&cargo, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a program");
        let programs = Path::new(env!("CARGO_BIN_EXE_vlive")).parent().expect("vlive lies in a folder");
        let path =
            format!("{}/bin:{}:{}", folder.path().display(), programs.display(), env::var("PATH").expect("a PATH"));
        let run = |step: &&str| {
            let mut shell = Command::new("sh");
            shell.args(["-ec", step]).current_dir(folder.path()).env("PATH", &path).envs(variables.iter().copied());
            shell.output().expect("a shell")
        };
        let (last, before) = steps.split_last().expect("steps");
        for step in before {
            let output = run(step);
            assert!(output.status.success(), "{step}: {output:?}");
        }
        let output = run(last);
        assert_eq!(output.status.code(), Some(status), "{output:?}");
        let shown = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(
            shown,
            if status == 0 { "" } else { "~ clients/page_1\n  ~ c1\n    + name: \"Anna\"\n  + c2: {\"id\":\"c2\"}\n" }
        );
    }
}

/// The page with the output of every command as it is now.
fn renew(page: &str) -> String {
    // Whether a line stands inside of a transcript, and if so, how it begins.
    let mut inside = false;
    let lines = page.lines().map(|line| {
        let prompt = line.get(..2).filter(|prompt| inside && matches!(*prompt, "$ " | "> "));
        let is_output = inside && prompt.is_none() && line != "```";
        inside = if inside { line != "```" } else { line == "```console" };
        (line, prompt, is_output)
    });
    let lines: Vec<_> = lines.filter(|(_, _, is_output)| !is_output).collect();
    let mut commands: Vec<String> = Vec::new();
    for (line, prompt, _) in &lines {
        match prompt {
            Some("$ ") => commands.push(line[2..].to_owned()),
            Some(_) => commands.last_mut().expect("a command begins with `$ `").extend(["\n", &line[2..]]),
            None => {}
        }
    }
    let mut outputs = run(&commands).into_iter();
    let mut renewed = String::new();
    for (n, (line, prompt, _)) in lines.iter().enumerate() {
        renewed.extend([line, "\n"]);
        if prompt.is_some() && lines.get(n + 1).is_none_or(|(_, next, _)| *next != Some("> ")) {
            renewed.push_str(&outputs.next().expect("an output for each command"));
        }
    }
    renewed
}

/// What each of the commands prints on both streams.
fn run(commands: &[String]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let caches = Path::new("tests/caches");
    for name in ["bakery/vlive.redb", "live-demo/vlive.redb", "diorama/augmented.redb", "diorama/cache.redb"] {
        let file = caches.join(name);
        let cache = file.parent().expect("a folder");
        fs::create_dir_all(folder.path().join(cache)).expect("a folder for the copy");
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file), folder.path().join(&file)).expect("a copy");
    }
    let programs = Path::new(env!("CARGO_BIN_EXE_vlive")).parent().expect("vlive lies in a folder");
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("PATH='{}':$PATH; exec sh 2>&1", programs.display())]).current_dir(folder.path());
    for name in ["VLIVE_FOLDER", "SOURCE_DATE_EPOCH", "CLICOLOR_FORCE"] {
        shell.env_remove(name);
    }
    shell.env("VLIVE_NOW", NOW).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut shell = shell.spawn().expect("a shell");
    let mut stdin = shell.stdin.take().expect("a pipe");
    for command in commands {
        // A command must not read the script, and an `echo $?` behind it wants its status.
        write!(stdin, "{{ {command}\n}} </dev/null; s=$?; printf '{MARK}%s{MARK}' $s; (exit $s)\n").expect("sh reads");
    }
    drop(stdin);
    let printed = String::from_utf8(shell.wait_with_output().expect("sh ends").stdout).expect("UTF-8");
    let parts: Vec<&str> = printed.split(MARK).collect();
    assert_eq!(parts.len(), 2 * commands.len() + 1, "sh stopped too early:\n{printed}");
    for (n, command) in commands.iter().enumerate() {
        let is_told = commands.get(n + 1).is_some_and(|next| next == "echo $?");
        assert!(is_told || parts[2 * n + 1] == "0", "`{command}` fails:\n{}", parts[2 * n]);
    }
    parts.into_iter().step_by(2).take(commands.len()).map(str::to_owned).collect()
}
