use crate::support::Folder;

#[test]
fn every_shell_has_a_script_that_knows_every_command_and_needs_no_cache() {
    for (shell, mark) in [
        ("bash", "complete -F _vlive"),
        ("elvish", "edit:completion:arg-completer[vlive]"),
        ("fish", "complete -c vlive"),
        ("powershell", "Register-ArgumentCompleter"),
        ("zsh", "#compdef vlive"),
    ] {
        let folder = Folder::empty();
        folder.untouched(|| {
            let script = folder.vlive(["completions", shell]).output();
            assert_eq!((script.status, script.stderr.as_str()), (0, ""), "{shell}");
            for word in [mark, "ls", "dump", "ages", "put", "invalidate", "completions", "dry-run", "id-field"] {
                assert!(script.stdout.contains(word), "{word} for {shell}");
            }
        });
    }
}
